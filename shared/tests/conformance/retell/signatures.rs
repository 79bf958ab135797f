//! Who sent it: the published vectors, and everything that is nearly one of them.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use proptest::prelude::*;
use serde_json::json;
use telephony::domain::secret::Secret;
use telephony::domain::timestamp::Timestamp;
use telephony::provider::request::{InboundRequest, Verified};
use telephony::provider::webhooks::{KeyRole, VerificationKey, WebhookError, WebhookKind};
use telephony::provider::{ProviderId, registry};
use telephony_testkit::facts::facts;
use telephony_testkit::mutate::{single_bytes, with_body, with_header, with_header_twice};
use telephony_testkit::retell::{HEADER, KEYS, account, call, event, sign, signed};
use telephony_testkit::webhooks::request;

use super::URL;
use crate::NOW;

fn keys() -> Vec<VerificationKey> {
    registry::webhooks(ProviderId::Retell).keys(&account())
}

fn verify_at(request: &InboundRequest, now: Timestamp) -> Result<Verified<'_>, WebhookError> {
    registry::webhooks(ProviderId::Retell).verify(request, &keys(), now)
}

fn captured() -> InboundRequest {
    signed(KEYS[0], NOW.millis(), URL, &event("call_ended", &call("call_1", "ended", &json!({}))))
}

fn key(secret: &str) -> VerificationKey {
    VerificationKey {
        account: account().id,
        remote_id: String::new(),
        role: KeyRole::Current,
        secret: Secret::new(secret),
    }
}

#[test]
fn the_vectors() {
    let Some(facts) = facts() else { return };
    let vectors = facts.json("vectors/retell_signature.json");
    let cases = vectors["cases"].as_array().unwrap();
    assert!(cases.len() >= 19, "{} cases", cases.len());
    for case in cases {
        let text = |name: &str| case[name].as_str().unwrap();
        let headers = [(HEADER, text("signature"))];
        let request = request(Method::POST, URL, &headers, text("body").to_owned());
        let now = Timestamp::from_millis(case["now_ms"].as_i64().unwrap());
        let keys = [key(text("api_key"))];
        let verified = registry::webhooks(ProviderId::Retell).verify(&request, &keys, now).is_ok();
        assert_eq!(verified, case["valid"].as_bool().unwrap(), "{}", case["name"]);
    }
    let first = &cases[0];
    let at = first["now_ms"].as_i64().unwrap();
    let body = first["body"].as_str().unwrap();
    assert_eq!(sign("test-api-key", at, body.as_bytes()), first["signature"].as_str().unwrap());
}

#[test]
fn the_current_key_and_the_next_one_and_no_other() {
    for (secret, role) in KEYS.into_iter().zip([KeyRole::Current, KeyRole::Next]) {
        let request = signed(secret, NOW.millis(), URL, "{}");
        let verified = verify_at(&request, NOW).unwrap();
        assert_eq!((verified.role(), verified.account()), (role, &account().id));
    }
    let stranger = signed("key_of_somebody_else", NOW.millis(), URL, "{}");
    assert_eq!(verify_at(&stranger, NOW).err(), Some(WebhookError::BadSignature));
    let webhooks = registry::webhooks(ProviderId::Retell);
    // An empty key signs for everybody, and the fifth key is one too many.
    let empty = signed("", NOW.millis(), URL, "{}");
    assert!(webhooks.verify(&empty, &[key("")], NOW).is_err());
    let fifth = signed("k5", NOW.millis(), URL, "{}");
    let many: Vec<_> = ["k1", "k2", "k3", "k4", "k5"].map(key).into();
    assert!(webhooks.verify(&fifth, &many, NOW).is_err());
    assert!(webhooks.verify(&fifth, &many[1..], NOW).is_ok());
    assert!(webhooks.verify(&fifth, &[], NOW).is_err());
}

#[test]
fn five_minutes_either_way() {
    let request = captured();
    for (millis, stale) in
        [(0, false), (300_000, false), (-300_000, false), (300_001, true), (-300_001, true)]
    {
        let error = verify_at(&request, Timestamp::from_millis(NOW.millis() + millis)).err();
        assert_eq!(error, stale.then_some(WebhookError::Stale), "{millis}");
    }
    for extreme in [i64::MIN, i64::MAX] {
        assert_eq!(verify_at(&request, Timestamp::from_millis(extreme)).err(), Some(WebhookError::Stale));
    }
}

