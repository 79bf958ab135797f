//! What a provider has received for an account, as its list says: the net under the webhooks.

use async_trait::async_trait;

use super::error::ProviderError;
use super::numbers::RemotePage;
use super::webhooks::{InboundMedia, InboundText};
use crate::domain::ids::ProviderSid;
use crate::domain::timestamp::Timestamp;

/// An inbound text as the provider's list has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteInbound {
    /// The text, as its webhook would have said it, but without its attachments, and without a word
    /// about whether the provider has answered it.
    pub text: InboundText,
    /// How many attachments it has: [`InboundHistory::media`] tells which.
    pub media: u32,
    /// When the provider received it, to the second.
    pub at: Timestamp,
}

/// The texts that an account has received.
#[async_trait]
pub trait InboundHistory: Send + Sync {
    /// One page of the texts received from `since` (included) until `until` (excluded), over all numbers of
    /// the account. `page` is the `next` of the page before, asked for with the same times. A page may be
    /// empty and not be the last.
    async fn received(
        &self,
        since: Timestamp,
        until: Timestamp,
        page: Option<&str>,
    ) -> Result<RemotePage<RemoteInbound>, ProviderError>;

    /// The attachments of one text, with the URLs that its webhook would have named.
    async fn media(&self, sid: &ProviderSid) -> Result<Vec<InboundMedia>, ProviderError>;
}
