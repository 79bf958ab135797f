//! Placing, fetching, finding and ending calls.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use telephony::domain::call::CallStatus;
use telephony::domain::timestamp::Timestamp;
use telephony::provider::calling::AnswerWith;
use telephony::provider::error::{Effect, ErrorKind};
use telephony::provider::{Environment, ProviderId, registry};
use telephony_testkit::replay::{ReplayTransport, response};
use telephony_testkit::retell::{KEYS, account, call};

use super::{API, agents, body, calls, outbound, query};

#[tokio::test]
async fn a_call_is_placed() {
    let answer = call("call_1", "registered", &json!({"start_timestamp": null}));
    let transport = Arc::new(ReplayTransport::new().answer(201, answer.to_string()));
    let placed = calls(&transport).dial(&outbound()).await.unwrap();
    assert_eq!((placed.sid.as_str(), placed.status), ("call_1", CallStatus::Initiated));
    let request = &transport.requests()[0];
    assert_eq!(
        (request.method().as_str(), request.uri().to_string()),
        ("POST", format!("{API}/v2/create-phone-call"))
    );
    assert_eq!(request.headers()["authorization"], format!("Bearer {}", KEYS[0]));
    assert_eq!(request.headers()["content-type"], "application/json");
    assert_eq!(
        body(request),
        json!({
            "from_number": "+14155550100",
            "to_number": "+14155552671",
            "override_agent_id": "agent_0000000000000001",
            "override_agent_version": 3,
            "agent_override": {"agent": {"ring_duration_ms": 45_000, "max_call_duration_ms": 600_000}},
            "retell_llm_dynamic_variables": {"customer_name": "Zoë"},
            "metadata": {"tandem_ref": "01ABC.d-1"},
        })
    );
}

#[tokio::test]
async fn times_stay_within_what_retell_takes_and_never_beyond_the_money() {
    for (ring, limit, ring_ms, limit_ms) in [
        (1, None, 5_000, Value::Null),
        (600, Some(60), 300_000, json!(60_000)),
        (30, Some(86_400), 30_000, json!(7_200_000)),
    ] {
        let mut dialled = outbound();
        dialled.ring_timeout = Duration::from_secs(ring);
        dialled.time_limit = limit.map(Duration::from_secs);
        let transport = Arc::new(ReplayTransport::new().answer(500, ""));
        let _ = calls(&transport).dial(&dialled).await;
        let agent = &body(&transport.requests()[0])["agent_override"]["agent"];
        assert_eq!(
            (&agent["ring_duration_ms"], &agent["max_call_duration_ms"]),
            (&json!(ring_ms), &limit_ms)
        );
    }
}

#[tokio::test]
async fn what_retell_cannot_do_is_not_tried() {
    let mut webhook = outbound();
    webhook.then = AnswerWith::Webhook;
    let mut short = outbound();
    short.time_limit = Some(Duration::from_secs(59));
    for dialled in [webhook, short] {
        let error = calls(&Arc::new(ReplayTransport::new())).dial(&dialled).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Unsupported, Effect::NotSent));
    }
}

#[tokio::test]
async fn a_call_is_fetched() {
    let changes = json!({
        "disconnection_reason": "agent_hangup", "end_timestamp": 1_767_621_900_000_i64, "duration_ms": 10_000,
        "call_cost": {"combined_cost": 7},
    });
    let transport =
        Arc::new(ReplayTransport::new().answer(200, call("call_1", "ended", &changes).to_string()));
    let got = calls(&transport).fetch("call_1").await.unwrap();
    assert_eq!(transport.requests()[0].uri().to_string(), format!("{API}/v2/get-call/call_1"));
    assert_eq!((got.sid.as_str(), got.status), ("call_1", Some(CallStatus::Completed)));
    assert_eq!(got.callback_id.as_deref(), Some("01ABC.d-1"));
    assert_eq!(got.answered_at, Some(Timestamp::from_millis(1_767_621_890_000)));
    assert_eq!(got.ended_at, Some(Timestamp::from_millis(1_767_621_900_000)));
    assert_eq!(got.duration, Some(Duration::from_secs(10)));
    assert_eq!(got.cost.unwrap().amount.get(), 70_000);
    for (word, status) in [
        ("registered", Some(CallStatus::Initiated)),
        ("ongoing", Some(CallStatus::InProgress)),
        ("not_connected", Some(CallStatus::Failed)),
        ("error", Some(CallStatus::Failed)),
        ("teleported", None),
    ] {
        let transport =
            Arc::new(ReplayTransport::new().answer(200, call("call_1", word, &json!({})).to_string()));
        let got = calls(&transport).fetch("call_1").await.unwrap();
        assert_eq!((got.status, got.answered_at.is_some()), (status, word == "ongoing"), "{word}");
    }
}

#[tokio::test]
async fn an_id_leads_nowhere_else() {
    for id in ["", "..", ".", "a/b", "a?b", "a%2Fb", "a b", "a\r\nb", &"a".repeat(129)] {
        let transport = Arc::new(ReplayTransport::new());
        let fetched = calls(&transport).fetch(id).await.map(drop);
        let ended = calls(&transport).hang_up(id).await;
        let agent = agents(&transport).get(id).await.map(drop);
        let hooked = agents(&transport).set_webhook(id, "https://x.example").await.map(drop);
        for error in [fetched, ended, agent, hooked] {
            let error = error.unwrap_err();
            assert_eq!((error.kind(), error.effect()), (ErrorKind::InvalidRequest, Effect::NotSent), "{id}");
        }
    }
}

