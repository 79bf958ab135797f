//! Why legs end, in Telnyx's words (OpenAPI, CallHangupEvent, `hangup_cause`).

use crate::domain::call::{CallStatus, HangupCause};

/// Every documented cause: the status in which a leg ends, and why.
///
/// The status is that of a leg of which nothing else is known. A leg that was answered is over as
/// completed, whatever the cause: only who keeps the leg's history can tell.
pub const CAUSES: &[(&str, CallStatus, HangupCause)] = &[
    ("normal_clearing", CallStatus::Completed, HangupCause::Normal),
    ("originator_cancel", CallStatus::Canceled, HangupCause::CallerGaveUp),
    ("call_rejected", CallStatus::NoAnswer, HangupCause::Rejected),
    ("user_busy", CallStatus::Busy, HangupCause::Busy),
    ("no_answer", CallStatus::NoAnswer, HangupCause::NoAnswer),
    // `timeout_secs`, how long it may ring.
    ("timeout", CallStatus::NoAnswer, HangupCause::NoAnswer),
    // `time_limit_secs`, how long it may last.
    ("time_limit", CallStatus::Completed, HangupCause::TimeLimit),
    ("not_found", CallStatus::Failed, HangupCause::Unreachable),
    ("unspecified", CallStatus::Failed, HangupCause::Unknown),
];

/// The status and the cause of a word. A word that this version does not know is a call that is over
/// for a reason that nobody knows.
pub fn meaning(word: &str) -> (CallStatus, HangupCause) {
    CAUSES
        .iter()
        .find(|(known, _, _)| *known == word)
        .map_or((CallStatus::Failed, HangupCause::Unknown), |(_, status, cause)| (*status, *cause))
}
