//! What must hold for every operation at every provider.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use bytes::Bytes;
use http::{Request, Response, header};
use telephony::provider::ProviderId;
use telephony::provider::error::{Effect, ErrorKind, ProviderError};
use telephony::provider::transport::{HttpTransport, TransportError};
use telephony_testkit::fixture::fixture;
use telephony_testkit::replay::response;

use super::operations::{Operation, Run};

/// What a case is about.
pub(crate) struct Subject {
    pub(crate) provider: ProviderId,
    pub(crate) acts: bool,
    pub(crate) run: Run,
}

type Checked = Pin<Box<dyn Future<Output = ()>>>;

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) applies: fn(&Operation) -> bool,
    pub(crate) check: fn(Subject) -> Checked,
}

const fn case(name: &'static str, check: fn(Subject) -> Checked) -> Case {
    Case { name, applies: Operation::is_offered, check }
}

/// The cases.
pub(crate) const ALL: &[Case] = &[
    case("goes_to_the_provider_alone_with_its_credentials", |s| Box::pin(addressed(s))),
    case("no_connection_is_not_sent", |s| {
        Box::pin(lost(s, TransportError::NotConnected, ErrorKind::Unavailable, Effect::NotSent))
    }),
    case("a_timeout_is_unknown", |s| {
        Box::pin(lost(s, TransportError::Timeout, ErrorKind::Timeout, Effect::Unknown))
    }),
    case("a_broken_connection_is_unknown", |s| {
        Box::pin(lost(s, TransportError::Broken, ErrorKind::Unavailable, Effect::Unknown))
    }),
    case("bad_credentials_are_said_to_be_that", |s| {
        Box::pin(answered(s, 401, &[], "", ErrorKind::Authentication, Effect::NotSent))
    }),
    case("no_money_is_said_to_be_that", |s| {
        Box::pin(answered(s, 402, &[], "", ErrorKind::InsufficientFunds, Effect::Refused))
    }),
    case("too_many_requests_wait_as_asked", |s| Box::pin(throttled(s))),
    case("an_internal_error_is_unknown", |s| {
        Box::pin(answered(s, 500, &[], "<html>", ErrorKind::Unavailable, Effect::Unknown))
    }),
    case("an_unavailable_gateway_is_unknown", |s| {
        Box::pin(answered(s, 503, &[], "", ErrorKind::Unavailable, Effect::Unknown))
    }),
    case("a_redirect_is_never_followed", |s| {
        let elsewhere = &[("location", "https://evil.example/")];
        Box::pin(answered(s, 307, elsewhere, "", ErrorKind::UnexpectedResponse, Effect::Unknown))
    }),
    case("garbage_is_never_success", |s| Box::pin(garbage(s))),
    Case {
        name: "is_not_offered_and_nothing_is_sent",
        applies: |operation| !operation.is_offered(),
        check: |s| Box::pin(refused(s)),
    },
];

/// Answers every request alike, and remembers them.
struct Same {
    answer: Result<Response<Bytes>, TransportError>,
    seen: Mutex<Vec<Request<Bytes>>>,
}

#[async_trait]
impl HttpTransport for Same {
    async fn execute(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        self.seen.lock().unwrap().push(request);
        self.answer.clone()
    }
}

async fn run(
    subject: &Subject,
    answer: Result<Response<Bytes>, TransportError>,
) -> (Result<(), ProviderError>, Vec<Request<Bytes>>) {
    let transport = Arc::new(Same { answer, seen: Mutex::default() });
    let result = (subject.run)(transport.clone()).await;
    let seen = std::mem::take(&mut *transport.seen.lock().unwrap());
    (result, seen)
}

async fn failed(subject: &Subject, answer: Result<Response<Bytes>, TransportError>) -> ProviderError {
    let (result, seen) = run(subject, answer).await;
    let error = result.expect_err("it failed");
    assert!(seen.len() <= 1, "asked {} times: an adapter does not retry", seen.len());
    assert_eq!(error.provider(), subject.provider);
    unprintable(subject.provider, &format!("{error} {error:?} {seen:?}"));
    error
}

fn unprintable(provider: ProviderId, printed: &str) {
    for secret in fixture(provider).secrets {
        let encoded = base64::engine::general_purpose::STANDARD.encode(secret);
        assert!(!printed.contains(secret) && !printed.contains(&encoded), "a secret is printed");
    }
}

/// Reads may say more than an operation that acts has to: what is asked twice does no harm.
fn effect_fits(subject: &Subject, error: &ProviderError, effect: Effect) {
    if subject.acts || error.effect() != effect {
        assert_eq!(error.effect(), effect);
    }
}

async fn lost(subject: Subject, loss: TransportError, kind: ErrorKind, effect: Effect) {
    let error = failed(&subject, Err(loss)).await;
    assert_eq!(error.kind(), kind);
    effect_fits(&subject, &error, effect);
}

async fn answered(
    subject: Subject,
    status: u16,
    headers: &[(&str, &str)],
    body: &'static str,
    kind: ErrorKind,
    effect: Effect,
) {
    let error = failed(&subject, Ok(response(status, headers, body))).await;
    assert_eq!((error.kind(), error.status()), (kind, Some(status)));
    effect_fits(&subject, &error, effect);
}

async fn throttled(subject: Subject) {
    let error = failed(&subject, Ok(response(429, &[("retry-after", "7")], ""))).await;
    assert_eq!((error.kind(), error.effect()), (ErrorKind::RateLimited, Effect::NotSent));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert!(error.is_retryable());
}

async fn garbage(subject: Subject) {
    for (status, body) in [(200, "<html>"), (200, ""), (200, "[7]"), (200, "7"), (201, "\"\""), (206, "{}")] {
        let (result, _) = run(&subject, Ok(response(status, &[], body))).await;
        // An answer without a body is the documented one for some that only act.
        let Err(error) = result else {
            assert!(subject.acts && body.is_empty(), "{status} {body:?} is a success");
            continue;
        };
        assert_eq!(error.kind(), ErrorKind::UnexpectedResponse, "{status} {body:?}");
        effect_fits(&subject, &error, Effect::Unknown);
    }
}

async fn refused(subject: Subject) {
    let (result, seen) = run(&subject, Ok(response(200, &[], "{}"))).await;
    assert_eq!(result.expect_err("refused").kind(), ErrorKind::Unsupported);
    assert!(seen.is_empty(), "a request was made");
}

async fn addressed(subject: Subject) {
    let (_, seen) = run(&subject, Ok(response(500, &[], ""))).await;
    assert_eq!(seen.len(), 1, "one request");
    for request in &seen {
        let uri = request.uri();
        assert_eq!((uri.scheme_str(), uri.host()), (Some("https"), Some(fixture(subject.provider).host)));
        let credentials = request.headers().get(header::AUTHORIZATION).expect("credentials");
        assert!(credentials.is_sensitive(), "credentials that can be printed");
        let told = format!("{uri} {}", String::from_utf8_lossy(request.body()));
        unprintable(subject.provider, &told);
    }
}
