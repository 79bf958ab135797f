//! Agents.

use std::sync::Arc;

use crate::provider::account::ProviderAccount;
use crate::provider::agents::Agents;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::transport::HttpTransport;
use crate::provider::{Environment, ProviderId};

/// Agents of one account.
///
/// # Errors
/// When the account's settings cannot be used.
pub fn agents(
    _account: &ProviderAccount,
    _environment: &Environment,
    _transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Agents>, ProviderError> {
    Err(ProviderError::new(ProviderId::Retell, "configure", ErrorKind::Unsupported, Effect::NotSent))
}
