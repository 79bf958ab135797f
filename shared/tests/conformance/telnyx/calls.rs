//! Placing calls, and asking what became of them.

use std::sync::Arc;
use std::time::Duration;

use http::Response;
use serde_json::{Value, json};
use telephony::domain::address::Address;
use telephony::domain::call::CallStatus;
use telephony::domain::timestamp::Timestamp;
use telephony::provider::account::ProviderAccount;
use telephony::provider::calling::{
    AnswerWith, CallQuery, Calling, MachineDetection, OutboundCall, RemoteAgent,
};
use telephony::provider::error::{Effect, ErrorKind};
use telephony::provider::messaging::Callback;
use telephony::provider::transport::TransportError;
use telephony::provider::{Environment, ProviderId, registry};
use telephony_testkit::facts::facts;
use telephony_testkit::replay::{ReplayTransport, response};
use telephony_testkit::telnyx::{
    CONNECTION_ID, CONTROL_ID, LEG_ID, OURS, SESSION_ID, THEIRS, account, client_state,
};

use super::openapi::Api;

fn calling(transport: &Arc<ReplayTransport>) -> Box<dyn Calling> {
    registry::calling(ProviderId::Telnyx).unwrap()(&account(), &Environment::default(), transport.clone())
        .unwrap()
}

fn outbound() -> OutboundCall {
    OutboundCall {
        from: OURS.to_owned(),
        to: THEIRS.to_owned(),
        callback: Callback { base: "https://phone.example.com/prod".to_owned(), id: "01ABC_d-1".to_owned() },
        then: AnswerWith::Webhook,
        machine_detection: None,
        record: false,
        ring_timeout: Duration::from_secs(25),
        time_limit: None,
    }
}

fn call(more: &Value) -> String {
    let mut data = json!({
        "record_type": "call", "call_control_id": CONTROL_ID, "call_leg_id": LEG_ID,
        "call_session_id": SESSION_ID, "is_alive": false, "client_state": client_state("01ABC_d-1"),
    });
    for (name, value) in more.as_object().unwrap() {
        data[name] = value.clone();
    }
    json!({ "data": data }).to_string()
}

fn event(leg: &str, name: &str, at: &str, payload: &Value) -> Value {
    json!({
        "record_type": "call_event", "call_leg_id": leg, "call_session_id": SESSION_ID, "type": "webhook",
        "event_timestamp": at, "name": name, "metadata": {"raw": {"payload": payload}},
    })
}

const BEGAN: &str = "2026-01-05T14:05:00Z";
const ANSWERED: &str = "2026-01-05T14:05:08Z";
const ENDED: &str = "2026-01-05T14:05:38Z";
/// When the provider answers, by its own clock.
const DATE: (&str, &str) = ("date", "Mon, 05 Jan 2026 14:10:00 GMT");

fn page(events: &[Value], number: u32, total: u32) -> Response<bytes::Bytes> {
    let body = json!({"data": events, "meta": {"page_number": number, "total_pages": total}});
    response(200, &[DATE], body.to_string())
}

fn query(since: &str) -> CallQuery {
    CallQuery {
        from: OURS.to_owned(),
        to: THEIRS.to_owned(),
        since: Timestamp::parse_rfc3339(since).unwrap(),
    }
}

#[tokio::test]
async fn a_call_is_dialled_with_our_id_in_its_state() {
    let transport = Arc::new(ReplayTransport::new().answer(200, call(&json!({}))));
    let placed = calling(&transport).dial(&outbound()).await.unwrap();
    assert_eq!((placed.sid.as_str(), placed.control_id.as_deref()), (LEG_ID, Some(CONTROL_ID)));
    assert_eq!((placed.session.as_deref(), placed.status), (Some(SESSION_ID), CallStatus::Initiated));
    let request = &transport.requests()[0];
    assert_eq!(request.uri().to_string(), "https://api.telnyx.com/v2/calls");
    let expected = json!({
        "connection_id": CONNECTION_ID, "to": THEIRS, "from": OURS, "timeout_secs": 25,
        "client_state": client_state("01ABC_d-1"), "command_id": "01ABC_d-1",
        "webhook_url": "https://phone.example.com/prod/api/webhooks/telnyx",
    });
    assert_eq!(serde_json::from_slice::<Value>(request.body()).unwrap(), expected);
}

