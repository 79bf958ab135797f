//! Reads the API's answers: messages, pages, and errors with their effect.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, header};
use serde_json::Value;

use super::{Dialect, row};
use crate::domain::money::{Cost, Micros};
use crate::domain::status::MessageStatus;
use crate::domain::timestamp::Timestamp;
use crate::provider::error::{Effect, ErrorKind, ProviderCode, ProviderError};
use crate::provider::messaging::{Accepted, RemoteMessage};
use crate::providers::twilio::wire::{Figure, WireError, WireErrorItem, WireMessage, WirePage};

/// The longest wait that we believe a provider about.
const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// The most of a provider's words that is kept.
const MAX_WORDS: usize = 500;

/// One page of a list.
pub(super) struct Page {
    pub(super) messages: Vec<Listed>,
    pub(super) next: Option<String>,
}

/// A message of a list, with what the list can be searched by.
pub(super) struct Listed {
    pub(super) outbound: bool,
    pub(super) message: RemoteMessage,
}

/// The answer to a send.
pub(super) fn accepted(dialect: &Dialect, answer: &Response<Bytes>) -> Result<Accepted, ProviderError> {
    const OPERATION: &str = "send";
    if !answer.status().is_success() {
        return Err(failed(dialect, OPERATION, answer));
    }
    // Any success that is not what is documented may have sent the message: effect unknown.
    let strange = || unexpected(dialect, OPERATION, answer);
    if !dialect.created.contains(&answer.status().as_u16()) {
        return Err(strange());
    }
    let wire: WireMessage = serde_json::from_slice(answer.body()).map_err(|_| strange())?;
    let sid = wire.sid.and_then(|sid| sid.parse().ok()).ok_or_else(strange)?;
    // A first status that we do not know is still a message that was taken.
    let status = wire.status.and_then(|word| (dialect.status)(&word)).unwrap_or(MessageStatus::Queued);
    Ok(Accepted { sid, status })
}

/// The answer to a fetch.
pub(super) fn fetched(dialect: &Dialect, answer: &Response<Bytes>) -> Result<RemoteMessage, ProviderError> {
    const OPERATION: &str = "fetch";
    let wire: WireMessage = read(dialect, OPERATION, answer)?;
    message(dialect, wire).ok_or_else(|| unexpected(dialect, OPERATION, answer))
}

/// The answer to one page of a search.
pub(super) fn page(dialect: &Dialect, answer: &Response<Bytes>) -> Result<Page, ProviderError> {
    const OPERATION: &str = "find";
    let wire: WirePage = read(dialect, OPERATION, answer)?;
    let mut messages = Vec::with_capacity(wire.messages.len());
    for item in wire.messages {
        let outbound = item.direction.as_deref().is_none_or(|word| word.starts_with("outbound"));
        // One that cannot be read could be the one that is looked for.
        let message = message(dialect, item).ok_or_else(|| unexpected(dialect, OPERATION, answer))?;
        messages.push(Listed { outbound, message });
    }
    Ok(Page { messages, next: wire.next_page_uri.filter(|uri| !uri.is_empty()) })
}

/// An answer that is not what the provider documents.
pub(crate) fn unexpected(
    dialect: &Dialect,
    operation: &'static str,
    answer: &Response<Bytes>,
) -> ProviderError {
    ProviderError::new(dialect.provider, operation, ErrorKind::UnexpectedResponse, Effect::Unknown)
        .with_status(answer.status().as_u16())
}

/// What a refusal means: the HTTP status first, then the provider's code.
pub(super) fn failed(dialect: &Dialect, operation: &'static str, answer: &Response<Bytes>) -> ProviderError {
    let status = answer.status().as_u16();
    let (code, words) = read_error(answer.body());
    let by_code =
        || code.as_deref().and_then(|code| row(dialect.errors, code)).map(|row| (row.kind, row.effect));
    let (kind, effect) = match status {
        // Turned away at the door, unread: nothing was decided about this message, and the same
        // request passes once the credentials are right.
        401 => (ErrorKind::Authentication, Effect::NotSent),
        // "Not processed" (https://www.twilio.com/docs/api/errors/20429).
        429 => (ErrorKind::RateLimited, Effect::NotSent),
        // A gateway's own timeout says nothing about what is behind it.
        408 => (ErrorKind::Timeout, Effect::Unknown),
        // The request was with them when they failed, whatever code they add.
        500.. => (ErrorKind::Unavailable, Effect::Unknown),
        402 => by_code().unwrap_or((ErrorKind::InsufficientFunds, Effect::Refused)),
        // The credentials are known and are not allowed to do this: a decision, unlike a 401.
        403 => by_code().unwrap_or((ErrorKind::Authentication, Effect::Refused)),
        404 => by_code().unwrap_or((ErrorKind::NotFound, Effect::Refused)),
        409 => by_code().unwrap_or((ErrorKind::Conflict, Effect::Refused)),
        400..=499 => by_code().unwrap_or((ErrorKind::InvalidRequest, Effect::Refused)),
        // A redirect, or something stranger: not documented for this API.
        _ => (ErrorKind::UnexpectedResponse, Effect::Unknown),
    };
    ProviderError::new(dialect.provider, operation, kind, effect)
        .with_status(status)
        .with_code(code.map(ProviderCode))
        .with_message(words)
        .with_retry_after(retry_after(answer.headers()))
}

