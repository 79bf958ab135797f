//! Credentials of the providers, in one secret of Secrets Manager:
//! `{"accounts": [{"id", "provider", "tenant"?, "config": {…}}]}`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use serde_json::Value;
use telephony::domain::ids::{AccountId, TenantId};
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{Accounts, StoreError};
use telephony::provider::ProviderId;
use telephony::provider::account::ProviderAccount;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::dynamo::failure;

/// A rotated key is accepted for at most this long (decisions.md, 19).
const FRESH: Duration = Duration::from_secs(300);
/// Bad signatures must not become calls to the secret store.
const BETWEEN_REFRESHES: Duration = Duration::from_secs(10);

/// Where the secret comes from.
#[async_trait]
pub trait SecretSource: Send + Sync {
    /// The secret's text.
    async fn fetch(&self) -> Result<String, StoreError>;
}

struct SecretsManager {
    client: Client,
    id: String,
}

#[async_trait]
impl SecretSource for SecretsManager {
    async fn fetch(&self) -> Result<String, StoreError> {
        let sent = self.client.get_secret_value().secret_id(&self.id).send().await;
        let answer = sent.map_err(|error| failure(&error))?;
        answer.secret_string.ok_or_else(|| StoreError::Corrupt("secret without a text".into()))
    }
}

#[derive(Default)]
struct Cache {
    accounts: Option<Arc<[ProviderAccount]>>,
    fetched: Option<Instant>,
    tried: Option<Instant>,
    refreshed: Option<Instant>,
}

/// The accounts of a secret, read at most every 5 minutes; while the secret store fails, the last
/// known ones.
#[derive(Clone)]
pub struct SecretAccounts {
    source: Arc<dyn SecretSource>,
    // Held over the fetch, so that concurrent first callers make one call.
    cache: Arc<Mutex<Cache>>,
}

impl fmt::Debug for SecretAccounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretAccounts")
    }
}

impl SecretAccounts {
    /// The accounts of the secret with this id.
    pub fn of_secret(client: Client, id: &str) -> Self {
        Self::new(Arc::new(SecretsManager { client, id: id.to_owned() }))
    }

    /// The accounts of a text from anywhere.
    pub fn new(source: Arc<dyn SecretSource>) -> Self {
        Self { source, cache: Arc::default() }
    }

    /// Reads them ahead of their first use. A failure does not matter: the first use tries again.
    pub async fn warm_up(&self) {
        let _ = self.all().await;
    }

    async fn all(&self) -> Result<Arc<[ProviderAccount]>, StoreError> {
        let within = |since: Option<Instant>, span: Duration| since.is_some_and(|at| at.elapsed() < span);
        let mut cache = self.cache.lock().await;
        if let Some(accounts) = &cache.accounts {
            // After a failure the last known accounts serve for a while before the next call.
            if within(cache.fetched, FRESH) || within(cache.tried, BETWEEN_REFRESHES) {
                return Ok(Arc::clone(accounts));
            }
        }
        match self.source.fetch().await.and_then(|text| read(&text)) {
            Ok(accounts) => {
                let accounts: Arc<[ProviderAccount]> = accounts.into();
                cache.accounts = Some(Arc::clone(&accounts));
                cache.fetched = Some(Instant::now());
                cache.tried = None;
                Ok(accounts)
            }
            Err(error) => {
                let stale = cache.accounts.clone().ok_or_else(|| error.clone())?;
                tracing::warn!(%error, "the provider accounts cannot be read; the last known ones are used");
                cache.tried = Some(Instant::now());
                Ok(stale)
            }
        }
    }
}

/// Reads the secret. An account that cannot be read is left out, so that one mistake does not stop the
/// others; its text is never logged.
fn read(text: &str) -> Result<Vec<ProviderAccount>, StoreError> {
    let secret: Value =
        serde_json::from_str(text).map_err(|_| StoreError::Corrupt("provider secret".into()))?;
    let listed = secret.get("accounts").and_then(Value::as_array);
    let listed = listed.ok_or_else(|| StoreError::Corrupt("provider secret without accounts".into()))?;
    let mut accounts: Vec<ProviderAccount> = Vec::with_capacity(listed.len());
    for (index, entry) in listed.iter().enumerate() {
        let word = entry.get("provider").and_then(Value::as_str).unwrap_or_default();
        if word.parse::<ProviderId>().is_err() {
            tracing::warn!(index, "a provider account names a provider that this version does not know");
            continue;
        }
        if !is_configured(entry) {
            continue;
        }
        match serde_json::from_value::<ProviderAccount>(entry.clone()) {
            Ok(account) if accounts.iter().any(|known| known.id == account.id) => {
                tracing::warn!(account = %account.id, "a provider account is listed twice; the first one is used");
            }
            Ok(account) => accounts.push(account),
            Err(_) => tracing::warn!(index, "a provider account cannot be read"),
        }
    }
    Ok(accounts)
}

/// A deployment's parameters that were left empty arrive as empty texts.
fn is_configured(entry: &Value) -> bool {
    let settings = entry.get("config").and_then(Value::as_object);
    settings.is_some_and(|settings| {
        settings.values().any(|value| value.as_str().is_some_and(|text| !text.is_empty()))
    })
}

#[async_trait]
impl Accounts for SecretAccounts {
    async fn candidates(
        &self,
        provider: ProviderId,
        claims: &[String],
    ) -> Result<Vec<ProviderAccount>, StoreError> {
        let webhooks = telephony::provider::registry::webhooks(provider);
        let all = self.all().await?;
        let of_provider: Vec<_> = all
            .iter()
            .filter(|account| account.provider == provider)
            .map(|a| (webhooks.names(a), a))
            .collect();
        let named: Vec<_> = of_provider
            .iter()
            .filter(|(names, _)| names.iter().any(|name| claims.contains(name)))
            .map(|(_, account)| (*account).clone())
            .collect();
        if !named.is_empty() {
            return Ok(named);
        }
        Ok(of_provider
            .into_iter()
            .filter(|(names, _)| names.is_empty())
            .map(|(_, account)| account.clone())
            .collect())
    }

    async fn account(
        &self,
        tenant: &TenantId,
        id: &AccountId,
    ) -> Result<Option<ProviderAccount>, StoreError> {
        let mine = |account: &&ProviderAccount| {
            account.id == *id && account.tenant.as_ref().is_none_or(|owner| owner == tenant)
        };
        Ok(self.all().await?.iter().find(mine).cloned())
    }

    async fn next_key_used(&self, _account: &ProviderAccount, _now: Timestamp) {}

    async fn refresh(&self) {
        let mut cache = self.cache.lock().await;
        let recently = cache.refreshed.or(cache.fetched).is_some_and(|at| at.elapsed() < BETWEEN_REFRESHES);
        if !recently {
            cache.refreshed = Some(Instant::now());
            // The accounts themselves stay, should the secret store fail just now.
            cache.fetched = None;
            cache.tried = None;
        }
    }
}

#[cfg(test)]
#[path = "secrets_tests.rs"]
mod tests;
