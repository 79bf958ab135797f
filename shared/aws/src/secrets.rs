//! Accounts that the deployment's parameters name, in one secret of Secrets Manager:
//! `{"accounts": [{"id", "provider", "tenant"?, "config": {…}}]}`.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use serde_json::Value;
use telephony::ports::StoreError;
use telephony::provider::ProviderId;
use telephony::provider::account::ProviderAccount;

use crate::dynamo::failure;

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

/// The secret of this id.
pub(crate) fn of_secret(client: Client, id: &str) -> Arc<dyn SecretSource> {
    Arc::new(SecretsManager { client, id: id.to_owned() })
}

/// Reads the secret. An account that cannot be read is left out, so that one mistake does not stop the
/// others; its text is never logged.
pub(crate) fn read(text: &str) -> Result<Vec<ProviderAccount>, StoreError> {
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

#[cfg(test)]
#[path = "secrets_tests.rs"]
mod tests;
