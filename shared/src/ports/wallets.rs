//! Wallets.

use super::Page;
use super::PageRequest;
use super::StoreError;
use crate::domain::ids::TenantId;
use crate::domain::money::Micros;
use crate::domain::spending::SpendCap;
use crate::domain::timestamp::Timestamp;
use crate::domain::wallet::LedgerEntry;
use crate::domain::wallet::Wallet;
use async_trait::async_trait;

/// What became of a deposit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deposited {
    /// It was added.
    New(LedgerEntry),
    /// This reference was deposited before, with this entry.
    Replay(LedgerEntry),
}

/// Wallets.
#[async_trait]
pub trait Wallets: Send + Sync {
    /// The tenant's wallet; an empty one when there is none. 1 consistent read.
    async fn wallet(&self, tenant: &TenantId) -> Result<Wallet, StoreError>;

    /// The ledger. 1 query.
    async fn entries(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<LedgerEntry>, StoreError>;

    /// Sets what the tenant may spend in a day and in a month; the wallet as it is then. The sums stay what
    /// they are. 1 write.
    async fn set_spend_cap(&self, tenant: &TenantId, cap: &SpendCap) -> Result<Wallet, StoreError>;

    /// Adds money, once per reference, in one transaction.
    async fn deposit(
        &self,
        tenant: &TenantId,
        amount: Micros,
        reference: &str,
        now: Timestamp,
    ) -> Result<Deposited, StoreError>;
}
