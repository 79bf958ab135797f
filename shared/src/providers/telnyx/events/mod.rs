//! Verified events in our words. The envelope is `{"data": {event_type, id, occurred_at, payload}}`
//! (OpenAPI, webhooks).

mod call;
mod message;
mod order;

pub(super) use call::{channels, state};

use serde::Deserialize;
use serde_json::Value;

use super::webhook::shaped;
use crate::domain::timestamp::Timestamp;
use crate::provider::request::InboundRequest;
use crate::provider::webhooks::{Event, WebhookError};

/// What is around every event.
#[derive(Deserialize)]
struct Envelope<'e> {
    event_type: &'e str,
    id: Option<&'e str>,
    occurred_at: Option<&'e str>,
}

/// What an event says of itself.
struct Occasion {
    /// The provider's id of the event: the same over all retries.
    id: Option<String>,
    /// When it happened.
    at: Option<Timestamp>,
}

/// The longest name of an event that is kept.
const MAX_NAME: usize = 100;

/// Reads the event of a body.
pub(super) fn read(body: &Value, request: &InboundRequest) -> Result<Event, WebhookError> {
    let Some(data) = body.get("data") else {
        // Applications of webhook API version 1 have no envelope.
        return match body.get("event_type").and_then(Value::as_str) {
            Some(name) => Ok(unrecognised(&format!("version 1: {name}"))),
            None => Err(WebhookError::Malformed("data is missing")),
        };
    };
    let envelope: Envelope<'_> = shaped(data)?;
    let payload = data.get("payload").ok_or(WebhookError::Malformed("data.payload is missing"))?;
    let name = envelope.event_type;
    let occasion = Occasion {
        id: envelope.id.map(str::to_owned),
        at: envelope.occurred_at.and_then(Timestamp::parse_rfc3339),
    };
    match name {
        "message.received" => message::received(payload),
        "message.sent" | "message.finalized" => message::status(payload, &occasion, request),
        "number_order.complete" => order::report(payload, occasion),
        "call.recording.saved" => call::recording(payload, occasion),
        _ if name.starts_with("call.") || name.starts_with("streaming.") => {
            call::happened(name, payload, occasion)
        }
        _ => Ok(unrecognised(name)),
    }
}

fn unrecognised(name: &str) -> Event {
    Event::Unrecognised { name: name.chars().take(MAX_NAME).collect() }
}
