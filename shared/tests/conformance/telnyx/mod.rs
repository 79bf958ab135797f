//! Telnyx: a scheme of its own, so its cases are its own too.

mod accounts;
mod call_events;
mod calls;
mod control;
mod errors;
mod media;
mod messages;
mod numbers;
pub(crate) mod openapi;
mod parsing;
mod recordings;
mod verify;

use std::sync::Arc;

use serde_json::Value;
use telephony::provider::messaging::Messaging;
use telephony::provider::request::InboundRequest;
use telephony::provider::webhooks::{Event, VerificationKey, WebhookError, WebhookKind, Webhooks};
use telephony::provider::{Environment, ProviderId, registry};
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::telnyx::{SEED, account, signed};

use super::NOW;

const URL: &str = "https://phone.example.com/prod/api/webhooks/telnyx";

fn webhooks() -> &'static dyn Webhooks {
    registry::webhooks(ProviderId::Telnyx)
}

fn keys() -> Vec<VerificationKey> {
    webhooks().keys(&account())
}

/// An event, signed now by the account.
fn request(url: &str, body: &Value) -> InboundRequest {
    signed(&SEED, NOW.seconds(), url, &body.to_string())
}

fn events(request: &InboundRequest) -> Result<Vec<Event>, WebhookError> {
    webhooks().parse(&webhooks().verify(request, &keys(), NOW)?, WebhookKind::Events)
}

/// The one event of a body.
fn event(url: &str, body: &Value) -> Result<Event, WebhookError> {
    let mut events = events(&request(url, body))?;
    assert_eq!(events.len(), 1);
    Ok(events.remove(0))
}

fn messaging(transport: &Arc<ReplayTransport>) -> Box<dyn Messaging> {
    registry::messaging(ProviderId::Telnyx).unwrap()(&account(), &Environment::default(), transport.clone())
        .unwrap()
}
