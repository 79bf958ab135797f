//! Numbers that are held there, and numbers that are brought along over a trunk.

use std::sync::Arc;

use serde_json::{Value, json};
use telephony::provider::error::{Effect, ErrorKind};
use telephony::provider::numbers::{NumberCapabilities, NumberSettings};
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::retell::OURS;

use super::{API, URL, body, held, trunk_number, trunks};

/// A number that was imported as [`trunk_number`] says.
pub(super) fn number() -> Value {
    json!({
        "phone_number": OURS,
        "phone_number_type": "custom",
        "last_modification_timestamp": 1_767_621_890_000_i64,
        "inbound_agents": [{"agent_id": "agent_0000000000000001", "agent_version": 0, "weight": 1}],
        "outbound_agents": [{"agent_id": "agent_0000000000000002", "weight": 1}],
        "nickname": "tandem prod",
        "inbound_webhook_url": URL,
        "sip_outbound_trunk_config":
            {"termination_uri": "tandem.pstn.twilio.com", "auth_username": "trunk-user", "transport": "TCP"},
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut changed = number();
    changed[name] = value;
    changed
}

#[tokio::test]
async fn numbers_are_listed_page_by_page() {
    let first = json!({"has_more": true, "pagination_key": "k&1", "items": [number(), with("phone_number", json!("reception"))]});
    let last = json!({"has_more": false, "items": [with("inbound_webhook_url", Value::Null)]});
    let transport =
        Arc::new(ReplayTransport::new().answer(200, first.to_string()).answer(200, last.to_string()));
    let page = held(&transport).list(None).await.unwrap();
    let [got] = page.items.as_slice() else { panic!("{page:?}") };
    assert_eq!((got.sid.as_str(), got.phone.expose()), ("14155550100", OURS));
    assert_eq!(got.capabilities, NumberCapabilities { voice: true, sms: false, mms: false });
    assert_eq!(
        (got.mark.as_deref(), got.voice.as_deref(), got.active),
        (Some("tandem prod"), Some(URL), true)
    );
    let page = held(&transport).list(page.next.as_deref()).await.unwrap();
    assert_eq!((page.next, page.items[0].voice.as_deref()), (None, Some("agent_0000000000000001")));
    let urls: Vec<String> = transport.requests().iter().map(|request| request.uri().to_string()).collect();
    assert_eq!(urls[0], format!("{API}/v2/list-phone-numbers?limit=200&sort_order=ascending"));
    assert_eq!(urls[1], format!("{}&pagination_key=k%261", urls[0]));
    for cut in [json!({"has_more": true, "items": []}), json!({"items": [{}]}), json!([]), json!({})] {
        let transport = Arc::new(ReplayTransport::new().answer(200, cut.to_string()));
        let error = held(&transport).list(None).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::UnexpectedResponse, Effect::Unknown), "{cut}");
    }
}

#[tokio::test]
async fn one_number_is_found_or_is_not_there() {
    let stranger = with("phone_number", json!("+14155559999"));
    let transport = Arc::new(
        ReplayTransport::new()
            .answer(200, number().to_string())
            .answer(422, "{}")
            .answer(401, "{}")
            .answer(200, stranger.to_string()),
    );
    let numbers = held(&transport);
    let phone = OURS.parse().unwrap();
    assert_eq!(numbers.find(&phone).await.unwrap().map(|held| held.phone), Some(phone.clone()));
    assert_eq!(transport.requests()[0].uri().to_string(), format!("{API}/get-phone-number/%2B14155550100"));
    assert_eq!(numbers.find(&phone).await.unwrap(), None);
    assert_eq!(numbers.find(&phone).await.unwrap_err().kind(), ErrorKind::Authentication);
    assert_eq!(numbers.find(&phone).await.unwrap_err().kind(), ErrorKind::UnexpectedResponse);
}

