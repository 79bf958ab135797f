//! Numbers by the account that holds them: the platform's unassigned ones, and whoever has the others.

use super::{Page, PageRequest, StoreError};
use crate::domain::ids::{AccountId, ProviderSid, TenantId};
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
    /// It is to be given back, and the provider has refused so far. It is nobody's to assign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Return>,
}

/// A number on its way back to its provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Return {
    /// The tenant who wanted it, and whose own account may hold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<TenantId>,
    /// The mark that it carries at the provider, which is what makes it ours to give back.
    pub mark: String,
    /// Since when it is tried.
    pub since: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried next.
    pub next: Timestamp,
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
    /// of [`super::Numbers::put`]. False also for one that is on its way back.
    async fn assign(&self, number: &PhoneNumber) -> Result<bool, StoreError>;

    /// Forgets the unassigned numbers of an account that is removed.
    async fn forget_stock(&self, account: &AccountId) -> Result<(), StoreError>;

    /// The numbers that tenants have through an account, by number. 1 query a page of an index, so the
    /// newest may be missing for a moment.
    async fn assigned(&self, account: &AccountId, page: &PageRequest) -> Result<Page<E164>, StoreError>;
}
