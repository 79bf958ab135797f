//! Fetching recordings.

use std::sync::Arc;

use super::compat::recordings::Kept;
use super::dialect;
use crate::provider::Environment;
use crate::provider::account::ProviderAccount;
use crate::provider::error::ProviderError;
use crate::provider::recordings::Recordings;
use crate::provider::transport::HttpTransport;

/// Recordings of one account.
///
/// # Errors
/// [`crate::provider::error::ErrorKind::Config`] when the account's settings cannot be used.
pub fn recordings(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Recordings>, ProviderError> {
    Ok(Box::new(Kept(dialect::rest(account, environment, transport)?)))
}