#[tokio::test]
async fn what_is_asked_for_is_said() {
    let api = facts().map(|facts| Api::of(&facts));
    let detection = |premium, until_greeting_ends| Some(MachineDetection { premium, until_greeting_ends });
    let seconds = |s| Some(Duration::from_secs(s));
    for (machine_detection, word) in [
        (detection(true, true), "premium"),
        (detection(true, false), "premium"),
        (detection(false, true), "greeting_end"),
        (detection(false, false), "detect"),
    ] {
        for (time_limit, sent) in [(seconds(30), 30), (seconds(600), 600), (seconds(99_999), 14_400)] {
            let transport = Arc::new(ReplayTransport::new().answer(200, call(&json!({}))));
            let ring_timeout = Duration::from_secs(9_999);
            let asked =
                OutboundCall { machine_detection, time_limit, ring_timeout, record: true, ..outbound() };
            calling(&transport).dial(&asked).await.unwrap();
            let request = &transport.requests()[0];
            let body: Value = serde_json::from_slice(request.body()).unwrap();
            assert_eq!(body["answering_machine_detection"], word);
            assert_eq!((&body["time_limit_secs"], &body["timeout_secs"]), (&json!(sent), &json!(600)));
            assert_eq!(body["record"], "record-from-answer");
            if let Some(api) = &api {
                api.check_request(request);
            }
        }
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_not_sent() {
    let agent = RemoteAgent { id: "a".to_owned(), version: None, variables: Default::default() };
    for (call, kind) in [
        (OutboundCall { then: AnswerWith::Agent(agent), ..outbound() }, ErrorKind::Unsupported),
        // It would last longer than its money.
        (OutboundCall { time_limit: Some(Duration::from_secs(29)), ..outbound() }, ErrorKind::InvalidRequest),
    ] {
        let transport = Arc::new(ReplayTransport::new());
        let error = calling(&transport).dial(&call).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (kind, Effect::NotSent));
        assert!(transport.requests().is_empty());
    }
    let account = ProviderAccount { config: [("api_key", "k")].into(), ..account() };
    let built = registry::calling(ProviderId::Telnyx).unwrap()(
        &account,
        &Environment::default(),
        Arc::new(ReplayTransport::new()),
    );
    assert_eq!(built.err().map(|error| error.kind()), Some(ErrorKind::Config));
}

#[tokio::test]
async fn a_lost_dial_is_not_known() {
    use {Effect as E, ErrorKind as K};
    for (transport, kind, effect) in [
        (ReplayTransport::new().lose(TransportError::Timeout), K::Timeout, E::Unknown),
        (ReplayTransport::new().lose(TransportError::Broken), K::Unavailable, E::Unknown),
        (ReplayTransport::new().lose(TransportError::NotConnected), K::Unavailable, E::NotSent),
        (ReplayTransport::new().answer(200, "{}"), K::UnexpectedResponse, E::Unknown),
        (
            ReplayTransport::new().answer(200, call(&json!({"call_leg_id": "a:b"}))),
            K::UnexpectedResponse,
            E::Unknown,
        ),
        (ReplayTransport::new().answer(422, r#"{"errors":[{"code":"90043"}]}"#), K::RateLimited, E::Refused),
    ] {
        let error = calling(&Arc::new(transport)).dial(&outbound()).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (kind, effect));
    }
}

#[tokio::test]
async fn a_call_is_read_with_its_events() {
    use CallStatus as S;
    let initiated = || event(LEG_ID, "call.initiated", BEGAN, &json!({}));
    let answered = || event(LEG_ID, "call.answered", ANSWERED, &json!({}));
    let hangup = |cause: &str| event(LEG_ID, "call.hangup", ENDED, &json!({"hangup_cause": cause}));
    let stranger = event("other", "call.answered", ANSWERED, &json!({}));
    let over = json!({"is_alive": false, "start_time": BEGAN, "end_time": ENDED, "call_duration": 38});
    for (call_says, events, status, duration) in [
        (json!({"is_alive": true}), vec![initiated(), stranger.clone()], Some(S::Initiated), None),
        (json!({"is_alive": true}), vec![initiated(), answered()], Some(S::InProgress), None),
        (
            over.clone(),
            vec![hangup("normal_clearing"), answered(), initiated()],
            Some(S::Completed),
            Some(30),
        ),
        (over.clone(), vec![initiated(), hangup("user_busy")], Some(S::Busy), None),
        (over.clone(), vec![initiated(), hangup("timeout")], Some(S::NoAnswer), None),
        (over.clone(), vec![answered()], Some(S::Completed), Some(38)),
        // It is over, and nobody says how.
        (over.clone(), vec![], None, None),
        // The answer to a dial that has just been placed.
        (json!({}), vec![], Some(S::Initiated), None),
    ] {
        let transport = Arc::new(
            ReplayTransport::new().answer(200, call(&call_says)).then(|_| {}, Ok(page(&events, 1, 1))),
        );
        let got = calling(&transport).fetch(CONTROL_ID).await.unwrap();
        assert_eq!((got.sid.as_str(), got.callback_id.as_deref()), (LEG_ID, Some("01ABC_d-1")));
        assert_eq!(
            (got.status, got.duration.map(|d| d.as_secs())),
            (status, duration),
            "{call_says} {events:?}"
        );
        let first = transport.requests()[0].uri().to_string();
        assert!(first.starts_with("https://api.telnyx.com/v2/calls/v3%3A"), "{first}");
    }
    let transport = Arc::new(ReplayTransport::new().answer(404, ""));
    assert_eq!(calling(&transport).fetch("x").await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_lost_call_is_found_by_its_events() {
    let state = json!({"client_state": client_state("01ABC_d-1")});
    let first =
        [event(LEG_ID, "call.initiated", BEGAN, &state), event("leg-2", "call.initiated", BEGAN, &json!({}))];
    let second = [event(LEG_ID, "call.answered", ANSWERED, &state)];
    let transport = Arc::new(
        ReplayTransport::new().then(|_| {}, Ok(page(&first, 1, 2))).then(|_| {}, Ok(page(&second, 2, 2))),
    );
    let found = calling(&transport).find(&query("2026-01-05T14:00:00Z")).await.unwrap();
    let ours = found.iter().find(|call| call.sid.as_str() == LEG_ID).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!((ours.callback_id.as_deref(), ours.status), (Some("01ABC_d-1"), Some(CallStatus::InProgress)));
    assert_eq!((&ours.from, &ours.to), (&Some(Address::parse(OURS)), &Some(Address::parse(THEIRS))));
    assert_eq!(ours.started_at, Timestamp::parse_rfc3339(BEGAN));
    if let Some(facts) = facts() {
        let api = Api::of(&facts);
        transport.requests().iter().for_each(|request| api.check_request(request));
    }
}

#[tokio::test]
async fn a_search_that_cannot_be_complete_is_none() {
    let empty = json!({"data": [], "meta": {"page_number": 1, "total_pages": 1}}).to_string();
    // Older than the events are kept, or of an unknown age.
    let old = Arc::new(ReplayTransport::new().then(|_| {}, Ok(page(&[], 1, 1))));
    let undated = Arc::new(ReplayTransport::new().answer(200, empty));
    for (transport, since) in [(old, "2026-01-04T14:09:00Z"), (undated, BEGAN)] {
        let error = calling(&transport).find(&query(since)).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Unsupported, Effect::Unknown));
    }
    let young = Arc::new(ReplayTransport::new().then(|_| {}, Ok(page(&[], 1, 1))));
    assert!(calling(&young).find(&query(BEGAN)).await.unwrap().is_empty());
    let unreadable = event("a:b", "call.initiated", BEGAN, &json!({}));
    let endless =
        (1..=20).fold(ReplayTransport::new(), |script, n| script.then(|_| {}, Ok(page(&[], n, 99))));
    for transport in [
        endless,
        ReplayTransport::new().then(|_| {}, Ok(page(&[], 2, 2))),
        ReplayTransport::new().then(move |_| {}, Ok(page(&[unreadable], 1, 1))),
        ReplayTransport::new().answer(200, "{}"),
    ] {
        let error = calling(&Arc::new(transport)).find(&query(BEGAN)).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::UnexpectedResponse, Effect::Unknown));
    }
}

#[tokio::test]
async fn a_call_that_has_ended_is_no_error_to_end() {
    let coded = |code: &str| json!({"errors": [{"code": code}]}).to_string();
    for transport in [
        ReplayTransport::new().answer(200, r#"{"data":{"result":"ok"}}"#),
        ReplayTransport::new().answer(422, coded("90018")),
        ReplayTransport::new().answer(404, ""),
        ReplayTransport::new().answer(422, coded("90015")),
    ] {
        let transport = Arc::new(transport);
        calling(&transport).hang_up(CONTROL_ID).await.unwrap();
        if let Some(facts) = facts() {
            Api::of(&facts).check_request(&transport.requests()[0]);
        }
    }
    let transport = Arc::new(ReplayTransport::new().answer(503, ""));
    assert_eq!(calling(&transport).hang_up(CONTROL_ID).await.unwrap_err().kind(), ErrorKind::Unavailable);
}
