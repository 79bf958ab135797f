//! The one way out: an HTTP transport, injected, so that adapters build and parse and never dial.

use async_trait::async_trait;
use bytes::Bytes;

/// Why no answer came. The difference that matters is whether the request can have taken effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The connection was never made: the provider has not seen the request.
    #[error("no connection could be made")]
    NotConnected,
    /// The connection was made and the answer did not come in time.
    #[error("no answer in time")]
    Timeout,
    /// The connection was made and broke before the answer was whole.
    #[error("the connection broke")]
    Broken,
}

impl TransportError {
    /// The request may have taken effect.
    pub const fn may_have_arrived(self) -> bool {
        matches!(self, Self::Timeout | Self::Broken)
    }
}

/// Sends one request to a provider, once: it never retries and never follows a redirect.
#[async_trait]
pub trait HttpTransport: Send + Sync {
    /// Sends the request and reads the whole answer (bounded; providers' answers are small).
    async fn execute(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError>;
}
