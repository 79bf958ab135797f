//! What SignalWire's error codes mean (docs, compatibility-api/rest-api/core/error-codes). Many have
//! the number of a Twilio code and another meaning, so that the tables have nothing in common.

use crate::provider::error::ErrorKind;
use crate::providers::twilio::compat::{CodeRow, row};

use ErrorKind::{
    Authentication, Conflict, InsufficientFunds, InvalidNumber, InvalidRequest, NotFound, OptedOut,
    RateLimited, Rejected, Timeout, Unavailable, Unreachable,
};

/// The kind of a code. `None`: the status class has to do.
pub fn kind_of(code: &str) -> Option<ErrorKind> {
    row(CODES, code).map(|row| row.kind)
}

/// Codes that a message, a call, a recording, a number or a project can meet. The others of the list are
/// in [`ELSEWHERE`].
pub const CODES: &[CodeRow] = &[
    // The project.
    CodeRow::refused(10001, Rejected),          // not enabled on the space
    CodeRow::refused(20003, Authentication),    // credentials, or blocked for this feature
    CodeRow::refused(20010, Authentication),    // disabled for the account
    CodeRow::refused(4001, InsufficientFunds),  // costs more than the balance
    CodeRow::refused(30002, InsufficientFunds), // balance too low to send (Twilio: suspended)
    // The request.
    CodeRow::refused(10000, InvalidRequest), // invalid argument
    CodeRow::refused(11751, InvalidRequest), // media request too large
    CodeRow::refused(12300, InvalidRequest), // content type
    CodeRow::unknown(20001, Unavailable),    // an unknown error occurred
    CodeRow::refused(20009, Conflict),       // not finished yet
    CodeRow::refused(20404, NotFound),       // no such resource
    CodeRow::refused(20422, InvalidRequest), // document or parameter
    CodeRow::not_sent(20429, RateLimited),   // too many requests
    CodeRow::unknown(20504, Unavailable),    // internal error
    CodeRow::refused(21218, InvalidRequest), // application
    CodeRow::refused(21402, InvalidRequest), // URL
    CodeRow::refused(21408, InvalidRequest), // callback URL not set (Twilio: geographic permission)
    CodeRow::refused(21456, InvalidRequest), // callback URL
    CodeRow::refused(21481, InvalidRequest), // page token
    CodeRow::refused(21602, InvalidRequest), // neither text nor media
    CodeRow::refused(21603, InvalidRequest), // format of a number
    CodeRow::refused(21604, InvalidRequest), // no recipient
    CodeRow::refused(21612, InvalidRequest), // media not supported (Twilio: unreachable)
    CodeRow::refused(21617, InvalidRequest), // body too long
    CodeRow::refused(21620, InvalidRequest), // media URL
    CodeRow::refused(21623, InvalidRequest), // too many media
    CodeRow::refused(21624, InvalidRequest), // validity period
    CodeRow::refused(21626, InvalidRequest), // callback event
    CodeRow::refused(21701, InvalidRequest), // number group
    CodeRow::refused(21705, InvalidRequest), // no sender
    CodeRow::refused(30010, InvalidRequest), // dearer than the request allows
    CodeRow::refused(54453, InvalidRequest), // page token
    CodeRow::refused(54454, InvalidRequest), // page size
    CodeRow::refused(63019, InvalidRequest), // media could not be fetched
    CodeRow::refused(90000, InvalidRequest), // format of an argument
    CodeRow::refused(4000, InvalidRequest),  // capabilities of a number
    CodeRow::refused(13221, InvalidRequest), // method
    CodeRow::refused(13222, InvalidRequest), // digits to be dialled
    CodeRow::refused(13621, InvalidRequest), // event of a recording's callback
    CodeRow::refused(13699, InvalidRequest), // trim of a recording
    CodeRow::refused(20002, InvalidRequest), // friendly name
    CodeRow::refused(21201, InvalidRequest), // no recipient
    CodeRow::refused(21208, InvalidRequest), // timeout
    CodeRow::refused(21209, InvalidRequest), // method
    CodeRow::refused(21234, InvalidRequest), // machine detection
    CodeRow::refused(21262, InvalidRequest), // callback URL of machine detection
    CodeRow::refused(21420, InvalidRequest), // application
    CodeRow::refused(21451, InvalidRequest), // area code
    CodeRow::refused(53603, InvalidRequest), // media URL redirects, or the media could not be processed
    // The recipient.
    CodeRow::refused(21211, InvalidNumber), // recipient missing or malformed
    CodeRow::refused(21217, InvalidNumber), // does not look valid
    CodeRow::refused(21606, InvalidNumber), // recipient not mobile (Twilio: sender not message-capable)
    CodeRow::refused(21614, InvalidNumber), // recipient not mobile
    CodeRow::refused(13223, InvalidNumber), // number that a document dials
    CodeRow::refused(30003, Unreachable),   // handset not reachable
    CodeRow::refused(30005, InvalidNumber), // handset unknown
    CodeRow::refused(30006, InvalidNumber), // no route to the handset
    CodeRow::refused(30008, Unreachable),   // unknown upstream error
    CodeRow::refused(63011, Unreachable),   // not delivered to the carrier
    CodeRow::refused(21610, OptedOut),      // blocked by the user, or a blacklisted sender
    // The sender, its registration, the content.
    CodeRow::refused(21210, Rejected),       // sender not of this project
    CodeRow::refused(21212, InvalidRequest), // sender not E.164
    CodeRow::refused(21213, InvalidRequest), // no sender
    CodeRow::refused(21219, Rejected),       // limits of a trial
    CodeRow::refused(21601, Rejected),       // sender cannot text
    CodeRow::refused(21703, Rejected),       // number group has no fitting sender
    CodeRow::refused(21717, Rejected),       // sender in no active campaign
    CodeRow::refused(30004, Rejected),       // blocked by the carrier
    CodeRow::refused(30007, Rejected),       // filtered
    CodeRow::refused(30011, Rejected),       // MMS expired, rejected, failed or not supported
    CodeRow::refused(30012, Rejected),       // MMS impossible
    // Calls, numbers and projects.
    CodeRow::refused(21205, InvalidRequest), // neither URL nor application
    CodeRow::refused(21220, Conflict),       // state of the call
    CodeRow::refused(21401, InvalidNumber),  // number to be bought is malformed
    CodeRow::refused(21421, InvalidRequest), // nothing to be bought (Twilio: invalid number)
    CodeRow::refused(22121, Conflict),       // bought too recently to be released
    CodeRow::refused(10003, InvalidRequest), // permissions of a token
    CodeRow::refused(10004, InvalidRequest), // not a subproject of this project
    // Too much, or too late.
    CodeRow::not_sent(21611, RateLimited), // sender's queue is full
    CodeRow::not_sent(30022, RateLimited), // campaign's rate
    CodeRow::not_sent(30027, RateLimited), // carrier's day
    CodeRow::not_sent(35125, RateLimited), // campaign's day
    CodeRow::not_sent(30001, Timeout),     // validity period over (Twilio: queue overflow)
    CodeRow::refused(30009, Timeout),      // validity period over at the carrier (Twilio: inbound segment)
    CodeRow::unknown(31003, Timeout),      // connection timed out
];

