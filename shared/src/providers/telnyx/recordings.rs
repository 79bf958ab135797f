//! Recordings.

use std::sync::Arc;

use crate::provider::account::ProviderAccount;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::recordings::Recordings;
use crate::provider::transport::HttpTransport;
use crate::provider::{Environment, ProviderId};

/// Recordings of one account.
///
/// # Errors
/// When the account's settings cannot be used.
pub fn recordings(
    _account: &ProviderAccount,
    _environment: &Environment,
    _transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Recordings>, ProviderError> {
    Err(ProviderError::new(ProviderId::Telnyx, "configure", ErrorKind::Unsupported, Effect::NotSent))
}
