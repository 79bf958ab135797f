//! SignalWire's status words in ours.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

use crate::domain::status::MessageStatus;

/// The statuses of a message (Compatibility OpenAPI, `MessageStatus` and `SmsStatusCallbackPayload`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WireStatus {
    /// `queued`.
    Queued,
    /// `initiated`.
    Initiated,
    /// `sending`.
    Sending,
    /// `sent`.
    Sent,
    /// `failed`.
    Failed,
    /// `undelivered`.
    Undelivered,
    /// `delivered`.
    Delivered,
    /// `receiving`.
    Receiving,
    /// `received`.
    Received,
    /// A word that this version does not know.
    #[serde(other)]
    Unknown,
}

/// The status of SignalWire's word. `None`: a word that this version does not know.
pub fn from_word(word: &str) -> Option<MessageStatus> {
    let word: StrDeserializer<'_, Error> = word.into_deserializer();
    meaning(WireStatus::deserialize(word).unwrap_or(WireStatus::Unknown))
}

const fn meaning(status: WireStatus) -> Option<MessageStatus> {
    match status {
        WireStatus::Queued => Some(MessageStatus::Queued),
        // What the API calls "initiated" its callbacks call "sending": on its way to the carrier.
        WireStatus::Initiated | WireStatus::Sending => Some(MessageStatus::Sending),
        WireStatus::Sent => Some(MessageStatus::Sent),
        WireStatus::Failed => Some(MessageStatus::Failed),
        WireStatus::Undelivered => Some(MessageStatus::Undelivered),
        WireStatus::Delivered => Some(MessageStatus::Delivered),
        WireStatus::Receiving => Some(MessageStatus::Receiving),
        WireStatus::Received => Some(MessageStatus::Received),
        WireStatus::Unknown => None,
    }
}
