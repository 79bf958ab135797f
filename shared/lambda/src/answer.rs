//! What goes back, in the shape that the front door needs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use telephony::app::problem::Problem;
use telephony::provider::webhooks::HttpReply;

use crate::event::FrontDoor;

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CONTENT_TYPE_OPTIONS: HeaderName = HeaderName::from_static("x-content-type-options");

/// An answer that no front door has shaped yet.
#[derive(Clone, Debug)]
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn new(status: StatusCode, content_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type);
        Self { status, headers, body: body.into() }
    }

    /// `{"success": true, …}` with the members of `body`, which must be written as a JSON object.
    ///
    /// # Errors
    /// `INTERNAL` when it cannot be.
    pub fn success<T: Serialize>(status: StatusCode, body: &T) -> Result<Self, Problem> {
        #[derive(Serialize)]
        struct Success<'b, T> {
            success: bool,
            #[serde(flatten)]
            body: &'b T,
        }
        Self::json(status, &Success { success: true, body })
    }

    /// JSON as it is, for documents that have no `success`.
    ///
    /// # Errors
    /// `INTERNAL` when `body` cannot be written as JSON.
    pub fn json<T: Serialize>(status: StatusCode, body: &T) -> Result<Self, Problem> {
        let body = serde_json::to_vec(body).map_err(Problem::internal)?;
        Ok(Self::new(status, HeaderValue::from_static("application/json"), body))
    }

    /// Text of any kind.
    pub fn plain(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self::new(status, HeaderValue::from_static(content_type), body)
    }

    /// 204.
    pub fn empty() -> Self {
        Self { status: StatusCode::NO_CONTENT, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// 302.
    ///
    /// # Errors
    /// `INTERNAL` when `location` cannot be a header.
    pub fn redirect(location: &str) -> Result<Self, Problem> {
        let location = HeaderValue::from_str(location).map_err(Problem::internal)?;
        let mut answer = Self { status: StatusCode::FOUND, ..Self::empty() };
        answer.headers.insert(LOCATION, location);
        Ok(answer)
    }

    /// A problem, as `application/problem+json`.
    pub fn problem(problem: &Problem, request_id: &str) -> Self {
        let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&problem.body(request_id)).unwrap_or_default();
        let mut answer = Self::new(status, HeaderValue::from_static("application/problem+json"), body);
        if let Some(seconds) = problem.retry_after_seconds() {
            answer.headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        answer
    }

    /// With one more header. A value that HTTP does not allow is left out.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// Marked as told again, when the request's `Idempotency-Key` had been used before.
    #[must_use]
    pub fn replayed(self, replayed: bool) -> Self {
        if replayed { self.with_header(REPLAYED, "true") } else { self }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers so far.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Completes it with what every answer has, in the shape of `source`. It is not to be kept by anybody,
    /// unless it says otherwise.
    pub fn shaped(mut self, source: FrontDoor, request_id: &str) -> Shaped {
        self.headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        self.headers.insert(CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Ok(id) = HeaderValue::from_str(request_id) {
            self.headers.insert(REQUEST_ID, id);
        }
        Shaped { answer: self, source }
    }
}

impl From<HttpReply> for Answer {
    fn from(reply: HttpReply) -> Self {
        let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::plain(status, reply.content_type, reply.body)
    }
}

/// An answer that is written as its front door reads it.
#[derive(Clone, Debug)]
pub struct Shaped {
    answer: Answer,
    source: FrontDoor,
}

impl Serialize for Shaped {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Answer { status, headers, body } = &self.answer;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("statusCode", &status.as_u16())?;
        match self.source {
            FrontDoor::HttpApi | FrontDoor::FunctionUrl => {
                map.serialize_entry("headers", &Joined(headers))?
            }
            FrontDoor::RestApi => map.serialize_entry("multiValueHeaders", &Listed(headers))?,
            FrontDoor::LoadBalancer { multi_value } => {
                let reason = status.canonical_reason().unwrap_or("Status");
                map.serialize_entry("statusDescription", &format!("{} {reason}", status.as_u16()))?;
                // A target group reads one of the two, according to its own setting.
                if multi_value {
                    map.serialize_entry("multiValueHeaders", &Listed(headers))?;
                } else {
                    map.serialize_entry("headers", &Joined(headers))?;
                }
            }
        }
        match std::str::from_utf8(body) {
            Ok(text) => {
                map.serialize_entry("body", text)?;
                map.serialize_entry("isBase64Encoded", &false)?;
            }
            Err(_) => {
                map.serialize_entry("body", &STANDARD.encode(body))?;
                map.serialize_entry("isBase64Encoded", &true)?;
            }
        }
        map.end()
    }
}

/// One text a name, repeated ones joined by a comma.
struct Joined<'h>(&'h HeaderMap);

impl Serialize for Joined<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.keys().map(|name| (name.as_str(), texts(self.0, name).join(", "))))
    }
}

/// A list of texts a name.
struct Listed<'h>(&'h HeaderMap);

impl Serialize for Listed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.keys().map(|name| (name.as_str(), texts(self.0, name))))
    }
}

fn texts<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Vec<&'h str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect()
}
