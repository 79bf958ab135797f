//! Signatures: the published vectors, every mutation, keys and their roles, and what the request says
//! about whose it is.

use bytes::Bytes;
use http::{HeaderMap, Method};
use proptest::prelude::*;
use serde_json::json;
use telephony::domain::secret::Secret;
use telephony::domain::timestamp::Timestamp;
use telephony::provider::account::ProviderAccount;
use telephony::provider::request::InboundRequest;
use telephony::provider::webhooks::{KeyRole, VerificationKey, WebhookError, WebhookKind};
use telephony_testkit::facts::facts;
use telephony_testkit::mutate::{single_bytes, with_body, with_header, with_header_twice};
use telephony_testkit::telnyx::{
    ACCOUNT_ID, CONNECTION_ID, NEXT_SEED, OURS, PROFILE_ID, SEED, SIGNATURE, THEIRS, TIMESTAMP, account,
    call_initiated, message_received, message_status, public_key, recording_saved, sign, signed,
};
use telephony_testkit::webhooks::request as plain;

use super::super::NOW;
use super::{URL, events, keys, request, webhooks};

fn key(public_key: &str) -> VerificationKey {
    VerificationKey {
        account: account().id,
        remote_id: String::new(),
        role: KeyRole::Current,
        secret: Secret::new(public_key),
    }
}

fn captured() -> InboundRequest {
    request(URL, &message_received(1, THEIRS, OURS, "Grüße & 100% +1 👋"))
}

fn refusal(request: &InboundRequest) -> Option<WebhookError> {
    webhooks().verify(request, &keys(), NOW).err()
}

/// Thousands of times, so with keys that were read once.
fn refusals<'m>(
    requests: impl IntoIterator<Item = InboundRequest> + 'm,
) -> impl Iterator<Item = (InboundRequest, Option<WebhookError>)> + 'm {
    let keys = keys();
    requests.into_iter().map(move |request| {
        let refusal = webhooks().verify(&request, &keys, NOW).err();
        (request, refusal)
    })
}

#[test]
fn the_published_vectors() {
    let Some(facts) = facts() else { return };
    let vectors = facts.json("vectors/telnyx_ed25519.json");
    let cases = vectors["cases"].as_array().unwrap();
    assert!(cases.len() >= 15, "{} cases", cases.len());
    for case in cases {
        let mut headers = HeaderMap::new();
        for (name, value) in case["headers"].as_object().unwrap() {
            headers.insert(
                http::HeaderName::from_bytes(name.as_bytes()).unwrap(),
                value.as_str().unwrap().parse().unwrap(),
            );
        }
        let body = Bytes::from(case["body"].as_str().unwrap().to_owned());
        let request = InboundRequest { method: Method::POST, public_url: URL.to_owned(), headers, body };
        let now = Timestamp::from_millis(case["now_s"].as_i64().unwrap() * 1000);
        let keys = [key(case["public_key"].as_str().unwrap())];
        let verified = webhooks().verify(&request, &keys, now).is_ok();
        assert_eq!(verified, case["valid"].as_bool().unwrap(), "{}", case["name"]);
    }
}

#[test]
fn every_single_byte_of_the_body() {
    let request = captured();
    assert!(events(&request).is_ok());
    let changed = single_bytes(&request.body).into_iter().map(|body| with_body(&request, body));
    for (changed, refusal) in refusals(changed.collect::<Vec<_>>()) {
        assert_eq!(refusal, Some(WebhookError::BadSignature), "{:?}", changed.body);
    }
    for body in [vec![], [b" ".as_slice(), &request.body].concat(), [&request.body[..], b"\n"].concat()] {
        assert_eq!(refusal(&with_body(&request, body)), Some(WebhookError::BadSignature));
    }
}

#[test]
fn every_single_byte_of_the_timestamp() {
    let request = captured();
    let timestamp = request.headers[TIMESTAMP].as_bytes().to_vec();
    let spellings = [
        "+1767621900",
        " 1767621900",
        "01767621900",
        "1767621900.0",
        "1767621900000",
        "-1767621900",
        "",
        "1e9",
    ];
    for value in single_bytes(&timestamp).into_iter().chain(spellings.map(|text| text.as_bytes().to_vec())) {
        let Some(changed) = with_header(&request, TIMESTAMP, Some(&value)) else { continue };
        assert!(refusal(&changed).is_some(), "{:?}", String::from_utf8_lossy(&value));
    }
    let absent = with_header(&request, TIMESTAMP, None).unwrap();
    assert_eq!(refusal(&absent), Some(WebhookError::MissingSignature));
    assert_eq!(refusal(&with_header_twice(&request, TIMESTAMP)), Some(WebhookError::MissingSignature));
}

