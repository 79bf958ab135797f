//! Numbers.

use std::sync::Arc;

use crate::provider::account::ProviderAccount;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::numbers::HeldNumbers;
use crate::provider::numbers::NumberMarket;
use crate::provider::transport::HttpTransport;
use crate::provider::{Environment, ProviderId};

/// HeldNumbers of one account.
///
/// # Errors
/// When the account's settings cannot be used.
pub fn held_numbers(
    _account: &ProviderAccount,
    _environment: &Environment,
    _transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn HeldNumbers>, ProviderError> {
    Err(ProviderError::new(ProviderId::Twilio, "configure", ErrorKind::Unsupported, Effect::NotSent))
}

/// NumberMarket of one account.
///
/// # Errors
/// When the account's settings cannot be used.
pub fn number_market(
    _account: &ProviderAccount,
    _environment: &Environment,
    _transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn NumberMarket>, ProviderError> {
    Err(ProviderError::new(ProviderId::Twilio, "configure", ErrorKind::Unsupported, Effect::NotSent))
}
