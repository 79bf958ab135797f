//! Subscriptions.

use super::StoreError;
use crate::domain::ids::{SubscriptionId, TenantId};
use crate::domain::subscription::Subscription;
use async_trait::async_trait;

/// Subscriptions.
#[async_trait]
pub trait SubscriptionRecords: Send + Sync {
    /// Writes a new one, and when it is due. The answer is the one of this name that was there before, and
    /// then nothing was written. 1 conditional write.
    async fn add_subscription(&self, new: &Subscription) -> Result<Option<Subscription>, StoreError>;

    /// One of them. 1 consistent read.
    async fn subscription(
        &self,
        tenant: &TenantId,
        id: &SubscriptionId,
    ) -> Result<Option<Subscription>, StoreError>;

    /// Puts `after` (with the version of `before`) in its place, and when it is due. The answer is it with
    /// its new version. `None`: it is no longer as it was read. 1 conditional write.
    async fn replace_subscription(
        &self,
        before: &Subscription,
        after: &Subscription,
    ) -> Result<Option<Subscription>, StoreError>;
}
