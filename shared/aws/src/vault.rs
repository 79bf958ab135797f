//! Accounts from both places, with their settings opened: the deployment's secret, and the table.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use telephony::domain::account::{AccountRecord, Owner};
use telephony::domain::ids::{AccountId, TenantId};
use telephony::ports::StoreError;
use telephony::provider::ProviderId;
use telephony::provider::account::AccountConfig;

use crate::dynamo::{Store, StoredAccount};
use crate::envelope::{KeyContext, OpensKeys, open};
use crate::secrets::{self, SecretSource};

/// What the deployment says of an account.
type Deployed = (ProviderId, Owner, AccountConfig);

/// Reads accounts. Nothing is cached here.
#[derive(Clone)]
pub(crate) struct Vault {
    pub(crate) store: Store,
    pub(crate) secret: Arc<dyn SecretSource>,
    pub(crate) keys: Arc<dyn OpensKeys>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// Everything that the platform keeps: the deployment's accounts in their order (a tenant's own
    /// among them, where the deployment says so), then those that an administrator wrote.
    pub(crate) async fn platform(&self) -> Result<Vec<AccountRecord>, StoreError> {
        let (secret, stored) =
            tokio::join!(self.secret.fetch(), self.store.stored_accounts(&Owner::Platform));
        let deployed = secrets::read(&secret?)?;
        let mut stored: HashMap<AccountId, StoredAccount> =
            stored?.into_iter().map(|stored| (stored.id.clone(), stored)).collect();
        let mut records = Vec::with_capacity(deployed.len() + stored.len());
        for account in deployed {
            let owner = account.tenant.map_or(Owner::Platform, Owner::Tenant);
            let base = (account.provider, owner, account.config);
            match stored.remove(&account.id) {
                Some(stored) => records.extend(self.readable(&Owner::Platform, &stored, Some(&base)).await?),
                None => records.push(plain(account.id, base)),
            }
        }
        let mut others: Vec<StoredAccount> = stored.into_values().collect();
        others.sort_by(|a, b| a.id.cmp(&b.id));
        for stored in others {
            records.extend(self.readable(&Owner::Platform, &stored, None).await?);
        }
        Ok(records)
    }

    /// A tenant's own accounts, as the table has them.
    pub(crate) async fn of_tenant(&self, tenant: &TenantId) -> Result<Vec<AccountRecord>, StoreError> {
        let owner = Owner::Tenant(tenant.clone());
        let mut records = Vec::new();
        for stored in self.store.stored_accounts(&owner).await? {
            records.extend(self.readable(&owner, &stored, None).await?);
        }
        Ok(records)
    }

    /// One account of a tenant, as the table has it.
    pub(crate) async fn tenants(
        &self,
        tenant: &TenantId,
        id: &AccountId,
    ) -> Result<Option<AccountRecord>, StoreError> {
        let owner = Owner::Tenant(tenant.clone());
        match self.store.stored_account(&owner, id).await? {
            Some(stored) => self.record(&owner, &stored, None).await,
            None => Ok(None),
        }
    }

    /// An account that cannot be read is left out, so that one mistake does not stop the others. That
    /// KMS does not answer is no such mistake.
    async fn readable(
        &self,
        home: &Owner,
        stored: &StoredAccount,
        deployed: Option<&Deployed>,
    ) -> Result<Option<AccountRecord>, StoreError> {
        match self.record(home, stored, deployed).await {
            Err(error @ StoreError::Corrupt(_)) => {
                tracing::error!(account = %stored.id, %error, "A provider account cannot be read");
                Ok(None)
            }
            other => other,
        }
    }

    async fn record(
        &self,
        home: &Owner,
        stored: &StoredAccount,
        deployed: Option<&Deployed>,
    ) -> Result<Option<AccountRecord>, StoreError> {
        let Some(mut record) = stored.record(home, deployed)? else { return Ok(None) };
        if let Some(envelope) = &stored.envelope {
            record.own = open(self.keys.as_ref(), &KeyContext::of(home, &stored.id), envelope).await?;
        }
        Ok(Some(record))
    }
}

fn plain(id: AccountId, (provider, owner, config): Deployed) -> AccountRecord {
    let mut record = AccountRecord::new(id, provider, owner);
    record.deployed = Some(config);
    record
}
