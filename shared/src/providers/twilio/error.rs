//! What Twilio's error codes mean (https://www.twilio.com/docs/api/errors).

use super::compat::{CodeRow, row};
use crate::provider::error::ErrorKind;

use ErrorKind::{
    Authentication, Conflict, InvalidNumber, InvalidRequest, NotFound, OptedOut, RateLimited, Rejected,
    Timeout, Unavailable, Unreachable,
};

/// The kind of a code. `None`: the status class has to do.
pub fn kind_of(code: &str) -> Option<ErrorKind> {
    row(CODES, code).map(|row| row.kind)
}

/// Codes that a message, a call, a number or an account can meet. 30025 and 30026 are absent: they warn and refuse nothing.
pub const CODES: &[CodeRow] = &[
    // The account.
    CodeRow::refused(10001, Authentication), // account is not active
    CodeRow::refused(10002, Rejected),       // not for trial accounts
    CodeRow::refused(20003, Authentication), // permission denied
    CodeRow::refused(20005, Authentication), // account not active
    CodeRow::refused(20006, Authentication), // access denied
    CodeRow::refused(20008, Authentication), // test credentials
    CodeRow::refused(20010, Authentication), // action disabled for account
    CodeRow::refused(20403, Authentication), // forbidden
    CodeRow::refused(30002, Authentication), // account suspended after it was queued
    // The request.
    CodeRow::refused(20001, InvalidRequest), // unknown parameters
    CodeRow::refused(20004, InvalidRequest), // method not allowed
    CodeRow::refused(20009, Conflict),       // not complete yet
    CodeRow::refused(20404, NotFound),       // no such resource
    CodeRow::refused(20409, Conflict),       // state of the resource
    CodeRow::refused(20422, InvalidRequest), // invalid parameter
    CodeRow::not_sent(20429, RateLimited),   // too many requests: not processed
    CodeRow::unknown(20500, Unavailable),    // internal error
    CodeRow::unknown(20503, Unavailable),    // service unavailable
    CodeRow::refused(21402, InvalidRequest), // invalid URL
    CodeRow::refused(21602, InvalidRequest), // no body
    CodeRow::refused(21603, InvalidRequest), // no sender
    CodeRow::refused(21604, InvalidRequest), // no recipient
    CodeRow::refused(21605, InvalidRequest), // body too long, old endpoint
    CodeRow::refused(21609, InvalidRequest), // status callback
    CodeRow::refused(21616, InvalidRequest), // sender is ambiguous
    CodeRow::refused(21617, InvalidRequest), // body too long
    CodeRow::refused(21618, InvalidRequest), // body cannot be sent
    CodeRow::refused(21619, InvalidRequest), // record could not be created
    CodeRow::refused(21620, InvalidRequest), // media URL
    CodeRow::refused(21623, InvalidRequest), // too many media
    CodeRow::refused(21624, InvalidRequest), // validity period
    CodeRow::refused(21658, InvalidRequest), // parameter too long
    CodeRow::refused(12300, InvalidRequest), // media's content type
    CodeRow::refused(30010, InvalidRequest), // dearer than the request allows
    CodeRow::refused(30011, InvalidRequest), // no MMS at this recipient
    CodeRow::refused(30012, InvalidRequest), // time to live too small
    CodeRow::refused(30013, InvalidRequest), // time to live too big
    CodeRow::refused(30014, InvalidRequest), // attributes of the recipient
    CodeRow::refused(30015, InvalidRequest), // channel type
    CodeRow::refused(30016, InvalidRequest), // channels do not fit
    CodeRow::refused(30019, InvalidRequest), // content too big for the carrier
    // The recipient.
    CodeRow::refused(21211, InvalidNumber), // invalid recipient
    CodeRow::refused(21214, Unreachable),   // cannot be reached
    CodeRow::refused(21217, InvalidNumber), // does not look valid
    CodeRow::refused(21401, InvalidNumber), // invalid number
    CodeRow::refused(21421, InvalidNumber), // invalid number
    CodeRow::refused(21612, Unreachable),   // not reachable by SMS from this sender
    CodeRow::refused(21614, InvalidNumber), // not a mobile number
    CodeRow::refused(30003, Unreachable),   // handset unreachable, perhaps only now
    CodeRow::refused(30005, InvalidNumber), // unknown handset
    CodeRow::refused(30006, InvalidNumber), // landline
    CodeRow::refused(30008, Unreachable),   // the carrier does not say why
    CodeRow::refused(63003, InvalidNumber), // channel finds no recipient
    CodeRow::refused(63024, InvalidNumber), // channel recipient invalid
    CodeRow::refused(21610, OptedOut),      // unsubscribed
    // The sender, its registration, the content.
    CodeRow::refused(21210, Rejected),       // sender not verified
    CodeRow::refused(21212, InvalidRequest), // invalid sender
    CodeRow::refused(21213, InvalidRequest), // sender missing
    CodeRow::refused(21215, Rejected),       // geographic permission, calls
    CodeRow::refused(21216, Rejected),       // on the block list
    CodeRow::refused(21219, Rejected),       // recipient not verified (trial)
    CodeRow::refused(21404, Rejected),       // number not for trial accounts
    CodeRow::refused(21407, Rejected),       // number type has no SMS
    CodeRow::refused(21408, Rejected),       // geographic permission, SMS
    CodeRow::refused(21601, Rejected),       // sender cannot text
    CodeRow::refused(21606, Rejected),       // sender not message-capable for this recipient
    CodeRow::refused(21607, Rejected),       // trial accounts: sandbox sender
    CodeRow::refused(21608, Rejected),       // recipient not verified (trial)
    CodeRow::refused(21621, Rejected),       // sender without MMS
    CodeRow::refused(21622, Rejected),       // account without MMS
    CodeRow::refused(21701, InvalidRequest), // no such messaging service
    CodeRow::refused(21702, Rejected),       // messaging service closed
    CodeRow::refused(21703, Rejected),       // messaging service has no fitting sender
    CodeRow::refused(21704, Rejected),       // messaging service has no sender
    CodeRow::refused(21705, InvalidRequest), // messaging service invalid
    CodeRow::refused(21711, Rejected),       // sender not in the messaging service
    CodeRow::refused(21712, Rejected),       // sender in another messaging service
    CodeRow::refused(21717, Rejected),       // brand not registered
    CodeRow::refused(30004, Rejected),       // blocked
    CodeRow::refused(30007, Rejected),       // filtered
    CodeRow::refused(30018, Rejected),       // sender to be registered beforehand
    CodeRow::refused(30024, Rejected),       // numeric sender not provisioned
    CodeRow::refused(30032, Rejected),       // toll-free number not verified
    CodeRow::refused(30033, Rejected),       // campaign suspended
    CodeRow::refused(30034, Rejected),       // number not registered
    CodeRow::refused(30035, Rejected),       // number still being configured
    CodeRow::refused(30450, Rejected),       // recipient blocked for a while
    CodeRow::refused(63016, Rejected),       // outside the channel's window
    // Calls.
    CodeRow::not_sent(10004, RateLimited), // too many calls at the same time
    CodeRow::refused(13224, InvalidNumber), // number cannot be called
    CodeRow::refused(13225, Rejected),     // on the block list
    CodeRow::refused(13227, Rejected),     // geographic permission
    CodeRow::refused(21205, InvalidRequest), // URL
    CodeRow::refused(21218, InvalidRequest), // application
    CodeRow::refused(21220, Conflict),     // state of the call
    // Numbers and accounts.
    CodeRow::refused(21422, Conflict),       // number not available
    CodeRow::refused(21451, InvalidRequest), // area code
    CodeRow::refused(21452, NotFound),       // no number in the area code
    CodeRow::refused(21615, Rejected),       // local address needed
    CodeRow::refused(21631, Rejected),       // address needed
    CodeRow::refused(21649, Rejected),       // bundle needed
    CodeRow::refused(21650, Rejected),       // identity document needed
    CodeRow::refused(21651, Rejected),       // document does not do
    CodeRow::refused(22300, Rejected),       // account may not have new numbers
    CodeRow::refused(21475, InvalidRequest), // status of a subaccount
    CodeRow::refused(21476, Conflict),       // parent account suspended
    CodeRow::refused(21477, InvalidRequest), // status of a parent account
    CodeRow::refused(21478, Conflict),       // subaccount suspended by Twilio
    CodeRow::refused(21479, Conflict),       // subaccount closed
    CodeRow::refused(21480, Rejected),       // no more subaccounts
    // Too much, or too late.
    CodeRow::not_sent(14107, RateLimited), // too many between two numbers
    CodeRow::not_sent(21611, RateLimited), // sender's queue is full
    CodeRow::not_sent(30001, RateLimited), // queue overflow
    CodeRow::not_sent(30022, RateLimited), // campaign's rate
    CodeRow::not_sent(30023, RateLimited), // brand's day
    CodeRow::not_sent(30027, RateLimited), // carrier's day
    CodeRow::not_sent(63018, RateLimited), // channel's rate
    CodeRow::not_sent(63038, RateLimited), // account's day
    // Newer than the list.
    CodeRow::not_sent(30036, Timeout).page("https://www.twilio.com/docs/api/errors/30036"), // validity period over
    // In transit.
    CodeRow::refused(30017, Unavailable), // carrier congested
    CodeRow::unknown(30020, Unavailable), // scheduling failed
    CodeRow::unknown(30021, Unavailable), // orchestrator failed
    // "Failed and not retried to avoid duplicate message delivery": it may have arrived.
    CodeRow::unknown(30410, Timeout),
    CodeRow::unknown(63009, Unavailable), // channel failed
    CodeRow::unknown(63010, Unavailable), // platform failed
];
