//! Placing calls.

use std::sync::Arc;

use super::dialect;
use crate::provider::Environment;
use crate::provider::account::ProviderAccount;
use crate::provider::calling::Calling;
use crate::provider::error::ProviderError;
use crate::provider::transport::HttpTransport;
use crate::providers::twilio::compat::calls::Calls;

pub use crate::providers::twilio::compat::calls::status_from_word;

/// Calling of one project.
///
/// # Errors
/// [`crate::provider::error::ErrorKind::Config`] when the project's settings cannot be used.
pub fn calling(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Calling>, ProviderError> {
    Ok(Box::new(Calls(dialect::rest(account, environment, transport)?)))
}
