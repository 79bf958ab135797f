//! API version 2: builds a request, hands it to the transport, reads the answer. A refusal is
//! classified by its HTTP status first, then by Telnyx's code.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, header};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::config::unusable;
use super::error::row;
use super::wire::{Data, WireErrors};
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::provider::ProviderId;
use crate::provider::error::{Effect, ErrorKind, ProviderCode, ProviderError};
use crate::provider::transport::HttpTransport;

/// The longest wait that we believe a provider about.
const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);
/// The most of a provider's words that is kept.
const MAX_WORDS: usize = 500;

/// One account's way to the API.
pub(crate) struct Client {
    /// Scheme and host, and locally the simulator's prefix.
    base: String,
    /// The `Authorization` header.
    authorization: Secret,
    /// The way out.
    transport: Arc<dyn HttpTransport>,
}

impl Client {
    /// A client of these credentials.
    pub(crate) fn new(base: &str, authorization: &Secret, transport: Arc<dyn HttpTransport>) -> Self {
        Self { base: base.to_owned(), authorization: authorization.clone(), transport }
    }

    /// Sends a request and returns the answer whatever its status. `path` is below `/v2` and holds
    /// nothing that was not encoded.
    pub(crate) async fn call(
        &self,
        operation: &'static str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Response<Bytes>, ProviderError> {
        let mut authorization =
            HeaderValue::from_str(self.authorization.expose()).map_err(|_| unusable(operation))?;
        authorization.set_sensitive(true);
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}/v2{path}", self.base))
            .header(header::AUTHORIZATION, authorization)
            .header(header::ACCEPT, "application/json");
        let bytes = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Bytes::from(body.to_string())
            }
            None => Bytes::new(),
        };
        let request = request.body(bytes).map_err(|_| unusable(operation))?;
        let answer = self.transport.execute(request).await;
        answer.map_err(|error| ProviderError::transport(ProviderId::Telnyx, operation, error))
    }

    /// Reads one resource.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &str,
    ) -> Result<T, ProviderError> {
        data(operation, &self.call(operation, Method::GET, path, None).await?)
    }

    /// Sends a body and reads the resource that comes back.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<T, ProviderError> {
        data(operation, &self.call(operation, method, path, Some(body)).await?)
    }

    /// Deletes a resource. One that is gone already is no error.
    pub(crate) async fn delete(&self, operation: &'static str, path: &str) -> Result<(), ProviderError> {
        let answer = self.call(operation, Method::DELETE, path, None).await?;
        match answer.status().as_u16() {
            // 200 with the resource is documented everywhere; 204 says the same without it.
            200 => data::<Map<String, Value>>(operation, &answer).map(|_| ()),
            204 => Ok(()),
            _ => gone(operation, &answer),
        }
    }
}

/// A failed answer, but for one that says that there is no such thing.
fn gone(operation: &'static str, answer: &Response<Bytes>) -> Result<(), ProviderError> {
    let error = refused(operation, answer);
    if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// The `data` of an answer with status 200, the only success that is documented for what is used here.
pub(crate) fn data<T: DeserializeOwned>(
    operation: &'static str,
    answer: &Response<Bytes>,
) -> Result<T, ProviderError> {
    body::<Data<T>>(operation, answer).map(|wire| wire.data)
}

/// The `data` of an answer that says that something was made.
pub(crate) fn created<T: DeserializeOwned>(
    operation: &'static str,
    answer: &Response<Bytes>,
) -> Result<T, ProviderError> {
    match answer.status().as_u16() {
        201 if is_object(answer.body()) => {
            let wire: Result<Data<T>, _> = serde_json::from_slice(answer.body());
            wire.map(|wire| wire.data).map_err(|_| unexpected(operation, answer))
        }
        _ => data(operation, answer),
    }
}

/// The whole body of an answer with status 200.
pub(crate) fn body<T: DeserializeOwned>(
    operation: &'static str,
    answer: &Response<Bytes>,
) -> Result<T, ProviderError> {
    match answer.status().as_u16() {
        // What is not as documented may have had its effect all the same. (A list would be read as the
        // members of an object in their order.)
        200 if is_object(answer.body()) => {
            serde_json::from_slice(answer.body()).map_err(|_| unexpected(operation, answer))
        }
        _ => Err(refused(operation, answer)),
    }
}

fn is_object(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'{')
}

