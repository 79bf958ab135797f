//! A message as the API and the webhooks show it (spec3: OutboundMessagePayload, InboundMessagePayload).

use serde_json::{Value, json};

use super::{errors, money, stamp};
use crate::{
    clock::later,
    model::{Direction, Message, Status},
    segments,
    state::State,
};

/// The status of the receiver, in Telnyx's words.
pub(super) fn word(status: Status) -> &'static str {
    match status {
        Status::Accepted => "queued",
        Status::Undelivered => "delivery_failed",
        Status::Failed => "sending_failed",
        Status::Unconfirmed => "delivery_unconfirmed",
        Status::Canceled => "cancelled",
        Status::Receiving | Status::Received => "webhook_delivered",
        Status::Scheduled | Status::Queued | Status::Sending | Status::Sent | Status::Delivered => {
            status.as_str()
        }
    }
}

/// Micro-dollars: 0.004 per part and 0.015 per MMS, near the list prices; what comes in is free.
pub(super) fn price(message: &Message) -> i64 {
    match (message.direction, message.is_mms()) {
        (Direction::Inbound, _) => 0,
        (Direction::OutboundApi, true) => 15_000,
        (Direction::OutboundApi, false) => 4_000 * i64::from(message.num_segments),
    }
}

pub(super) fn show(state: &State, message: &Message) -> Value {
    show_as(state, message, message.status)
}

/// The message, pretending that it has another status.
pub(super) fn show_as(state: &State, message: &Message, status: Status) -> Value {
    let details = message.telnyx.as_deref();
    let inbound = message.direction == Direction::Inbound;
    let party = |number: &str, ours: bool| {
        let (carrier, line_type) = if ours { ("Telnyx", "VoIP") } else { ("T-Mobile USA", "Wireless") };
        json!({ "phone_number": number, "carrier": carrier, "line_type": line_type })
    };
    let from = party(message.from.as_deref().unwrap_or_default(), !inbound);
    let mut to = party(&message.to, inbound);
    if let Some(to) = to.as_object_mut() {
        to.insert("status".to_owned(), json!(word(status)));
    }
    let errors: Vec<Value> =
        message.error_code.iter().map(|code| errors::member(*code, errors::title(*code))).collect();
    let cost = price(message);
    let url = |url: Option<&String>| url.filter(|url| !url.is_empty()).cloned();
    let mut shown = json!({
        "record_type": "message",
        "direction": if inbound { "inbound" } else { "outbound" },
        "id": message.sid,
        "type": if message.is_mms() { "MMS" } else { "SMS" },
        "messaging_profile_id": details.and_then(|d| d.messaging_profile_id.as_ref()),
        "organization_id": message.account,
        "from": from,
        "to": [to],
        "cc": [],
        "text": message.body,
        "subject": details.and_then(|d| d.subject.as_ref()),
        "media": media(state, message),
        "webhook_url": url(details.and_then(|d| d.webhook_url.as_ref())),
        "webhook_failover_url": url(details.and_then(|d| d.webhook_failover_url.as_ref())),
        "encoding": if segments::is_gsm(&message.body) { "GSM-7" } else { "UCS-2" },
        "parts": message.num_segments.clamp(1, 10),
        "tags": [],
        "cost": { "amount": money(cost, 4), "currency": "USD" },
        "cost_breakdown": {
            "rate": { "amount": money(cost, 5), "currency": "USD" },
            "carrier_fee": { "amount": "0.00000", "currency": "USD" },
        },
        "tcr_campaign_id": null,
        "tcr_campaign_billable": false,
        "tcr_campaign_registered": null,
        "received_at": stamp(message.created),
        "sent_at": message.sent.filter(|_| !inbound).map(stamp),
        "completed_at": details.and_then(|d| d.completed).map(stamp),
        "valid_until": (!inbound).then(|| stamp(later(message.created, time::Duration::HOUR))),
        "errors": errors,
    });
    if let (Some(kind), Some(shown)) = (details.and_then(|d| d.autoresponse_type), shown.as_object_mut()) {
        shown.insert("autoresponse_type".to_owned(), json!(kind));
    }
    shown
}

/// What was sent is known by its address only; what came in lies on the CDN.
fn media(state: &State, message: &Message) -> Vec<Value> {
    let sent = message
        .media_urls
        .iter()
        .map(|url| json!({ "url": url, "content_type": null, "sha256": null, "size": null }));
    let received = message.media.iter().filter_map(|sid| {
        let media = state.media.get(sid)?;
        // The same link whenever it is shown: it was made when the message came in.
        Some(json!({
            "url": media.public_url,
            "content_type": media.content_type,
            "sha256": media.sha256(),
            "size": media.len(),
        }))
    });
    sent.chain(received).collect()
}