#[test]
fn every_single_byte_of_the_signature() {
    let request = captured();
    let signature = request.headers[SIGNATURE].as_bytes().to_vec();
    let unpadded = signature.strip_suffix(b"==").unwrap().to_vec();
    let url_safe: Vec<u8> = signature
        .iter()
        .map(|b| {
            if *b == b'+' {
                b'-'
            } else if *b == b'/' {
                b'_'
            } else {
                *b
            }
        })
        .collect();
    let others = [unpadded, signature.repeat(2), b"AAAA".to_vec(), b"".to_vec(), b"\xff\xff".to_vec()];
    for value in
        single_bytes(&signature).into_iter().chain(others).chain((url_safe != signature).then_some(url_safe))
    {
        let Some(changed) = with_header(&request, SIGNATURE, Some(&value)) else { continue };
        let error = refusal(&changed).expect("a signature has one spelling");
        assert!(matches!(error, WebhookError::BadSignature | WebhookError::MissingSignature));
    }
    let absent = with_header(&request, SIGNATURE, None).unwrap();
    assert_eq!(refusal(&absent), Some(WebhookError::MissingSignature));
    assert_eq!(refusal(&with_header_twice(&request, SIGNATURE)), Some(WebhookError::MissingSignature));
}

/// A signature with the group's order added to its scalar is the same signature to a lax verifier.
#[test]
fn a_malleable_signature_is_refused() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let order: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let request = captured();
    let mut bytes = STANDARD.decode(&request.headers[SIGNATURE]).unwrap();
    let mut carry = 0_u16;
    for (byte, add) in bytes[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    let changed = with_header(&request, SIGNATURE, Some(STANDARD.encode(&bytes).as_bytes())).unwrap();
    assert_eq!(refusal(&changed), Some(WebhookError::BadSignature));
    // The neutral point as key and as R verifies anything with S = 0.
    let mut neutral = [0_u8; 32];
    neutral[0] = 1;
    let forged = [neutral, [0; 32]].concat();
    let changed = with_header(&request, SIGNATURE, Some(STANDARD.encode(forged).as_bytes())).unwrap();
    let weak = [key(&STANDARD.encode(neutral))];
    assert_eq!(webhooks().verify(&changed, &weak, NOW).err(), Some(WebhookError::BadSignature));
    let account =
        ProviderAccount { config: [("public_key", STANDARD.encode(neutral).as_str())].into(), ..account() };
    assert!(webhooks().keys(&account).is_empty());
}

#[test]
fn a_timestamp_is_believed_for_five_minutes_both_ways() {
    let body = message_received(1, THEIRS, OURS, "hi").to_string();
    for (offset, expected) in [
        (0, None),
        (300, None),
        (-300, None),
        (301, Some(WebhookError::Stale)),
        (-301, Some(WebhookError::Stale)),
        (-86_400, Some(WebhookError::Stale)),
    ] {
        assert_eq!(refusal(&signed(&SEED, NOW.seconds() + offset, URL, &body)), expected, "{offset}");
    }
    for timestamp in ["0", "9223372036854775807"] {
        let signature = sign(&SEED, timestamp, body.as_bytes());
        let headers =
            [("content-type", "application/json"), (SIGNATURE, signature.as_str()), (TIMESTAMP, timestamp)];
        let request = plain(Method::POST, URL, &headers, body.clone());
        assert_eq!(refusal(&request), Some(WebhookError::Stale), "{timestamp}");
    }
}

#[test]
fn the_current_and_the_next_key_sign_and_say_which_they_are() {
    for (seed, role) in [(&SEED, KeyRole::Current), (&NEXT_SEED, KeyRole::Next)] {
        let request = signed(seed, NOW.seconds(), URL, "{}");
        let keys = keys();
        let verified = webhooks().verify(&request, &keys, NOW).unwrap();
        assert_eq!((verified.role(), verified.account()), (role, &account().id));
    }
    let stranger = signed(&[7; 32], NOW.seconds(), URL, "{}");
    assert_eq!(refusal(&stranger), Some(WebhookError::BadSignature));
}