/// An answer that is not what Telnyx documents.
pub(crate) fn unexpected(operation: &'static str, answer: &Response<Bytes>) -> ProviderError {
    strange(operation).with_status(answer.status().as_u16())
}

/// Something in an answer that is not what Telnyx documents.
pub(crate) fn strange(operation: &'static str) -> ProviderError {
    ProviderError::new(ProviderId::Telnyx, operation, ErrorKind::UnexpectedResponse, Effect::Unknown)
}

/// Something that Telnyx has no way to do.
pub(crate) fn unsupported(operation: &'static str, effect: Effect) -> ProviderError {
    ProviderError::new(ProviderId::Telnyx, operation, ErrorKind::Unsupported, effect)
}

/// What an answer other than a documented success means.
pub(crate) fn refused(operation: &'static str, answer: &Response<Bytes>) -> ProviderError {
    let status = answer.status().as_u16();
    if answer.status().is_success() {
        return unexpected(operation, answer);
    }
    let (code, words) = read_error(answer.body());
    let by_code = || code.as_deref().and_then(row).map(|row| (row.kind, row.effect));
    let (kind, effect) = match status {
        // Turned away at the door: the same request passes once the credentials are right.
        401 => (ErrorKind::Authentication, Effect::NotSent),
        // 10011: more requests than are allowed, and this one was not taken.
        429 => (ErrorKind::RateLimited, Effect::NotSent),
        // A timeout says nothing about what became of the request.
        408 => (ErrorKind::Timeout, Effect::Unknown),
        // The request was with them when they failed, whatever code they add.
        500.. => (ErrorKind::Unavailable, Effect::Unknown),
        402 => by_code().unwrap_or((ErrorKind::InsufficientFunds, Effect::Refused)),
        403 => by_code().unwrap_or((ErrorKind::Authentication, Effect::Refused)),
        404 => by_code().unwrap_or((ErrorKind::NotFound, Effect::Refused)),
        409 => by_code().unwrap_or((ErrorKind::Conflict, Effect::Refused)),
        400..=499 => by_code().unwrap_or((ErrorKind::InvalidRequest, Effect::Refused)),
        // A redirect, or something stranger: not documented for this API.
        _ => (ErrorKind::UnexpectedResponse, Effect::Unknown),
    };
    ProviderError::new(ProviderId::Telnyx, operation, kind, effect)
        .with_status(status)
        .with_code(code.map(ProviderCode))
        .with_message(words)
        .with_retry_after(wait(status, answer.headers()))
}

/// The first error of the list: its code, and its detail or else its title.
fn read_error(body: &[u8]) -> (Option<String>, Option<String>) {
    let wire: WireErrors = serde_json::from_slice(body).unwrap_or_default();
    let Some(first) = wire.errors.into_iter().next() else { return (None, None) };
    let code = first.code.map(|code| code.text()).filter(|code| !code.is_empty());
    let words = first.detail.filter(|words| !words.is_empty()).or(first.title);
    (code, words.map(|words| words.chars().take(MAX_WORDS).collect()))
}

/// `Retry-After` in seconds or as a date, read against the answer's own `Date` (RFC 9110, 10.2.3);
/// without one, the seconds until the limit's window ends, in a refusal for the limit only (docs, rate
/// limiting, `x-ratelimit-reset`).
fn wait(status: u16, headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let wait = match (text("retry-after"), text("x-ratelimit-reset")) {
        (Some(value), _) => match value.parse::<u64>() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => Timestamp::parse_rfc2822(value)?.since(Timestamp::parse_rfc2822(text("date")?)?),
        },
        (None, Some(value)) if status == 429 => Duration::from_secs(value.parse().ok()?),
        (None, _) => return None,
    };
    Some(wait.min(MAX_WAIT))
}
