//! Who holds which number, with which credentials, and which machine speaks for whom.

use super::StoreError;
use crate::domain::ids::AccountId;
use crate::domain::ids::TenantId;
use crate::domain::number::PhoneNumber;
use crate::domain::phone::E164;
use crate::domain::timestamp::Timestamp;
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

/// Where candidates are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// With the deployment and the platform: the platform's own, and what the deployment names for a
    /// tenant.
    Platform,
    /// With the tenants that brought them along.
    Tenants,
}

/// Accounts whose keys may be tried for a webhook.
#[derive(Clone, Debug)]
pub struct Candidates {
    /// In the order in which they are tried.
    pub accounts: Vec<ProviderAccount>,
    /// They are named by the webhook, and do not only stand in.
    pub named: bool,
}

/// Credentials, for whoever verifies a webhook or calls a provider.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// The active accounts of a provider that a webhook may be of: those that have one of these `claims`
    /// among their names, of tenants the proven ones first; when nobody has, those that stand in, which
    /// are the platform's and those without a name. No round trip while the cache (at most 5 minutes
    /// old) is warm. The platform's are always in it; of the tenants' it knows what was asked for.
    async fn candidates(
        &self,
        provider: ProviderId,
        claims: &[String],
        whose: Whose,
    ) -> Result<Candidates, StoreError>;

    /// One account that this tenant may use: its own, or the platform's. `None` also when it is not
    /// configured or not active.
    async fn account(&self, tenant: &TenantId, id: &AccountId)
    -> Result<Option<ProviderAccount>, StoreError>;

    /// Forgets what is cached, because a signature did not verify and the keys may have been
    /// rotated. Does nothing when that was done within the last 10 seconds.
    async fn refresh(&self);

    /// Notes that a webhook was signed with the account's next key: the old one can be retired. At
    /// most one write a process and key; a failure is only logged.
    async fn next_key_used(&self, account: &ProviderAccount, now: Timestamp);
}

/// Machine clients: which tenant a client id speaks for.
#[async_trait]
pub trait Clients: Send + Sync {
    /// The tenant of a client. 1 read.
    async fn tenant_of(&self, client: &str) -> Result<Option<TenantId>, StoreError>;

    /// Binds a client to a tenant, or unbinds it.
    async fn bind(&self, client: &str, tenant: Option<&TenantId>) -> Result<(), StoreError>;
}