#[tokio::test]
async fn a_search_follows_pages_and_sifts_what_retell_did_not() {
    let item = |n: u32, changes: Value| call(&format!("call_{n}"), "ended", &changes);
    let first = json!({"has_more": true, "pagination_key": "k&1", "items": [
        item(1, json!({})),
        item(2, json!({"start_timestamp": 1_767_621_879_999_i64})),
        item(3, json!({"start_timestamp": null})),
        item(4, json!({"to_number": "+14155559999"})),
        item(5, json!({"from_number": "+14155559999"})),
        item(6, json!({"direction": "inbound"})),
    ]});
    let second =
        json!({"has_more": false, "pagination_key": "k2", "items": [item(7, json!({"metadata": null}))]});
    let transport = Arc::new(ReplayTransport::new().answer(200, first.to_string()).then(
        |request| assert_eq!(body(request)["pagination_key"], "k&1"),
        Ok(response(200, &[], second.to_string())),
    ));
    let found = calls(&transport).find(&query()).await.unwrap();
    let found: Vec<_> = found.iter().map(|call| (call.sid.as_str(), call.callback_id.as_deref())).collect();
    assert_eq!(found, [("call_1", Some("01ABC.d-1")), ("call_3", Some("01ABC.d-1")), ("call_7", None)]);
    let asked = body(&transport.requests()[0]);
    let is = |value: &str| json!({"type": "string", "op": "eq", "value": value});
    assert_eq!(asked["filter_criteria"]["from_number"], is("+14155550100"));
    assert_eq!(asked["filter_criteria"]["to_number"], is("+14155552671"));
    assert!(asked["filter_criteria"].get("start_timestamp").is_none(), "a call that rings has no beginning");
    assert!(asked.get("pagination_key").is_none());
}

#[tokio::test]
async fn a_search_that_was_cut_short_never_passes_for_complete() {
    for cut in [
        json!({"has_more": true, "items": []}),
        json!({"has_more": true, "pagination_key": "", "items": []}),
        json!({"has_more": "yes", "pagination_key": "k", "items": []}),
        json!({"has_more": false}),
        json!({"items": {}}),
        json!({"items": [{"from_number": "+14155550100"}]}),
        json!([]),
    ] {
        let transport = Arc::new(ReplayTransport::new().answer(200, cut.to_string()));
        let error = calls(&transport).find(&query()).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::UnexpectedResponse, Effect::Unknown), "{cut}");
    }
    let endless = json!({"has_more": true, "pagination_key": "k", "items": []}).to_string();
    let transport = (0..20).fold(ReplayTransport::new(), |script, _| script.answer(200, endless.clone()));
    let error = calls(&Arc::new(transport)).find(&query()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::UnexpectedResponse, Effect::Unknown));
}

#[tokio::test]
async fn a_call_is_ended_once_and_again() {
    let transport = Arc::new(ReplayTransport::new().answer(204, "").answer(422, "{}").answer(404, ""));
    for _ in 0..3 {
        calls(&transport).hang_up("call_1").await.unwrap();
    }
    let request = &transport.requests()[0];
    assert_eq!(
        (request.method().as_str(), request.uri().to_string()),
        ("POST", format!("{API}/v2/stop-call/call_1"))
    );
    assert!(request.body().is_empty());
    // A refusal counts as the end only when the call has ended.
    for (status, ended) in
        [("ended", true), ("not_connected", true), ("ongoing", false), ("teleported", false)]
    {
        let state = call("call_1", status, &json!({})).to_string();
        let transport = Arc::new(ReplayTransport::new().answer(400, "").answer(200, state));
        let got = calls(&transport).hang_up("call_1").await;
        assert_eq!(
            got.map_err(|error| error.kind()),
            if ended { Ok(()) } else { Err(ErrorKind::InvalidRequest) }
        );
    }
    let transport = Arc::new(ReplayTransport::new().answer(200, "{}").answer(500, ""));
    assert_eq!(calls(&transport).hang_up("call_1").await.unwrap_err().kind(), ErrorKind::UnexpectedResponse);
    assert_eq!(calls(&transport).hang_up("call_1").await.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn an_api_base_counts_only_on_a_local_stack() {
    let mut local = account();
    local.config = [("api_key", KEYS[0]), ("api_base", "http://127.0.0.1:4000/retell/")].into();
    for (is_local, base) in [(true, "http://127.0.0.1:4000/retell"), (false, API)] {
        let environment = Environment { local: is_local, ..Environment::default() };
        let transport = Arc::new(ReplayTransport::new().answer(500, ""));
        let calling = registry::calling(ProviderId::Retell).unwrap()(&local, &environment, transport.clone());
        let _ = calling.ok().unwrap().fetch("call_1").await;
        assert_eq!(transport.requests()[0].uri().to_string(), format!("{base}/v2/get-call/call_1"));
    }
    for key in ["", "short", "key with spaces", "key_\n0123456789"] {
        let mut unusable = account();
        unusable.config = [("api_key", key)].into();
        let transport = Arc::new(ReplayTransport::new());
        let made =
            registry::calling(ProviderId::Retell).unwrap()(&unusable, &Environment::default(), transport);
        assert_eq!(made.err().map(|error| error.kind()), Some(ErrorKind::Config), "{key:?}");
    }
}
