//! The account itself, and managed accounts.

use std::sync::Arc;

use crate::provider::account::ProviderAccount;
use crate::provider::connection::Connection;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::subaccounts::Subaccounts;
use crate::provider::transport::HttpTransport;
use crate::provider::{Environment, ProviderId};

/// Connection of one account.
///
/// # Errors
/// When the account's settings cannot be used.
pub fn connection(
    _account: &ProviderAccount,
    _environment: &Environment,
    _transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Connection>, ProviderError> {
    Err(ProviderError::new(ProviderId::Telnyx, "configure", ErrorKind::Unsupported, Effect::NotSent))
}

/// Subaccounts of one account.
///
/// # Errors
/// When the account's settings cannot be used.
pub fn subaccounts(
    _account: &ProviderAccount,
    _environment: &Environment,
    _transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Subaccounts>, ProviderError> {
    Err(ProviderError::new(ProviderId::Telnyx, "configure", ErrorKind::Unsupported, Effect::NotSent))
}
