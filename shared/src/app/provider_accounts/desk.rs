//! What is asked of providers about accounts: the registry, as something that tests can put another in
//! the place of.

use std::sync::Arc;

use crate::provider::account::ProviderAccount;
use crate::provider::audit::WebhookAudit;
use crate::provider::connection::Connection;
use crate::provider::error::ProviderError;
use crate::provider::numbers::{HeldNumbers, NumberMarket, NumberTransfers, TrunkNumbers};
use crate::provider::registry::{self, Setting};
use crate::provider::subaccounts::Subaccounts;
use crate::provider::transport::HttpTransport;
use crate::provider::{Environment, ProviderId};

/// A capability of one account; `None`: the provider does not have it.
pub type Capability<T> = Option<Result<Box<T>, ProviderError>>;

/// The providers, as far as accounts are concerned.
pub trait Desk: Send + Sync {
    /// The settings of an account.
    fn settings(&self, provider: ProviderId) -> &'static [Setting];

    /// Asking about an account.
    ///
    /// # Errors
    /// When its settings cannot be used.
    fn connection(&self, account: &ProviderAccount) -> Result<Box<dyn Connection>, ProviderError>;

    /// The numbers that it holds.
    fn held_numbers(&self, account: &ProviderAccount) -> Capability<dyn HeldNumbers>;

    /// The numbers that it can buy.
    fn number_market(&self, account: &ProviderAccount) -> Capability<dyn NumberMarket>;

    /// Moving numbers between it and those below it.
    fn number_transfers(&self, account: &ProviderAccount) -> Capability<dyn NumberTransfers>;

    /// The numbers that reach it over a trunk.
    fn trunk_numbers(&self, account: &ProviderAccount) -> Capability<dyn TrunkNumbers>;

    /// The accounts below it.
    fn subaccounts(&self, account: &ProviderAccount) -> Capability<dyn Subaccounts>;

    /// Where its settings send events.
    fn webhook_audit(&self, account: &ProviderAccount) -> Capability<dyn WebhookAudit>;
}

/// The providers themselves.
pub struct Providers {
    /// Where this runs.
    pub environment: Environment,
    /// The way out.
    pub transport: Arc<dyn HttpTransport>,
}

impl Desk for Providers {
    fn settings(&self, provider: ProviderId) -> &'static [Setting] {
        registry::settings(provider)
    }

    fn connection(&self, account: &ProviderAccount) -> Result<Box<dyn Connection>, ProviderError> {
        registry::connection(account.provider)(account, &self.environment, self.transport.clone())
    }

    fn held_numbers(&self, account: &ProviderAccount) -> Capability<dyn HeldNumbers> {
        registry::held_numbers(account.provider)
            .map(|make| make(account, &self.environment, self.transport.clone()))
    }

    fn number_market(&self, account: &ProviderAccount) -> Capability<dyn NumberMarket> {
        registry::number_market(account.provider)
            .map(|make| make(account, &self.environment, self.transport.clone()))
    }

    fn number_transfers(&self, account: &ProviderAccount) -> Capability<dyn NumberTransfers> {
        registry::number_transfers(account.provider)
            .map(|make| make(account, &self.environment, self.transport.clone()))
    }

    fn trunk_numbers(&self, account: &ProviderAccount) -> Capability<dyn TrunkNumbers> {
        registry::trunk_numbers(account.provider)
            .map(|make| make(account, &self.environment, self.transport.clone()))
    }

    fn subaccounts(&self, account: &ProviderAccount) -> Capability<dyn Subaccounts> {
        registry::subaccounts(account.provider)
            .map(|make| make(account, &self.environment, self.transport.clone()))
    }

    fn webhook_audit(&self, account: &ProviderAccount) -> Capability<dyn WebhookAudit> {
        registry::webhook_audit(account.provider)
            .map(|make| make(account, &self.environment, self.transport.clone()))
    }
}
