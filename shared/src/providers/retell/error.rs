//! What Retell's refusals mean. It has no error codes: an HTTP status and words are all that it says
//! (OpenAPI, `components.responses`).

use std::time::Duration;

use bytes::Bytes;
use http::{Response, header};
use serde_json::Value;

use crate::provider::ProviderId;
use crate::provider::error::{Effect, ErrorKind, ProviderError};

/// The most of a provider's words that is kept.
const MAX_WORDS: usize = 500;

/// The longest wait that we believe a provider about.
const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// One HTTP status and what it means.
#[derive(Clone, Copy, Debug)]
pub struct StatusRow {
    /// The status.
    pub status: u16,
    /// What went wrong.
    pub kind: ErrorKind,
    /// Whether it took effect.
    pub effect: Effect,
    /// Its name in the OpenAPI document's `components.responses`; `None`: it is HTTP's own.
    pub response: Option<&'static str>,
}

const fn row(status: u16, kind: ErrorKind, effect: Effect, response: Option<&'static str>) -> StatusRow {
    StatusRow { status, kind, effect, response }
}

/// What each documented status means.
pub const STATUSES: &[StatusRow] = &[
    row(400, ErrorKind::InvalidRequest, Effect::Refused, Some("BadRequest")),
    // Turned away at the door, unread: the same request passes once the key is right.
    row(401, ErrorKind::Authentication, Effect::NotSent, Some("Unauthorized")),
    row(402, ErrorKind::InsufficientFunds, Effect::Refused, Some("PaymentRequired")),
    row(403, ErrorKind::Authentication, Effect::Refused, Some("Forbidden")),
    row(404, ErrorKind::NotFound, Effect::Refused, Some("NotFound")),
    // A gateway's own timeout says nothing about what is behind it (RFC 9110, 15.5.9).
    row(408, ErrorKind::Timeout, Effect::Unknown, None),
    row(409, ErrorKind::Conflict, Effect::Refused, Some("Conflict")),
    row(412, ErrorKind::Conflict, Effect::Refused, Some("PreconditionFailed")),
    // "Cannot find requested asset": what other APIs call 404.
    row(422, ErrorKind::NotFound, Effect::Refused, Some("UnprocessableContent")),
    row(429, ErrorKind::RateLimited, Effect::NotSent, Some("TooManyRequests")),
];

/// The kind of a code. Always `None`: Retell has none, and why a call ended is read with the call.
pub fn kind_of(_code: &str) -> Option<ErrorKind> {
    None
}

/// What a refusal means.
pub(crate) fn failed(operation: &'static str, answer: &Response<Bytes>) -> ProviderError {
    let status = answer.status().as_u16();
    let (kind, effect) = match STATUSES.iter().find(|row| row.status == status) {
        Some(row) => (row.kind, row.effect),
        None => match status {
            // The request was with them when they failed.
            500.. => (ErrorKind::Unavailable, Effect::Unknown),
            400..=499 => (ErrorKind::InvalidRequest, Effect::Refused),
            // A redirect, or something stranger: not documented for this API.
            _ => (ErrorKind::UnexpectedResponse, Effect::Unknown),
        },
    };
    ProviderError::new(ProviderId::Retell, operation, kind, effect)
        .with_status(status)
        .with_message(words(answer.body()))
        .with_retry_after(retry_after(answer))
}

/// An answer that is not what the provider documents.
pub(crate) fn unexpected(operation: &'static str, answer: &Response<Bytes>) -> ProviderError {
    ProviderError::new(ProviderId::Retell, operation, ErrorKind::UnexpectedResponse, Effect::Unknown)
        .with_status(answer.status().as_u16())
}

fn words(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let words = body.get("message")?.as_str()?;
    Some(words.chars().take(MAX_WORDS).collect())
}

/// Seconds. Retell documents no such header; a proxy before it may set one (RFC 9110, 10.2.3).
fn retry_after(answer: &Response<Bytes>) -> Option<Duration> {
    let value = answer.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    let seconds: u64 = value.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_WAIT))
}
