//! Status reports of providers.

use super::StoreError;
use crate::domain::ids::AccountId;
use crate::domain::ids::ProviderSid;
use crate::domain::message::AttemptRef;
use crate::domain::message::Bill;
use crate::domain::status::MessageStatus;
use crate::domain::timestamp::Timestamp;
use crate::provider::ProviderId;
use async_trait::async_trait;

/// A report about an attempt, ready to be merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusChange {
    /// The account whose key verified the report. The attempt must be of this account.
    pub account: AccountId,
    /// Its provider.
    pub provider: ProviderId,
    /// The provider's id.
    pub sid: Option<ProviderSid>,
    /// The status.
    pub status: MessageStatus,
    /// The error code; owned by the status that wins.
    pub error_code: Option<String>,
    /// The error in words.
    pub error_message: Option<String>,
    /// What the provider bills, as far as it says so; of the highest status that said it.
    pub bill: Bill,
    /// When the report came in.
    pub at: Timestamp,
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merged {
    /// It was higher, and won.
    Applied,
    /// It was not higher: a repetition, or late.
    Stale,
    /// The attempt is of another account, or bound to another provider id. Nothing changed.
    Foreign,
}

/// Status reports.
#[async_trait]
pub trait Reports: Send + Sync {
    /// Merges a report into its attempt: one conditional update (1 write unit). A report that beats
    /// our own write leaves a stub. One whose status is not higher may still tell what is billed.
    async fn merge(&self, attempt: &AttemptRef, change: &StatusChange) -> Result<Merged, StoreError>;
}
