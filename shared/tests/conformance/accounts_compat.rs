//! Accounts of Twilio and of those who speak as it does, and accounts below them.

use std::sync::Arc;

use serde_json::{Value, json};
use telephony::provider::account::AccountConfig;
use telephony::provider::connection::Connection;
use telephony::provider::error::{Effect, ErrorKind};
use telephony::provider::subaccounts::{Subaccount, Subaccounts};
use telephony::provider::{Environment, registry};
use telephony_testkit::facts::facts;
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::webhooks::{SAMPLES, SIGNALWIRE, Sample, TWILIO};

use super::calls_compat::{api, id, pairs, suffix};
use super::documents::{documented, example};
use super::openapi::check_request;

pub(crate) const NAME: &str = "tandem acme-01";

pub(crate) fn connection(sample: &Sample, transport: &Arc<ReplayTransport>) -> Box<dyn Connection> {
    let factory = registry::connection(sample.provider);
    factory(&sample.account(), &Environment::default(), transport.clone()).ok().unwrap()
}

pub(crate) fn subaccounts(sample: &Sample, transport: &Arc<ReplayTransport>) -> Box<dyn Subaccounts> {
    let factory = registry::subaccounts(sample.provider).unwrap();
    factory(&sample.account(), &Environment::default(), transport.clone()).ok().unwrap()
}

/// The list of accounts.
fn accounts(sample: &Sample) -> String {
    api(sample, "").split(&format!("/{}", sample.remote_id)).next().unwrap().to_owned() + suffix(sample)
}

fn account(sample: &Sample, n: u32, changes: &Value) -> Value {
    let mut account = json!({
        "sid": id(sample, "AC", n), "friendly_name": NAME, "status": "active",
        "owner_account_sid": sample.remote_id, "auth_token": "child-token", "signing_key": null,
    });
    for (name, value) in changes.as_object().unwrap() {
        account[name] = value.clone();
    }
    account
}

fn setting<'a>(account: &'a Subaccount, name: &str) -> Option<&'a str> {
    account.config.get(name).map(|value| value.expose())
}

#[tokio::test]
async fn twilio_tells_what_is_left() {
    let balance =
        json!({"account_sid": TWILIO.remote_id, "balance": "-3.1200", "currency": "usd"}).to_string();
    let transport = Arc::new(ReplayTransport::new().answer(200, balance));
    let state = connection(&TWILIO, &transport).check().await.unwrap();
    let cost = state.balance.unwrap();
    assert_eq!((cost.amount.get(), cost.currency.as_str(), state.active), (-3_120_000, "USD", true));
    assert_eq!(transport.requests()[0].uri().to_string(), api(&TWILIO, "Balance"));
    // A subaccount has none, and a restricted key may not read it: the status has to do.
    for status in [404, 403] {
        for (word, active) in [("active", true), ("suspended", false), ("closed", false)] {
            let state = account(&TWILIO, 1, &json!({"status": word})).to_string();
            let transport = Arc::new(ReplayTransport::new().answer(status, "{}").answer(200, state));
            let state = connection(&TWILIO, &transport).check().await.unwrap();
            assert_eq!((state.balance, state.active), (None, active));
            assert_eq!(state.note.as_deref(), (!active).then_some(word));
            let url = accounts(&TWILIO).replace(".json", &format!("/{}.json", TWILIO.remote_id));
            assert_eq!(transport.requests()[1].uri().to_string(), url);
        }
    }
    for garbage in ["{}", "", r#"{"balance":"much","currency":"USD"}"#] {
        let transport = Arc::new(ReplayTransport::new().answer(200, garbage));
        let error = connection(&TWILIO, &transport).check().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedResponse, "{garbage}");
    }
}

#[tokio::test]
async fn signalwire_tells_that_the_project_is_there() {
    let answer = account(&SIGNALWIRE, 1, &json!({"auth_token": "redacted"})).to_string();
    let transport = Arc::new(ReplayTransport::new().answer(200, answer).answer(200, "{}"));
    let state = connection(&SIGNALWIRE, &transport).check().await.unwrap();
    assert_eq!((state.balance, state.active, state.note), (None, true, None));
    let url = format!("{}/{}", accounts(&SIGNALWIRE), SIGNALWIRE.remote_id);
    assert_eq!(transport.requests()[0].uri().to_string(), url);
    assert_eq!(
        connection(&SIGNALWIRE, &transport).check().await.unwrap_err().kind(),
        ErrorKind::UnexpectedResponse
    );
}

