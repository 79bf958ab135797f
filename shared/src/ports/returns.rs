//! Numbers on their way back to their providers, and the search for those that nobody knows.

use super::{NumberChange, StockNumber, StoreError};
use crate::domain::ids::AccountId;
use crate::domain::number::PhoneNumber;
use crate::domain::phone::E164;
use crate::domain::timestamp::Timestamp;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Numbers on their way back.
#[async_trait]
pub trait Returns: Send + Sync {
    /// Keeps a number until its release succeeds, at the cost of whoever pays for its account. False: a
    /// tenant has it through this account. 1 transaction.
    async fn keep(&self, number: &StockNumber) -> Result<bool, StoreError>;

    /// Takes a number from a tenant and keeps it until its release succeeds, in one transaction. False: it
    /// is no longer as it was read.
    async fn take_back(&self, change: &NumberChange, kept: &StockNumber) -> Result<bool, StoreError>;

    /// Puts `after` in place of `before`. False: it is no longer as it was read.
    async fn retry_return(&self, before: &StockNumber, after: &StockNumber) -> Result<bool, StoreError>;

    /// Forgets one that is gone. False: it is no longer as it was read.
    async fn returned(&self, number: &StockNumber) -> Result<bool, StoreError>;
}

/// How far the comparison of an account with its provider has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SweepState {
    /// Where to go on in the provider's list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// The provider's list was read to its end; the last of our numbers that was looked for there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Numbers at the provider that carry no mark of ours and that no tenant has, so far.
    #[serde(default)]
    pub unmanaged: u32,
    /// Not before this.
    pub next: Timestamp,
}

/// Comparing accounts with their providers.
#[async_trait]
pub trait Sweeps: Send + Sync {
    /// How far it has come with each account. 1 query; consistent.
    async fn sweep_states(&self) -> Result<Vec<(AccountId, SweepState)>, StoreError>;

    /// Notes it. It is forgotten long after its next comparison was due: its account is gone then.
    async fn put_sweep_state(&self, account: &AccountId, state: &SweepState) -> Result<(), StoreError>;

    /// Who has a number through an account. 1 consistent read: who releases what nobody has must not
    /// believe a copy.
    async fn holder(&self, account: &AccountId, phone: &E164) -> Result<Option<PhoneNumber>, StoreError>;
}
