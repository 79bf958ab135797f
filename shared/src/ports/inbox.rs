//! Receiving: inbound messages, and what could not be routed.

use super::{ParkedText, StoreError};
use crate::domain::consent::ConsentChange;
use crate::domain::ids::AccountId;
use crate::domain::message::Message;
use crate::domain::timestamp::Timestamp;
use crate::provider::webhooks::WebhookKind;
use async_trait::async_trait;

/// What became of recording an inbound message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is new, and stored.
    New,
    /// It was stored before: the same message, delivered again.
    Replay,
    /// Another message is stored under its id: this one is not what the provider sent.
    Mismatch,
}

/// A verified webhook that names nothing of ours. Kept 30 days for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unrouted {
    /// The account that signed it.
    pub account: AccountId,
    /// Which URL it came to.
    pub kind: WebhookKind,
    /// The provider's id of what it is about, or the event's name.
    pub sid: String,
    /// Our side, as the provider spells it.
    pub own: Option<String>,
    /// Why it could not be routed: `unknown_number`, `unknown_message`, `foreign_message`,
    /// `id_mismatch`, `unrecognised_event`, `unknown_status`.
    pub reason: &'static str,
    /// When.
    pub at: Timestamp,
}

/// Receiving.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Stores an inbound message: one conditional write; with a consent change, one transaction of
    /// the message, the contact's consent and its history, so that a replay changes nothing. The
    /// message's `pending` mark is set when it has media.
    async fn record(
        &self,
        message: &Message,
        consent: Option<&ConsentChange>,
    ) -> Result<Recorded, StoreError>;

    /// Keeps a text until its number has moved, with what `message` would be known by. With a consent
    /// change, one transaction of both.
    async fn park(
        &self,
        parked: &ParkedText,
        message: &Message,
        consent: Option<&ConsentChange>,
    ) -> Result<Recorded, StoreError>;

    /// Notes what could not be routed. One write; a repetition overwrites it.
    async fn record_unrouted(&self, unrouted: &Unrouted) -> Result<(), StoreError>;

    /// Records a consent change alone (a STOP to a number that can no longer be answered).
    async fn record_consent(&self, change: &ConsentChange) -> Result<(), StoreError>;
}
