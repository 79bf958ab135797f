//! Keys, accounts, bodies that are no forms, and arbitrary requests.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proptest::prelude::*;
use telephony::provider::registry;
use telephony::provider::request::InboundRequest;
use telephony::provider::webhooks::{KeyRole, WebhookError, WebhookKind};
use telephony_testkit::mutate::with_header;
use telephony_testkit::sign::{body_sha256, sign_signalwire, sign_signalwire_raw};
use telephony_testkit::webhooks::{SAMPLES, SIGNALWIRE, Sample, TWILIO, form_body, request};

use super::{NOW, SMS_URL, inbound, key, keys_of, verify};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[test]
fn the_current_and_the_next_key_sign_and_say_which_they_are() {
    for sample in SAMPLES {
        let body = form_body(&[("AccountSid", sample.remote_id), ("a", "1")]);
        for (secret, role) in sample.keys.into_iter().zip([KeyRole::Current, KeyRole::Next]) {
            let request = sample.signed_form(secret, SMS_URL, &body);
            let verified = verify(&sample, &request).unwrap();
            assert_eq!((verified.role(), verified.account()), (role, &sample.account().id));
        }
        for wrong in ["", "wrong", sample.remote_id, "signalwire-api-token"] {
            let request = sample.signed_form(wrong, SMS_URL, &body);
            assert_eq!(verify(&sample, &request).err(), Some(WebhookError::BadSignature), "{wrong}");
        }
    }
}

#[test]
fn at_most_four_keys_are_tried_and_never_an_empty_one() {
    for sample in SAMPLES {
        let request = inbound(&sample);
        let webhooks = registry::webhooks(sample.provider);
        let wrong = || key(&sample, "wrong");
        let right = || key(&sample, sample.keys[0]);
        let fourth = [wrong(), wrong(), wrong(), right()];
        assert!(webhooks.verify(&request, &fourth, NOW).is_ok());
        let fifth = [wrong(), wrong(), wrong(), wrong(), right()];
        assert_eq!(webhooks.verify(&request, &fifth, NOW).err(), Some(WebhookError::BadSignature));
        assert_eq!(webhooks.verify(&request, &[], NOW).err(), Some(WebhookError::BadSignature));
        let unsigned = sample.signed_form("", SMS_URL, "a=1");
        assert!(webhooks.verify(&unsigned, &[key(&sample, "")], NOW).is_err());
    }
}

#[test]
fn an_account_speaks_only_for_itself() {
    for sample in SAMPLES {
        let other = sample.remote_id.replace("01", "02");
        let body = form_body(&[("AccountSid", &other), ("a", "1")]);
        let request = sample.signed_form(sample.keys[0], SMS_URL, &body);
        assert_eq!(registry::webhooks(sample.provider).claims(&request), [other]);
        assert_eq!(verify(&sample, &request).err(), Some(WebhookError::BadSignature));
    }
}