#[test]
fn no_byte_of_the_body_can_change() {
    let request = captured();
    assert!(verify_at(&request, NOW).is_ok());
    let changed = single_bytes(&request.body);
    assert!(changed.len() > 1000);
    for body in changed {
        let changed = with_body(&request, body);
        assert_eq!(verify_at(&changed, NOW).err(), Some(WebhookError::BadSignature));
    }
    // The time is signed after the body: a digit cannot move from one to the other.
    let moved = with_body(&request, [&request.body[..], b"1"].concat());
    let shorter = format!("v={},d={}", &NOW.millis().to_string()[1..], "0".repeat(64));
    let moved = with_header(&moved, HEADER, Some(shorter.as_bytes())).unwrap();
    assert!(verify_at(&moved, NOW).is_err());
}

#[test]
fn no_byte_of_the_signature_can_change() {
    let request = captured();
    let signature = request.headers[HEADER].as_bytes().to_vec();
    let spaced = [b" ".as_slice(), &signature].concat();
    let more =
        [signature.repeat(2), signature.to_ascii_uppercase(), spaced, [&signature[..], b",x=1"].concat()];
    for value in single_bytes(&signature).into_iter().chain(more) {
        let Some(changed) = with_header(&request, HEADER, Some(&value)) else { continue };
        assert!(verify_at(&changed, NOW).is_err(), "{}", String::from_utf8_lossy(&value));
    }
    for unreadable in [None, Some(b"".as_slice()), Some(b"\xff\xff"), Some(b"v=,d="), Some(b"v=1,d=2")] {
        let changed = with_header(&request, HEADER, unreadable).unwrap();
        assert_eq!(verify_at(&changed, NOW).err(), Some(WebhookError::MissingSignature));
    }
    let twice = with_header_twice(&request, HEADER);
    assert_eq!(verify_at(&twice, NOW).err(), Some(WebhookError::MissingSignature));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn arbitrary_requests_neither_panic_nor_verify(
        body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            "(\\{\"event\":\"call_[a-z]{0,8}\",\"call\":)?[\\[\\]{}\",:a-z0-9]{0,40}".prop_map(String::into_bytes),
        ],
        signature in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..80),
            "v=[0-9]{0,20},d=[0-9a-f]{60,66}".prop_map(String::into_bytes),
        ],
    ) {
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_bytes(&signature) {
            headers.insert(HEADER, value);
        }
        let request =
            InboundRequest { method: Method::POST, public_url: URL.to_owned(), headers, body: Bytes::from(body) };
        let _ = registry::webhooks(ProviderId::Retell).claims(&request);
        prop_assert!(verify_at(&request, NOW).is_err());
    }

    /// What is signed can still be anything: reading it never panics either.
    #[test]
    fn arbitrary_signed_bodies_never_panic(
        name in "(call_started|call_ended|call_analyzed|call_inbound|transfer_ended|[a-z]{0,8})",
        members in proptest::collection::vec((
            "(call_id|call_status|metadata|duration_ms|call_cost|start_timestamp|from_number|direction)",
            prop_oneof![
                any::<i64>().prop_map(|n| json!(n)),
                any::<f64>().prop_map(|n| json!(n)),
                ".{0,8}".prop_map(|text| json!(text)),
                Just(json!({"combined_cost": 1e300, "tandem_ref": ["x"]})),
                Just(json!(null)),
            ],
        ), 0..8),
    ) {
        let call: serde_json::Map<_, _> = members.into_iter().collect();
        let body = json!({"event": name, "call": call.clone(), "call_inbound": call}).to_string();
        let request = signed(KEYS[0], NOW.millis(), URL, &body);
        let verified = verify_at(&request, NOW).unwrap();
        for kind in [WebhookKind::Events, WebhookKind::Sms] {
            let _ = registry::webhooks(ProviderId::Retell).parse(&verified, kind);
        }
    }
}
