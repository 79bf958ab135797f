//! Placing calls.

use std::sync::Arc;

use crate::provider::account::ProviderAccount;
use crate::provider::calling::Calling;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::transport::HttpTransport;
use crate::provider::{Environment, ProviderId};

/// Calling of one account.
///
/// # Errors
/// When the account's settings cannot be used.
pub fn calling(
    _account: &ProviderAccount,
    _environment: &Environment,
    _transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Calling>, ProviderError> {
    Err(ProviderError::new(ProviderId::Retell, "configure", ErrorKind::Unsupported, Effect::NotSent))
}
