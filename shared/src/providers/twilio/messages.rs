//! Sending through Twilio, and listing what it has received.

use std::sync::Arc;

use super::compat::client::Client;
use super::compat::history::History;
use super::config::Config;
use super::dialect;
use crate::provider::Environment;
use crate::provider::account::ProviderAccount;
use crate::provider::error::ProviderError;
use crate::provider::history::InboundHistory;
use crate::provider::messaging::Messaging;
use crate::provider::transport::HttpTransport;

/// The sending half of one account.
///
/// # Errors
/// [`crate::provider::error::ErrorKind::Config`] when the account's settings cannot be used.
pub fn messaging(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Messaging>, ProviderError> {
    let messaging_service = Config::of(account, environment)?.messaging_service;
    Ok(Box::new(Client { rest: dialect::rest(account, environment, transport)?, messaging_service }))
}

/// The texts that one account has received.
///
/// # Errors
/// [`crate::provider::error::ErrorKind::Config`] when the account's settings cannot be used.
pub fn inbound_history(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn InboundHistory>, ProviderError> {
    Ok(Box::new(History(dialect::rest(account, environment, transport)?)))
}
