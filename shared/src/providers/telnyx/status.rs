//! Telnyx's status words in ours (OpenAPI, `to.status` of outbound and inbound messages).

use crate::domain::status::MessageStatus;

/// Every word that a message's recipient may have, and its meaning.
pub const WORDS: &[(&str, MessageStatus)] = &[
    ("queued", MessageStatus::Queued),
    // `send_at`; docs, scheduled messages.
    ("scheduled", MessageStatus::Scheduled),
    ("cancelled", MessageStatus::Canceled),
    ("sending", MessageStatus::Sending),
    ("sent", MessageStatus::Sent),
    // It left, and no receipt will come: the carrier has it, so it is not less than sent; it is
    // neither delivered (which would hide a loss) nor undelivered (which would settle it).
    ("delivery_unconfirmed", MessageStatus::Sent),
    ("delivered", MessageStatus::Delivered),
    ("delivery_failed", MessageStatus::Undelivered),
    // Never left Telnyx.
    ("sending_failed", MessageStatus::Failed),
    // Too late for the recipient; see `of` for what expired before it left.
    ("expired", MessageStatus::Undelivered),
    // Inbound: here, and told to us.
    ("received", MessageStatus::Received),
    ("webhook_delivered", MessageStatus::Received),
];

/// Words that occur in detail records alone, which are not read (see `messages`).
pub const NOT_READ: &[(&str, &str)] = &[
    ("gw_timeout", "detail records"),
    ("gw_reject", "detail records"),
    ("dlr_timeout", "detail records"),
    ("dlr_unconfirmed", "detail records"),
    ("failed", "detail records"),
];

/// 40014, "expired in queue": it was not sent.
const EXPIRED_IN_QUEUE: &str = "40014";

/// The status of Telnyx's word. `None`: a word that this version does not know.
pub fn from_word(word: &str) -> Option<MessageStatus> {
    WORDS.iter().find(|(known, _)| *known == word).map(|(_, status)| *status)
}

/// The status of a word that came with an error code: what expired in the queue never left.
pub fn of(word: &str, code: Option<&str>) -> Option<MessageStatus> {
    match (word, code) {
        ("expired", Some(EXPIRED_IN_QUEUE)) => Some(MessageStatus::Failed),
        (_, _) => from_word(word),
    }
}
