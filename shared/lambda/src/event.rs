//! One request out of four front doors.
//!
//! | front door | path | query | headers |
//! |---|---|---|---|
//! | HTTP API (payload 2.0) | decoded once by AWS, cut at a decoded `?` | as it was sent | repeated ones joined by commas |
//! | function URL (payload 2.0) | as it was sent | as it was sent | joined by commas |
//! | load balancer | as it was sent | as it was sent, but grouped by name; the last of a name only, unless the target group is multi-value | kept, if multi-value |
//! | REST API (payload 1.0) | as it was sent | decoded and grouped by name, so it is *rebuilt*: RFC 3986, `%20` for a space | kept |
//!
//! What follows for signatures over a URL: behind an HTTP API or a function URL every query works;
//! behind a load balancer one whose repeated names stand side by side; behind a REST API one that, in
//! addition, encodes as RFC 3986 does. The URLs that we register carry at most one parameter, an
//! opaque id of unreserved characters, and paths without anything to encode: they work everywhere.
//! (Who decodes what was observed on live gateways: github.com/hotsock/voker pull request 8.)

mod wire;

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};
use telephony::app::idempotency;
use telephony::app::problem::{Code, Problem};
use telephony::provider::request::InboundRequest;

pub use self::wire::HttpEvent;
use self::wire::{Parameters, RequestContext};

/// The longest body that our own API reads.
pub const MAX_API_BODY: usize = 256 * 1024;
/// The longest body that a webhook may have; providers send texts, not files.
pub const MAX_WEBHOOK_BODY: usize = 1024 * 1024;

const WEBHOOKS: &str = "/api/webhooks/";
/// What RFC 3986 calls unreserved stays, everything else is encoded.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What stands between the caller and the function, and decides the answer's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrontDoor {
    /// API Gateway's HTTP API, payload 2.0.
    HttpApi,
    /// API Gateway's REST API, payload 1.0.
    RestApi,
    /// The function's own URL.
    FunctionUrl,
    /// An application load balancer.
    LoadBalancer {
        /// Its target group sends and expects lists of header values.
        multi_value: bool,
    },
}

/// A request, with its path and query as they came.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The path from its first `/api/` on, whatever stage, base path or emulator prefix is before
    /// it; the whole path when there is none. Percent-encoding is left as the front door has it.
    /// A stage or a base path must therefore not itself be called `api`.
    pub route_path: String,
    /// The query without its `?`; `None` when there is none. See the table of this module.
    pub raw_query: Option<String>,
    /// The headers. Whatever they say about host, protocol or caller is only a claim.
    pub headers: HeaderMap,
    /// The body's bytes.
    pub body: Bytes,
    /// The id of this invocation: the same as in Lambda's own log lines.
    pub request_id: String,
    /// The front door's own id, for its access log.
    pub gateway_request_id: Option<String>,
    /// The claims of a token that the gateway's authorizer has checked. `None`: it checked nothing.
    pub claims: Option<Map<String, Value>>,
    /// Where it came in.
    pub source: FrontDoor,
}

impl HttpEvent {
    /// Which front door wrote this event.
    pub fn front_door(&self) -> FrontDoor {
        let context = self.request_context.as_ref();
        if context.is_some_and(|context| context.elb.is_some()) {
            FrontDoor::LoadBalancer { multi_value: self.multi_value_headers.is_some() }
        } else if context.is_some_and(|context| context.http.is_some()) || self.raw_path.is_some() {
            let domain = context.and_then(|context| context.domain_name.as_deref());
            if domain.is_some_and(|domain| domain.contains(".lambda-url.")) {
                FrontDoor::FunctionUrl
            } else {
                FrontDoor::HttpApi
            }
        } else {
            FrontDoor::RestApi
        }
    }

    /// Reads the event.
    ///
    /// # Errors
    /// `VALIDATION_FAILED`: an unknown method, a body that is not the base64 that the event says it
    /// is, or one that is too long.
    pub fn into_request(self, request_id: &str) -> Result<HttpRequest, Problem> {
        let source = self.front_door();
        let context = self.request_context.unwrap_or_default();
        let method = context.http.as_ref().and_then(|http| http.method.as_deref());
        let method = method.or(self.http_method.as_deref()).unwrap_or("GET");
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| Problem::field("method", "is not an HTTP method"))?;

        let route_path = route_of(self.raw_path.or(self.path).unwrap_or_default());
        let raw_query = match source {
            FrontDoor::HttpApi | FrontDoor::FunctionUrl => self.raw_query_string,
            FrontDoor::RestApi => {
                rebuild(self.multi_value_query_string_parameters, self.query_string_parameters, encode)
            }
            FrontDoor::LoadBalancer { .. } => {
                rebuild(self.multi_value_query_string_parameters, self.query_string_parameters, as_it_is)
            }
        };
        let headers = match self.multi_value_headers {
            Some(many) if !many.0.is_empty() => many.0,
            _ => self.headers.unwrap_or_default().0,
        };
        let limit = if route_path.starts_with(WEBHOOKS) { MAX_WEBHOOK_BODY } else { MAX_API_BODY };
        let body = decode_body(self.body, self.is_base64_encoded.unwrap_or(false), limit)?;
        Ok(HttpRequest {
            method,
            route_path,
            raw_query: raw_query.filter(|query| !query.is_empty()),
            headers,
            body,
            request_id: request_id.to_owned(),
            gateway_request_id: context.request_id.clone(),
            claims: claims_of(source, context),
            source,
        })
    }
}

