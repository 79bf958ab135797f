//! Fetching what a provider keeps for us: attachments now, recordings later.

use url::Url;

use super::error::ProviderError;
use crate::domain::secret::Secret;

/// How to fetch one file. The fetcher sends the authorization with the first hop only; no redirect
/// ever carries it along.
#[derive(Clone, Debug)]
pub struct MediaRequest {
    /// The first hop.
    pub url: Url,
    /// The `Authorization` header of the first hop, when the host is the provider's own API.
    pub authorization: Option<Secret>,
}

/// The media half of a provider.
pub trait MediaSource: Send + Sync {
    /// Checks that a media URL from a webhook is one of this account, and says how to fetch it.
    ///
    /// # Errors
    /// [`super::error::ErrorKind::InvalidRequest`] for a URL elsewhere than where this provider
    /// keeps this account's media: credentials are never sent there, and nothing is fetched.
    fn media_request(&self, url: &str) -> Result<MediaRequest, ProviderError>;
}
