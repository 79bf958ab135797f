//! Telnyx's sample: an account, its keys, how it signs, and the events that it sends. Written from
//! the provider's description and not from the adapter.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey};
use http::Method;
use serde_json::{Value, json};
use telephony::provider::ProviderId;
use telephony::provider::account::ProviderAccount;
use telephony::provider::request::InboundRequest;

use crate::webhooks::request;

/// The seed of the current key.
pub const SEED: [u8; 32] = *b"telnyx-sample-seed-current-00001";
/// The seed of the key that a rotation is about to put in force.
pub const NEXT_SEED: [u8; 32] = *b"telnyx-sample-seed-next-00000002";
/// The header of the signature.
pub const SIGNATURE: &str = "telnyx-signature-ed25519";
/// The header of the timestamp.
pub const TIMESTAMP: &str = "telnyx-timestamp";
/// The organization.
pub const ACCOUNT_ID: &str = "47a530f8-0000-4000-8000-000000000001";
/// The call control application.
pub const CONNECTION_ID: &str = "1684641123236054244";
/// The messaging profile.
pub const PROFILE_ID: &str = "740572b6-0000-4000-8000-000000000002";
/// Our number.
pub const OURS: &str = "+14155550100";
/// The other party.
pub const THEIRS: &str = "+14155552671";
/// Names a leg in commands.
pub const CONTROL_ID: &str = "v3:MdI91X4lWFEs7IgbBEOT9M4AigoY08M0WWZFISt1Yw2axZ_IiE4pqg";
/// Names a leg.
pub const LEG_ID: &str = "428c31b6-7af4-4bcb-b7f5-000000000001";
/// What the legs of a call have in common.
pub const SESSION_ID: &str = "428c31b6-7af4-4bcb-b7f5-000000000002";

/// Every secret of the account.
pub const SECRETS: [&str; 2] = ["KEY0telnyx_sample_api_key", "KEY0telnyx_sample_messaging_key"];

/// The account, with every setting.
pub fn account() -> ProviderAccount {
    ProviderAccount {
        id: "test-telnyx".parse().expect("an id"),
        provider: ProviderId::Telnyx,
        tenant: None,
        config: [
            ("api_key", SECRETS[0]),
            ("messaging_key", SECRETS[1]),
            ("public_key", public_key(&SEED).as_str()),
            ("next_public_key", public_key(&NEXT_SEED).as_str()),
            ("account_id", ACCOUNT_ID),
            ("connection_id", CONNECTION_ID),
            ("messaging_profile_id", PROFILE_ID),
        ]
        .into(),
    }
}

/// The setting `public_key` of a seed.
pub fn public_key(seed: &[u8; 32]) -> String {
    STANDARD.encode(SigningKey::from_bytes(seed).verifying_key().as_bytes())
}

/// What Telnyx puts into its signature header.
pub fn sign(seed: &[u8; 32], timestamp: &str, body: &[u8]) -> String {
    let message = [timestamp.as_bytes(), b"|", body].concat();
    STANDARD.encode(SigningKey::from_bytes(seed).sign(&message).to_bytes())
}

/// A JSON body signed at this second.
pub fn signed(seed: &[u8; 32], timestamp: i64, url: &str, body: &str) -> InboundRequest {
    let timestamp = timestamp.to_string();
    let signature = sign(seed, &timestamp, body.as_bytes());
    let headers = [
        ("content-type", "application/json"),
        (SIGNATURE, signature.as_str()),
        (TIMESTAMP, timestamp.as_str()),
    ];
    request(Method::POST, url, &headers, body.to_owned())
}

/// A message id, different for each `n`.
pub fn message_id(n: u32) -> String {
    format!("40385f64-0000-4000-8000-{n:012x}")
}

/// An event around a payload. `n` makes its id.
pub fn event(name: &str, n: u32, payload: &Value) -> Value {
    json!({
        "data": {
            "event_type": name,
            "id": format!("0ccc7b54-0000-4000-8000-{n:012x}"),
            "occurred_at": "2026-01-05T14:05:00.123Z",
            "payload": payload,
            "record_type": "event",
        },
        "meta": {"attempt": 1, "delivered_to": "https://phone.example.com/api/webhooks/telnyx"},
    })
}

