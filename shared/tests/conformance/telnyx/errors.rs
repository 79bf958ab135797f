//! How failures are classified: the HTTP status first, then Telnyx's code; and that no secret is in
//! anything that can be printed.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};
use telephony::provider::error::{Effect, ErrorKind, ProviderError};
use telephony::provider::transport::TransportError;
use telephony::provider::{Environment, ProviderId, registry};
use telephony::providers::telnyx::error::kind_of;
use telephony_testkit::replay::{ReplayTransport, response};
use telephony_testkit::telnyx::{SECRETS, account, message_id};

use super::super::text;
use super::{keys, messaging};

async fn send(answer: Result<Response<Bytes>, TransportError>) -> ProviderError {
    let transport = Arc::new(ReplayTransport::new().then(|_| {}, answer));
    messaging(&transport).send(&text()).await.unwrap_err()
}

fn coded(code: &str) -> String {
    json!({"errors": [{"code": code, "title": "a title", "detail": "said so", "source": {"pointer": "/to"}}]})
        .to_string()
}

#[tokio::test]
async fn the_http_status_comes_first() {
    use {Effect as E, ErrorKind as K};
    let numeric = json!({"errors": [{"code": 40300, "title": "x"}]}).to_string();
    for (status, body, kind, effect) in [
        (401, coded("10009"), K::Authentication, E::NotSent),
        (401, coded("40300"), K::Authentication, E::NotSent),
        (403, coded("10010"), K::Authentication, E::Refused),
        (403, coded("20100"), K::InsufficientFunds, E::Refused),
        (403, String::new(), K::Authentication, E::Refused),
        (400, coded("40310"), K::InvalidNumber, E::Refused),
        (400, coded("40300"), K::OptedOut, E::Refused),
        (400, coded("40318"), K::RateLimited, E::NotSent),
        (422, coded("40331"), K::Rejected, E::Refused),
        (422, coded("10027"), K::InvalidRequest, E::Refused),
        (422, numeric, K::OptedOut, E::Refused),
        (422, coded("99999"), K::InvalidRequest, E::Refused),
        (400, r#"{"errors":[]}"#.to_owned(), K::InvalidRequest, E::Refused),
        (400, r#"{"errors":"no"}"#.to_owned(), K::InvalidRequest, E::Refused),
        (400, "<html>".to_owned(), K::InvalidRequest, E::Refused),
        (402, String::new(), K::InsufficientFunds, E::Refused),
        (404, coded("10005"), K::NotFound, E::Refused),
        (404, String::new(), K::NotFound, E::Refused),
        (409, String::new(), K::Conflict, E::Refused),
        (408, String::new(), K::Timeout, E::Unknown),
        (429, coded("10011"), K::RateLimited, E::NotSent),
        (429, coded("40300"), K::RateLimited, E::NotSent),
        (500, coded("10007"), K::Unavailable, E::Unknown),
        (500, coded("40300"), K::Unavailable, E::Unknown),
        (502, "<html>".to_owned(), K::Unavailable, E::Unknown),
        (503, coded("10011"), K::Unavailable, E::Unknown),
        (301, String::new(), K::UnexpectedResponse, E::Unknown),
        (307, String::new(), K::UnexpectedResponse, E::Unknown),
        // A success that is not the documented one, or that says nothing.
        (201, json!({"data": {"id": message_id(1)}}).to_string(), K::UnexpectedResponse, E::Unknown),
        (202, String::new(), K::UnexpectedResponse, E::Unknown),
        (204, String::new(), K::UnexpectedResponse, E::Unknown),
        (200, String::new(), K::UnexpectedResponse, E::Unknown),
        (200, "<html>".to_owned(), K::UnexpectedResponse, E::Unknown),
        (200, "{}".to_owned(), K::UnexpectedResponse, E::Unknown),
        (200, r#"{"data":{"id":7}}"#.to_owned(), K::UnexpectedResponse, E::Unknown),
        (200, r#"{"data":{"id":"a#b"}}"#.to_owned(), K::UnexpectedResponse, E::Unknown),
        (200, r#"{"data":[{"id":"x"}]}"#.to_owned(), K::UnexpectedResponse, E::Unknown),
    ] {
        let error = send(Ok(response(status, &[], body.clone()))).await;
        assert_eq!((error.kind(), error.effect()), (kind, effect), "{status} {body}");
        assert_eq!(error.provider(), ProviderId::Telnyx);
        assert_eq!(error.is_retryable(), kind == K::RateLimited, "only what was not sent and passes");
    }
}

#[tokio::test]
async fn the_providers_code_and_words_are_kept() {
    let error = send(Ok(response(400, &[], coded("40300")))).await;
    assert_eq!(error.code().map(|code| code.0.as_str()), Some("40300"));
    assert_eq!((error.message(), error.status()), (Some("said so"), Some(400)));
    let title = json!({"errors": [{"code": "1", "title": "a title", "detail": ""}]}).to_string();
    assert_eq!(send(Ok(response(400, &[], title))).await.message(), Some("a title"));
    let error =
        send(Ok(response(400, &[], json!({"errors": [{"detail": "é".repeat(10_000)}]}).to_string()))).await;
    assert_eq!(error.message().map(|words| words.chars().count()), Some(500));
}

#[tokio::test]
async fn the_wait_that_is_asked_for_is_kept() {
    let date = ("date", "Mon, 05 Jan 2026 14:05:00 GMT");
    for (headers, wait) in [
        (vec![], None),
        (vec![("retry-after", "7")], Some(7)),
        (vec![("x-ratelimit-reset", "42")], Some(42)),
        (vec![("retry-after", "7"), ("x-ratelimit-reset", "42")], Some(7)),
        (vec![("x-ratelimit-reset", "soon")], None),
        (vec![("x-ratelimit-reset", "-1")], None),
        (vec![("x-ratelimit-reset", "99999999999")], Some(86_400)),
        (vec![("retry-after", "-7")], None),
        (vec![("retry-after", "Mon, 05 Jan 2026 14:06:30 GMT"), date], Some(90)),
        (vec![("retry-after", "Mon, 05 Jan 2026 14:06:30 GMT")], None),
    ] {
        let error = send(Ok(response(429, &headers, coded("10011")))).await;
        assert_eq!(error.retry_after(), wait.map(Duration::from_secs), "{headers:?}");
        assert!(error.is_retryable());
    }
    // The window's end is in every answer; it is a wait only where the window was the cause.
    let other = send(Ok(response(422, &[("x-ratelimit-reset", "42")], coded("10027")))).await;
    assert_eq!(other.retry_after(), None);
}

#[tokio::test]
async fn a_request_without_an_answer() {
    for (lost, kind, effect) in [
        (TransportError::NotConnected, ErrorKind::Unavailable, Effect::NotSent),
        (TransportError::Timeout, ErrorKind::Timeout, Effect::Unknown),
        (TransportError::Broken, ErrorKind::Unavailable, Effect::Unknown),
    ] {
        let error = send(Err(lost)).await;
        assert_eq!((error.kind(), error.effect()), (kind, effect));
        assert_eq!(error.is_retryable(), effect == Effect::NotSent);
    }
}

#[tokio::test]
async fn garbage_in_answer_to_a_question_is_no_answer() {
    for body in ["", "<html>", "[]", "{}", r#"{"data":null}"#, r#"{"data":{"id":null}}"#] {
        let transport = Arc::new(ReplayTransport::new().answer(200, body));
        let error = messaging(&transport).fetch(&message_id(1).parse().unwrap()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.effect()),
            (ErrorKind::UnexpectedResponse, Effect::Unknown),
            "{body}"
        );
    }
}

#[test]
fn codes_of_status_reports() {
    use ErrorKind as K;
    for (code, kind) in [
        ("40300", Some(K::OptedOut)),
        ("40001", Some(K::InvalidNumber)),
        ("40008", Some(K::Unreachable)),
        ("40010", Some(K::Rejected)),
        ("40011", Some(K::RateLimited)),
        ("40333", Some(K::InsufficientFunds)),
        ("1", None),
        ("", None),
        ("-40300", None),
        ("99999999999999999999", None),
    ] {
        assert_eq!(kind_of(code), kind, "{code}");
        assert_eq!(registry::error_kind(ProviderId::Telnyx, code), kind);
    }
}

#[tokio::test]
async fn nothing_that_can_be_printed_says_a_secret() {
    let account = account();
    let transport = Arc::new(ReplayTransport::new().answer(401, coded("10009")).answer(401, coded("10009")));
    let error = messaging(&transport).send(&text()).await.unwrap_err();
    let connection =
        registry::connection(ProviderId::Telnyx)(&account, &Environment::default(), transport.clone())
            .unwrap();
    let checked = connection.check().await.unwrap_err();
    let media = registry::media(ProviderId::Telnyx).unwrap()(&account, &Environment::default()).unwrap();
    let refused = media.media_request("http://x.example/").unwrap_err();
    let requests = transport.requests();
    let used: Vec<&str> =
        requests.iter().map(|request| request.headers()["authorization"].to_str().unwrap()).collect();
    assert_eq!(used, [format!("Bearer {}", SECRETS[1]), format!("Bearer {}", SECRETS[0])]);
    let printed = format!(
        "{account:?} {:?} {:?} {requests:?} {error:?} {error} {checked:?} {checked} {refused:?} {refused}",
        account.config,
        keys(),
    );
    for secret in SECRETS {
        assert!(!printed.contains(secret), "{secret} is printed");
    }
}

#[test]
fn every_figure_has_a_source() {
    let capabilities = registry::capabilities(ProviderId::Telnyx);
    let Value::Object(members) = serde_json::to_value(capabilities).unwrap() else { panic!("an object") };
    for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
        let source = capabilities.sources.iter().find(|source| source.member == name);
        assert!(source.is_some_and(|source| !source.page.is_empty()), "{name} = {value} has no source");
    }
    for source in capabilities.sources {
        assert!(members.contains_key(source.member), "{} is no figure", source.member);
    }
}
