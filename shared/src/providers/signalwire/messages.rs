//! Sending through SignalWire.

use std::sync::Arc;

use super::dialect;
use crate::provider::Environment;
use crate::provider::account::ProviderAccount;
use crate::provider::error::ProviderError;
use crate::provider::messaging::Messaging;
use crate::provider::transport::HttpTransport;
use crate::providers::twilio::compat::client::Client;

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
