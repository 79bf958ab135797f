//! Sending texts, and asking what became of them.

use async_trait::async_trait;

use super::error::{ProviderCode, ProviderError};
use crate::domain::ids::ProviderSid;
use crate::domain::money::Cost;
use crate::domain::status::MessageStatus;
use crate::domain::timestamp::Timestamp;

/// A text to be sent, in the provider-neutral form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundText {
    /// The sending number, E.164.
    pub from: String,
    /// The recipient, E.164 or a short code.
    pub to: String,
    /// The text; may be empty when there is media.
    pub body: String,
    /// Public URLs of the attachments.
    pub media_urls: Vec<String>,
    /// Where the provider reports to.
    pub callback: Callback,
}

/// Where a provider reports what becomes of one message or call. Each adapter makes its own URL of
/// it, because what comes to which path, and how often it is tried again, is the provider's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// What stands before `/api/` in our URLs, without a slash at the end.
    pub base: String,
    /// Our opaque id of the message's attempt, or of the call's leg.
    pub id: String,
}

/// The provider took it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The provider's id.
    pub sid: ProviderSid,
    /// Its first status.
    pub status: MessageStatus,
}

/// A message as the provider knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteMessage {
    /// The provider's id.
    pub sid: ProviderSid,
    /// The sender, as the provider spells it.
    pub from: String,
    /// The recipient.
    pub to: String,
    /// The text; empty when the provider has redacted it.
    pub body: String,
    /// The status. `None`: a word that this version does not know.
    pub status: Option<MessageStatus>,
    /// The provider's error code.
    pub error: Option<ProviderCode>,
    /// When the provider took it.
    pub created_at: Option<Timestamp>,
    /// What the provider bills for it, once it says so.
    pub cost: Option<Cost>,
    /// Segments as billed.
    pub segments: Option<u32>,
}

/// Which messages to look for when an answer was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageQuery {
    /// The sender, E.164.
    pub from: String,
    /// The recipient, E.164.
    pub to: String,
    /// Not older than this.
    pub since: Timestamp,
}

/// The sending half of a provider.
#[async_trait]
pub trait Messaging: Send + Sync {
    /// Hands one text to the provider. Called at most once per attempt: an error whose effect is
    /// [`super::error::Effect::Unknown`] must never lead to a second call for the same text.
    async fn send(&self, text: &OutboundText) -> Result<Accepted, ProviderError>;

    /// One message by the provider's id.
    async fn fetch(&self, sid: &ProviderSid) -> Result<RemoteMessage, ProviderError>;

    /// All outbound messages that match, over every page.
    async fn find(&self, query: &MessageQuery) -> Result<Vec<RemoteMessage>, ProviderError>;
}