#[tokio::test]
async fn a_numbers_calls_are_pointed_at_us_and_it_is_marked() {
    for (webhooks, mark, expected) in [
        (
            Some("https://phone.example.com/prod"),
            Some("m"),
            json!({"inbound_webhook_url": URL, "nickname": "m"}),
        ),
        (None, Some("m"), json!({"nickname": "m"})),
        (None, None, json!({})),
    ] {
        let transport = Arc::new(ReplayTransport::new().answer(200, number().to_string()));
        let settings =
            NumberSettings { webhooks: webhooks.map(str::to_owned), mark: mark.map(str::to_owned) };
        held(&transport).configure(&"14155550100".parse().unwrap(), &settings).await.unwrap();
        let request = &transport.requests()[0];
        assert_eq!(
            (request.method().as_str(), request.uri().path()),
            ("PATCH", "/update-phone-number/%2B14155550100")
        );
        assert_eq!(body(request), expected);
    }
    let odd = held(&Arc::new(ReplayTransport::new()))
        .configure(&"..".parse().unwrap(), &NumberSettings::default())
        .await;
    assert_eq!(odd.unwrap_err().effect(), Effect::NotSent);
}

#[tokio::test]
async fn a_number_is_given_back_once_and_again() {
    let transport = Arc::new(
        ReplayTransport::new()
            .answer(204, "")
            .answer(422, "{}")
            .answer(404, "")
            .answer(500, "")
            .answer(200, "{}"),
    );
    let sid = "14155550100".parse().unwrap();
    for _ in 0..3 {
        held(&transport).release(&sid).await.unwrap();
    }
    assert_eq!(held(&transport).release(&sid).await.unwrap_err().effect(), Effect::Unknown);
    assert_eq!(held(&transport).release(&sid).await.unwrap_err().kind(), ErrorKind::UnexpectedResponse);
    let request = &transport.requests()[0];
    assert_eq!(
        (request.method().as_str(), request.uri().path()),
        ("DELETE", "/delete-phone-number/%2B14155550100")
    );
}

#[tokio::test]
async fn a_number_is_imported() {
    let transport = Arc::new(ReplayTransport::new().answer(201, number().to_string()));
    let got = trunks(&transport).import(&trunk_number()).await.unwrap();
    assert_eq!(got.phone.expose(), OURS);
    let request = &transport.requests()[0];
    assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/import-phone-number"));
    assert_eq!(
        body(request),
        json!({
            "phone_number": OURS,
            "ignore_e164_validation": false,
            "termination_uri": "tandem.pstn.twilio.com",
            "sip_trunk_auth_username": "trunk-user",
            "sip_trunk_auth_password": "trunk-password",
            "inbound_agents": [{"agent_id": "agent_0000000000000001", "weight": 1}],
            "outbound_agents": [{"agent_id": "agent_0000000000000002", "weight": 1}],
            "inbound_webhook_url": URL,
            "nickname": "tandem prod",
        })
    );
}

#[tokio::test]
async fn an_import_is_repeated_only_when_it_is_the_same() {
    for status in [400, 409, 422] {
        let transport =
            Arc::new(ReplayTransport::new().answer(status, "{}").answer(200, number().to_string()));
        assert_eq!(trunks(&transport).import(&trunk_number()).await.unwrap().phone.expose(), OURS);
    }
    for other in [
        with("phone_number_type", json!("retell-twilio")),
        with(
            "sip_outbound_trunk_config",
            json!({"termination_uri": "other.pstn.twilio.com", "auth_username": "trunk-user"}),
        ),
        with(
            "sip_outbound_trunk_config",
            json!({"termination_uri": "tandem.pstn.twilio.com", "auth_username": "x"}),
        ),
        with("sip_outbound_trunk_config", Value::Null),
        with("inbound_agents", json!([])),
        with("outbound_agents", json!([{"agent_id": "x", "weight": 1}])),
        with("inbound_webhook_url", Value::Null),
        with("nickname", json!("somebody's")),
    ] {
        let transport = Arc::new(ReplayTransport::new().answer(400, "{}").answer(200, other.to_string()));
        let error = trunks(&transport).import(&trunk_number()).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::Refused), "{other}");
    }
    // Refused, and not there: the refusal stands.
    let words = json!({"status": "error", "message": "no such trunk"}).to_string();
    let transport = Arc::new(ReplayTransport::new().answer(400, words).answer(422, "{}"));
    let error = trunks(&transport).import(&trunk_number()).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::InvalidRequest, Some("no such trunk")));
    let transport = Arc::new(ReplayTransport::new().answer(200, number().to_string()));
    assert_eq!(
        trunks(&transport).import(&trunk_number()).await.unwrap_err().kind(),
        ErrorKind::UnexpectedResponse
    );
}
