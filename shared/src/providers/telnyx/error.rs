//! What Telnyx's error codes mean (docs, API error codes).

use crate::provider::error::{Effect, ErrorKind, ProviderError};

use ErrorKind::{
    Authentication, Conflict, InsufficientFunds, InvalidNumber, InvalidRequest, NotFound, OptedOut,
    RateLimited, Rejected, Timeout, Unavailable, Unreachable, Unsupported,
};

/// One code and what it means to us. A test looks every code up in a copy of Telnyx's list.
#[derive(Clone, Copy, Debug)]
pub struct CodeRow {
    /// Telnyx's code.
    pub code: u32,
    /// What went wrong.
    pub kind: ErrorKind,
    /// Whether it took effect, when the code answers a request. A code in a status report lends only
    /// its kind.
    pub effect: Effect,
}

const fn refused(code: u32, kind: ErrorKind) -> CodeRow {
    CodeRow { code, kind, effect: Effect::Refused }
}

const fn not_sent(code: u32, kind: ErrorKind) -> CodeRow {
    CodeRow { code, kind, effect: Effect::NotSent }
}

const fn unknown(code: u32, kind: ErrorKind) -> CodeRow {
    CodeRow { code, kind, effect: Effect::Unknown }
}

/// The kind of a code. `None`: the status class has to do.
pub fn kind_of(code: &str) -> Option<ErrorKind> {
    row(code).map(|row| row.kind)
}

/// The row of a code.
pub(crate) fn row(code: &str) -> Option<&'static CodeRow> {
    let code = code.parse::<u32>().ok()?;
    CODES.iter().find(|row| row.code == code)
}

/// The error has this code.
pub(crate) fn is_code(error: &ProviderError, code: &str) -> bool {
    error.code().is_some_and(|given| given.0 == code)
}

/// The call is over: no command can reach it, and nothing is wrong.
pub(crate) const CALL_HAS_ENDED: &str = "90018";
/// A number must have been found by a search before it can be ordered.
pub(crate) const NOT_SEARCHED: &str = "85000";

