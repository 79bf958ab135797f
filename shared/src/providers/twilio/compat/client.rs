//! The Messages resource: build a request, hand it to the transport, read the answer.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use form_urlencoded::Serializer;
use http::{HeaderValue, Method, Request, Response, header};
use url::Url;

use super::{Dialect, answer};
use crate::domain::ids::ProviderSid;
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::messaging::{Accepted, MessageQuery, Messaging, OutboundText, RemoteMessage};
use crate::provider::transport::HttpTransport;

/// How many messages a page may have; the providers allow 1000 and give 50 unasked
/// (OpenAPI api_v2010, `PageSize`; SignalWire's compatibility API, `PageSize`).
const PAGE_SIZE: &str = "200";

/// How many pages are followed: more texts between two numbers in two days are not searched.
const MAX_PAGES: usize = 20;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The sending half of one account.
pub(crate) struct Client {
    /// How the provider differs.
    pub(crate) dialect: &'static Dialect,
    /// Scheme and host, and locally the simulator's prefix.
    pub(crate) base: String,
    /// The account's id in the paths.
    pub(crate) account: String,
    /// The `Authorization` header.
    pub(crate) authorization: Secret,
    /// The messaging service that sends, if any.
    pub(crate) messaging_service: Option<String>,
    /// The way out.
    pub(crate) transport: Arc<dyn HttpTransport>,
}

#[async_trait]
impl Messaging for Client {
    async fn send(&self, text: &OutboundText) -> Result<Accepted, ProviderError> {
        let request = self.send_request(text)?;
        let answer = self.call("send", request).await?;
        answer::accepted(self.dialect, &answer)
    }

    async fn fetch(&self, sid: &ProviderSid) -> Result<RemoteMessage, ProviderError> {
        let url = format!("{}/{sid}{}", self.messages(), self.dialect.suffix);
        let answer = self.call("fetch", self.request("fetch", &Method::GET, &url, Bytes::new())?).await?;
        answer::fetched(self.dialect, &answer)
    }

    /// The filter of the providers knows days only, so it asks from the day before and the rest is
    /// sifted here by the time of creation, to the second, which is all that they tell.
    async fn find(&self, query: &MessageQuery) -> Result<Vec<RemoteMessage>, ProviderError> {
        let since = Timestamp::from_millis(query.since.seconds().saturating_mul(1000));
        let mut found = Vec::new();
        let mut url = self.find_url(query);
        for _ in 0..MAX_PAGES {
            let answer = self.call("find", self.request("find", &Method::GET, &url, Bytes::new())?).await?;
            let page = answer::page(self.dialect, &answer)?;
            // Lists are newest first; a whole page from before yesterday ends the search.
            let past = !page.messages.is_empty()
                && page
                    .messages
                    .iter()
                    .all(|listed| listed.message.created_at.is_some_and(|at| at < since.minus(DAY)));
            // A filter that a provider ignored must not make a stranger's message ours.
            found.extend(page.messages.into_iter().filter_map(|listed| {
                let message = listed.message;
                let young = message.created_at.is_none_or(|at| at >= since);
                // The sender is still open while a messaging service is choosing it.
                let same_sender = message.from.is_empty() || message.from == query.from;
                (listed.outbound && young && same_sender && message.to == query.to).then_some(message)
            }));
            match page.next {
                None => return Ok(found),
                Some(_) if past => return Ok(found),
                Some(next) => {
                    url = self
                        .next_url(&next)
                        .ok_or_else(|| answer::unexpected(self.dialect, "find", &answer))?;
                }
            }
        }
        // A list that was cut short must not read as "it is not there".
        Err(self.error("find", ErrorKind::UnexpectedResponse, Effect::Unknown))
    }
}

impl Client {
    fn send_request(&self, text: &OutboundText) -> Result<Request<Bytes>, ProviderError> {
        let mut form = Serializer::new(String::new());
        form.append_pair("To", &text.to).append_pair("From", &text.from);
        if let Some(service) = &self.messaging_service {
            // With both, the service's settings hold and the sender is the one that is named.
            form.append_pair("MessagingServiceSid", service);
        }
        if !text.body.is_empty() {
            form.append_pair("Body", &text.body);
        }
        for media in &text.media_urls {
            form.append_pair("MediaUrl", media);
        }
        let callback = format!(
            "{}/api/webhooks/{}/status-callback?m={}{}",
            text.callback.base, self.dialect.provider, text.callback.id, self.dialect.callback_settings
        );
        form.append_pair("StatusCallback", &callback);
        let url = format!("{}{}", self.messages(), self.dialect.suffix);
        self.request("send", &Method::POST, &url, form.finish().into())
    }

    /// Asks for all messages of the pair, whatever their date: `DateSent` filters by the day of sending,
    /// and a message that waits has none yet. Left out of the answer, it would read as never sent, and
    /// be sent again.
    fn find_url(&self, query: &MessageQuery) -> String {
        let mut filter = Serializer::new(String::new());
        filter
            .append_pair("To", &query.to)
            .append_pair("From", &query.from)
            .append_pair("PageSize", PAGE_SIZE);
        format!("{}{}?{}", self.messages(), self.dialect.suffix, filter.finish())
    }

    /// Where the next page is: the same list on the same origin, or nowhere. Credentials go along.
    fn next_url(&self, next: &str) -> Option<String> {
        let base = Url::parse(&self.base).ok()?;
        let prefix = base.path().trim_end_matches('/');
        let absolute = if next.starts_with('/') && !next.starts_with("//") {
            let prefix = if next.starts_with(&format!("{prefix}/")) { "" } else { prefix };
            base.join(&format!("{prefix}{next}")).ok()?
        } else {
            Url::parse(next).ok()?
        };
        let list = Url::parse(&self.messages()).ok()?;
        let path = absolute.path().strip_suffix(".json").unwrap_or(absolute.path());
        let same_list = absolute.origin() == base.origin() && path == list.path();
        let bare = absolute.username().is_empty() && absolute.password().is_none();
        (same_list && bare).then(|| absolute.to_string())
    }

    fn messages(&self) -> String {
        format!("{}{}/2010-04-01/Accounts/{}/Messages", self.base, self.dialect.api_path, self.account)
    }

    fn request(
        &self,
        operation: &'static str,
        method: &Method,
        url: &str,
        body: Bytes,
    ) -> Result<Request<Bytes>, ProviderError> {
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
        request.body(body).map_err(|_| unusable())
    }

    async fn call(
        &self,
        operation: &'static str,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, ProviderError> {
        let answer = self.transport.execute(request).await;
        answer.map_err(|error| ProviderError::transport(self.dialect.provider, operation, error))
    }

    fn error(&self, operation: &'static str, kind: ErrorKind, effect: Effect) -> ProviderError {
        ProviderError::new(self.dialect.provider, operation, kind, effect)
    }
}
