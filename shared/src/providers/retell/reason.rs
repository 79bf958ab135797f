//! Why a call ended, in Retell's words and in ours.

use crate::domain::call::{CallStatus, HangupCause};

/// What a reason says about whether the call was ever answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It was.
    Yes,
    /// It was not, and the leg ended as this.
    No(CallStatus),
    /// It can have happened before and after; if before, the leg ended as this.
    Perhaps(CallStatus),
}

/// One reason and what it means to us.
#[derive(Clone, Copy, Debug)]
pub struct ReasonRow {
    /// Retell's word.
    pub word: &'static str,
    /// Whether people talked.
    pub answered: Answered,
    /// Why it ended.
    pub cause: HangupCause,
}

const fn row(word: &'static str, answered: Answered, cause: HangupCause) -> ReasonRow {
    ReasonRow { word, answered, cause }
}

use Answered::{No, Perhaps, Yes};
use CallStatus::{Busy, Canceled, Failed, NoAnswer};

/// Every documented reason (OpenAPI, `DisconnectionReason`; what each means, and whether the call was
/// connected: https://docs.retellai.com/reliability/debug-call-disconnect). The list is open.
pub const REASONS: &[ReasonRow] = &[
    row("user_hangup", Yes, HangupCause::Normal),
    row("agent_hangup", Yes, HangupCause::Normal),
    row("call_transfer", Yes, HangupCause::Transferred),
    row("transfer_bridged", Yes, HangupCause::Transferred),
    row("transfer_cancelled", Yes, HangupCause::Normal),
    row("voicemail_reached", Yes, HangupCause::Voicemail),
    // Another machine's menu answered, and the agent hung up on it.
    row("ivr_reached", Yes, HangupCause::Normal),
    row("inactivity", Yes, HangupCause::TimeLimit),
    row("max_duration_reached", Yes, HangupCause::TimeLimit),
    // Ours to stop, at any time.
    row("manual_stopped", Perhaps(Canceled), HangupCause::Normal),
    // What may not be.
    row("concurrency_limit_reached", No(Failed), HangupCause::NotAllowed),
    row("no_valid_payment", Perhaps(Failed), HangupCause::NotAllowed),
    row("scam_detected", Perhaps(Failed), HangupCause::NotAllowed),
    row("telephony_provider_permission_denied", No(Failed), HangupCause::NotAllowed),
    // Never connected.
    row("dial_busy", No(Busy), HangupCause::Busy),
    row("dial_no_answer", No(NoAnswer), HangupCause::NoAnswer),
    row("dial_failed", No(Failed), HangupCause::Failure),
    row("invalid_destination", No(Failed), HangupCause::Unreachable),
    row("telephony_provider_unavailable", No(Failed), HangupCause::Failure),
    row("sip_routing_error", No(Failed), HangupCause::Failure),
    row("marked_as_spam", No(Failed), HangupCause::Rejected),
    row("user_declined", No(Busy), HangupCause::Rejected),
    row("registered_call_timeout", No(Failed), HangupCause::Failure),
    row("error_user_not_joined", No(NoAnswer), HangupCause::NoAnswer),
    // Broken.
    row("error_llm_websocket_open", Perhaps(Failed), HangupCause::Failure),
    row("error_llm_websocket_lost_connection", Perhaps(Failed), HangupCause::Failure),
    row("error_llm_websocket_runtime", Perhaps(Failed), HangupCause::Failure),
    row("error_llm_websocket_corrupt_payload", Perhaps(Failed), HangupCause::Failure),
    row("error_no_audio_received", Perhaps(Failed), HangupCause::Failure),
    row("error_asr", Perhaps(Failed), HangupCause::Failure),
    row("error_retell", Perhaps(Failed), HangupCause::Failure),
    row("error_unknown", Perhaps(Failed), HangupCause::Failure),
    // Newer than the document (retell-typescript-sdk, `CallResponse`).
    row("no_concurrency_fallback", No(Failed), HangupCause::NotAllowed),
    row("call_take_over", Yes, HangupCause::Transferred),
];

/// How a leg ended, by Retell's word for it. `connected` is what else is known about whether people
/// talked; it decides where the word does not, and for words that this version does not know.
pub fn ending(word: &str, connected: bool) -> (CallStatus, HangupCause) {
    let row = REASONS.iter().find(|row| row.word == word);
    let cause = row.map_or(HangupCause::Unknown, |row| row.cause);
    let status = match row.map_or(Perhaps(Failed), |row| row.answered) {
        Yes => CallStatus::Completed,
        No(status) => status,
        Perhaps(_) if connected => CallStatus::Completed,
        Perhaps(status) => status,
    };
    (status, cause)
}