/// `message.received`: a text of `from` to our number `to`.
pub fn message_received(n: u32, from: &str, to: &str, text: &str) -> Value {
    event(
        "message.received",
        n,
        &json!({
            "cc": [], "completed_at": null, "cost": {"amount": "0.0040", "currency": "USD"},
            "direction": "inbound", "encoding": "GSM-7", "errors": [],
            "from": {"carrier": "T-Mobile USA", "line_type": "Wireless", "phone_number": from},
            "id": message_id(n), "media": [],
            "messaging_profile_id": PROFILE_ID, "organization_id": ACCOUNT_ID, "parts": 1,
            "received_at": "2026-01-05T14:05:00.123Z", "record_type": "message", "sent_at": null, "tags": [],
            "text": text,
            "to": [{"carrier": "Telnyx", "line_type": "VoIP", "phone_number": to, "status": "webhook_delivered"}],
            "type": "SMS", "valid_until": null, "webhook_failover_url": null,
            "webhook_url": "https://phone.example.com/api/webhooks/telnyx",
        }),
    )
}

/// A message of ours as the API knows it.
pub fn message(n: u32, status: &str) -> Value {
    json!({
        "cc": [], "completed_at": null, "cost": {"amount": "0.0051", "currency": "USD"},
        "direction": "outbound", "encoding": "GSM-7", "errors": [],
        "from": {"carrier": "Telnyx", "line_type": "VoIP", "phone_number": OURS},
        "id": message_id(n), "media": [],
        "messaging_profile_id": PROFILE_ID, "organization_id": ACCOUNT_ID, "parts": 1,
        "received_at": "2026-01-05T14:05:00.123Z", "record_type": "message", "sent_at": null, "subject": null,
        "tags": [], "text": "hi",
        "to": [{"carrier": "T-Mobile USA", "line_type": "Wireless", "phone_number": THEIRS, "status": status}],
        "type": "SMS", "valid_until": null, "webhook_failover_url": null,
        "webhook_url": "https://phone.example.com/api/webhooks/telnyx",
    })
}

/// `message.sent`, or `message.finalized` for every other status; with an error code when there is one.
pub fn message_status(n: u32, status: &str, code: Option<&str>) -> Value {
    let mut payload = message(n, status);
    if let Some(code) = code {
        set(&mut payload, "errors", json!([{"code": code, "title": "failed", "detail": "it failed"}]));
    }
    let name = if status == "sent" { "message.sent" } else { "message.finalized" };
    event(name, n, &payload)
}

fn set(object: &mut Value, member: &str, value: Value) {
    object.as_object_mut().expect("an object").insert(member.to_owned(), value);
}

/// The state as it travels.
pub fn client_state(opaque: &str) -> String {
    STANDARD.encode(opaque)
}

/// An event of an inbound leg with what every such event has, and `more`.
pub fn call(name: &str, n: u32, more: &Value) -> Value {
    let mut payload = json!({
        "call_control_id": CONTROL_ID, "call_leg_id": LEG_ID, "call_session_id": SESSION_ID,
        "connection_id": CONNECTION_ID, "client_state": null, "from": THEIRS, "to": OURS,
        "start_time": "2026-01-05T14:04:50.000Z",
    });
    for (member, value) in more.as_object().expect("an object") {
        set(&mut payload, member, value.clone());
    }
    event(name, n, &payload)
}

/// `call.initiated` of an inbound call that waits for us.
pub fn call_initiated(n: u32) -> Value {
    call(
        "call.initiated",
        n,
        &json!({
            "direction": "incoming", "state": "parked",
            "shaken_stir_attestation": "A", "shaken_stir_validated": true,
        }),
    )
}

/// `call.hangup`.
pub fn call_hangup(n: u32, cause: &str) -> Value {
    let more = json!({"hangup_cause": cause, "hangup_source": "caller", "sip_hangup_cause": "200", "state": "hangup"});
    call("call.hangup", n, &more)
}

/// `call.recording.saved`, which names no control id.
pub fn recording_saved(n: u32, url: &str) -> Value {
    event(
        "call.recording.saved",
        n,
        &json!({
            "call_leg_id": LEG_ID, "call_session_id": SESSION_ID, "connection_id": CONNECTION_ID,
            "client_state": null, "channels": "dual",
            "recording_started_at": "2026-01-05T14:05:00Z", "recording_ended_at": "2026-01-05T14:05:12.500Z",
            "recording_urls": {"mp3": url}, "public_recording_urls": {},
        }),
    )
}

/// `number_order.complete` with one number.
pub fn number_order(n: u32, order: &str, phone: &str, status: &str, mark: &str) -> Value {
    event(
        "number_order.complete",
        n,
        &json!({
            "id": order, "record_type": "number_order", "phone_numbers_count": 1,
            "connection_id": CONNECTION_ID, "messaging_profile_id": PROFILE_ID, "customer_reference": mark,
            "phone_numbers": [{
                "id": "dc8e4d67-0000-4000-8000-000000000001", "record_type": "number_order_phone_number",
                "phone_number": phone, "status": status,
            }],
            "status": status, "requirements_met": true, "sub_number_orders_ids": [],
        }),
    )
}
