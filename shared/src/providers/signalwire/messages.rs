//! Sending through SignalWire, and listing what it has received.

use std::sync::Arc;

use super::dialect;
use crate::provider::Environment;
use crate::provider::account::ProviderAccount;
use crate::provider::error::ProviderError;
use crate::provider::history::InboundHistory;
use crate::provider::messaging::Messaging;
use crate::provider::transport::HttpTransport;
use crate::providers::twilio::compat::client::Client;
use crate::providers::twilio::compat::history::History;

/// The sending half of one project.
///
/// # Errors
/// [`crate::provider::error::ErrorKind::Config`] when the project's settings cannot be used.
pub fn messaging(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Messaging>, ProviderError> {
    let rest = dialect::rest(account, environment, transport)?;
    Ok(Box::new(Client { rest, messaging_service: None }))
}

/// The texts that one project has received.
///
/// # Errors
/// [`crate::provider::error::ErrorKind::Config`] when the project's settings cannot be used.
pub fn inbound_history(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn InboundHistory>, ProviderError> {
    Ok(Box::new(History(dialect::rest(account, environment, transport)?)))
}
