//! Builds requests, hands them to the transport, and checks the status of the answer.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use serde_json::Value;

use super::config::Config;
use super::error::{failed, unexpected};
use crate::provider::account::ProviderAccount;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::transport::HttpTransport;
use crate::provider::{Environment, ProviderId};

/// How many pages of a list are followed.
pub(crate) const MAX_PAGES: usize = 20;

/// One account's way to the API.
pub(crate) struct Client {
    config: Config,
    transport: Arc<dyn HttpTransport>,
}

impl Client {
    /// The client of one account.
    pub(crate) fn of(
        account: &ProviderAccount,
        environment: &Environment,
        transport: Arc<dyn HttpTransport>,
    ) -> Result<Self, ProviderError> {
        Ok(Self { config: Config::of(account, environment)?, transport })
    }

    /// Sends a request without a body and reads the JSON of an answer of this status.
    pub(crate) async fn get(&self, operation: &'static str, path: &str) -> Result<Value, ProviderError> {
        let answer = self.send(operation, Method::GET, path, None).await?;
        json(operation, 200, &answer)
    }

    /// Sends one request. Every answer is one, also a refusal.
    pub(crate) async fn send(
        &self,
        operation: &'static str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Response<Bytes>, ProviderError> {
        let unusable = || error(operation, ErrorKind::Config, Effect::NotSent);
        let mut authorization =
            HeaderValue::from_str(self.config.authorization.expose()).map_err(|_| unusable())?;
        authorization.set_sensitive(true);
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.config.base))
            .header(header::AUTHORIZATION, authorization)
            .header(header::ACCEPT, "application/json");
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let request = request.body(body).map_err(|_| unusable())?;
        let answer = self.transport.execute(request).await;
        answer.map_err(|lost| ProviderError::transport(ProviderId::Retell, operation, lost))
    }
}

/// The JSON object or list of an answer that has the documented status. Any other success is not
/// documented, and then we do not know what happened.
pub(crate) fn json(
    operation: &'static str,
    status: u16,
    answer: &Response<Bytes>,
) -> Result<Value, ProviderError> {
    if !answer.status().is_success() {
        return Err(failed(operation, answer));
    }
    if answer.status().as_u16() != status {
        return Err(unexpected(operation, answer));
    }
    serde_json::from_slice(answer.body()).map_err(|_| unexpected(operation, answer))
}

/// A failure of ours.
pub(crate) fn error(operation: &'static str, kind: ErrorKind, effect: Effect) -> ProviderError {
    ProviderError::new(ProviderId::Retell, operation, kind, effect)
}

/// An answer without what every answer of this kind has.
pub(crate) fn garbled(operation: &'static str) -> ProviderError {
    error(operation, ErrorKind::UnexpectedResponse, Effect::Unknown)
}

/// An id as the last part of a path. It must be one of theirs, so that it cannot lead elsewhere.
pub(crate) fn checked<'i>(operation: &'static str, id: &'i str) -> Result<&'i str, ProviderError> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    if (1..=128).contains(&id.len()) && id.bytes().all(allowed) {
        Ok(id)
    } else {
        Err(error(operation, ErrorKind::InvalidRequest, Effect::NotSent))
    }
}

/// The entries of a page, and the key of the next one (OpenAPI, `PaginatedResponseBase`).
pub(crate) struct Page {
    pub(crate) items: Vec<Value>,
    pub(crate) next: Option<String>,
}

/// Reads a page. One that says that there is more and not where is no page: it would read as the last.
pub(crate) fn page(operation: &'static str, mut answer: Value) -> Result<Page, ProviderError> {
    let next = answer.get("pagination_key").and_then(Value::as_str).filter(|key| !key.is_empty());
    let more = match answer.get("has_more") {
        None | Some(Value::Null) => next.is_some(),
        Some(more) => more.as_bool().ok_or_else(|| garbled(operation))?,
    };
    let next = match (more, next) {
        (true, Some(key)) => Some(key.to_owned()),
        (true, None) => return Err(garbled(operation)),
        (false, _) => None,
    };
    match answer.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => Ok(Page { items, next }),
        Some(_) | None => Err(garbled(operation)),
    }
}
