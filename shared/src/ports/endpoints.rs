//! Where events go, and the secrets that sign them.

use async_trait::async_trait;

use super::{Page, PageRequest, StoreError};
use crate::domain::agent::Agent;
use crate::domain::endpoint::{Endpoint, Health, Sealed};
use crate::domain::event::EventFilter;
use crate::domain::ids::{AgentId, EndpointId, TenantId};
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;

/// What a customer changes about an endpoint; `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointChange {
    /// Where.
    pub url: Option<String>,
    /// Of what.
    pub events: Option<Vec<EventFilter>>,
    /// Is told. Switching it on forgets why it was off and how it did.
    pub is_active: Option<bool>,
    /// Another secret, and until when the present one signs as well.
    pub secret: Option<(Sealed, Timestamp)>,
}

/// Endpoints.
#[async_trait]
pub trait Endpoints: Send + Sync {
    /// All of a tenant's, oldest first; there are few. 1 query.
    async fn endpoints(&self, tenant: &TenantId) -> Result<Vec<Endpoint>, StoreError>;

    /// One. 1 consistent read.
    async fn endpoint(&self, tenant: &TenantId, id: EndpointId) -> Result<Option<Endpoint>, StoreError>;

    /// Adds one. False: the tenant has `most` already.
    async fn add_endpoint(&self, endpoint: &Endpoint, most: u32) -> Result<bool, StoreError>;

    /// Changes one, and returns it as it is then. `None`: there is none.
    async fn change_endpoint(
        &self,
        tenant: &TenantId,
        id: EndpointId,
        change: &EndpointChange,
        now: Timestamp,
    ) -> Result<Option<Endpoint>, StoreError>;

    /// Removes one. False: there was none.
    async fn remove_endpoint(&self, tenant: &TenantId, id: EndpointId) -> Result<bool, StoreError>;

    /// Notes how it does.
    async fn note_health(&self, tenant: &TenantId, id: EndpointId, health: Health) -> Result<(), StoreError>;

    /// Switches it off for a reason of ours. False: it was off.
    async fn disable_endpoint(
        &self,
        tenant: &TenantId,
        id: EndpointId,
        reason: &str,
    ) -> Result<bool, StoreError>;
}

/// Agents.
#[async_trait]
pub trait Agents: Send + Sync {
    /// A tenant's, by their ids. 1 query.
    async fn agents(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<Agent>, StoreError>;

    /// One. 1 consistent read.
    async fn agent(&self, tenant: &TenantId, id: &AgentId) -> Result<Option<Agent>, StoreError>;

    /// Writes one; with `create`, only if there is none of this id (false: there is one).
    async fn put_agent(&self, agent: &Agent, create: bool) -> Result<bool, StoreError>;

    /// Removes one. False: there was none.
    async fn remove_agent(&self, tenant: &TenantId, id: &AgentId) -> Result<bool, StoreError>;
}

/// What a sealed secret belongs to. It opens in its own place only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealContext {
    /// Whose.
    pub tenant: TenantId,
    /// Of what: an endpoint's or an agent's id.
    pub owner: String,
    /// What for: `event-endpoint` or `agent`.
    pub purpose: &'static str,
}

/// Encrypts secrets at rest.
#[async_trait]
pub trait SecretBox: Send + Sync {
    /// Encrypts.
    async fn seal(&self, context: &SealContext, plain: &Secret) -> Result<Sealed, StoreError>;

    /// Decrypts what was sealed in the same context.
    async fn open(&self, context: &SealContext, sealed: &Sealed) -> Result<Secret, StoreError>;
}
