//! The project itself, and projects below it.

use std::sync::Arc;

use async_trait::async_trait;
use form_urlencoded::Serializer;
use serde::Deserialize;

use super::dialect;
use crate::domain::secret::Secret;
use crate::provider::Environment;
use crate::provider::account::{AccountConfig, ProviderAccount};
use crate::provider::connection::{AccountState, Connection};
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::subaccounts::{Subaccount, Subaccounts};
use crate::provider::transport::HttpTransport;
use crate::providers::twilio::compat::accounts::{Accounts, WireAccount};
use crate::providers::twilio::compat::answer;

/// What a subproject's token may do: as much as is needed here (Compatibility OpenAPI,
/// CreateTokenRequest, `permissions`).
const PERMISSIONS: [&str; 4] = ["calling", "messaging", "numbers", "management"];

/// Connection of one project.
///
/// # Errors
/// [`ErrorKind::Config`] when the project's settings cannot be used.
pub fn connection(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Connection>, ProviderError> {
    Ok(Box::new(Projects::of(account, environment, transport)?))
}

/// Subaccounts of one project.
///
/// # Errors
/// [`ErrorKind::Config`] when the project's settings cannot be used.
pub fn subaccounts(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Subaccounts>, ProviderError> {
    Ok(Box::new(Projects::of(account, environment, transport)?))
}

struct Projects {
    accounts: Accounts,
    space: Option<Secret>,
}

/// Compatibility OpenAPI, `TokenResponse`.
#[derive(Deserialize)]
struct WireToken {
    token: Option<String>,
}

impl Projects {
    fn of(
        account: &ProviderAccount,
        environment: &Environment,
        transport: Arc<dyn HttpTransport>,
    ) -> Result<Self, ProviderError> {
        let rest = dialect::rest(account, environment, transport)?;
        let space = account.config.get("space_url").cloned();
        Ok(Self { accounts: Accounts { rest, config }, space })
    }

    /// A token of a project below this one, which is told this once.
    async fn token(&self, project: &str) -> Result<Secret, ProviderError> {
        const OPERATION: &str = "create token";
        let rest = &self.accounts.rest;
        let answer = rest.post(OPERATION, &rest.resource("tokens"), token_form(project)).await?;
        // Compatibility OpenAPI, create_token.
        let wire: WireToken = answer::read_as(rest.dialect, OPERATION, &[200], &answer)?;
        let token = wire.token.filter(|token| !token.is_empty()).map(Secret::new);
        token.ok_or_else(|| answer::unexpected(rest.dialect, OPERATION, &answer))
    }

    fn in_space(&self, mut project: Subaccount) -> Subaccount {
        if let Some(space) = &self.space {
            project.config.set("space_url", space.clone());
        }
        project
    }
}

fn token_form(project: &str) -> String {
    let mut form = Serializer::new(String::new());
    form.append_pair("name", "tandem");
    for permission in PERMISSIONS {
        form.append_pair("permissions", permission);
    }
    form.append_pair("subproject_id", project);
    form.finish()
}

/// The `auth_token` of an answer is the word `redacted`; the signing key is told once, to whoever opens
/// the project (Compatibility OpenAPI, `Account`).
fn config(wire: &WireAccount) -> AccountConfig {
    let mut config = AccountConfig::default();
    config.set("project_id", Secret::new(wire.sid.clone().unwrap_or_default()));
    config.set("signing_key", Secret::new(wire.signing_key.clone().unwrap_or_default()));
    config
}

#[async_trait]
impl Connection for Projects {
    /// SignalWire tells no balance. The token needs the scope `management` for this.
    async fn check(&self) -> Result<AccountState, ProviderError> {
        self.accounts.state().await
    }
}

#[async_trait]
impl Subaccounts for Projects {
    /// A project is opened without a token, so that one is made for it. When that fails, the project is
    /// there all the same and its signing key is told never again: it is returned without a token.
    async fn open(&self, name: &str) -> Result<Subaccount, ProviderError> {
        let mut project = self.in_space(self.accounts.open(name).await?);
        match self.token(&project.remote_id).await {
            Ok(token) => project.config.set("token", token),
            Err(error) => tracing::warn!(%error, "A subproject was opened and has no token yet"),
        }
        Ok(project)
    }

    async fn find(&self, name: &str) -> Result<Vec<Subaccount>, ProviderError> {
        let found = self.accounts.find(name).await?;
        Ok(found.into_iter().map(|project| self.in_space(project)).collect())
    }

    /// It gets another token. Its signing key was told to whoever opened it, and to nobody else.
    async fn regain(&self, found: Subaccount) -> Result<Subaccount, ProviderError> {
        let mut project = found;
        project.config.set("token", self.token(&project.remote_id).await?);
        Ok(project)
    }

    /// Every number has its own URLs.
    async fn prepare(&self, _: &AccountConfig, _: &str, _: &str) -> Result<AccountConfig, ProviderError> {
        Ok(AccountConfig::default())
    }

    /// A project is always active (Compatibility OpenAPI, `Account`, `status`).
    async fn set_active(&self, _remote_id: &str, _active: bool) -> Result<(), ProviderError> {
        Err(self.accounts.rest.error("set subaccount", ErrorKind::Unsupported, Effect::NotSent))
    }
}
