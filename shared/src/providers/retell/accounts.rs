//! The account itself. Retell has neither a balance nor accounts below an account in its API; what it
//! tells is how many calls may be under way.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::client::{Client, garbled};
use crate::provider::Environment;
use crate::provider::account::ProviderAccount;
use crate::provider::connection::{AccountState, Connection};
use crate::provider::error::ProviderError;
use crate::provider::transport::HttpTransport;

/// Connection of one account.
///
/// # Errors
/// [`crate::provider::error::ErrorKind::Config`] when the account's settings cannot be used.
pub fn connection(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Connection>, ProviderError> {
    Ok(Box::new(RetellConnection(Client::of(account, environment, transport)?)))
}

struct RetellConnection(Client);

#[async_trait]
impl Connection for RetellConnection {
    /// OpenAPI, getConcurrency: the cheapest thing that needs the key.
    async fn check(&self) -> Result<AccountState, ProviderError> {
        const OPERATION: &str = "check";
        let answer = self.0.get(OPERATION, "/get-concurrency").await?;
        let figure = |name: &str| answer.get(name).and_then(Value::as_u64);
        let limit = figure("concurrency_limit").ok_or_else(|| garbled(OPERATION))?;
        let now = figure("current_concurrency").unwrap_or_default();
        Ok(AccountState {
            balance: None,
            active: true,
            note: Some(format!("{limit} concurrent calls, {now} of them in use")),
        })
    }
}
