//! Provider calls.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use telephony::provider::transport::{HttpTransport, TransportError};

use crate::client::{self, SetupError};

/// How long a provider call may take altogether, when the caller has no better figure.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(20);

/// A page of a thousand numbers is about 1 MiB; nothing that a provider answers is larger.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// [`HttpTransport`] over one pooled client.
#[derive(Clone)]
pub struct ReqwestTransport {
    client: reqwest::Client,
}

impl ReqwestTransport {
    /// A transport whose calls end after `total`, whatever happens.
    ///
    /// # Errors
    /// [`SetupError`] when the client cannot be made.
    pub fn new(total: Duration) -> Result<Self, SetupError> {
        let client = client::builder()?.timeout(total).build().map_err(SetupError::new)?;
        Ok(Self { client })
    }
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReqwestTransport")
    }
}

#[async_trait]
impl HttpTransport for ReqwestTransport {
    async fn execute(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let request = reqwest::Request::try_from(request).map_err(|error| classify(&error))?;
        let mut answer = self.client.execute(request).await.map_err(|error| classify(&error))?;
        let mut body = BytesMut::new();
        while let Some(part) = answer.chunk().await.map_err(|error| classify(&error))? {
            if body.len() + part.len() > MAX_ANSWER {
                tracing::warn!(limit = MAX_ANSWER, "a provider's answer is too large");
                return Err(TransportError::Broken);
            }
            body.extend_from_slice(&part);
        }
        let mut response = http::Response::new(body.freeze());
        *response.status_mut() = answer.status();
        *response.version_mut() = answer.version();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}

/// Before the connection stands, nothing can have arrived: name resolution, refusal, TLS, and the time
/// limit of all three. Afterwards everything may have.
fn classify(error: &reqwest::Error) -> TransportError {
    if error.is_connect() || error.is_builder() {
        TransportError::NotConnected
    } else if error.is_timeout() {
        TransportError::Timeout
    } else {
        TransportError::Broken
    }
}