/// Codes of SignalWire's list that nothing here can meet: from, to, and why. A reason holds for every code
/// of the list between the two.
pub const ELSEWHERE: &[(u32, u32, &str)] = &[
    (11100, 11100, "queues"),
    (11200, 11300, "why a webhook of ours failed (docs, common-webhook-errors): never in an answer"),
    (11750, 11750, "a document is too large: never in an answer"),
    (12100, 12100, "a document cannot be read: never in an answer"),
    (13000, 13215, "verbs of a document: never in an answer"),
    (13238, 13254, "verbs of a document, conferences and SIP addresses in one: never in an answer"),
    (13420, 13420, "verbs of a document: never in an answer"),
    (13750, 13801, "verbs of a document: never in an answer"),
    (14204, 14204, "queues"),
    (16002, 16002, "conferences"),
    (21455, 21455, "verbs of a document: never in an answer"),
    (21475, 21475, "conferences (Twilio: status of a subaccount)"),
    (21628, 21628, "emergency addresses are not registered"),
    (22109, 22109, "emergency addresses are not registered"),
    (31922, 31922, "media streams: never in an answer"),
    (32009, 32110, "SIP domains and addresses"),
    (50509, 50509, "texts are not redacted"),
    (53404, 53404, "codecs of SIP calls and streams"),
];
