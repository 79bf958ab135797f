//! The account itself, and managed accounts.

use std::sync::Arc;

use async_trait::async_trait;
use form_urlencoded::Serializer;
use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::client::{Client, refused, strange};
use super::config::{Config, bearer, is_api_key, is_id, unusable};
use super::{paging, prepare, wire};
use crate::domain::secret::Secret;
use crate::provider::Environment;
use crate::provider::account::{AccountConfig, ProviderAccount};
use crate::provider::connection::{AccountState, Connection};
use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::subaccounts::{Subaccount, Subaccounts};
use crate::provider::transport::HttpTransport;

/// Connection of one account.
///
/// # Errors
/// [`ErrorKind::Config`] when the account's settings cannot be used.
pub fn connection(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Connection>, ProviderError> {
    Accounts::of(account, environment, transport)
        .map(|accounts| -> Box<dyn Connection> { Box::new(accounts) })
}

/// Subaccounts of one account. Telnyx must have approved it as a manager account (OpenAPI, POST
/// /managed_accounts).
///
/// # Errors
/// [`ErrorKind::Config`] when the account's settings cannot be used.
pub fn subaccounts(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Subaccounts>, ProviderError> {
    Accounts::of(account, environment, transport)
        .map(|accounts| -> Box<dyn Subaccounts> { Box::new(accounts) })
}

struct Accounts {
    client: Client,
    base: String,
    transport: Arc<dyn HttpTransport>,
}

impl Accounts {
    fn of(
        account: &ProviderAccount,
        environment: &Environment,
        transport: Arc<dyn HttpTransport>,
    ) -> Result<Self, ProviderError> {
        let config = Config::of(account, environment)?;
        let client = Client::new(&config.base, &config.authorization, Arc::clone(&transport));
        Ok(Self { client, base: config.base, transport })
    }
}

/// OpenAPI, UserBalance. Every amount is a text.
#[derive(Deserialize)]
struct WireBalance {
    balance: Option<String>,
    available_credit: Option<String>,
    currency: Option<String>,
}

#[async_trait]
impl Connection for Accounts {
    async fn check(&self) -> Result<AccountState, ProviderError> {
        const OPERATION: &str = "check";
        let answer = self.client.call(OPERATION, Method::GET, "/balance", None).await?;
        if answer.status().as_u16() != 200 {
            let error = refused(OPERATION, &answer);
            // 20012 and 20013: the key is good, and the account may not act.
            let suspended = error.code().is_some_and(|code| matches!(code.0.as_str(), "20012" | "20013"));
            let known = error.kind() == ErrorKind::Authentication && error.status() == Some(403);
            return if known && suspended {
                Ok(AccountState { balance: None, active: false, note: error.message().map(str::to_owned) })
            } else {
                Err(error)
            };
        }
        let wire: WireBalance = super::client::data(OPERATION, &answer)?;
        let currency = wire.currency.unwrap_or_default();
        let balance = wire.balance.ok_or_else(|| strange(OPERATION))?;
        let balance = wire::cost(&balance, &currency).ok_or_else(|| strange(OPERATION))?;
        let note = wire.available_credit.map(|credit| format!("{credit} {currency} available with credit"));
        Ok(AccountState { balance: Some(balance), active: true, note })
    }
}

/// OpenAPI, ManagedAccountMultiListing.
#[derive(Deserialize)]
struct WireListed {
    id: String,
    organization_name: Option<String>,
}

/// OpenAPI, ManagedAccount.
#[derive(Deserialize)]
struct WireManaged {
    id: String,
    api_key: String,
}

/// A managed account is used with its own key.
fn managed(wire: WireManaged, name: &str) -> Option<Subaccount> {
    if !is_id(&wire.id) || !is_api_key(&wire.api_key) {
        return None;
    }
    let mut config = AccountConfig::default();
    config.set("api_key", Secret::new(wire.api_key));
    config.set("account_id", Secret::new(wire.id.clone()));
    Some(Subaccount { remote_id: wire.id, name: name.to_owned(), active: true, config })
}

#[async_trait]
impl Subaccounts for Accounts {
    /// The child's public key is told by no endpoint: it is in the account's portal (docs, webhook
    /// signing), and until it is entered its webhooks cannot be verified.
    async fn open(&self, name: &str) -> Result<Subaccount, ProviderError> {
        const OPERATION: &str = "open";
        let body = json!({ "business_name": name });
        let wire: WireManaged = self.client.send(OPERATION, Method::POST, "/managed_accounts", &body).await?;
        managed(wire, name).ok_or_else(|| strange(OPERATION))
    }

    /// The list leaves out cancelled accounts, and every account's key, which is read one by one.
    /// Whether an account is disabled is told nowhere.
    async fn find(&self, name: &str) -> Result<Vec<Subaccount>, ProviderError> {
        const OPERATION: &str = "find";
        let query =
            Serializer::new(String::new()).append_pair("filter[organization_name][eq]", name).finish();
        let list: Vec<WireListed> = paging::all(&self.client, OPERATION, "/managed_accounts", &query).await?;
        let mut found = Vec::new();
        for listed in list {
            if listed.organization_name.as_deref() != Some(name) {
                continue;
            }
            if !is_id(&listed.id) {
                return Err(strange(OPERATION));
            }
            let path = format!("/managed_accounts/{}", listed.id);
            let wire: WireManaged = self.client.get(OPERATION, &path).await?;
            found.push(managed(wire, name).ok_or_else(|| strange(OPERATION))?);
        }
        Ok(found)
    }

    /// They are told whenever it is read.
    async fn regain(&self, found: Subaccount) -> Result<Subaccount, ProviderError> {
        Ok(found)
    }

    async fn prepare(
        &self,
        subaccount: &AccountConfig,
        name: &str,
        webhooks: &str,
    ) -> Result<AccountConfig, ProviderError> {
        let key = subaccount.get("api_key").ok_or_else(|| unusable("prepare"))?;
        let client = Client::new(&self.base, &bearer(key.expose()), Arc::clone(&self.transport));
        prepare::prepare(&client, name, webhooks).await
    }

    async fn set_active(&self, remote_id: &str, active: bool) -> Result<(), ProviderError> {
        const OPERATION: &str = "set_active";
        if !is_id(remote_id) {
            return Err(unusable(OPERATION));
        }
        let action = if active { "enable" } else { "disable" };
        let path = format!("/managed_accounts/{remote_id}/actions/{action}");
        // To enable takes a body, to disable takes none.
        let body = active.then(|| json!({ "reenable_all_connections": true }));
        let answer = self.client.call(OPERATION, Method::POST, &path, body.as_ref()).await?;
        super::client::data::<serde_json::Map<String, serde_json::Value>>(OPERATION, &answer).map(|_| ())
    }
}
