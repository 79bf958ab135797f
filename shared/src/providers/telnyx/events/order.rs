//! Events of number orders, and what the orders say.

use serde::Deserialize;
use serde_json::Value;

use super::super::webhook::shaped;
use super::Occasion;
use crate::domain::phone::E164;
use crate::provider::numbers::OrderReport;
use crate::provider::webhooks::{Event, WebhookError};

/// OpenAPI, NumberOrderWithPhoneNumbers.
#[derive(Deserialize)]
struct WireOrder {
    id: String,
    phone_numbers: Option<Vec<WireOrdered>>,
    customer_reference: Option<String>,
}

/// OpenAPI, NumberOrderPhoneNumber.
#[derive(Deserialize)]
struct WireOrdered {
    phone_number: String,
    status: Option<String>,
}

/// `number_order.complete`.
pub(super) fn report(payload: &Value, occasion: Occasion) -> Result<Event, WebhookError> {
    let wire: WireOrder = shaped(payload)?;
    let numbers = wire.phone_numbers.unwrap_or_default().into_iter().map(|number| {
        let phone: E164 =
            number.phone_number.parse().map_err(|_| WebhookError::Malformed("a phone number is not one"))?;
        Ok((phone, outcome(number.status.as_deref())))
    });
    Ok(Event::NumberOrder(OrderReport {
        event_id: occasion.id,
        order: wire.id.parse().map_err(|_| WebhookError::Malformed("the order's id is not one"))?,
        numbers: numbers.collect::<Result<_, _>>()?,
        mark: wire.customer_reference.filter(|mark| !mark.is_empty()),
    }))
}

/// `pending`, `success` or `failure`; a word that this version does not know settles nothing.
fn outcome(word: Option<&str>) -> Option<bool> {
    match word {
        Some("success") => Some(true),
        Some("failure") => Some(false),
        Some(_) | None => None,
    }
}
