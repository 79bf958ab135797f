//! The deployment's key for signatures of calls, and what was signed with it.

use std::sync::Arc;

use super::StoreError;
use crate::domain::ids::TenantId;
use crate::domain::passport::{CallSignature, Keyring, OrigId};
use async_trait::async_trait;

/// Where the key and the certificates are.
#[async_trait]
pub trait Keyrings: Send + Sync {
    /// The key and the certificates. `None`: nothing is configured. From memory for at most 5 minutes.
    async fn keyring(&self) -> Result<Option<Arc<Keyring>>, StoreError>;

    /// Forgets what is in memory, because a certificate was asked for that is not in it. Does nothing
    /// when that was done within the last 10 seconds.
    async fn refresh(&self);
}

/// The signatures that were given out.
#[async_trait]
pub trait CallSignatures: Send + Sync {
    /// Records one. The same one twice is one. 1 write.
    async fn record_signature(&self, signature: &CallSignature) -> Result<(), StoreError>;

    /// One of a tenant. 1 consistent read.
    async fn signature(&self, tenant: &TenantId, id: &OrigId) -> Result<Option<CallSignature>, StoreError>;
}
