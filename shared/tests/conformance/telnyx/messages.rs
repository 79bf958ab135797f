//! Sending, fetching, and what cannot be asked.

use std::sync::Arc;

use serde_json::{Value, json};
use telephony::domain::status::MessageStatus;
use telephony::domain::timestamp::Timestamp;
use telephony::provider::account::ProviderAccount;
use telephony::provider::error::{Effect, ErrorKind};
use telephony::provider::messaging::{MessageQuery, OutboundText};
use telephony::provider::{Environment, ProviderId, registry};
use telephony_testkit::facts::facts;
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::telnyx::{PROFILE_ID, SECRETS, account, message, message_id, public_key};

use super::super::{NOW, text};
use super::messaging;
use super::openapi::Api;

fn answer(message: &Value) -> String {
    json!({ "data": message }).to_string()
}

#[tokio::test]
async fn a_text_is_posted_as_json_with_the_callback_and_the_profile() {
    let transport = Arc::new(ReplayTransport::new().answer(200, answer(&message(7, "queued"))));
    let accepted = messaging(&transport).send(&text()).await.unwrap();
    assert_eq!((accepted.sid.as_str(), accepted.status), (message_id(7).as_str(), MessageStatus::Queued));
    let request = &transport.requests()[0];
    assert_eq!(
        (request.method().as_str(), request.uri().to_string().as_str()),
        ("POST", "https://api.telnyx.com/v2/messages")
    );
    // The key for messages, where there is one.
    assert_eq!(request.headers()["authorization"], format!("Bearer {}", SECRETS[1]));
    let body: Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(
        body,
        json!({
            "from": "+14155550100", "to": "+14155552671", "text": "Grüße & 100% +1 👋", "type": "MMS",
            "media_urls": ["https://media.example.com/a.jpg?x=1&y=2", "https://media.example.com/b"],
            "messaging_profile_id": PROFILE_ID,
            "webhook_url": "https://phone.example.com/prod/api/webhooks/telnyx?m=01ABC.d-1",
            "use_profile_webhooks": false,
        })
    );
}

#[tokio::test]
async fn what_is_not_there_is_not_sent_along() {
    let account = ProviderAccount { config: [("api_key", "KEY1")].into(), ..account() };
    for (body, media, kind) in [("hi", vec![], "SMS"), ("", vec!["https://x.example/a".to_owned()], "MMS")] {
        let transport = Arc::new(ReplayTransport::new().answer(200, answer(&message(7, "teleported"))));
        let messaging = registry::messaging(ProviderId::Telnyx).unwrap()(
            &account,
            &Environment::default(),
            transport.clone(),
        )
        .unwrap();
        let text = OutboundText { body: body.to_owned(), media_urls: media.clone(), ..text() };
        assert_eq!(messaging.send(&text).await.unwrap().status, MessageStatus::Queued, "taken all the same");
        let request = &transport.requests()[0];
        assert_eq!(request.headers()["authorization"], "Bearer KEY1");
        let sent: Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(sent["type"], kind);
        assert_eq!(sent.get("text").is_some(), !body.is_empty());
        assert_eq!(sent.get("media_urls").is_some(), !media.is_empty());
        assert!(sent.get("messaging_profile_id").is_none());
    }
}

#[tokio::test]
async fn a_message_is_read_with_its_cost() {
    let mut wire = message(7, "delivery_failed");
    wire["errors"] = json!([{"code": "40008", "title": "Undeliverable"}]);
    wire["parts"] = json!(2);
    let transport = Arc::new(ReplayTransport::new().answer(200, answer(&wire)));
    let got = messaging(&transport).fetch(&message_id(7).parse().unwrap()).await.unwrap();
    let url = format!("https://api.telnyx.com/v2/messages/{}", message_id(7));
    assert_eq!(transport.requests()[0].uri().to_string(), url);
    assert_eq!((got.status, got.segments), (Some(MessageStatus::Undelivered), Some(2)));
    assert_eq!(
        (got.from.as_str(), got.to.as_str(), got.body.as_str()),
        ("+14155550100", "+14155552671", "hi")
    );
    assert_eq!(got.error.map(|code| code.0).as_deref(), Some("40008"));
    assert_eq!(got.cost.map(|cost| (cost.amount.get(), cost.currency)), Some((5_100, "USD".to_owned())));
    assert_eq!(got.created_at, Timestamp::parse_rfc3339("2026-01-05T14:05:00.123Z"));
}

