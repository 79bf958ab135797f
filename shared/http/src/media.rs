//! Downloads from addresses that strangers may have named.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use http::StatusCode;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION};
use telephony::provider::Environment;
use telephony::provider::media::MediaRequest;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::client::SetupError;
use crate::outward::Outward;
use crate::policy::is_forbidden_address;

/// Providers redirect once, to their storage; more than three hops lead nowhere.
const MAX_REDIRECTS: usize = 3;

/// Why there is no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// It is not there yet (404, 409, 425): providers announce media before it can be had.
    #[error("the file is not there yet")]
    NotReady,
    /// The credentials are not accepted (401, 403).
    #[error("the file may not be read")]
    Denied,
    /// It is gone for good (410).
    #[error("the file is gone")]
    Gone,
    /// The server is in trouble (5xx, 429), or cannot be connected to.
    #[error("the server is not available")]
    Unavailable,
    /// Any other answer that is no file.
    #[error("the server refuses")]
    Refused,
    /// The address, or one that it redirects to, is none that we go to. Nothing was sent there.
    #[error("the address is not allowed")]
    NotAllowed,
    /// The file is larger than the limit.
    #[error("the file is too large")]
    TooLarge,
    /// The next bytes, or the whole, took too long.
    #[error("the file did not come in time")]
    Timeout,
    /// The connection broke before the file was whole.
    #[error("the connection broke")]
    Broken,
}

impl FetchError {
    /// Another try, later, may fetch it.
    pub const fn is_retryable(self) -> bool {
        match self {
            Self::NotReady | Self::Unavailable | Self::Timeout | Self::Broken => true,
            Self::Denied | Self::Gone | Self::Refused | Self::NotAllowed | Self::TooLarge => false,
        }
    }
}

/// What one download may take.
#[derive(Clone, Copy, Debug)]
pub struct FetchLimits {
    /// Bytes of the body.
    pub bytes: u64,
    /// Time until the answer begins, and then between any two pieces of it.
    pub read: Duration,
    /// Time for everything, redirects and body included.
    pub total: Duration,
}

/// A file on its way. The headers are the server's claims and prove nothing.
pub struct Download {
    /// The claimed type.
    pub content_type: Option<String>,
    /// The claimed length; no more than the limit.
    pub content_length: Option<u64>,
    /// The bytes as they come, not decoded. After an error it ends.
    pub stream: BoxStream<'static, Result<Bytes, FetchError>>,
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("content_type", &self.content_type)
            .field("content_length", &self.content_length)
            .finish_non_exhaustive()
    }
}

/// Fetches files, from the public internet only.
#[derive(Clone)]
pub struct MediaFetcher {
    outward: Outward,
    limits: FetchLimits,
}

impl fmt::Debug for MediaFetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaFetcher").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl MediaFetcher {
    /// A fetcher. On a local stack the origins that `environment` names are reached too, exactly these.
    ///
    /// # Errors
    /// [`SetupError`] when the client cannot be made.
    pub fn new(limits: FetchLimits, environment: &Environment) -> Result<Self, SetupError> {
        Ok(Self { outward: Outward::new(environment)?, limits })
    }

    /// Starts a download: the answer's head is here, the body comes by the stream.
    ///
    /// # Errors
    /// [`FetchError`]; the body's own errors come by the stream.
    pub async fn fetch(&self, request: &MediaRequest) -> Result<Download, FetchError> {
        let deadline = Instant::now() + self.limits.total;
        let answer = self.follow(request, deadline).await?;
        let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let content_type = header(CONTENT_TYPE).map(str::to_owned);
        let content_length = header(CONTENT_LENGTH).and_then(|text| text.parse().ok());
        if content_length.is_some_and(|length: u64| length > self.limits.bytes) {
            return Err(FetchError::TooLarge);
        }
        let body = Body { answer, left: self.limits.bytes, read: self.limits.read, deadline };
        Ok(Download { content_type, content_length, stream: stream::try_unfold(body, Body::next).boxed() })
    }

    /// Goes from hop to hop until there is a file.
    async fn follow(
        &self,
        request: &MediaRequest,
        deadline: Instant,
    ) -> Result<reqwest::Response, FetchError> {
        let mut authorization = match &request.authorization {
            Some(secret) => {
                let mut value = HeaderValue::from_str(secret.expose()).map_err(|_| FetchError::Denied)?;
                value.set_sensitive(true);
                Some(value)
            }
            None => None,
        };
        let mut url = request.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let client = self.outward.client(&url).ok_or(FetchError::NotAllowed)?;
            let mut get = client.get(url.clone()).header(ACCEPT_ENCODING, "identity");
            // Taken, not cloned: no redirect carries it, not even one to the same host.
            if let Some(value) = authorization.take() {
                get = get.header(AUTHORIZATION, value);
            }
            let by = deadline.min(Instant::now() + self.limits.read);
            let sent = timeout_at(by, get.send()).await.map_err(|_| FetchError::Timeout)?;
            let answer = sent.map_err(|error| classify(&error))?;
            match answer.status() {
                StatusCode::OK => return Ok(answer),
                StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT => url = next_hop(&url, &answer)?,
                status => return Err(refusal(status)),
            }
        }
        Err(FetchError::NotAllowed)
    }
}

fn next_hop(url: &Url, answer: &reqwest::Response) -> Result<Url, FetchError> {
    let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    location.and_then(|location| url.join(location).ok()).ok_or(FetchError::Refused)
}

fn refusal(status: StatusCode) -> FetchError {
    match status.as_u16() {
        404 | 409 | 425 => FetchError::NotReady,
        401 | 403 => FetchError::Denied,
        410 => FetchError::Gone,
        429 | 500..=599 => FetchError::Unavailable,
        _ => FetchError::Refused,
    }
}

fn classify(error: &reqwest::Error) -> FetchError {
    if is_forbidden_address(error) {
        FetchError::NotAllowed
    } else if error.is_connect() {
        FetchError::Unavailable
    } else if error.is_builder() {
        FetchError::NotAllowed
    } else if error.is_timeout() {
        FetchError::Timeout
    } else {
        FetchError::Broken
    }
}

/// The rest of a body.
struct Body {
    answer: reqwest::Response,
    left: u64,
    read: Duration,
    deadline: Instant,
}

impl Body {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, FetchError> {
        let by = self.deadline.min(Instant::now() + self.read);
        let piece = timeout_at(by, self.answer.chunk()).await.map_err(|_| FetchError::Timeout)?;
        let Some(piece) = piece.map_err(|error| classify(&error))? else { return Ok(None) };
        let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(length).ok_or(FetchError::TooLarge)?;
        Ok(Some((piece, self)))
    }
}

#[cfg(test)]
mod tests {
    use super::{FetchError, refusal};
    use http::StatusCode;

    #[test]
    fn every_status_has_its_meaning() {
        for (status, error) in [
            (404, FetchError::NotReady),
            (409, FetchError::NotReady),
            (425, FetchError::NotReady),
            (401, FetchError::Denied),
            (403, FetchError::Denied),
            (410, FetchError::Gone),
            (429, FetchError::Unavailable),
            (500, FetchError::Unavailable),
            (503, FetchError::Unavailable),
            (204, FetchError::Refused),
            (206, FetchError::Refused),
            (304, FetchError::Refused),
            (400, FetchError::Refused),
            (418, FetchError::Refused),
        ] {
            assert_eq!(refusal(StatusCode::from_u16(status).unwrap()), error, "{status}");
        }
    }
}
