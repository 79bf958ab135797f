//! Numbers by the account that holds them: the platform's unassigned ones, and whoever has the others.

use super::{Page, PageRequest, StoreError};
use crate::domain::ids::{AccountId, ProviderSid};
use crate::domain::number::PhoneNumber;
use crate::domain::phone::E164;
use crate::domain::timestamp::Timestamp;
use crate::provider::ProviderId;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// A number that an account of the platform holds and no tenant has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockNumber {
    /// The number.
    pub phone: E164,
    /// The provider.
    pub provider: ProviderId,
    /// The account.
    pub account: AccountId,
    /// What the provider calls it.
    pub sid: Option<ProviderSid>,
    /// Carries calls.
    pub voice: bool,
    /// Carries SMS.
    pub sms: bool,
    /// Carries MMS.
    pub mms: bool,
    /// Since when it is known.
    pub imported_at: Timestamp,
}

/// Numbers by account.
#[async_trait]
pub trait NumberStock: Send + Sync {
    /// The unassigned numbers of an account, by number. 1 query a page.
    async fn stock(&self, account: &AccountId, page: &PageRequest) -> Result<Page<StockNumber>, StoreError>;

    /// One of them. 1 read.
    async fn in_stock(&self, account: &AccountId, phone: &E164) -> Result<Option<StockNumber>, StoreError>;

    /// Notes an unassigned number, unless a tenant has it through this account. 1 transaction. False: it
    /// is known already, or somebody has it.
    async fn put_stock(&self, number: &StockNumber) -> Result<bool, StoreError>;

    /// Gives a number to a tenant and takes it out of the stock, in one transaction, under the conditions
    /// of [`super::Numbers::put`].
    async fn assign(&self, number: &PhoneNumber) -> Result<bool, StoreError>;

    /// Forgets the unassigned numbers of an account that is removed.
    async fn forget_stock(&self, account: &AccountId) -> Result<(), StoreError>;

    /// The numbers that tenants have through an account, by number. 1 query a page of an index, so the
    /// newest may be missing for a moment.
    async fn assigned(&self, account: &AccountId, page: &PageRequest) -> Result<Page<E164>, StoreError>;
}