/// Codes that messages, calls, numbers and accounts can meet.
pub const CODES: &[CodeRow] = &[
    // Any request.
    refused(10001, InvalidNumber),  // inactive number
    refused(10002, InvalidNumber),  // invalid number
    refused(10003, InvalidRequest), // invalid URL
    refused(10004, InvalidRequest), // parameter missing
    refused(10005, NotFound),
    refused(10006, NotFound),    // no such id
    unknown(10007, Unavailable), // unexpected error
    unknown(10008, Timeout),     // the request timed out
    not_sent(10009, Authentication),
    refused(10010, Authentication), // not permitted
    not_sent(10011, RateLimited),
    refused(10012, Conflict),       // duplicate
    refused(10013, InvalidRequest), // an associated field does not exist
    refused(10014, InvalidRequest), // media type
    refused(10015, InvalidRequest),
    refused(10016, InvalidNumber), // not E.164
    refused(10017, InvalidRequest),
    refused(10018, InvalidRequest), // sort direction
    refused(10019, InvalidRequest), // e-mail address
    refused(10020, InvalidRequest), // resource type
    refused(10021, Conflict),       // resource in use
    refused(10022, InvalidRequest), // invalid ids
    refused(10023, InvalidRequest), // invalid JSON
    refused(10024, InvalidRequest), // content type
    refused(10025, InvalidRequest), // length of a text
    refused(10026, InvalidRequest), // type of a parameter
    refused(10027, InvalidRequest), // unprocessable
    refused(10028, InvalidRequest), // encoding
    refused(10029, InvalidRequest), // content type
    refused(10030, InvalidRequest), // method
    refused(10031, InvalidRequest), // filter
    refused(10032, InvalidRequest), // enumerated value
    refused(10033, InvalidRequest), // range
    refused(10034, InvalidRequest), // content type
    refused(10035, Rejected),       // resource locked: a matter for support
    refused(10036, Conflict),       // resource is being processed
    unknown(10037, Unavailable),
    refused(10038, Rejected), // not at this level of account
    refused(10039, Rejected), // limit of this level of account
    // The account.
    refused(20001, Authentication), // key's secret invalid
    refused(20002, Authentication), // key revoked
    refused(20003, Authentication), // key forbidden
    refused(20005, Authentication), // invalid user
    refused(20006, Authentication), // token expired
    refused(20008, Authentication), // key invalid
    refused(20009, Authentication), // no such user
    refused(20012, Authentication), // account inactive
    refused(20013, Authentication), // account blocked
    refused(20014, Authentication), // account unverified
    refused(20015, Rejected),       // feature not enabled
    refused(20016, Authentication), // level 1 not verified
    refused(20017, Authentication), // level 2 not verified
    refused(20100, InsufficientFunds),
    // What becomes of a message.
    refused(40001, InvalidNumber), // landline or not routable
    refused(40002, Rejected),      // spam filter, for now
    refused(40003, Rejected),      // spam filter, for good
    refused(40004, Rejected),      // by the destination, without a reason
    refused(40005, Unreachable),   // expired before it was delivered
    refused(40006, Unavailable),   // the recipient's server
    refused(40007, Rejected),      // loop
    refused(40008, Unreachable),   // not accepted by the recipient's carrier
    refused(40009, InvalidRequest),
    refused(40010, Rejected),     // sender not registered (10DLC)
    not_sent(40011, RateLimited), // upstream rate
    refused(40012, InvalidNumber),
    refused(40013, Rejected),     // sender invalid at the carrier
    not_sent(40014, Timeout),     // validity over in the queue: not sent
    refused(40015, Rejected),     // spam filter of Telnyx
    not_sent(40016, RateLimited), // campaign's limit at T-Mobile
    refused(40017, Rejected),     // spam at AT&T
    not_sent(40018, RateLimited), // campaign's limit at AT&T
    refused(40019, Rejected),     // tag data at AT&T
    refused(40020, Rejected),     // traffic that looks inflated
    refused(40100, Rejected),     // sender has no messaging
    // What a message is refused for.
    refused(40300, OptedOut),
    refused(40301, InvalidNumber), // message type not supported for the recipient
    refused(40302, InvalidRequest), // too many parts
    refused(40303, NotFound),      // no such message
    refused(40304, InvalidRequest), // SMS and MMS mixed
    refused(40305, Rejected),      // sender
    refused(40306, Rejected),      // alphanumeric sender not configured
    refused(40307, Rejected),      // alphanumeric sender is another
    refused(40308, Rejected),      // sender without MMS
    refused(40309, Rejected),      // destination not allowed by the profile
    refused(40310, InvalidNumber), // recipient
    refused(40311, Authentication), // profile's secret wrong
    refused(40312, Rejected),      // profile disabled
    refused(40313, Authentication), // profile's secret missing
    refused(40314, Authentication), // messaging disabled on the account
    refused(40315, Rejected),      // sender's health
    refused(40316, InvalidRequest), // no content
    refused(40317, InvalidRequest), // more than 10 media, or too large
    not_sent(40318, RateLimited),  // queue full
    refused(40319, InvalidNumber), // message type not possible for the recipient
    refused(40320, Rejected),      // sender not usable for now
    refused(40321, Rejected),      // profile has no usable number
    refused(40322, Rejected),      // content
    refused(40323, Rejected),      // messaging could not be enabled
    refused(40324, Rejected),      // product could not be changed
    refused(40325, InvalidRequest), // alphanumeric sender
    refused(40326, Rejected),      // alphanumeric sender cannot be assigned
    refused(40328, InvalidRequest), // larger than recommended
    refused(40329, Rejected),      // toll-free sender not verified
    refused(40330, Rejected),      // toll-free sender not provisioned
    refused(40331, Rejected),      // profile allows no destination
    refused(40333, InsufficientFunds), // profile's spend limit
    // Numbers.
    refused(85000, Conflict), // search first
    refused(85001, Conflict), // no longer available
    refused(85002, InvalidRequest),
    refused(85003, Conflict),       // requirements are met already
    refused(85004, InvalidRequest), // connection
    refused(85005, InvalidRequest), // messaging profile
    refused(85006, Conflict),       // reserved already
    refused(85007, RateLimited),    // too many reservations
    refused(85008, Conflict),       // reservation cannot be extended
    // Calls and their commands.
    refused(90000, InvalidRequest),
    refused(90001, InvalidRequest),
    refused(90002, InvalidRequest),
    refused(90003, InvalidRequest),
    refused(90004, InvalidRequest),
    refused(90005, InvalidRequest),
    refused(90006, InvalidRequest),
    refused(90007, InvalidRequest),
    refused(90008, InvalidRequest),
    refused(90009, InvalidRequest),
    refused(90010, InvalidRequest),
    refused(90011, InvalidRequest),
    refused(90012, InvalidRequest),
    refused(90013, InvalidRequest),
    refused(90014, InvalidRequest),
    refused(90015, NotFound), // no such call
    refused(90016, InvalidRequest),
    refused(90017, InvalidRequest), // state is not base64
    refused(90018, Conflict),       // the call has ended
    refused(90020, Conflict),       // recording before there is audio
    refused(90021, InvalidRequest),
    refused(90022, InvalidRequest),
    refused(90023, InvalidRequest),
    refused(90024, InvalidRequest),
    refused(90025, InvalidRequest),
    refused(90026, InvalidRequest),
    refused(90027, InvalidRequest),
    refused(90028, InvalidRequest),
    refused(90029, InvalidRequest),
    refused(90030, InvalidRequest),
    refused(90034, Conflict),       // not answered yet
    refused(90040, InvalidRequest), // audio file could not be fetched
    refused(90041, RateLimited),    // channels of the user
    refused(90042, RateLimited),    // channels of the outbound voice profile
    refused(90043, RateLimited),    // channels of the connection
    refused(90045, Conflict),       // not while media is streamed
    unknown(90046, Unavailable),    // streaming failed to start
    refused(90048, Conflict),       // no media is streamed
    refused(90049, InvalidRequest),
    refused(90053, Conflict), // recording with a timeout while transcribing
    refused(90054, Conflict), // transcription is under way
    refused(90055, Conflict), // transcription cannot be stopped
    refused(90056, InvalidRequest),
    refused(90057, InvalidRequest),
    refused(90059, InvalidRequest),
    refused(90102, Unsupported), // only an inbound call is answered
];

