//! Placing calls.

use std::sync::Arc;

use super::compat::calls::Calls;
use super::dialect;
use crate::provider::Environment;
use crate::provider::account::ProviderAccount;
use crate::provider::calling::Calling;
use crate::provider::error::ProviderError;
use crate::provider::transport::HttpTransport;

pub use super::compat::calls::status_from_word;

/// Calling of one account.
///
/// # Errors
/// [`crate::provider::error::ErrorKind::Config`] when the account's settings cannot be used.
pub fn calling(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Calling>, ProviderError> {
    Ok(Box::new(Calls(dialect::rest(account, environment, transport)?)))
}
