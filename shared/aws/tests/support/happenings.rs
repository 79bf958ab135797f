//! Events, endpoints and deliveries to test with.

use serde_json::json;
use telephony::domain::endpoint::{DeliveryRef, Endpoint, Health, Sealed, Target};
use telephony::domain::event::{EventType, NewEvent, Thread};
use telephony::domain::ids::{ConversationId, EndpointId, EventId, TenantId};
use telephony::domain::timestamp::Timestamp;

pub fn thread(n: u64) -> Thread {
    Thread::Conversation(ConversationId::derived(&["test", &n.to_string()]))
}

/// Event `n` of a thread.
pub fn event(tenant: &TenantId, thread: Thread, n: u64, at: Timestamp) -> NewEvent {
    NewEvent {
        id: EventId::derived(&[tenant.as_str(), &thread.to_string(), &n.to_string()]),
        tenant: tenant.clone(),
        kind: EventType::MessageReceived,
        thread,
        data: json!({ "n": n }),
        turn: None,
        at,
    }
}

pub fn endpoint(tenant: &TenantId, name: &str, at: Timestamp) -> Endpoint {
    Endpoint {
        id: EndpointId::derived(&[name]),
        tenant: tenant.clone(),
        url: format!("https://{name}.example.com/hook"),
        events: vec!["*".parse().unwrap()],
        secret: Sealed("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()),
        previous: None,
        is_active: true,
        disabled_reason: None,
        health: Health::default(),
        created_at: at,
        updated_at: at,
    }
}

pub fn delivery(event: &NewEvent, endpoint: EndpointId) -> DeliveryRef {
    DeliveryRef { tenant: event.tenant.clone(), event: event.id, target: Target::Endpoint(endpoint) }
}