/// Codes of Telnyx's list that nothing here can meet: from, to, and why.
pub const ELSEWHERE: &[(u32, u32, &str)] = &[
    (10700, 10700, "caller names (CNAM) are not set"),
    (20000, 20000, "permission groups are not managed"),
    (20004, 20004, "permission groups are not managed"),
    (20007, 20007, "permission groups are not managed"),
    (20010, 20010, "users are not invited"),
    (20011, 20011, "keys are not revoked"),
    (20200, 20209, "addresses are not registered"),
    (40150, 40159, "the toll-free registry: hosted messaging is not used"),
    (40327, 40327, "links are not shortened"),
    (40332, 40332, "brands are not managed"),
    (41000, 41000, "WhatsApp"),
    (50000, 50008, "networks"),
    (55001, 55001, "telephony credentials"),
    (65001, 65001, "video rooms"),
    (70000, 70008, "SIM cards"),
    (75000, 75599, "why a webhook of ours failed: in Telnyx's log, never in an answer"),
    (80000, 80401, "porting"),
    (90019, 90019, "conferences"),
    (90031, 90031, "forks"),
    (90032, 90033, "conferences"),
    (90035, 90038, "queues"),
    (90044, 90044, "conferences"),
    (90058, 90058, "conferences"),
    (90080, 90081, "fax"),
    (90100, 90101, "notifications"),
];