impl HttpRequest {
    /// The path's segments after `/api/`, decoded (`%2B14155550123` is `+14155550123`, and a `+` is a
    /// plus). An HTTP API has decoded once already; nothing in our paths has a `%` that a second
    /// time could change.
    ///
    /// # Errors
    /// `NOT_FOUND` when a segment is not UTF-8: nothing of ours is called so.
    pub fn segments(&self) -> Result<Vec<String>, Problem> {
        let path = self.route_path.strip_prefix("/api/").unwrap_or(&self.route_path);
        path.split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| decode_segment(segment).ok_or_else(|| Problem::new(Code::NotFound)))
            .collect()
    }

    /// The one value of a header: `None` when it is absent, repeated, or not visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    }

    /// The `Idempotency-Key`, if there is one.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for one that cannot be read: ignored, a repetition would act again.
    pub fn idempotency_key(&self) -> Result<Option<&str>, Problem> {
        if !self.headers.contains_key(idempotency::HEADER) {
            return Ok(None);
        }
        self.header(idempotency::HEADER).ok_or_else(idempotency::unreadable).map(Some)
    }
}

/// A path segment, percent-decoded. `None` when it is not UTF-8.
pub fn decode_segment(segment: &str) -> Option<String> {
    percent_decode_str(segment).decode_utf8().ok().map(Cow::into_owned)
}

/// The request as its provider signed it. The URL is the configured public base, the path from
/// `/api/` on and the raw query; `Host` and `X-Forwarded-*` are the caller's to choose and play no
/// part. Bodies and headers are shared, not copied.
pub fn inbound_request(request: &HttpRequest, public_base_url: &str) -> InboundRequest {
    let base = public_base_url.trim_end_matches('/');
    let query = request.raw_query.as_deref();
    let mut public_url = String::with_capacity(
        base.len() + request.route_path.len() + query.map_or(0, |query| query.len() + 1),
    );
    public_url.push_str(base);
    public_url.push_str(&request.route_path);
    if let Some(query) = query {
        public_url.push('?');
        public_url.push_str(query);
    }
    InboundRequest {
        method: request.method.clone(),
        public_url,
        headers: request.headers.clone(),
        body: request.body.clone(),
    }
}

fn route_of(path: String) -> String {
    match path.find("/api/") {
        Some(0) | None => path,
        Some(at) => path.get(at..).unwrap_or_default().to_owned(),
    }
}

fn encode(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, RESERVED).into()
}

fn as_it_is(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}

fn rebuild(
    many: Option<Parameters>,
    single: Option<Parameters>,
    spell: fn(&str) -> Cow<'_, str>,
) -> Option<String> {
    let parameters = many.filter(|many| !many.0.is_empty()).or(single)?.0;
    let mut query = String::new();
    for (name, value) in &parameters {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(&spell(name));
        query.push('=');
        query.push_str(&spell(value));
    }
    Some(query)
}

fn decode_body(body: Option<String>, is_base64: bool, limit: usize) -> Result<Bytes, Problem> {
    let too_long = || Problem::field("body", format!("is longer than {limit} bytes"));
    let Some(body) = body else { return Ok(Bytes::new()) };
    if !is_base64 {
        return if body.len() > limit { Err(too_long()) } else { Ok(Bytes::from(body)) };
    }
    // Three bytes for four characters: what is far too long is not decoded to find out.
    if body.len() / 4 * 3 > limit + 3 {
        return Err(too_long());
    }
    let bytes = STANDARD
        .decode(body)
        .map_err(|_| Problem::field("body", "is marked as base64 in the event and is not"))?;
    if bytes.len() > limit { Err(too_long()) } else { Ok(Bytes::from(bytes)) }
}

/// The claims, from where the gateway puts what its JWT authorizer has verified, and nowhere else:
/// a function URL and a load balancer have no such place.
fn claims_of(source: FrontDoor, context: RequestContext) -> Option<Map<String, Value>> {
    let mut authorizer = context.authorizer?;
    let claims = match source {
        FrontDoor::HttpApi => authorizer.get_mut("jwt")?.get_mut("claims")?,
        FrontDoor::RestApi => authorizer.get_mut("claims")?,
        FrontDoor::FunctionUrl | FrontDoor::LoadBalancer { .. } => return None,
    };
    match claims.take() {
        Value::Object(claims) => Some(claims),
        _ => None,
    }
}
