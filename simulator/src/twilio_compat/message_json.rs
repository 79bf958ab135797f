//! A message as each provider shows it: the same members, not the same types.

use serde_json::{Value, json};

use super::life;
use crate::{
    clock::rfc2822,
    media::Media,
    model::{Message, Provider, Status},
};

pub(crate) fn message(message: &Message) -> Value {
    match message.provider {
        Provider::Twilio => twilio(message),
        _ => signalwire(message),
    }
}

/// twilio_api_v2010.json, api.v2010.account.message: numbers are texts; the price is negative and comes late.
fn twilio(message: &Message) -> Value {
    let uri = format!("/2010-04-01/Accounts/{}/Messages/{}", message.account, message.sid);
    // A service chooses its sender when the message is queued (example `createWithMessagingService`).
    let sender_open = message.messaging_service.is_some()
        && matches!(message.status, Status::Accepted | Status::Scheduled | Status::Canceled);
    json!({
        "account_sid": message.account,
        "api_version": "2010-04-01",
        "body": message.body,
        "date_created": rfc2822(message.created),
        "date_sent": message.sent.map(rfc2822),
        "date_updated": rfc2822(message.updated),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": life::error_message(message),
        "from": message.from.as_ref().filter(|_| !sender_open),
        "messaging_service_sid": message.messaging_service,
        "num_media": message.num_media().to_string(),
        "num_segments": message.num_segments.to_string(),
        "price": message.price_micros.map(|micros| format!("-{}", decimal(micros))),
        "price_unit": message.price_micros.map(|_| "USD"),
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": { "media": format!("{uri}/Media.json"), "feedback": format!("{uri}/Feedback.json") },
        "to": message.to,
        "uri": format!("{uri}.json"),
    })
}

/// compatibility-openapi.yaml, Message: numbers are numbers, the error code is a text, `sending` is `initiated`.
fn signalwire(message: &Message) -> Value {
    let uri = format!("/api/laml/2010-04-01/Accounts/{}/Messages/{}", message.account, message.sid);
    let status = match message.status {
        Status::Sending => "initiated",
        Status::Accepted | Status::Scheduled => "queued",
        Status::Receiving => "received",
        Status::Canceled => "failed",
        status => status.as_str(),
    };
    json!({
        "account_sid": message.account,
        "api_version": "2010-04-01",
        "body": message.body,
        "num_segments": message.num_segments,
        "num_media": message.num_media(),
        "date_created": rfc2822(message.created),
        "date_sent": message.sent.map(rfc2822),
        "date_updated": rfc2822(message.updated),
        "direction": message.direction,
        "error_code": message.error_code.map(|code| code.to_string()),
        "error_message": life::error_message(message),
        "from": message.from.clone().unwrap_or_default(),
        "price": message.price_micros.map(|micros| micros as f64 / 1e6),
        "price_unit": "USD",
        "sid": message.sid,
        "status": status,
        "to": message.to,
        "messaging_service_sid": message.messaging_service,
        "uri": format!("{uri}.json"),
        "subresource_uris": { "media": format!("{uri}/Media.json") },
    })
}

/// `0.00750`: five decimals, as in the document's examples.
pub(crate) fn decimal(micros: i64) -> String {
    let micros = micros.unsigned_abs();
    format!("{}.{:05}", micros / 1_000_000, micros % 1_000_000 / 10)
}

pub(crate) fn media(media: &Media) -> Value {
    let root = media.provider.api_root();
    let (account, parent, sid) = (&media.account, &media.message_sid, &media.sid);
    json!({
        "account_sid": account,
        "content_type": media.content_type,
        "date_created": rfc2822(media.created),
        "date_updated": rfc2822(media.created),
        "parent_sid": parent,
        "sid": sid,
        "uri": format!("{root}/Accounts/{account}/Messages/{parent}/Media/{sid}.json"),
    })
}
