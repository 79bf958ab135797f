//! The accounts for whoever verifies a webhook or calls a provider, from memory whenever that is
//! possible.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::future::join_all;
use telephony::domain::account::{self, Owner};
use telephony::domain::ids::{AccountId, TenantId};
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{Accounts, Candidates, StoreError, Whose};
use telephony::provider::ProviderId;
use telephony::provider::account::ProviderAccount;

use crate::aged::{Aged, Nothing, lock, through};
use crate::dynamo::{Holder, Store};
use crate::envelope::OpensKeys;
use crate::secrets::SecretSource;
use crate::vault::Vault;

/// How many accounts, and how many names, are kept in memory.
const KEPT: usize = 512;
/// The most accounts of one name that are handed out: more keys are not tried for one request.
const MOST_OF_A_NAME: usize = 4;
/// The most holders of one name that are looked at: some may be switched off.
const MOST_LOOKED_AT: usize = 16;
/// How many notes of next keys are remembered.
const MOST_NOTED: usize = 256;

/// An account of the platform's part of the table, or of the deployment.
struct Known {
    account: ProviderAccount,
    names: Vec<String>,
}

#[derive(Clone)]
struct PlatformAccounts(Arc<[Known]>);

impl Nothing for PlatformAccounts {
    fn is_nothing(&self) -> bool {
        false
    }
}

/// A tenant's account under a name, and its place among the others of this name.
#[derive(Clone)]
struct Found {
    holder: Arc<Holder>,
    account: Arc<ProviderAccount>,
}

type Names = Aged<(ProviderId, String), Vec<Found>>;
type Ids = Aged<(TenantId, AccountId), Option<Arc<ProviderAccount>>>;

struct Inner {
    vault: Vault,
    platform: Mutex<Aged<(), PlatformAccounts>>,
    /// Held over the first fetch, so that concurrent first callers make one call.
    first: tokio::sync::Mutex<()>,
    names: Mutex<Names>,
    ids: Mutex<Ids>,
    noted: Mutex<HashSet<(AccountId, String)>>,
}

/// Accounts of the deployment, the platform and the tenants, read at most every 5 minutes; while the
/// stores fail, the last known ones.
#[derive(Clone)]
pub struct Directory(Arc<Inner>);

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Directory")
    }
}

impl Directory {
    /// Accounts of a secret and a table, under these keys.
    pub fn new(store: Store, secret: Arc<dyn SecretSource>, keys: Arc<dyn OpensKeys>) -> Self {
        Self(Arc::new(Inner {
            vault: Vault { store, secret, keys },
            platform: Mutex::new(Aged::new(1)),
            first: tokio::sync::Mutex::default(),
            names: Mutex::new(Aged::new(KEPT)),
            ids: Mutex::new(Aged::new(KEPT)),
            noted: Mutex::default(),
        }))
    }

    /// Reads the platform's ahead of their first use, which opens the connections as well: the first
    /// webhook after a start then makes its requests on open ones. (Lambda gives a start a whole core,
    /// whatever the function's memory.) What fails here is tried again then.
    pub async fn warm_up(&self) {
        let _ = self.platform().await;
    }

    async fn platform(&self) -> Result<Arc<[Known]>, StoreError> {
        let fetch = async {
            let records = self.0.vault.platform().await?;
            let usable = records.iter().filter(|record| record.is_usable());
            let known: Vec<Known> =
                usable.map(|record| Known { account: record.account(), names: record.names() }).collect();
            Ok(PlatformAccounts(known.into()))
        };
        let _one = self.0.first.lock().await;
        through(&self.0.platform, (), fetch).await.map(|accounts| accounts.0)
    }

    /// The tenants' accounts of a name, in their order.
    async fn named(&self, provider: ProviderId, name: &str) -> Result<Vec<Found>, StoreError> {
        through(&self.0.names, (provider, name.to_owned()), self.look_up(provider, name)).await
    }

    async fn look_up(&self, provider: ProviderId, name: &str) -> Result<Vec<Found>, StoreError> {
        let holders = self.0.vault.store.holders(provider, name).await?;
        let mut found = Vec::new();
        for holder in holders.into_iter().take(MOST_LOOKED_AT) {
            let record = match self.0.vault.tenants(&holder.tenant, &holder.account).await {
                Ok(record) => record.filter(|record| record.is_usable() && record.provider == provider),
                Err(error @ StoreError::Corrupt(_)) => {
                    tracing::error!(account = %holder.account, %error, "A provider account cannot be read");
                    None
                }
                Err(error) => return Err(error),
            };
            if let Some(record) = record {
                found.push(Found { holder: Arc::new(holder), account: Arc::new(record.account()) });
            }
            if found.len() == MOST_OF_A_NAME {
                break;
            }
        }
        Ok(found)
    }

