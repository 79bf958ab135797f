//! Agents that live at a provider.

use async_trait::async_trait;

use super::error::ProviderError;

/// An agent, as the provider knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteVoiceAgent {
    /// The provider's id.
    pub id: String,
    /// Its name there.
    pub name: Option<String>,
    /// The version.
    pub version: Option<String>,
    /// Where its events go; `None`: to the account's own address.
    pub webhook_url: Option<String>,
}

/// Reading agents, and pointing their events at us.
#[async_trait]
pub trait Agents: Send + Sync {
    /// All agents, over every page.
    async fn list(&self) -> Result<Vec<RemoteVoiceAgent>, ProviderError>;

    /// One agent; `None`: there is none of this id.
    async fn get(&self, id: &str) -> Result<Option<RemoteVoiceAgent>, ProviderError>;

    /// Sends an agent's events to this URL.
    async fn set_webhook(&self, id: &str, url: &str) -> Result<RemoteVoiceAgent, ProviderError>;
}
