//! Who holds which number, with which credentials, and which machine speaks for whom.

use super::StoreError;
use crate::domain::ids::AccountId;
use crate::domain::ids::TenantId;
use crate::domain::number::PhoneNumber;
use crate::domain::phone::E164;
use crate::provider::ProviderId;
use crate::provider::account::ProviderAccount;
use async_trait::async_trait;

/// Which numbers there are and whose they are.
#[async_trait]
pub trait Numbers: Send + Sync {
    /// First contact: the number `phone` as held through `account`. 1 read. Eventually consistent.
    async fn by_account(&self, account: &AccountId, phone: &E164) -> Result<Option<PhoneNumber>, StoreError>;

    /// The tenant's own number `phone`. 1 read. Eventually consistent.
    async fn by_tenant(&self, tenant: &TenantId, phone: &E164) -> Result<Option<PhoneNumber>, StoreError>;

    /// All numbers of a tenant. 1 query.
    async fn of_tenant(&self, tenant: &TenantId) -> Result<Vec<PhoneNumber>, StoreError>;

    /// Writes a number and both ways to find it, in one transaction. False: another tenant, or
    /// another holding, has this number at this account, or this tenant has it at another account.
    async fn put(&self, number: &PhoneNumber) -> Result<bool, StoreError>;
}

/// Credentials.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// All accounts of a provider. No round trip while the cache (at most 5 minutes old) is warm.
    /// Accounts that are not configured are left out.
    async fn of_provider(&self, provider: ProviderId) -> Result<Vec<ProviderAccount>, StoreError>;

    /// One account.
    async fn account(&self, id: &AccountId) -> Result<Option<ProviderAccount>, StoreError>;

    /// Forgets what is cached, because a signature did not verify and the keys may have been
    /// rotated. Does nothing when that was done within the last 10 seconds.
    async fn refresh(&self);
}

/// Machine clients: which tenant a client id speaks for.
#[async_trait]
pub trait Clients: Send + Sync {
    /// The tenant of a client. 1 read.
    async fn tenant_of(&self, client: &str) -> Result<Option<TenantId>, StoreError>;

    /// Binds a client to a tenant, or unbinds it.
    async fn bind(&self, client: &str, tenant: Option<&TenantId>) -> Result<(), StoreError>;
}
