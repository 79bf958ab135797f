//! What Twilio's error codes mean (https://www.twilio.com/docs/api/errors).

use super::compat::{CodeRow, row};
use crate::provider::error::ErrorKind;

use ErrorKind::{
    AddressRequired, Authentication, Conflict, InvalidNumber, InvalidRequest, NotFound, OptedOut,
    RateLimited, Rejected, Timeout, Unavailable, Unreachable, Unsupported,
};

/// The kind of a code. `None`: the status class has to do.
pub fn kind_of(code: &str) -> Option<ErrorKind> {
    row(CODES, code).map(|row| row.kind)
}

/// Codes that a message, a call, a recording, a number or an account can meet. The others of the list
/// are in [`super::elsewhere`].
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
    CodeRow::refused(403, Authentication),   // HTTP status as a code
    CodeRow::refused(10003, Authentication), // account is not active: an inbound call
    CodeRow::refused(20151, Authentication), // authentication failed
    CodeRow::refused(21471, Authentication), // no such account
    CodeRow::refused(21472, Authentication), // account is not active
    CodeRow::refused(70004, Authentication), // unauthorized
    CodeRow::refused(70051, Authentication), // key may not do this
    CodeRow::refused(70052, Authentication), // requests must be signed with a public key
    CodeRow::refused(70053, Authentication), // public keys are not enabled
    CodeRow::refused(90010, Authentication), // account is not active
    CodeRow::refused(94604, Rejected),       // account on legal hold
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
    CodeRow::refused(400, InvalidRequest),   // HTTP status as a code
    CodeRow::refused(404, NotFound),         // HTTP status as a code
    CodeRow::refused(410, NotFound),         // HTTP status as a code: gone
    CodeRow::unknown(503, Unavailable),      // HTTP status as a code
    CodeRow::unknown(12400, Unavailable),    // internal failure
    CodeRow::refused(12301, InvalidRequest), // upload's content type
    CodeRow::refused(20002, InvalidRequest), // friendly name
    CodeRow::refused(20007, InvalidRequest), // page size
    CodeRow::refused(20011, InvalidRequest), // TLS version
    CodeRow::refused(20012, InvalidRequest), // TLS cipher suite
    CodeRow::refused(20162, Conflict),       // changed by two requests at once
    CodeRow::refused(20410, Unsupported),    // API is gone
    CodeRow::refused(20413, InvalidRequest), // too large
    CodeRow::refused(20423, InvalidRequest), // id is not one
    CodeRow::refused(20426, InvalidRequest), // upgrade required
    CodeRow::refused(21209, InvalidRequest), // method
    CodeRow::refused(21403, InvalidRequest), // method
    CodeRow::refused(21405, InvalidRequest), // fallback without a URL, voice
    CodeRow::refused(21406, InvalidRequest), // fallback without a URL, SMS
    CodeRow::refused(21420, InvalidRequest), // application
    CodeRow::refused(21455, InvalidRequest), // URL
    CodeRow::refused(21456, InvalidRequest), // callback URL
    CodeRow::refused(21470, InvalidRequest), // id of an account
    CodeRow::refused(21481, InvalidRequest), // page token
    CodeRow::refused(21501, NotFound),       // resource not available
    CodeRow::refused(21502, InvalidRequest), // callback URL
    CodeRow::refused(21626, InvalidRequest), // event of the status callback
    CodeRow::refused(21627, InvalidRequest), // highest price
    CodeRow::refused(21652, InvalidRequest), // subject too long
    CodeRow::refused(21653, InvalidRequest), // too many recipients
    CodeRow::refused(21730, Unavailable),    // maintenance: nothing was done
    CodeRow::refused(21910, InvalidRequest), // sender and recipient on different channels
    CodeRow::refused(30028, InvalidRequest), // version of the API
    CodeRow::refused(30029, InvalidRequest), // retention of the content
    CodeRow::refused(30030, InvalidRequest), // retention of the addresses
    CodeRow::refused(30031, InvalidRequest), // rate
    CodeRow::refused(30400, InvalidRequest), // parameters
    CodeRow::refused(30404, NotFound),       // no such message
    CodeRow::refused(30409, Conflict),       // message can no longer be cancelled
    CodeRow::refused(30436, InvalidRequest), // id of a number
    CodeRow::refused(70001, InvalidRequest), // validation failed
    CodeRow::refused(70002, InvalidRequest), // bad request
    CodeRow::refused(70003, Conflict),       // outdated version of a resource
    CodeRow::refused(70005, RateLimited),    // too many failures
    CodeRow::refused(90001, InvalidRequest), // id of a message
    CodeRow::refused(90006, InvalidRequest), // direction
    CodeRow::refused(90007, InvalidRequest), // validity period
    CodeRow::refused(90009, Conflict),       // id of a message is taken
    CodeRow::refused(90011, InvalidRequest), // id of a message
    CodeRow::refused(90014, InvalidRequest), // validity period
    // A URL of the request that Twilio could not read: an attachment, a callback.
    CodeRow::refused(11100, InvalidRequest), // format
    CodeRow::refused(11200, InvalidRequest), // no answer, or one that is an error
    CodeRow::refused(11201, InvalidRequest), // connection timed out
    CodeRow::refused(11202, InvalidRequest), // connection refused
    CodeRow::refused(11203, InvalidRequest), // time is over
    CodeRow::refused(11205, InvalidRequest), // connection failed
    CodeRow::refused(11206, InvalidRequest), // not HTTP
    CodeRow::refused(11210, InvalidRequest), // no such host
    CodeRow::refused(11215, InvalidRequest), // redirects
    CodeRow::refused(11220, InvalidRequest), // TLS
    CodeRow::refused(11235, InvalidRequest), // certificate's name
    CodeRow::refused(11236, InvalidRequest), // certificate expired
    CodeRow::refused(11237, InvalidRequest), // certificate of nobody known
    CodeRow::refused(11240, InvalidRequest), // edge in the URL's settings
    CodeRow::refused(11241, InvalidRequest), // edge in the URL's settings
    CodeRow::refused(11242, InvalidRequest), // Interconnect in the URL's settings
    CodeRow::refused(11243, InvalidRequest), // retries in the URL's settings
    CodeRow::refused(11251, InvalidRequest), // not HTTP
    CodeRow::refused(11751, InvalidRequest), // attachments too large
    CodeRow::refused(63019, InvalidRequest), // attachment could not be had
    CodeRow::refused(63034, InvalidRequest), // attachment too large
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
    CodeRow::refused(63036, Unreachable),   // recipient without RCS, or switched off
    CodeRow::refused(21610, OptedOut),      // unsubscribed
    CodeRow::refused(63014, OptedOut),      // blocked by the user
    CodeRow::refused(63033, OptedOut),      // sender blocked by the user
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
    CodeRow::refused(21657, Rejected),       // sender not for this destination
    CodeRow::refused(63001, Authentication), // channel's credentials
    CodeRow::refused(63002, Rejected),       // channel finds no sender
    CodeRow::refused(63005, InvalidRequest), // channel refuses the content
    CodeRow::refused(63006, InvalidRequest), // content does not fit the channel
    CodeRow::refused(63007, Rejected),       // sender has no channel
    CodeRow::refused(63008, Rejected),       // channel is misconfigured
    CodeRow::refused(63011, InvalidRequest), // request to a channel
    CodeRow::refused(63013, Rejected),       // channel's policy
    CodeRow::refused(63015, Rejected),       // recipient not in the sandbox
    CodeRow::refused(63020, Rejected),       // business's account at the channel
    CodeRow::refused(63021, InvalidRequest), // content
    CodeRow::refused(63022, Rejected),       // sender's certificate
    CodeRow::refused(63025, Conflict),       // attachment is there already
    CodeRow::refused(63026, Rejected),       // spam
    CodeRow::refused(63030, InvalidRequest), // parameter not for this channel
    CodeRow::refused(63031, InvalidRequest), // sender and recipient are the same
    CodeRow::refused(63032, Rejected),       // limitation of the channel for this user
    CodeRow::refused(63035, Rejected),       // agent not launched, recipient no tester
    CodeRow::refused(63051, Rejected),       // business's account at the channel is locked
    // Calls.
    CodeRow::not_sent(10004, RateLimited), // too many calls at the same time
    CodeRow::refused(13224, InvalidNumber), // number cannot be called
    CodeRow::refused(13225, Rejected),     // on the block list
    CodeRow::refused(13226, InvalidNumber), // country code
    CodeRow::refused(13227, Rejected),     // geographic permission
    CodeRow::refused(13214, Rejected),     // caller id of a forwarded call
    CodeRow::refused(13223, InvalidNumber), // format of a number that is dialled
    CodeRow::refused(13247, Rejected),     // caller id of a forwarded call
    CodeRow::refused(13805, Rejected),     // ten minutes of a trial account
    CodeRow::unknown(15000, Unavailable),  // internal error
    CodeRow::unknown(15002, Timeout),      // waited too long
    CodeRow::unknown(15009, Unavailable),  // internal error
    CodeRow::refused(21201, InvalidRequest), // no recipient
    CodeRow::refused(21202, Rejected),     // premium number
    CodeRow::refused(21203, Rejected),     // international calls not enabled
    CodeRow::refused(21204, Conflict),     // call placed already
    CodeRow::refused(21206, InvalidRequest), // digits
    CodeRow::refused(21207, InvalidRequest), // machine detection
    CodeRow::refused(21208, InvalidRequest), // timeout
    CodeRow::refused(21234, InvalidRequest), // machine detection
    CodeRow::refused(21205, InvalidRequest), // URL
    CodeRow::refused(21218, InvalidRequest), // application
    CodeRow::refused(21220, Conflict),     // state of the call
    CodeRow::unknown(22001, Timeout),      // call timed out
    CodeRow::not_sent(22005, RateLimited), // account's queue of calls is full
    CodeRow::refused(32014, Unreachable),  // no audio came
    CodeRow::refused(32015, Timeout),      // longest duration reached
    CodeRow::refused(32016, Unreachable),  // nothing rang in time
    CodeRow::refused(32017, Rejected),     // blocked by a carrier for its caller
    CodeRow::refused(32018, InvalidRequest), // document too long for a parameter
    // Recordings.
    CodeRow::refused(13256, InvalidRequest), // callback URL
    CodeRow::refused(13621, InvalidRequest), // event of the callback
    CodeRow::refused(16101, NotFound),       // none: too short
    CodeRow::refused(16102, NotFound),       // none: silent
    CodeRow::refused(16104, Unavailable),    // none: could not be encrypted
    CodeRow::refused(16105, Rejected),       // none: no key to encrypt with
    CodeRow::refused(16106, Unavailable),    // none: could not be encrypted
    CodeRow::refused(16108, Conflict),       // another is being made
    CodeRow::refused(16109, Unsupported),    // no MP3 of an encrypted one
    CodeRow::refused(16111, Rejected),       // none: customer's own bucket, configuration
    CodeRow::refused(16112, Rejected),       // none: customer's own bucket, access
    CodeRow::refused(16113, Unsupported),    // has one channel only
    // Numbers and accounts.
    CodeRow::refused(21422, Conflict),        // number not available
    CodeRow::refused(21451, InvalidRequest),  // area code
    CodeRow::refused(21452, NotFound),        // no number in the area code
    CodeRow::refused(21628, InvalidRequest),  // address
    CodeRow::refused(22109, InvalidRequest),  // id of an address
    CodeRow::refused(21457, InvalidRequest),  // area code not supported
    CodeRow::refused(21458, InvalidRequest),  // type of number
    CodeRow::refused(21615, AddressRequired), // local address needed
    CodeRow::refused(21613, Rejected),        // certification needed
    CodeRow::refused(21631, AddressRequired), // address needed
    CodeRow::refused(21649, AddressRequired), // bundle needed
    CodeRow::refused(21650, AddressRequired), // identity document needed
    CodeRow::refused(21651, AddressRequired), // document does not do
    CodeRow::refused(22300, Rejected),        // account may not have new numbers
    CodeRow::refused(21473, Rejected),        // moved to an account that is not related
    CodeRow::refused(21474, Rejected),        // moved by another than the main account
    CodeRow::refused(22199, Rejected),        // no configuration in this region
    CodeRow::refused(22400, Conflict),        // number has a route
    CodeRow::refused(22401, Unsupported),     // settings of a number in this region
    CodeRow::refused(22402, Unsupported),     // operation in this region
    CodeRow::refused(22403, Unsupported),     // operation in this region
    CodeRow::refused(22500, Conflict),        // number of an old version of the API
    CodeRow::refused(21101, Rejected),        // subaccount of a subaccount
    CodeRow::refused(21475, InvalidRequest),  // status of a subaccount
    CodeRow::refused(21476, Conflict),        // parent account suspended
    CodeRow::refused(21477, InvalidRequest),  // status of a parent account
    CodeRow::refused(21478, Conflict),        // subaccount suspended by Twilio
    CodeRow::refused(21479, Conflict),        // subaccount closed
    CodeRow::refused(21480, Rejected),        // no more subaccounts
    // Too much, or too late.
    CodeRow::not_sent(14107, RateLimited), // too many between two numbers
    CodeRow::not_sent(21611, RateLimited), // sender's queue is full
    CodeRow::not_sent(30001, RateLimited), // queue overflow
    CodeRow::not_sent(30022, RateLimited), // campaign's rate
    CodeRow::not_sent(30023, RateLimited), // brand's day
    CodeRow::not_sent(30027, RateLimited), // carrier's day
    CodeRow::not_sent(63018, RateLimited), // channel's rate
    CodeRow::not_sent(63017, RateLimited), // channel's rate
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
    CodeRow::unknown(63012, Unavailable), // channel failed
    CodeRow::unknown(63023, Unavailable), // channel failed
];
