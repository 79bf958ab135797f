//! Attachments.

use crate::provider::account::ProviderAccount;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::media::MediaSource;
use crate::provider::{Environment, ProviderId};

/// The media half of one account.
///
/// # Errors
/// When the account's settings cannot be used.
pub fn media(
    _account: &ProviderAccount,
    _environment: &Environment,
) -> Result<Box<dyn MediaSource>, ProviderError> {
    Err(ProviderError::new(ProviderId::Telnyx, "configure", ErrorKind::Unsupported, Effect::NotSent))
}
