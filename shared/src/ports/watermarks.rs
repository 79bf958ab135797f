//! How far the lists of received texts have been read.

use super::StoreError;
use crate::domain::account::Owner;
use crate::domain::ids::AccountId;
use crate::domain::timestamp::Timestamp;
use crate::provider::ProviderId;
use async_trait::async_trait;

/// A stretch of a list that is being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// From here.
    pub since: Timestamp,
    /// Until here.
    pub until: Timestamp,
    /// Where to go on; `None`: from its beginning.
    pub page: Option<String>,
}

/// How far the list of an account has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watermark {
    /// The account.
    pub account: AccountId,
    /// Everything that was received before this has been looked at.
    pub until: Timestamp,
    /// What is being read.
    pub window: Option<Window>,
    /// When it was last tried, with or without success.
    pub tried_at: Timestamp,
    /// Counts changes; 0 while nothing is stored.
    pub version: u32,
}

/// How far the lists have been read.
#[async_trait]
pub trait Watermarks: Send + Sync {
    /// All of them. 1 query; consistent.
    async fn watermarks(&self) -> Result<Vec<Watermark>, StoreError>;

    /// Puts one in place of the one of `mark.version`, as the next version. False: somebody else has
    /// moved it in between, and nothing was written.
    async fn set_watermark(&self, mark: &Watermark, now: Timestamp) -> Result<bool, StoreError>;
}

/// All accounts of everybody.
#[async_trait]
pub trait AccountList: Send + Sync {
    /// The accounts of a provider: the platform's, those that the deployment names for tenants, and those
    /// that tenants brought along, whether they can be used or not. Those of tenants come from an index,
    /// so that one that was added a moment ago may be missing.
    async fn everyones(&self, provider: ProviderId) -> Result<Vec<(Owner, AccountId)>, StoreError>;

    /// The same of all these providers; the deployment is asked once.
    async fn everyones_at(
        &self,
        providers: &[ProviderId],
    ) -> Result<Vec<(ProviderId, Owner, AccountId)>, StoreError>;
}