#[tokio::test]
async fn twilio_opens_a_subaccount_with_its_token() {
    let answer = account(&TWILIO, 7, &json!({})).to_string();
    let transport = Arc::new(ReplayTransport::new().answer(201, answer));
    let got = subaccounts(&TWILIO, &transport).open(NAME).await.unwrap();
    assert_eq!(
        (got.remote_id.as_str(), got.name.as_str(), got.active),
        (id(&TWILIO, "AC", 7).as_str(), NAME, true)
    );
    assert_eq!(setting(&got, "account_sid"), Some(got.remote_id.as_str()));
    assert_eq!(setting(&got, "auth_token"), Some("child-token"));
    assert_eq!(got.config.iter().count(), 2);
    assert!(!format!("{got:?}").contains("child-token"));
    let request = &transport.requests()[0];
    assert_eq!(request.uri().to_string(), accounts(&TWILIO));
    assert_eq!(pairs(request.body()), [("FriendlyName".to_owned(), NAME.to_owned())]);
}

#[tokio::test]
async fn signalwire_opens_a_project_and_makes_it_a_token() {
    let changes = json!({"auth_token": "redacted", "signing_key": "PSK_once"});
    let answer = account(&SIGNALWIRE, 7, &changes).to_string();
    let token = json!({"id": "x", "token": "PT_once"}).to_string();
    let transport = Arc::new(
        ReplayTransport::new()
            .answer(201, answer.clone())
            .answer(200, token.clone())
            .answer(201, answer.clone())
            .answer(401, "")
            .answer(201, answer)
            .answer(201, token),
    );
    let got = subaccounts(&SIGNALWIRE, &transport).open(NAME).await.unwrap();
    assert_eq!(setting(&got, "project_id"), Some(got.remote_id.as_str()));
    assert_eq!((setting(&got, "token"), setting(&got, "signing_key")), (Some("PT_once"), Some("PSK_once")));
    assert_eq!(setting(&got, "space_url"), Some("demo.signalwire.com"));
    assert!(!format!("{got:?}").contains("_once"));
    let request = &transport.requests()[1];
    assert_eq!(request.uri().to_string(), api(&SIGNALWIRE, "tokens"));
    let sent = pairs(request.body());
    assert_eq!(sent.iter().filter(|(name, _)| name == "permissions").count(), 4);
    assert!(sent.contains(&("subproject_id".to_owned(), got.remote_id)));
    // The project is there and its key is told never again, whatever became of the token.
    for _ in 0..2 {
        let got = subaccounts(&SIGNALWIRE, &transport).open(NAME).await.unwrap();
        assert_eq!((setting(&got, "token"), setting(&got, "signing_key")), (None, Some("PSK_once")));
    }
}

#[tokio::test]
async fn a_found_project_gets_another_token_and_a_found_subaccount_has_its_own() {
    let token = json!({"id": "x", "token": "PT_again"}).to_string();
    let transport = Arc::new(ReplayTransport::new().answer(200, token).answer(401, ""));
    let found = || Subaccount {
        remote_id: SIGNALWIRE.remote_id.into(),
        name: NAME.into(),
        active: true,
        config: AccountConfig::from([("project_id", "p")]),
    };
    let projects = subaccounts(&SIGNALWIRE, &transport);
    assert_eq!(setting(&projects.regain(found()).await.unwrap(), "token"), Some("PT_again"));
    assert_eq!(projects.regain(found()).await.unwrap_err().kind(), ErrorKind::Authentication);
    assert!(projects.prepare(&found().config, NAME, "https://x.test").await.unwrap().iter().next().is_none());
    let unused = Arc::new(ReplayTransport::new());
    let same = subaccounts(&TWILIO, &unused).regain(found()).await.unwrap();
    assert_eq!(setting(&same, "token"), None);
    assert!(unused.requests().is_empty(), "nothing is asked");
}

#[tokio::test]
async fn subaccounts_are_found_by_name_over_every_page() {
    for sample in SAMPLES {
        let list = accounts(&sample);
        let first = json!({"next_page_uri": format!("{list}?Page=1&PageToken=PA1"), "accounts": [
            account(&sample, 2, &json!({})),
            account(&sample, 3, &json!({"friendly_name": "tandem acme-010"})),
            account(&sample, 4, &json!({"owner_account_sid": id(&sample, "AC", 9)})),
            account(&sample, 5, &json!({"sid": sample.remote_id})),
        ]});
        let second = json!({"next_page_uri": null, "accounts": [
            account(&sample, 6, &json!({"status": "suspended", "auth_token": "redacted"})),
        ]});
        let transport =
            Arc::new(ReplayTransport::new().answer(200, first.to_string()).answer(200, second.to_string()));
        let found = subaccounts(&sample, &transport).find(NAME).await.unwrap();
        let got: Vec<_> = found.iter().map(|account| (account.remote_id.clone(), account.active)).collect();
        assert_eq!(got, [(id(&sample, "AC", 2), true), (id(&sample, "AC", 6), false)]);
        assert_eq!(setting(&found[0], "token"), None, "it is told only once");
        let requests = transport.requests();
        assert_eq!(requests[0].uri().to_string(), format!("{list}?FriendlyName=tandem+acme-01&PageSize=200"));
        assert_eq!(requests[1].uri().to_string(), format!("{list}?Page=1&PageToken=PA1"));
        for next in
            ["https://evil.example/2010-04-01/Accounts".to_owned(), api(&sample, "Calls"), "x".to_owned()]
        {
            let page = json!({"next_page_uri": next, "accounts": []}).to_string();
            let transport = Arc::new(ReplayTransport::new().answer(200, page));
            let error = subaccounts(&sample, &transport).find(NAME).await.unwrap_err();
            assert_eq!((error.kind(), error.effect()), (ErrorKind::UnexpectedResponse, Effect::Unknown));
        }
        let endless = json!({"next_page_uri": format!("{list}?Page=1"), "accounts": []}).to_string();
        let transport = (0..20).fold(ReplayTransport::new(), |script, _| script.answer(200, endless.clone()));
        let error = subaccounts(&sample, &Arc::new(transport)).find(NAME).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::UnexpectedResponse, Effect::Unknown));
    }
}

