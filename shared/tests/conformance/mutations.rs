//! Every single-byte change of a captured request.

use telephony::provider::registry;
use telephony::provider::request::InboundRequest;
use telephony::provider::webhooks::{Event, WebhookError, WebhookKind};
use telephony_testkit::mutate::{single_bytes, with_body, with_header, with_header_twice, with_url};
use telephony_testkit::sign::form_pairs;
use telephony_testkit::webhooks::{SAMPLES, Sample};

use super::{inbound, status_report, verify};

/// The string that the provider would sign for this request, by the testkit's own reading.
fn string(sample: &Sample, request: &InboundRequest) -> Vec<u8> {
    (sample.string)(&request.public_url, &request.body)
}

fn events(sample: &Sample, request: &InboundRequest, kind: WebhookKind) -> Result<Vec<Event>, WebhookError> {
    let webhooks = registry::webhooks(sample.provider);
    webhooks.parse(&verify(sample, request)?, kind)
}

fn captured() -> Vec<(Sample, InboundRequest, WebhookKind)> {
    let both = |sample: Sample| {
        [
            (sample, inbound(&sample), WebhookKind::Sms),
            (sample, status_report(&sample), WebhookKind::StatusCallback),
        ]
    };
    SAMPLES.into_iter().flat_map(both).collect()
}

#[test]
fn of_the_body() {
    for (sample, request, kind) in captured() {
        let original = events(&sample, &request, kind).expect("what was captured is good");
        let (mut refused, mut equal) = (0, 0);
        for body in single_bytes(&request.body) {
            let changed = with_body(&request, body);
            let shown = String::from_utf8_lossy(&changed.body).into_owned();
            let same_string = string(&sample, &changed) == string(&sample, &request);
            // The signed string decides, exactly: neither more nor less verifies.
            assert_eq!(verify(&sample, &changed).is_ok(), same_string, "{shown}");
            if form_pairs(&changed.body) == form_pairs(&request.body) {
                assert_eq!(events(&sample, &changed, kind).as_ref(), Ok(&original), "{shown}");
                equal += 1;
                continue;
            }
            // What keeps the string and moves a boundary changes nothing that we read, or is refused.
            match events(&sample, &changed, kind) {
                Err(_) => refused += 1,
                Ok(got) => assert_eq!(got, original, "{shown}"),
            }
        }
        assert!(refused > 1000 && equal > 0, "{refused} refused, {equal} equal");
    }
}

#[test]
fn of_the_url() {
    for (sample, request, _) in captured() {
        for url in single_bytes(request.public_url.as_bytes()) {
            let Ok(url) = String::from_utf8(url) else { continue };
            let changed = with_url(&request, url);
            assert_eq!(
                verify(&sample, &changed).err(),
                Some(WebhookError::BadSignature),
                "{}",
                changed.public_url
            );
        }
        let path = request.public_url.split('?').next().unwrap();
        for url in
            [format!("{path}/"), format!("{path}?"), path.replace("https", "http"), path.replace("/prod", "")]
        {
            assert!(verify(&sample, &with_url(&request, url)).is_err());
        }
    }
}

#[test]
fn of_the_signature() {
    for (sample, request, _) in captured() {
        let signature = request.headers[sample.header].as_bytes().to_vec();
        let spaced = [b" ".as_slice(), &signature].concat();
        for value in single_bytes(&signature).into_iter().chain([
            spaced,
            signature.repeat(2),
            signature.to_ascii_lowercase(),
        ]) {
            let Some(changed) = with_header(&request, sample.header, Some(&value)) else { continue };
            let error = verify(&sample, &changed).expect_err("a signature has one spelling");
            assert!(matches!(error, WebhookError::BadSignature | WebhookError::MissingSignature));
        }
        for unreadable in [None, Some(b"".as_slice()), Some(b"\xff\xff")] {
            let changed = with_header(&request, sample.header, unreadable).unwrap();
            assert_eq!(verify(&sample, &changed).err(), Some(WebhookError::MissingSignature));
        }
        let twice = with_header_twice(&request, sample.header);
        assert_eq!(verify(&sample, &twice).err(), Some(WebhookError::MissingSignature));
    }
}

#[test]
fn of_the_content_type_and_the_method() {
    for (sample, request, kind) in captured() {
        for kind in
            [None, Some(b"application/json".as_slice()), Some(b"text/plain"), Some(b"multipart/form-data")]
        {
            let changed = with_header(&request, "content-type", kind).unwrap();
            assert_eq!(verify(&sample, &changed).err(), Some(WebhookError::BadSignature));
        }
        let twice = with_header_twice(&request, "content-type");
        assert!(verify(&sample, &twice).is_err());
        let get = InboundRequest { method: http::Method::GET, ..request.clone() };
        assert!(events(&sample, &get, kind).is_err());
        // The parameters moved into the query, over the same string.
        let string = String::from_utf8(string(&sample, &request)).unwrap();
        let moved = InboundRequest {
            method: http::Method::GET,
            body: bytes::Bytes::new(),
            ..with_url(&request, string)
        };
        assert!(verify(&sample, &moved).is_ok(), "the string is the same");
        assert!(events(&sample, &moved, kind).is_err());
    }
}
