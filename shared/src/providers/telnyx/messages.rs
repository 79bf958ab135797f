//! The Messages resource.

use std::sync::Arc;

use crate::provider::account::ProviderAccount;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::messaging::Messaging;
use crate::provider::transport::HttpTransport;
use crate::provider::{Environment, ProviderId};

/// Messaging of one account.
///
/// # Errors
/// When the account's settings cannot be used.
pub fn messaging(
    _account: &ProviderAccount,
    _environment: &Environment,
    _transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Messaging>, ProviderError> {
    Err(ProviderError::new(ProviderId::Telnyx, "configure", ErrorKind::Unsupported, Effect::NotSent))
}