#[test]
fn at_most_four_keys_are_tried_and_only_what_is_a_key() {
    let request = captured();
    let (right, wrong) = (|| key(&public_key(&SEED)), || key(&public_key(&[7; 32])));
    assert!(webhooks().verify(&request, &[wrong(), wrong(), wrong(), right()], NOW).is_ok());
    for keys in [
        vec![wrong(), wrong(), wrong(), wrong(), right()],
        vec![],
        vec![key("")],
        vec![key("not base64")],
        vec![key("QUJD")],
    ] {
        assert_eq!(webhooks().verify(&request, &keys, NOW).err(), Some(WebhookError::BadSignature));
    }
    for unusable in ["", "QUJD", "not base64", &public_key(&SEED)[1..]] {
        let account = ProviderAccount { config: [("public_key", unusable)].into(), ..account() };
        assert!(webhooks().keys(&account).is_empty(), "{unusable:?}");
    }
}

#[test]
fn an_account_is_named_by_what_its_events_carry() {
    let names = webhooks().names(&account());
    assert_eq!(names, [ACCOUNT_ID, CONNECTION_ID, PROFILE_ID]);
    assert!(webhooks().names(&ProviderAccount { config: [("api_key", "k")].into(), ..account() }).is_empty());
    for (body, claims) in [
        (message_received(1, THEIRS, OURS, "hi"), vec![PROFILE_ID, ACCOUNT_ID, OURS]),
        (message_status(1, "sent", None), vec![PROFILE_ID, ACCOUNT_ID, OURS]),
        (call_initiated(1), vec![CONNECTION_ID, OURS]),
        (recording_saved(1, "https://x.example/1.mp3"), vec![CONNECTION_ID]),
        (telephony_testkit::telnyx::call_hangup(1, "timeout"), vec![CONNECTION_ID, OURS, THEIRS]),
        (
            telephony_testkit::telnyx::number_order(1, "o", OURS, "success", "m"),
            vec![CONNECTION_ID, PROFILE_ID],
        ),
        (json!({"data": {"payload": {"to": OURS, "direction": "inbound"}}}), vec![OURS]),
        (json!({"data": {"payload": {"to": 1, "from": [], "connection_id": ["x"]}}}), vec![]),
        (json!({"data": {"payload": {"connection_id": "x".repeat(65), "organization_id": ""}}}), vec![]),
        (json!({"data": []}), vec![]),
        (json!([]), vec![]),
    ] {
        assert_eq!(webhooks().claims(&request(URL, &body)), claims, "{body}");
    }
    for body in ["", "{", r#"{"data":{"payload":{"to":"a"}},"data":{}}"#, &"[".repeat(9_000)] {
        assert!(webhooks().claims(&signed(&SEED, 0, URL, body)).is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn arbitrary_requests_neither_panic_nor_verify(
        body in proptest::collection::vec(any::<u8>(), 0..200),
        url in ".{0,60}",
        signature in "[A-Za-z0-9+/=]{0,90}",
        timestamp in prop_oneof!["[0-9+-]{0,25}", Just(NOW.seconds().to_string())],
        post in any::<bool>(),
    ) {
        let headers = [("content-type", "application/json"), (SIGNATURE, signature.as_str()), (TIMESTAMP, timestamp.as_str())];
        let method = if post { Method::POST } else { Method::GET };
        let request = plain(method, &url, &headers, body);
        let _ = webhooks().claims(&request);
        prop_assert!(webhooks().verify(&request, &keys(), NOW).is_err());
    }

    /// What is signed can still be anything: reading it never panics either.
    #[test]
    fn arbitrary_signed_bodies_never_panic(body in prop_oneof![
        ".{0,200}".prop_map(String::from),
        r#"\{"data":\{"event_type":"(message|call)\.[a-z]{1,9}","payload":[\[\]\{\}":,a-z0-9]{0,40}\}\}"#,
    ]) {
        let request = signed(&SEED, NOW.seconds(), URL, &body);
        let _ = webhooks().claims(&request);
        let keys = keys();
        let verified = webhooks().verify(&request, &keys, NOW).expect("it is signed");
        for kind in [WebhookKind::Events, WebhookKind::Sms, WebhookKind::StatusCallback] {
            let _ = webhooks().parse(&verified, kind);
        }
    }
}
