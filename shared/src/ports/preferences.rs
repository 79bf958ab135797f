//! What users want to become of their calls.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::ids::{TenantId, UserId};
use crate::domain::voice::preferences::Preferences as Wishes;

/// Users' preferences.
#[async_trait]
pub trait Preferences: Send + Sync {
    /// A user's. `None`: there are none. 1 consistent read.
    async fn preferences(&self, tenant: &TenantId, user: &UserId) -> Result<Option<Wishes>, StoreError>;

    /// Writes them. 1 write.
    async fn put_preferences(
        &self,
        tenant: &TenantId,
        user: &UserId,
        wishes: &Wishes,
    ) -> Result<(), StoreError>;
}
