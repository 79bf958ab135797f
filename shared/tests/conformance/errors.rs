//! How failures are classified: what went wrong, and whether it took effect.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use serde_json::json;
use telephony::provider::error::{Effect, ErrorKind, ProviderError};
use telephony::provider::messaging::MessageQuery;
use telephony::provider::registry;
use telephony::provider::transport::TransportError;
use telephony_testkit::replay::{ReplayTransport, response};
use telephony_testkit::webhooks::{SAMPLES, Sample};

use super::{NOW, messaging_of, text};

async fn send(sample: &Sample, answer: Result<Response<Bytes>, TransportError>) -> ProviderError {
    let transport = Arc::new(ReplayTransport::new().then(|_| {}, answer));
    messaging_of(&sample.account(), &transport).send(&text()).await.unwrap_err()
}

fn coded(code: u32, status: u16) -> String {
    json!({"code": code, "message": "said so", "more_info": "https://x.example", "status": status})
        .to_string()
}

#[tokio::test]
async fn the_http_status_comes_first() {
    use {Effect as E, ErrorKind as K};
    for (status, body, kind, effect) in [
        (401, coded(20003, 401), K::Authentication, E::NotSent),
        (401, coded(21610, 401), K::Authentication, E::NotSent),
        (403, coded(20003, 403), K::Authentication, E::Refused),
        (403, String::new(), K::Authentication, E::Refused),
        (400, coded(21211, 400), K::InvalidNumber, E::Refused),
        (400, coded(21610, 400), K::OptedOut, E::Refused),
        (400, coded(21611, 400), K::RateLimited, E::NotSent),
        (400, coded(99_999, 400), K::InvalidRequest, E::Refused),
        (400, r#"{"errors":["From is wrong"]}"#.to_owned(), K::InvalidRequest, E::Refused),
        (422, r#"{"errors":[{"code":"21610","message":"no"}]}"#.to_owned(), K::OptedOut, E::Refused),
        (400, r#"{"code":null,"message":null}"#.to_owned(), K::InvalidRequest, E::Refused),
        (400, "<html>".to_owned(), K::InvalidRequest, E::Refused),
        (402, String::new(), K::InsufficientFunds, E::Refused),
        (404, String::new(), K::NotFound, E::Refused),
        (409, String::new(), K::Conflict, E::Refused),
        (408, String::new(), K::Timeout, E::Unknown),
        (429, coded(20429, 429), K::RateLimited, E::NotSent),
        (429, coded(21610, 429), K::RateLimited, E::NotSent),
        (500, coded(20500, 500), K::Unavailable, E::Unknown),
        (500, coded(21610, 500), K::Unavailable, E::Unknown),
        (502, "<html>".to_owned(), K::Unavailable, E::Unknown),
        (503, coded(20429, 503), K::Unavailable, E::Unknown),
        (504, String::new(), K::Unavailable, E::Unknown),
        (599, String::new(), K::Unavailable, E::Unknown),
        (301, String::new(), K::UnexpectedResponse, E::Unknown),
        (307, String::new(), K::UnexpectedResponse, E::Unknown),
        // A success that is not the documented one, or that says nothing.
        (
            200,
            json!({"sid": "SM00000000000000000000000000000001"}).to_string(),
            K::UnexpectedResponse,
            E::Unknown,
        ),
        (202, String::new(), K::UnexpectedResponse, E::Unknown),
        (204, String::new(), K::UnexpectedResponse, E::Unknown),
        (201, String::new(), K::UnexpectedResponse, E::Unknown),
        (201, "<html>".to_owned(), K::UnexpectedResponse, E::Unknown),
        (201, "{}".to_owned(), K::UnexpectedResponse, E::Unknown),
        (201, r#"{"sid":"a#b"}"#.to_owned(), K::UnexpectedResponse, E::Unknown),
        (201, r#"{"sid":7}"#.to_owned(), K::UnexpectedResponse, E::Unknown),
        (201, r#"[{"sid":"SM1"}]"#.to_owned(), K::UnexpectedResponse, E::Unknown),
    ] {
        for sample in SAMPLES {
            let error = send(&sample, Ok(response(status, &[], body.clone()))).await;
            assert_eq!((error.kind(), error.effect()), (kind, effect), "{} {status} {body}", sample.provider);
            assert_eq!((error.provider(), error.status()), (sample.provider, Some(status)));
            assert_eq!(error.is_retryable(), kind == K::RateLimited, "only what was not sent and passes");
        }
    }
}

#[tokio::test]
async fn the_providers_code_and_words_are_kept() {
    for sample in SAMPLES {
        let error = send(&sample, Ok(response(400, &[], coded(21610, 400)))).await;
        assert_eq!(error.code().map(|code| code.0.as_str()), Some("21610"));
        assert_eq!(error.code().map(ToString::to_string).as_deref(), Some("21610"));
        assert_eq!(error.message(), Some("said so"));
        let printed = format!("{} send: OptedOut (Refused) code 21610", sample.provider);
        assert_eq!(error.to_string(), printed, "a log says the code and not the words");
        let long = json!({"code": 1, "message": "é".repeat(10_000)}).to_string();
        let error = send(&sample, Ok(response(400, &[], long))).await;
        assert_eq!(error.message().map(|words| words.chars().count()), Some(500));
    }
}

#[tokio::test]
async fn equal_codes_of_two_providers_differ_in_meaning() {
    use ErrorKind as K;
    // In the order of the samples: Twilio, SignalWire.
    for (code, kinds) in [
        (21606, [K::Rejected, K::InvalidNumber]),
        (21612, [K::Unreachable, K::InvalidRequest]),
        (30001, [K::RateLimited, K::Timeout]),
        (30002, [K::Authentication, K::InsufficientFunds]),
    ] {
        for (sample, kind) in SAMPLES.into_iter().zip(kinds) {
            assert_eq!(send(&sample, Ok(response(400, &[], coded(code, 400)))).await.kind(), kind);
            assert_eq!(registry::error_kind(sample.provider, &code.to_string()), Some(kind));
        }
    }
}

#[test]
fn codes_of_status_reports() {
    use ErrorKind as K;
    for (code, kind) in [
        ("30003", Some(K::Unreachable)),
        ("30005", Some(K::InvalidNumber)),
        ("30006", Some(K::InvalidNumber)),
        ("30007", Some(K::Rejected)),
        ("30008", Some(K::Unreachable)),
        ("21610", Some(K::OptedOut)),
        ("1", None),
        ("", None),
        ("-30003", None),
        ("99999999999999999999", None),
        ("thirty", None),
    ] {
        for sample in SAMPLES {
            assert_eq!(registry::error_kind(sample.provider, code), kind, "{} {code}", sample.provider);
        }
    }
    assert_eq!(registry::error_kind(SAMPLES[0].provider, "30034"), Some(K::Rejected));
}

#[tokio::test]
async fn the_wait_that_is_asked_for_is_kept() {
    let date = ("date", "Mon, 05 Jan 2026 14:05:00 GMT");
    for (headers, wait) in [
        (vec![], None),
        (vec![("retry-after", "7")], Some(7)),
        (vec![("retry-after", " 7 ")], Some(7)),
        (vec![("retry-after", "0")], Some(0)),
        (vec![("retry-after", "-7")], None),
        (vec![("retry-after", "soon")], None),
        (vec![("retry-after", "99999999999")], Some(86_400)),
        (vec![("retry-after", "Mon, 05 Jan 2026 14:06:30 GMT"), date], Some(90)),
        (vec![("retry-after", "Mon, 05 Jan 2026 14:04:00 GMT"), date], Some(0)),
        (vec![("retry-after", "Mon, 05 Jan 2026 14:06:30 GMT")], None),
    ] {
        for sample in SAMPLES {
            let error = send(&sample, Ok(response(429, &headers, coded(20429, 429)))).await;
            assert_eq!(error.retry_after(), wait.map(Duration::from_secs), "{headers:?}");
            assert!(error.is_retryable());
        }
    }
}

#[tokio::test]
async fn a_request_without_an_answer() {
    for (lost, kind, effect) in [
        (TransportError::NotConnected, ErrorKind::Unavailable, Effect::NotSent),
        (TransportError::Timeout, ErrorKind::Timeout, Effect::Unknown),
        (TransportError::Broken, ErrorKind::Unavailable, Effect::Unknown),
    ] {
        for sample in SAMPLES {
            let error = send(&sample, Err(lost)).await;
            assert_eq!((error.kind(), error.effect()), (kind, effect));
            assert_eq!(error.is_retryable(), effect == Effect::NotSent);
        }
    }
}

#[tokio::test]
async fn garbage_in_answer_to_a_question_is_no_answer() {
    let query = MessageQuery { from: "+14155550100".to_owned(), to: "+14155552671".to_owned(), since: NOW };
    for sample in SAMPLES {
        for body in ["", "<html>", "[]", "{}", r#"{"messages":{}}"#, r#"{"messages":[{"status":"sent"}]}"#] {
            for status in [200, 201, 204] {
                let transport = Arc::new(ReplayTransport::new().answer(status, body).answer(status, body));
                let messaging = messaging_of(&sample.account(), &transport);
                let fetched = messaging.fetch(&sample.message_sid(1).parse().unwrap()).await.unwrap_err();
                let found = messaging.find(&query).await.unwrap_err();
                for error in [fetched, found] {
                    assert_eq!(
                        (error.kind(), error.effect()),
                        (ErrorKind::UnexpectedResponse, Effect::Unknown)
                    );
                }
            }
        }
        let transport = Arc::new(ReplayTransport::new().answer(404, coded(20404, 404)));
        let gone =
            messaging_of(&sample.account(), &transport).fetch(&sample.message_sid(1).parse().unwrap()).await;
        assert_eq!(gone.unwrap_err().kind(), ErrorKind::NotFound);
    }
}
