//! The account itself, and accounts below it.

use std::sync::Arc;

use async_trait::async_trait;

use super::compat::accounts::{Accounts, WireAccount};
use super::dialect;
use crate::domain::secret::Secret;
use crate::provider::Environment;
use crate::provider::account::{AccountConfig, ProviderAccount};
use crate::provider::connection::{AccountState, Connection};
use crate::provider::error::{Effect, ErrorKind, ProviderError};
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
    Ok(Box::new(TwilioAccounts::of(account, environment, transport)?))
}

/// Subaccounts of one account.
///
/// # Errors
/// [`ErrorKind::Config`] when the account's settings cannot be used.
pub fn subaccounts(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Subaccounts>, ProviderError> {
    Ok(Box::new(TwilioAccounts::of(account, environment, transport)?))
}

struct TwilioAccounts(Accounts);

impl TwilioAccounts {
    fn of(
        account: &ProviderAccount,
        environment: &Environment,
        transport: Arc<dyn HttpTransport>,
    ) -> Result<Self, ProviderError> {
        Ok(Self(Accounts { rest: dialect::rest(account, environment, transport)?, config }))
    }
}

/// Twilio tells an account's token whenever the account is asked for (OpenAPI api_v2010,
/// `api.v2010.account`, `auth_token`).
fn config(wire: &WireAccount) -> AccountConfig {
    let mut config = AccountConfig::default();
    config.set("account_sid", Secret::new(wire.sid.clone().unwrap_or_default()));
    config.set("auth_token", Secret::new(wire.auth_token.clone().unwrap_or_default()));
    config
}

#[async_trait]
impl Connection for TwilioAccounts {
    /// The balance says that the account may act, and what is left. Only a main account has one
    /// (https://www.twilio.com/docs/iam/api/subaccounts); the others are asked for their status.
    async fn check(&self) -> Result<AccountState, ProviderError> {
        match self.0.balance().await {
            Err(error) if error.kind() == ErrorKind::NotFound => self.0.state().await,
            // The credentials are known and may not read this.
            Err(error) if error.kind() == ErrorKind::Authentication && error.effect() == Effect::Refused => {
                self.0.state().await
            }
            balance => balance,
        }
    }
}

#[async_trait]
impl Subaccounts for TwilioAccounts {
    async fn open(&self, name: &str) -> Result<Subaccount, ProviderError> {
        self.0.open(name).await
    }

    async fn find(&self, name: &str) -> Result<Vec<Subaccount>, ProviderError> {
        self.0.find(name).await
    }

    /// They are told whenever it is read.
    async fn regain(&self, found: Subaccount) -> Result<Subaccount, ProviderError> {
        Ok(found)
    }

    /// Every number has its own URLs.
    async fn prepare(&self, _: &AccountConfig, _: &str, _: &str) -> Result<AccountConfig, ProviderError> {
        Ok(AccountConfig::default())
    }

    async fn set_active(&self, remote_id: &str, active: bool) -> Result<(), ProviderError> {
        self.0.set_active(remote_id, active).await
    }
}
