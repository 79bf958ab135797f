//! Posts to addresses that customers have named.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE};
use telephony::app::post_event::{Parcel, PostError, Posted, Poster};
use telephony::provider::Environment;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::client::SetupError;
use crate::outward::Outward;
use crate::policy::is_forbidden_address;

/// Longer answers are not read: nobody has that much to say.
const MAX_ANSWER: usize = 64 * 1024;

/// Posts events, to the public internet only: names are vetted when they are resolved, nothing is
/// redirected, nothing is tried twice.
#[derive(Clone)]
pub struct WebhookPoster {
    outward: Outward,
    total: Duration,
}

impl fmt::Debug for WebhookPoster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookPoster").field("total", &self.total).finish_non_exhaustive()
    }
}

impl WebhookPoster {
    /// A poster whose posts end after `total`, answer included. On a local stack the origins that
    /// `environment` names are reached too, exactly these.
    ///
    /// # Errors
    /// [`SetupError`] when the client cannot be made.
    pub fn new(total: Duration, environment: &Environment) -> Result<Self, SetupError> {
        Ok(Self { outward: Outward::new(environment)?, total })
    }
}

#[async_trait]
impl Poster for WebhookPoster {
    async fn post(&self, parcel: &Parcel) -> Result<Posted, PostError> {
        let deadline = Instant::now() + self.total;
        let url = Url::parse(&parcel.url).map_err(|_| PostError::NotAllowed)?;
        let client = self.outward.client(&url).ok_or(PostError::NotAllowed)?;
        let mut request = client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT_ENCODING, "identity")
            .body(parcel.body.clone());
        for (name, value) in &parcel.headers {
            request = request.header(*name, value);
        }
        let sent = timeout_at(deadline, request.send()).await.map_err(|_| PostError::Timeout)?;
        let mut answer = sent.map_err(|error| classify(&error))?;
        let status = answer.status().as_u16();
        let declared = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = declared.map(str::to_owned);
        let mut body = Some(Vec::new());
        while let Some(read) = &mut body {
            match timeout_at(deadline, answer.chunk()).await {
                Ok(Ok(Some(piece))) if read.len().saturating_add(piece.len()) <= MAX_ANSWER => {
                    read.extend_from_slice(&piece);
                }
                Ok(Ok(None)) => break,
                // Too long, broken off, or not in time: the status is known all the same.
                Ok(Ok(Some(_)) | Err(_)) | Err(_) => body = None,
            }
        }
        Ok(Posted { status, content_type, body })
    }
}

fn classify(error: &reqwest::Error) -> PostError {
    if is_forbidden_address(error) || error.is_builder() {
        PostError::NotAllowed
    } else if error.is_connect() {
        PostError::NotConnected
    } else if error.is_timeout() {
        PostError::Timeout
    } else {
        PostError::Broken
    }
}
