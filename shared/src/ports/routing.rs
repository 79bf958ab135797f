//! What the router needs besides numbers and conversations.

use std::collections::{BTreeMap, BTreeSet};

use super::StoreError;
use crate::domain::ids::AccountId;
use crate::domain::ids::MessageId;
use crate::domain::ids::TenantId;
use crate::domain::routing::AccountState;
use crate::domain::routing::RouteRecord;
use async_trait::async_trait;

/// The states of provider accounts: what is known of them without their credentials.
#[async_trait]
pub trait AccountStates: Send + Sync {
    /// The states of these accounts, as `tenant` sees them. An account that nobody knows is left out.
    async fn states(
        &self,
        tenant: &TenantId,
        accounts: &BTreeSet<AccountId>,
    ) -> Result<BTreeMap<AccountId, AccountState>, StoreError>;
}

/// Decisions that were stored.
#[async_trait]
pub trait Decisions: Send + Sync {
    /// How the sender of a message was chosen. 1 read. `None`: no such message of this tenant, or
    /// nothing was decided for it.
    async fn decision(&self, tenant: &TenantId, id: MessageId) -> Result<Option<RouteRecord>, StoreError>;
}