#[test]
fn the_named_account_is_read_from_forms_and_json_and_only_when_it_is_one() {
    let json = ("content-type", "application/json");
    let deep = "[".repeat(10_000);
    for (header, body, named) in [
        (FORM, "a=1&AccountSid=AC1", Some("AC1")),
        (FORM, "AccountSid=AC1&AccountSid=AC1", None),
        (FORM, "AccountSid=%ff", None),
        (FORM, "", None),
        (json, r#"{"account_sid":"AC1","x":[{}]}"#, Some("AC1")),
        (json, r#"{"AccountSid":"AC1"}"#, Some("AC1")),
        (json, r#"{"AccountSid":"AC1","account_sid":"AC2"}"#, None),
        (json, r#"{"account_sid":"AC1","account_sid":"AC2"}"#, None),
        (json, r#"{"account_sid":1}"#, None),
        (json, "AccountSid=AC1", None),
        (json, deep.as_str(), None),
    ] {
        for sample in SAMPLES {
            let request = request(Method::POST, SMS_URL, &[header], body.to_owned());
            let claimed = registry::webhooks(sample.provider).claims(&request).pop();
            assert_eq!(claimed.as_deref(), named, "{body:.60}");
        }
    }
}

#[test]
fn repeated_and_empty_parameters_are_signed_as_the_provider_signs_them() {
    // In the order of the samples: Twilio sorts and drops repetitions, SignalWire keeps the order.
    for (signed, sent, accepted) in [
        ("a=1&a=2", "a=2&a=1", [true, false]),
        ("a=1&a=2", "a=1&a=2&a=2", [true, false]),
        ("a=1&b=", "b=&a=1", [true, true]),
        ("a=1&b", "a=1&b=", [true, true]),
        ("a=1&&b=", "a=1&b=", [true, true]),
        ("a=%2B+%7e", "a=%2b%20~", [true, true]),
        ("a=%zz%", "a=%25zz%25", [true, true]),
        ("a=%ff%00", "a=%FF%00", [true, true]),
        ("a=%ff", "a=%EF%BF%BD", [false, false]),
        ("a=1", "a=1&b=", [false, false]),
        ("a=1", "A=1", [false, false]),
        ("a=1", "a=1+", [false, false]),
        ("", "&", [false, false]),
        ("", "", [true, true]),
    ] {
        for (sample, accepted) in SAMPLES.into_iter().zip(accepted) {
            let mut request = sample.signed_form(sample.keys[0], SMS_URL, signed);
            request.body = Bytes::from(sent.to_owned());
            assert_eq!(verify(&sample, &request).is_ok(), accepted, "{} {signed} {sent}", sample.provider);
        }
    }
}

fn signed_body(sample: &Sample, url: &str, content_type: &str, body: &str) -> InboundRequest {
    let signature = (sample.sign)(sample.keys[0], url, b"");
    request(
        Method::POST,
        url,
        &[("content-type", content_type), (sample.header, &signature)],
        body.to_owned(),
    )
}

#[test]
fn a_body_that_is_no_form_needs_its_own_digest_in_the_url() {
    let body = r#"{"a":1}"#;
    let digest = body_sha256(body.as_bytes());
    for sample in SAMPLES {
        for (query, accepted) in [
            (format!("?x=1&bodySHA256={digest}"), true),
            (format!("?bodySHA256={digest}&x=1"), true),
            (String::new(), false),
            ("?bodySHA256=".to_owned(), false),
            (format!("?bodySHA256={}", digest.to_uppercase()), false),
            (format!("?bodySHA256={}", body_sha256(b"{}")), false),
            (format!("?bodySHA256={digest}&bodySHA256={digest}"), false),
            (format!("?bodySHA256={digest}&bodySHA256={}", body_sha256(b"{}")), false),
            (format!("?xbodySHA256={digest}"), false),
        ] {
            let url = format!("{SMS_URL}{query}");
            for kind in ["application/json", "text/plain", "application/x-www-form-urlencoded-not"] {
                let request = signed_body(&sample, &url, kind, body);
                assert_eq!(verify(&sample, &request).is_ok(), accepted, "{} {query}", sample.provider);
            }
        }
        // The same signature does not vouch for a form that is empty, or for no body at all.
        let url = format!("{SMS_URL}?bodySHA256={digest}");
        for kind in ["application/json", FORM.1] {
            assert!(verify(&sample, &signed_body(&sample, &url, kind, "")).is_err());
        }
        let json = signed_body(&sample, &url, "application/json", body);
        let events =
            registry::webhooks(sample.provider).parse(&verify(&sample, &json).unwrap(), WebhookKind::Sms);
        assert!(matches!(events.unwrap()[0], telephony::provider::webhooks::Event::Unrecognised { .. }));
    }
}

#[test]
fn signalwire_signs_raw_bodies_in_hexadecimal_and_falls_back_to_twilios_header() {
    let body = r#"{"a":1}"#;
    let hexadecimal = sign_signalwire_raw(SIGNALWIRE.keys[0], SMS_URL, body.as_bytes());
    let build = |header: &'static str, kind: &str, signature: &str, body: &str| {
        request(Method::POST, SMS_URL, &[("content-type", kind), (header, signature)], body.to_owned())
    };
    let accepted = build("x-signalwire-signature", "application/json", &hexadecimal, body);
    assert!(verify(&SIGNALWIRE, &accepted).is_ok());
    assert!(
        verify(&SIGNALWIRE, &build("x-twilio-signature", "application/json", &hexadecimal, body)).is_ok()
    );
    for refused in [
        build("x-signalwire-signature", "application/json", &hexadecimal.to_uppercase(), body),
        build("x-signalwire-signature", "application/json", &hexadecimal, r#"{"a":2}"#),
        build("x-signalwire-signature", FORM.1, &hexadecimal, body),
    ] {
        assert_eq!(verify(&SIGNALWIRE, &refused).err(), Some(WebhookError::BadSignature));
    }
    let form = "a=1";
    let base64 = sign_signalwire(SIGNALWIRE.keys[0], SMS_URL, form.as_bytes());
    let fallback = build("x-twilio-signature", FORM.1, &base64, form);
    assert!(verify(&SIGNALWIRE, &fallback).is_ok());
    // The fallback is for a header that is absent, not for one that is wrong.
    for wrong in [b"".as_slice(), b"wrong"] {
        let both = with_header(&fallback, "x-signalwire-signature", Some(wrong)).unwrap();
        assert!(verify(&SIGNALWIRE, &both).is_err());
    }
    let twilio = with_header(&inbound(&TWILIO), "x-signalwire-signature", Some(b"wrong")).unwrap();
    assert!(verify(&TWILIO, &twilio).is_ok(), "a stranger's header is nothing to Twilio");
}

#[test]
fn ports_come_and_go_as_each_provider_says() {
    let (bare, default, other) =
        ("https://h.example/p", "https://h.example:443/p", "https://h.example:8443/p");
    for (signed, received, accepted) in [
        (bare, default, [true, true]),
        (default, bare, [true, true]),
        (bare, other, [true, false]),
        (other, bare, [false, false]),
        (other, other, [true, true]),
        ("http://h.example/p", "http://h.example:80/p", [true, true]),
        ("http://h.example:443/p", "http://h.example/p", [false, false]),
        (bare, "https://u:p@h.example/p", [true, true]),
        ("https://u:p@h.example/p", "https://u:p@h.example/p", [true, true]),
        ("https://h.example/p?q=%27", "https://h.example/p?q='", [true, false]),
        ("https://h.example/'", "https://h.example/%27", [false, false]),
    ] {
        for (sample, accepted) in SAMPLES.into_iter().zip(accepted) {
            let mut request = sample.signed_form(sample.keys[0], signed, "a=1");
            request.public_url = received.to_owned();
            assert_eq!(
                verify(&sample, &request).is_ok(),
                accepted,
                "{} {signed} {received}",
                sample.provider
            );
        }
    }
}

#[test]
fn a_large_form_is_no_trouble() {
    for sample in SAMPLES {
        let mut body = form_body(&[("AccountSid", sample.remote_id)]);
        (0..20_000).for_each(|n| body.push_str(&format!("&p{n}={n}")));
        let request = sample.signed_form(sample.keys[1], SMS_URL, &body);
        assert!(verify(&sample, &request).is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn arbitrary_requests_neither_panic_nor_verify(
        body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            "(AccountSid|From|a|%[0-9a-f]?|[&=+%;]){0,20}".prop_map(String::into_bytes),
        ],
        url in prop_oneof![".{0,60}", "https?://[a-z@:\\[\\]0-9]{0,12}(/[a-z%']{0,5})?(\\?[a-zA-Z0-9=&'%]{0,30})?"],
        signature in proptest::collection::vec(any::<u8>(), 0..40),
        kind in prop_oneof![Just("application/x-www-form-urlencoded"), Just("application/json"), Just("")],
        post in any::<bool>(),
    ) {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(kind));
        if let Ok(value) = HeaderValue::from_bytes(&signature) {
            for sample in SAMPLES {
                headers.insert(HeaderName::from_static(sample.header), value.clone());
            }
        }
        let method = if post { Method::POST } else { Method::GET };
        let request = InboundRequest { method, public_url: url, headers, body: Bytes::from(body) };
        for sample in SAMPLES {
            let webhooks = registry::webhooks(sample.provider);
            let _ = webhooks.claims(&request).pop();
            prop_assert!(webhooks.verify(&request, &keys_of(&sample), NOW).is_err());
        }
    }

    /// What is signed can still be anything: reading it never panics either.
    #[test]
    fn arbitrary_signed_forms_never_panic(
        fields in proptest::collection::vec(
            (
                "(AccountSid|MessageSid|MessageStatus|From|To|Body|NumMedia|MediaUrl0|ErrorCode|[A-Za-z]{0,5})",
                prop_oneof!["[\u{0}-\u{10ffff}]{0,20}", "[0-9]{0,30}", Just("received".to_owned())],
            ),
            0..12,
        ),
    ) {
        for sample in SAMPLES {
            let sid = sample.message_sid(3);
            let mut params = vec![("AccountSid", sample.remote_id), ("MessageSid", sid.as_str())];
            params.extend(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            let request = sample.signed_form(sample.keys[0], SMS_URL, &form_body(&params));
            if let Ok(verified) = verify(&sample, &request) {
                for kind in [WebhookKind::Sms, WebhookKind::StatusCallback] {
                    let _ = registry::webhooks(sample.provider).parse(&verified, kind);
                }
            }
        }
    }
}
