//! What can go wrong, and that nothing says a secret.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use telephony::provider::error::{Effect, ErrorKind, ProviderError};
use telephony::provider::transport::TransportError;
use telephony::provider::{ProviderId, registry};
use telephony::providers::retell::error::STATUSES;
use telephony_testkit::facts::facts;
use telephony_testkit::replay::{ReplayTransport, response};
use telephony_testkit::retell::{SECRETS, account};

use super::{agents, calls, connection, held, outbound, query, trunk_number, trunks};

/// Every operation of the adapter, each against the same answer.
async fn all(answer: &dyn Fn() -> ReplayTransport) -> Vec<ProviderError> {
    let one = || Arc::new(answer());
    let sid = "14155550100".parse().unwrap();
    let phone = "+14155550100".parse().unwrap();
    vec![
        calls(&one()).dial(&outbound()).await.map(drop).unwrap_err(),
        calls(&one()).fetch("call_1").await.map(drop).unwrap_err(),
        calls(&one()).find(&query()).await.map(drop).unwrap_err(),
        calls(&one()).hang_up("call_1").await.unwrap_err(),
        held(&one()).list(None).await.map(drop).unwrap_err(),
        held(&one()).find(&phone).await.map(drop).unwrap_err(),
        held(&one()).configure(&sid, &Default::default()).await.map(drop).unwrap_err(),
        held(&one()).release(&sid).await.unwrap_err(),
        trunks(&one()).import(&trunk_number()).await.map(drop).unwrap_err(),
        agents(&one()).list().await.map(drop).unwrap_err(),
        agents(&one()).get("agent_1").await.map(drop).unwrap_err(),
        agents(&one()).set_webhook("agent_1", "https://x.example").await.map(drop).unwrap_err(),
        connection(&one()).check().await.map(drop).unwrap_err(),
    ]
}

#[tokio::test]
async fn the_same_answers_mean_the_same_everywhere() {
    use {Effect as E, ErrorKind as K};
    for (status, kind, effect) in [
        (401, K::Authentication, E::NotSent),
        (402, K::InsufficientFunds, E::Refused),
        (403, K::Authentication, E::Refused),
        (408, K::Timeout, E::Unknown),
        (418, K::InvalidRequest, E::Refused),
        (429, K::RateLimited, E::NotSent),
        (500, K::Unavailable, E::Unknown),
        (503, K::Unavailable, E::Unknown),
        (599, K::Unavailable, E::Unknown),
        (301, K::UnexpectedResponse, E::Unknown),
        (202, K::UnexpectedResponse, E::Unknown),
    ] {
        for error in all(&|| ReplayTransport::new().answer(status, r#"{"status":"error"}"#)).await {
            assert_eq!((error.kind(), error.effect()), (kind, effect), "{status} {error}");
            assert_eq!(
                (error.provider(), error.status(), error.code()),
                (ProviderId::Retell, Some(status), None)
            );
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
        for error in all(&|| ReplayTransport::new().lose(lost)).await {
            assert_eq!((error.kind(), error.effect()), (kind, effect));
            assert_eq!(error.is_retryable(), effect == Effect::NotSent);
        }
    }
}

#[tokio::test]
async fn garbage_is_no_answer_and_may_have_taken_effect() {
    for body in ["", "<html>", "{}", "null", r#"{"call_id":7}"#, r#"{"call_id":"a#b"}"#] {
        for status in [200, 201] {
            for error in all(&|| ReplayTransport::new().answer(status, body)).await {
                assert_eq!((error.kind(), error.effect()), (ErrorKind::UnexpectedResponse, Effect::Unknown));
            }
        }
    }
}

#[tokio::test]
async fn the_words_and_the_wait_are_kept() {
    let long = json!({"status": "error", "message": "é".repeat(10_000)}).to_string();
    for (header, wait) in
        [("7", Some(7)), (" 7 ", Some(7)), ("-7", None), ("soon", None), ("99999999", Some(86_400))]
    {
        let answer = response(429, &[("retry-after", header)], long.clone());
        let transport = Arc::new(ReplayTransport::new().then(|_| {}, Ok(answer)));
        let error = calls(&transport).dial(&outbound()).await.unwrap_err();
        assert_eq!(error.retry_after(), wait.map(Duration::from_secs), "{header}");
        assert_eq!(error.message().map(|words| words.chars().count()), Some(500));
        assert!(error.is_retryable());
    }
}

#[test]
fn every_documented_refusal_is_in_the_table() {
    let Some(facts) = facts() else { return };
    let document: serde_json::Value =
        serde_yaml_ng::from_str(&facts.text("specs/retell/retell-openapi.3.0.0.yml")).unwrap();
    let mut seen = 0;
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            for (status, answer) in operation["responses"].as_object().unwrap() {
                let status: u16 = status.parse().unwrap();
                let Some(name) = answer["$ref"].as_str().and_then(|name| name.rsplit('/').next()) else {
                    assert!((200..300).contains(&status), "{status} is no success and has no name");
                    continue;
                };
                match STATUSES.iter().find(|row| row.status == status) {
                    Some(row) => assert_eq!(row.response, Some(name), "{status}"),
                    // Theirs to repair, whatever it is.
                    None => assert!(status >= 500, "{status} {name} is not in the table"),
                }
                seen += 1;
            }
        }
    }
    assert!(seen > 300, "{seen}");
    let known: BTreeSet<&str> = STATUSES.iter().filter_map(|row| row.response).collect();
    for name in document["components"]["responses"].as_object().unwrap().keys() {
        assert!(known.contains(name.as_str()) || name == "InternalServerError", "{name} has no row");
    }
    for name in known {
        assert!(document["components"]["responses"][name].is_object(), "{name} is not in the document");
    }
    assert_eq!(registry::error_kind(ProviderId::Retell, "422"), None, "there are no codes");
}

#[tokio::test]
async fn nothing_that_can_be_printed_says_a_secret() {
    let account = account();
    let keys = registry::webhooks(ProviderId::Retell).keys(&account);
    let transport = Arc::new(ReplayTransport::new().answer(401, "{}"));
    let error = calls(&transport).dial(&outbound()).await.unwrap_err();
    let number = trunk_number();
    let printed = format!(
        "{account:?} {:?} {keys:?} {:?} {error:?} {error} {number:?}",
        account.config,
        transport.requests()
    );
    for secret in SECRETS.into_iter().chain(["trunk-password", "trunk-user"]) {
        assert!(!printed.contains(secret), "{secret} is printed");
    }
    let settings = registry::settings(ProviderId::Retell);
    let names: Vec<_> =
        settings.iter().map(|setting| (setting.name, setting.secret, setting.required)).collect();
    assert_eq!(names, [("api_key", true, true), ("next_api_key", true, false)]);
    assert!(settings.iter().all(|setting| (setting.is_valid)(SECRETS[0]) && !(setting.is_valid)("")));
}
