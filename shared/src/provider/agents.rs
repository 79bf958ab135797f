//! Agents that live at a provider.

use async_trait::async_trait;

use super::calling::RemoteAgent;
use super::error::ProviderError;
use crate::domain::ids::ProviderSid;

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

/// A call that is to be handed over to an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedCall {
    /// Who takes it.
    pub agent: RemoteAgent,
    /// The caller, as far as it is known.
    pub from: String,
    /// Our number.
    pub to: String,
    /// Our opaque id of the call, which comes back with the agent's events.
    pub state: String,
}

/// Where a call is to be handed over to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandOverTo {
    /// The provider's id of the agent's leg.
    pub sid: ProviderSid,
    /// A SIP URI, good for one call and for some minutes.
    pub address: String,
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

    /// Tells the provider of a call that another one carries and that an agent is to take. One that is never
    /// handed over costs nothing and is forgotten.
    async fn register(&self, call: &HandedCall) -> Result<HandOverTo, ProviderError>;
}
