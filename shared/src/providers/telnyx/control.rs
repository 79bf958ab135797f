//! Steering calls.

use std::sync::Arc;

use crate::provider::account::ProviderAccount;
use crate::provider::calling::CallControl;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::transport::HttpTransport;
use crate::provider::{Environment, ProviderId};

/// CallControl of one account.
///
/// # Errors
/// When the account's settings cannot be used.
pub fn call_control(
    _account: &ProviderAccount,
    _environment: &Environment,
    _transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn CallControl>, ProviderError> {
    Err(ProviderError::new(ProviderId::Telnyx, "configure", ErrorKind::Unsupported, Effect::NotSent))
}
