//! What every operation on calls, numbers and accounts makes of a refusal, of silence and of nonsense.

use std::sync::Arc;

use telephony::provider::error::{Effect, ErrorKind, ProviderError};
use telephony::provider::transport::TransportError;
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::webhooks::{SAMPLES, Sample, TWILIO};

use super::accounts_compat::{NAME, connection, subaccounts};
use super::calls_compat::{calls, id, outbound, query};
use super::numbers_compat::{held, market, order, search};

/// Every operation, each against the same answer.
async fn all(sample: &Sample, answer: &dyn Fn() -> ReplayTransport) -> Vec<ProviderError> {
    let one = || Arc::new(answer());
    let sid = id(sample, "PN", 1);
    let number = sid.parse().unwrap();
    let mut errors = vec![
        calls(sample, &one()).dial(&outbound()).await.map(drop).unwrap_err(),
        calls(sample, &one()).fetch(&sid).await.map(drop).unwrap_err(),
        calls(sample, &one()).find(&query()).await.map(drop).unwrap_err(),
        calls(sample, &one()).hang_up(&sid).await.unwrap_err(),
        held(sample, &one()).list(None).await.map(drop).unwrap_err(),
        held(sample, &one()).find(&"+14155550100".parse().unwrap()).await.map(drop).unwrap_err(),
        held(sample, &one()).configure(&number, &Default::default()).await.map(drop).unwrap_err(),
        held(sample, &one()).release(&number).await.unwrap_err(),
        market(sample, &one()).search(&search()).await.map(drop).unwrap_err(),
        market(sample, &one()).order(&order()).await.map(drop).unwrap_err(),
        connection(sample, &one()).check().await.map(drop).unwrap_err(),
        subaccounts(sample, &one()).open(NAME).await.map(drop).unwrap_err(),
        subaccounts(sample, &one()).find(NAME).await.map(drop).unwrap_err(),
    ];
    if sample.provider == TWILIO.provider {
        errors.push(subaccounts(sample, &one()).set_active("AC1", true).await.unwrap_err());
    }
    errors
}

#[tokio::test]
async fn the_same_answers_mean_the_same_everywhere() {
    use {Effect as E, ErrorKind as K};
    for (status, kind, effect) in [
        (401, K::Authentication, E::NotSent),
        (402, K::InsufficientFunds, E::Refused),
        (408, K::Timeout, E::Unknown),
        (429, K::RateLimited, E::NotSent),
        (500, K::Unavailable, E::Unknown),
        (503, K::Unavailable, E::Unknown),
        (307, K::UnexpectedResponse, E::Unknown),
        (202, K::UnexpectedResponse, E::Unknown),
    ] {
        for sample in SAMPLES {
            for error in all(&sample, &|| ReplayTransport::new().answer(status, r#"{"code":null}"#)).await {
                assert_eq!((error.kind(), error.effect()), (kind, effect), "{status} {error}");
                assert_eq!((error.provider(), error.status()), (sample.provider, Some(status)));
            }
        }
    }
}

#[tokio::test]
async fn a_request_without_an_answer_and_an_answer_without_sense() {
    for sample in SAMPLES {
        for (lost, kind, effect) in [
            (TransportError::NotConnected, ErrorKind::Unavailable, Effect::NotSent),
            (TransportError::Timeout, ErrorKind::Timeout, Effect::Unknown),
            (TransportError::Broken, ErrorKind::Unavailable, Effect::Unknown),
        ] {
            for error in all(&sample, &|| ReplayTransport::new().lose(lost)).await {
                assert_eq!((error.kind(), error.effect()), (kind, effect), "{error}");
                assert_eq!(error.is_retryable(), effect == Effect::NotSent);
            }
        }
        for body in ["", "<html>", "null", "7", r#"{"sid":7}"#] {
            for error in all(&sample, &|| ReplayTransport::new().answer(200, body)).await {
                let got = (error.kind(), error.effect());
                assert_eq!(got, (ErrorKind::UnexpectedResponse, Effect::Unknown), "{body} {error}");
            }
        }
    }
}

#[tokio::test]
async fn nothing_that_can_be_printed_says_a_secret() {
    for sample in SAMPLES {
        let transport = Arc::new(ReplayTransport::new().answer(401, "{}"));
        let error = market(&sample, &transport).order(&order()).await.unwrap_err();
        let requests = transport.requests();
        let header = requests[0].headers()["authorization"].to_str().unwrap().to_owned();
        let printed = format!("{requests:?} {error:?} {error}");
        for secret in sample.secrets.iter().copied().chain([header.strip_prefix("Basic ").unwrap()]) {
            assert!(!printed.contains(secret), "{secret} is printed");
        }
    }
}
