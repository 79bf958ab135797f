//! Administering accounts: everything is read afresh, and every write has its condition.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use telephony::domain::account::{AccountRecord, ConnectionTest, Owner};
use telephony::domain::ids::{AccountId, TenantId};
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{
    AccountBook, AccountList, AccountWrite, BoundAccount, IdempotencyBinding, StoreError,
};
use telephony::provider::ProviderId;

use crate::dynamo::Store;
use crate::envelope::{DataKeys, Envelope, KeyContext, OpensKeys, seal};
use crate::secrets::SecretSource;
use crate::vault::Vault;

/// The accounts of a secret and a table, to administer them.
#[derive(Clone)]
pub struct Book {
    vault: Vault,
    keys: Arc<dyn DataKeys>,
}

impl fmt::Debug for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Book")
    }
}

impl Book {
    /// Accounts of a secret and a table, under these keys.
    pub fn new<K: DataKeys + 'static>(store: Store, secret: Arc<dyn SecretSource>, keys: Arc<K>) -> Self {
        let opens: Arc<dyn OpensKeys> = keys.clone();
        Self { vault: Vault { store, secret, keys: opens }, keys }
    }

    /// The settings of its own, sealed; nothing where there are none.
    async fn envelope(&self, home: &Owner, account: &AccountRecord) -> Result<Option<Envelope>, StoreError> {
        if account.own.is_empty() {
            return Ok(None);
        }
        seal(self.keys.as_ref(), &KeyContext::of(home, &account.id), &account.own).await.map(Some)
    }
}

#[async_trait]
impl AccountBook for Book {
    async fn list(&self, owner: &Owner) -> Result<Vec<AccountRecord>, StoreError> {
        let platform = self.vault.platform().await?;
        let mut records: Vec<AccountRecord> =
            platform.into_iter().filter(|record| record.owner == *owner).collect();
        if let Owner::Tenant(tenant) = owner {
            records.extend(self.vault.of_tenant(tenant).await?);
        }
        Ok(records)
    }

    async fn find(&self, owner: &Owner, id: &AccountId) -> Result<Option<AccountRecord>, StoreError> {
        if let Owner::Tenant(tenant) = owner
            && let Some(record) = self.vault.tenants(tenant, id).await?
        {
            return Ok(Some(record));
        }
        let platform = self.vault.platform().await?;
        Ok(platform.into_iter().find(|record| record.owner == *owner && record.id == *id))
    }

    async fn bound_account(
        &self,
        tenant: &TenantId,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<BoundAccount>, StoreError> {
        self.vault.store.read_bound_account(tenant, key, now).await
    }

    async fn add(
        &self,
        caller: &TenantId,
        account: &AccountRecord,
        binding: Option<&IdempotencyBinding>,
        now: Timestamp,
    ) -> Result<AccountWrite, StoreError> {
        let envelope = self.envelope(&account.home(), account).await?;
        self.vault.store.add_account(caller, account, envelope.as_ref(), binding, now).await
    }

    async fn replace(
        &self,
        before: &AccountRecord,
        after: &AccountRecord,
        now: Timestamp,
    ) -> Result<AccountWrite, StoreError> {
        let envelope = self.envelope(&before.home(), after).await?;
        self.vault.store.replace_account(before, after, envelope.as_ref(), now).await
    }

    async fn remove(&self, account: &AccountRecord) -> Result<bool, StoreError> {
        self.vault.store.remove_account(account).await
    }

    async fn note_test(
        &self,
        account: &AccountRecord,
        test: &ConnectionTest,
        proven: bool,
    ) -> Result<bool, StoreError> {
        self.vault.store.note_account_test(account, test, proven).await
    }
}

#[async_trait]
impl AccountList for Book {
    async fn everyones(&self, provider: ProviderId) -> Result<Vec<(Owner, AccountId)>, StoreError> {
        let all = self.everyones_at(&[provider]).await?;
        Ok(all.into_iter().map(|(_, owner, id)| (owner, id)).collect())
    }

    async fn everyones_at(
        &self,
        providers: &[ProviderId],
    ) -> Result<Vec<(ProviderId, Owner, AccountId)>, StoreError> {
        let platform = self.vault.platform().await?.into_iter();
        let platform = platform.filter(|record| providers.contains(&record.provider));
        let mut all: Vec<_> = platform.map(|record| (record.provider, record.owner, record.id)).collect();
        for provider in providers {
            let tenants = self.vault.store.accounts_of_tenants(*provider).await?;
            all.extend(tenants.into_iter().map(|(tenant, id)| (*provider, Owner::Tenant(tenant), id)));
        }
        Ok(all)
    }
}