    /// The tenants' accounts of any of these names, in their order, each once.
    async fn claimed(
        &self,
        provider: ProviderId,
        names: &[&str],
    ) -> Result<Vec<ProviderAccount>, StoreError> {
        let looked = join_all(names.iter().map(|name| self.named(provider, name))).await;
        let mut all: Vec<Found> = Vec::new();
        let mut failure = None;
        for found in looked {
            match found {
                Ok(found) => all.extend(found),
                Err(error) => failure = Some(error),
            }
        }
        // What was found may be another's than what could not be looked up, and the answer is final.
        if let Some(error) = failure {
            return Err(error);
        }
        all.sort_by(|a, b| a.holder.rank().cmp(&b.holder.rank()));
        let mut seen = HashSet::new();
        all.retain(|found| seen.insert(found.account.id.clone()));
        Ok(all.into_iter().map(|found| (*found.account).clone()).collect())
    }
}

#[async_trait]
impl Accounts for Directory {
    async fn candidates(
        &self,
        provider: ProviderId,
        claims: &[String],
        whose: Whose,
    ) -> Result<Candidates, StoreError> {
        let claims: Vec<&str> = claims.iter().map(String::as_str).filter(|claim| !claim.is_empty()).collect();
        let platform = self.platform().await?;
        let of_provider = || platform.iter().filter(|known| known.account.provider == provider);
        let is_named = |known: &&Known| known.names.iter().any(|name| claims.contains(&name.as_str()));
        let named = of_provider().any(|known| is_named(&known));
        match whose {
            Whose::Platform => {
                // What names somebody that we do not know may be of the platform's, whose connections are
                // not all told, or of somebody without a name; the signature decides.
                let stands_in = |known: &&Known| {
                    known.names.is_empty() || (known.account.tenant.is_none() && !claims.is_empty())
                };
                let picked =
                    of_provider().filter(|known| if named { is_named(known) } else { stands_in(known) });
                let mut accounts: Vec<ProviderAccount> = picked.map(|known| known.account.clone()).collect();
                // The platform's own before those that the deployment names for a tenant.
                accounts.sort_by_key(|account| account.tenant.is_some());
                Ok(Candidates { accounts, named })
            }
            Whose::Tenants => {
                let accounts = self.claimed(provider, &claims).await?;
                if named || !accounts.is_empty() {
                    return Ok(Candidates { named: !accounts.is_empty(), accounts });
                }
                Ok(Candidates { accounts: self.claimed(provider, &[""]).await?, named: false })
            }
        }
    }

    async fn account(
        &self,
        tenant: &TenantId,
        id: &AccountId,
    ) -> Result<Option<ProviderAccount>, StoreError> {
        let platform = self.platform().await?;
        if let Some(known) = platform.iter().find(|known| known.account.id == *id) {
            let may = known.account.tenant.as_ref().is_none_or(|owner| owner == tenant);
            return Ok(may.then(|| known.account.clone()));
        }
        let fetch = async {
            let record = self.0.vault.tenants(tenant, id).await?;
            Ok(record.filter(|record| record.is_usable()).map(|record| Arc::new(record.account())))
        };
        let found = through(&self.0.ids, (tenant.clone(), id.clone()), fetch).await?;
        Ok(found.map(|account| (*account).clone()))
    }

    async fn refresh(&self) {
        lock(&self.0.platform).outdate();
        lock(&self.0.names).outdate();
        lock(&self.0.ids).outdate();
    }

    async fn next_key_used(&self, account: &ProviderAccount, now: Timestamp) {
        let Some(key) = account::next_key(account) else { return };
        let key = account::fingerprint(&key);
        {
            let mut noted = lock(&self.0.noted);
            if noted.len() >= MOST_NOTED {
                noted.clear();
            }
            if !noted.insert((account.id.clone(), key.clone())) {
                return;
            }
        }
        let kept_by_platform = match self.platform().await {
            Ok(platform) => platform.iter().any(|known| known.account.id == account.id),
            Err(_) => account.tenant.is_none(),
        };
        let home = match &account.tenant {
            Some(tenant) if !kept_by_platform => Owner::Tenant(tenant.clone()),
            Some(_) | None => Owner::Platform,
        };
        if let Err(error) = self.0.vault.store.note_next_key(&home, &account.id, &key, now).await {
            tracing::warn!(account = %account.id, %error, "The first use of a next key could not be noted");
        }
    }
}