fn read<T: serde::de::DeserializeOwned>(
    dialect: &Dialect,
    operation: &'static str,
    answer: &Response<Bytes>,
) -> Result<T, ProviderError> {
    read_as(dialect, operation, &[200], answer)
}

/// The answer, when it has one of the documented statuses. After any other success we do not know
/// what happened.
pub(crate) fn read_as<T: serde::de::DeserializeOwned>(
    dialect: &Dialect,
    operation: &'static str,
    documented: &[u16],
    answer: &Response<Bytes>,
) -> Result<T, ProviderError> {
    if !answer.status().is_success() {
        return Err(failed(dialect, operation, answer));
    }
    if !documented.contains(&answer.status().as_u16()) {
        return Err(unexpected(dialect, operation, answer));
    }
    serde_json::from_slice(answer.body()).map_err(|_| unexpected(dialect, operation, answer))
}

/// One page of a list of these.
pub(super) struct Listing<T> {
    pub(super) items: Vec<T>,
    pub(super) next: Option<String>,
}

/// The answer to one page of a list. An entry that cannot be read spoils the page: it could be the one
/// that is looked for.
pub(super) fn listing<T: serde::de::DeserializeOwned>(
    dialect: &Dialect,
    operation: &'static str,
    member: &str,
    answer: &Response<Bytes>,
) -> Result<Listing<T>, ProviderError> {
    let strange = || unexpected(dialect, operation, answer);
    let mut page: Value = read(dialect, operation, answer)?;
    let next = match page.get_mut("next_page_uri").map(Value::take) {
        None | Some(Value::Null) => None,
        Some(Value::String(next)) => Some(next).filter(|next| !next.is_empty()),
        Some(_) => return Err(strange()),
    };
    let items = page.get_mut(member).map(Value::take).ok_or_else(strange)?;
    Ok(Listing { items: serde_json::from_value(items).map_err(|_| strange())?, next })
}

fn read_error(body: &[u8]) -> (Option<String>, Option<String>) {
    let wire: WireError = serde_json::from_slice(body).unwrap_or_default();
    let listed = wire.errors.into_iter().next().map(|item| match item {
        WireErrorItem::Words(words) => (None, Some(words)),
        WireErrorItem::Coded { code, message } => (code, message),
    });
    let (listed_code, listed_words) = listed.unwrap_or_default();
    let code = wire.code.or(listed_code).map(|code| code.text()).filter(|code| !code.is_empty());
    let words = wire.message.or(listed_words).map(|words| words.chars().take(MAX_WORDS).collect());
    (code, words)
}

fn message(dialect: &Dialect, wire: WireMessage) -> Option<RemoteMessage> {
    let figure = |figure: Option<Figure>| figure.map(|figure| figure.text());
    Some(RemoteMessage {
        sid: wire.sid?.parse().ok()?,
        from: wire.from.unwrap_or_default(),
        to: wire.to.unwrap_or_default(),
        body: wire.body.unwrap_or_default(),
        status: (dialect.status)(&wire.status?),
        error: figure(wire.error_code).filter(|code| !matches!(code.as_str(), "" | "0")).map(ProviderCode),
        created_at: wire.date_created.as_deref().and_then(Timestamp::parse_rfc2822),
        cost: figure(wire.price).zip(wire.price_unit).and_then(|(price, unit)| cost(&price, &unit)),
        // 0 stands for "not counted yet" (OpenAPI api_v2010, `num_segments`).
        segments: figure(wire.num_segments).and_then(|count| count.parse().ok()).filter(|count| *count > 0),
    })
}

/// Twilio writes what it takes from us as a negative decimal, SignalWire as a positive one; what it
/// costs us is the same.
pub(super) fn cost(price: &str, unit: &str) -> Option<Cost> {
    let magnitude = price.strip_prefix('-').unwrap_or(price);
    let digits = match magnitude.split_once('.') {
        Some(_) => magnitude.trim_end_matches('0').trim_end_matches('.'),
        None => magnitude,
    };
    // A second sign is no decimal of theirs.
    let amount = Micros::parse_dollars(digits).ok().filter(|amount| *amount >= Micros::ZERO)?;
    let currency = unit.to_ascii_uppercase();
    let is_currency = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase());
    is_currency.then_some(Cost { amount, currency })
}

/// Seconds, or a date that is read against the answer's own `Date` (RFC 9110, 10.2.3), so that no
/// clock of ours is needed.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    let value = text(header::RETRY_AFTER)?.trim();
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = Timestamp::parse_rfc2822(value)?;
            until.since(Timestamp::parse_rfc2822(text(header::DATE)?)?)
        }
    };
    Some(wait.min(MAX_WAIT))
}

#[cfg(test)]
mod tests {
    use super::cost;

    #[test]
    fn a_price_is_a_positive_cost() {
        for (price, unit, micros) in [
            ("-0.00750", "USD", Some(7_500)),
            ("-0.00750000", "usd", Some(7_500)),
            ("0.005", "USD", Some(5_000)),
            ("-1", "EUR", Some(1_000_000)),
            ("10", "USD", Some(10_000_000)),
            ("0.0", "USD", Some(0)),
            ("5e-7", "USD", None),
            ("-0.0075", "", None),
            ("", "USD", None),
            ("--1", "USD", None),
        ] {
            let got = cost(price, unit).map(|cost| cost.amount.get());
            assert_eq!(got, micros, "{price} {unit}");
        }
    }
}