#[tokio::test]
async fn what_is_not_known_yet_is_none() {
    let mut wire = message(7, "teleported");
    for (member, value) in
        [("cost", Value::Null), ("parts", json!(0)), ("received_at", json!("?")), ("text", Value::Null)]
    {
        wire[member] = value;
    }
    let transport = Arc::new(ReplayTransport::new().answer(200, answer(&wire)));
    let got = messaging(&transport).fetch(&message_id(7).parse().unwrap()).await.unwrap();
    assert_eq!(
        (got.status, got.error, got.cost, got.segments, got.created_at),
        (None, None, None, None, None)
    );
    assert_eq!(got.body, "");
}

/// Nothing that Telnyx has proves that a text was not sent: the question must stay open.
#[tokio::test]
async fn a_lost_text_cannot_be_asked_for() {
    let query = MessageQuery { from: "+14155550100".to_owned(), to: "+14155552671".to_owned(), since: NOW };
    let transport = Arc::new(ReplayTransport::new());
    let error = messaging(&transport).find(&query).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unsupported, Effect::Unknown));
    assert!(!error.is_retryable());
    assert!(transport.requests().is_empty());
}

#[tokio::test]
async fn the_requests_are_in_the_openapi_document() {
    let Some(facts) = facts() else { return };
    let api = Api::of(&facts);
    let transport = Arc::new(ReplayTransport::new().answer(500, "").answer(500, "").answer(500, ""));
    let messaging = messaging(&transport);
    let _ = messaging.send(&text()).await;
    let _ = messaging.send(&OutboundText { media_urls: vec![], ..text() }).await;
    let _ = messaging.fetch(&message_id(1).parse().unwrap()).await;
    let requests = transport.requests();
    assert_eq!(requests.len(), 3);
    requests.iter().for_each(|request| api.check_request(request));
}

#[tokio::test]
async fn an_api_base_counts_only_on_a_local_stack() {
    let account = ProviderAccount {
        config: [("api_key", "k"), ("api_base", "http://127.0.0.1:4000/telnyx/")].into(),
        ..account()
    };
    for (local, start) in
        [(true, "http://127.0.0.1:4000/telnyx/v2/messages"), (false, "https://api.telnyx.com/v2/messages")]
    {
        let transport = Arc::new(ReplayTransport::new().answer(500, ""));
        let environment = Environment { local, ..Environment::default() };
        let messaging =
            registry::messaging(ProviderId::Telnyx).unwrap()(&account, &environment, transport.clone())
                .unwrap();
        let _ = messaging.send(&text()).await;
        assert_eq!(transport.requests()[0].uri().to_string(), start);
    }
}

#[test]
fn an_account_that_cannot_be_used_is_a_matter_of_configuration() {
    let key = public_key(&[1; 32]);
    for (name, value, usable) in [
        ("api_key", "KEY1", true),
        ("api_key", "a b", false),
        ("api_key", "", false),
        ("messaging_key", "KEY2\n", false),
        ("connection_id", "abc", false),
        ("messaging_profile_id", "../x", false),
        ("public_key", key.as_str(), true),
        ("public_key", "junk", true),
    ] {
        let mut account = ProviderAccount { config: [("api_key", "KEY1")].into(), ..account() };
        account.config.set(name, telephony::domain::secret::Secret::new(value));
        let environment = Environment::default();
        let transport = Arc::new(ReplayTransport::new());
        let built = registry::messaging(ProviderId::Telnyx).unwrap()(&account, &environment, transport);
        let kind = built.err().map(|error| error.kind());
        assert_eq!(kind, (!usable).then_some(ErrorKind::Config), "{name} {value:?}");
        let setting =
            registry::settings(ProviderId::Telnyx).iter().find(|setting| setting.name == name).unwrap();
        assert_eq!((setting.is_valid)(value), usable && value != "junk", "{name} {value:?}");
    }
}
