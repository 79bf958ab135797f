//! Retell's sample: an account, its signatures and its webhooks, with invented values. The signer is
//! written from the provider's description and not from the adapter.

use hmac::{Hmac, Mac};
use http::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use telephony::provider::ProviderId;
use telephony::provider::account::ProviderAccount;
use telephony::provider::request::InboundRequest;

use crate::webhooks::request;

/// The key in force and the next one.
pub const KEYS: [&str; 2] = ["key_retell_current", "key_retell_next"];

/// Every secret of the account.
pub const SECRETS: [&str; 2] = KEYS;

/// The header of the signature.
pub const HEADER: &str = "x-retell-signature";

/// Our number, in every sample.
pub const OURS: &str = "+14155550100";

/// The other one's number, in every sample.
pub const THEIRS: &str = "+14155552671";

/// The account.
pub fn account() -> ProviderAccount {
    ProviderAccount {
        id: "test-retell".parse().expect("an id"),
        provider: ProviderId::Retell,
        tenant: None,
        config: [("api_key", KEYS[0]), ("next_api_key", KEYS[1])].into(),
    }
}

/// What Retell puts into `x-retell-signature` at this time.
pub fn sign(key: &str, millis: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes any key");
    mac.update(body);
    mac.update(millis.to_string().as_bytes());
    format!("v={millis},d={}", hex::encode(mac.finalize().into_bytes()))
}

/// A webhook signed with `key` at this time.
pub fn signed(key: &str, millis: i64, url: &str, body: &str) -> InboundRequest {
    let signature = sign(key, millis, body.as_bytes());
    let headers = [("content-type", "application/json"), (HEADER, signature.as_str())];
    request(Method::POST, url, &headers, body.to_owned())
}

/// A call of this status, as answers and webhooks hold it, with these members changed or added.
pub fn call(id: &str, status: &str, changes: &Value) -> Value {
    let mut call = json!({
        "call_type": "phone_call",
        "call_id": id,
        "agent_id": "agent_0000000000000001",
        "agent_version": 3,
        "agent_name": "Reception",
        "call_status": status,
        "from_number": OURS,
        "to_number": THEIRS,
        "direction": "outbound",
        "metadata": {"tandem_ref": "01ABC.d-1", "other": 7},
        "start_timestamp": 1_767_621_890_000_i64,
    });
    merge(&mut call, changes);
    call
}

/// The body of a webhook about a call.
pub fn event(name: &str, call: &Value) -> String {
    json!({"event": name, "call": call}).to_string()
}

/// The body of the webhook that asks who is to answer.
pub fn lookup(changes: &Value) -> String {
    let mut about = json!({"agent_id": "agent_0000000000000001", "agent_version": 3, "from_number": THEIRS, "to_number": OURS});
    merge(&mut about, changes);
    json!({"event": "call_inbound", "event_timestamp": 1_767_621_890_000_i64, "call_inbound": about})
        .to_string()
}

/// Sets the members of `changes`; `null` takes one away.
fn merge(into: &mut Value, changes: &Value) {
    let members = into.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
}
