//! One account's way to the API: URLs, requests, and pages that lead nowhere else.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use url::Url;

use super::Dialect;
use crate::domain::secret::Secret;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::transport::HttpTransport;

/// How many entries a page may have; the providers allow 1000 and give 50 unasked
/// (OpenAPI api_v2010, `PageSize`; SignalWire's compatibility API, `PageSize`).
pub(crate) const PAGE_SIZE: &str = "200";

/// How many pages are followed: more texts between two numbers in two days are not searched.
pub(crate) const MAX_PAGES: usize = 20;

/// One account's way to the API.
pub(crate) struct Rest {
    /// How the provider differs.
    pub(crate) dialect: &'static Dialect,
    /// Scheme and host, and locally the simulator's prefix.
    pub(crate) base: String,
    /// The account's id in the paths.
    pub(crate) account: String,
    /// The `Authorization` header.
    pub(crate) authorization: Secret,
    /// The way out.
    pub(crate) transport: Arc<dyn HttpTransport>,
}

impl Rest {
    /// The list of accounts, without its ending.
    pub(crate) fn accounts(&self) -> String {
        format!("{}{}/2010-04-01/Accounts", self.base, self.dialect.api_path)
    }

    /// A resource of this account, without its ending.
    pub(crate) fn resource(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.accounts(), self.account)
    }

    /// The URL of a resource, with its ending.
    pub(crate) fn url(&self, resource: &str) -> String {
        format!("{resource}{}", self.dialect.suffix)
    }

    /// Where a provider reports something: our URL, with the settings that the provider wants in it.
    pub(crate) fn callback(&self, base: &str, path: &str, query: &str) -> String {
        self.dialect.callback(base, path, query)
    }

    /// Reads.
    pub(crate) async fn get(
        &self,
        operation: &'static str,
        url: &str,
    ) -> Result<Response<Bytes>, ProviderError> {
        self.call(operation, &Method::GET, url, String::new()).await
    }

    /// Writes a form.
    pub(crate) async fn post(
        &self,
        operation: &'static str,
        url: &str,
        form: String,
    ) -> Result<Response<Bytes>, ProviderError> {
        self.call(operation, &Method::POST, url, form).await
    }

    /// Sends one request. Every answer is one, also a refusal.
    pub(crate) async fn call(
        &self,
        operation: &'static str,
        method: &Method,
        url: &str,
        body: String,
    ) -> Result<Response<Bytes>, ProviderError> {
        let unusable = || self.error(operation, ErrorKind::Config, Effect::NotSent);
        let mut authorization = HeaderValue::from_str(self.authorization.expose()).map_err(|_| unusable())?;
        authorization.set_sensitive(true);
        let mut request = Request::builder()
            .method(method)
            .uri(url)
            .header(header::AUTHORIZATION, authorization)
            .header(header::ACCEPT, "application/json");
        if *method == Method::POST {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let request = request.body(Bytes::from(body)).map_err(|_| unusable())?;
        let answer = self.transport.execute(request).await;
        answer.map_err(|lost| ProviderError::transport(self.dialect.provider, operation, lost))
    }

    /// Where the next page is: the same list on the same origin, or nowhere. Credentials go along.
    pub(crate) fn next_url(&self, list: &str, next: &str) -> Option<String> {
        let base = Url::parse(&self.base).ok()?;
        let prefix = base.path().trim_end_matches('/');
        let absolute = if next.starts_with('/') && !next.starts_with("//") {
            let prefix = if next.starts_with(&format!("{prefix}/")) { "" } else { prefix };
            base.join(&format!("{prefix}{next}")).ok()?
        } else {
            Url::parse(next).ok()?
        };
        let list = Url::parse(list).ok()?;
        let path = absolute.path().strip_suffix(".json").unwrap_or(absolute.path());
        let same_list = absolute.origin() == base.origin() && path == list.path();
        let bare = absolute.username().is_empty() && absolute.password().is_none();
        (same_list && bare).then(|| absolute.to_string())
    }

    /// A failure of ours.
    pub(crate) fn error(&self, operation: &'static str, kind: ErrorKind, effect: Effect) -> ProviderError {
        ProviderError::new(self.dialect.provider, operation, kind, effect)
    }

    /// What the provider does not offer: it is not asked.
    pub(crate) fn unsupported(&self, operation: &'static str) -> ProviderError {
        self.error(operation, ErrorKind::Unsupported, Effect::NotSent)
    }

    /// An id as a part of a path. It must be one of theirs, so that it cannot lead elsewhere.
    pub(crate) fn checked<'i>(&self, operation: &'static str, id: &'i str) -> Result<&'i str, ProviderError> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if (1..=64).contains(&id.len()) && id.bytes().all(allowed) {
            Ok(id)
        } else {
            Err(self.error(operation, ErrorKind::InvalidRequest, Effect::NotSent))
        }
    }
}