#[tokio::test]
async fn a_subaccount_is_stopped_and_let_go_on() {
    let child = id(&TWILIO, "AC", 7);
    for (active, word) in [(true, "active"), (false, "suspended")] {
        let answer = account(&TWILIO, 7, &json!({"status": word})).to_string();
        let transport = Arc::new(ReplayTransport::new().answer(200, answer));
        subaccounts(&TWILIO, &transport).set_active(&child, active).await.unwrap();
        let request = &transport.requests()[0];
        assert_eq!(request.uri().to_string(), accounts(&TWILIO).replace(".json", &format!("/{child}.json")));
        assert_eq!(request.body().as_ref(), format!("Status={word}").as_bytes());
    }
    let other = account(&TWILIO, 7, &json!({"status": "closed"})).to_string();
    let transport = Arc::new(ReplayTransport::new().answer(200, other));
    let error = subaccounts(&TWILIO, &transport).set_active(&child, true).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
    let unasked = Arc::new(ReplayTransport::new());
    assert!(subaccounts(&TWILIO, &unasked).set_active("../x", true).await.is_err());
    let error = subaccounts(&SIGNALWIRE, &unasked).set_active("x", true).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unsupported, Effect::NotSent));
}

#[tokio::test]
async fn every_request_is_in_the_documents_and_their_answers_are_read() {
    let Some(facts) = facts() else { return };
    for ((document, base), sample) in documented(&facts).into_iter().zip(SAMPLES) {
        let opened = example(&document, &base, &accounts(&sample), "post", 201);
        let script = ReplayTransport::new().answer(404, "").answer(201, opened.to_string());
        let transport = Arc::new((0..4).fold(script, |script, _| script.answer(500, "")));
        // Twilio's is asked twice, SignalWire's makes a token: as many requests.
        let _ = connection(&sample, &transport).check().await;
        if sample.provider == TWILIO.provider {
            assert!(transport.requests()[1].uri().path().ends_with(&format!("{}.json", sample.remote_id)));
        } else {
            let got = subaccounts(&sample, &transport).open(NAME).await.unwrap();
            assert_eq!(opened["sid"], got.remote_id.as_str());
        }
        let _ = subaccounts(&sample, &transport).open(NAME).await;
        let _ = subaccounts(&sample, &transport).find(NAME).await;
        let _ = subaccounts(&sample, &transport).set_active(&id(&sample, "AC", 7), true).await;
        if sample.provider == SIGNALWIRE.provider {
            let _ = connection(&sample, &transport).check().await;
        } else {
            let _ = subaccounts(&sample, &transport).open(NAME).await;
        }
        for request in transport.requests() {
            check_request(&document, &base, &request);
        }
        assert_eq!(transport.requests().len(), 6);
    }
}

#[test]
fn settings_say_what_is_secret_and_what_is_wrong() {
    for (sample, names, required) in [
        (
            TWILIO,
            [
                "account_sid",
                "auth_token",
                "next_auth_token",
                "api_key",
                "api_secret",
                "messaging_service_sid",
            ]
            .as_slice(),
            ["account_sid"].as_slice(),
        ),
        (
            SIGNALWIRE,
            ["project_id", "token", "space_url", "signing_key", "next_signing_key"].as_slice(),
            ["project_id", "token", "space_url"].as_slice(),
        ),
    ] {
        let settings = registry::settings(sample.provider);
        assert_eq!(settings.iter().map(|setting| setting.name).collect::<Vec<_>>(), names);
        for setting in settings {
            assert_eq!(setting.required, required.contains(&setting.name), "{}", setting.name);
            assert!(!(setting.is_valid)("") && !(setting.is_valid)("a b\n") && !setting.expected.is_empty());
            let account = sample.account();
            let Some(value) = account.config.get(setting.name) else { continue };
            assert!((setting.is_valid)(value.expose()), "{}", setting.name);
            assert_eq!(setting.secret, sample.secrets.contains(&value.expose()), "{}", setting.name);
        }
    }
}
