//! Calls that are steered by commands: each event leads to at most one step, on the real store, with the
//! real adapter, over a scripted way to the provider.

use std::sync::Arc;

use serde_json::Value;
use telephony::app::route_cache::RouteCache;
use telephony::app::voice::planner::Planner;
use telephony::app::voice::record::{RecordCall, Taken};
use telephony::app::voice::steer::{NotActed, SteerCall};
use telephony::domain::call::{CallRef, CallStatus, HangupCause};
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{CallRecords, Numbers};
use telephony::provider::calling::CallEvent;
use telephony::provider::transport::TransportError;
use telephony::provider::webhooks::{Event, WebhookKind};
use telephony::provider::{Environment, ProviderId, registry};
use telephony_testkit::replay::{ReplayTransport, response};
use telephony_testkit::telnyx;

use crate::support::samples::*;
use crate::support::{Table, table};

const OK: &str = r#"{"data":{"result":"ok"}}"#;
const URL: &str = "https://phone.example.com/api/webhooks/telnyx";

/// The event that a payload is, through the adapter's own verification.
fn event(payload: &Value) -> CallEvent {
    let now = Timestamp::from_millis(1_795_262_400_000);
    let request = telnyx::signed(&telnyx::SEED, now.seconds(), URL, &payload.to_string());
    let webhooks = registry::webhooks(ProviderId::Telnyx);
    let verified = webhooks.verify(&request, &webhooks.keys(&telnyx::account()), now).unwrap();
    match webhooks.parse(&verified, WebhookKind::Events).unwrap().pop().unwrap() {
        Event::Call(event) => *event,
        other => panic!("{other:?}"),
    }
}

async fn desk(transport: ReplayTransport) -> (Table, RecordCall, SteerCall) {
    let table = table().await;
    let number = number(&tenant("demo"), "test-telnyx", telnyx::OURS);
    assert_eq!(table.store.put(&number).await, Ok(true));
    let store = Arc::new(table.store.clone());
    let record = RecordCall {
        routes: Arc::new(RouteCache::new(store.clone())),
        planner: Planner { agents: store.clone(), preferences: store.clone() },
        calls: store.clone(),
        inbox: store.clone(),
    };
    let (transport, environment) = (Arc::new(transport), Environment::default());
    let brief = crate::handing::brief(&store, transport.clone());
    let answer = SteerCall { calls: store, brief, transport, environment };
    (table, record, answer)
}

async fn take((record, answer): (&RecordCall, &SteerCall), payload: &Value) -> (Taken, Result<(), NotActed>) {
    let (account, event) = (telnyx::account(), event(payload));
    let taken = record.record(&account, &event, at(0)).await.unwrap();
    let acted = answer.act(&account, &event, &taken, at(0)).await;
    (taken, acted)
}

fn call_of(taken: Taken) -> CallRef {
    match taken {
        Taken::Recorded(call) => call,
        Taken::Unrouted => panic!("unrouted"),
    }
}

fn action(request: &http::Request<bytes::Bytes>) -> (String, Value) {
    let act = request.uri().path().rsplit('/').next().unwrap().to_owned();
    (act, serde_json::from_slice(request.body()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_is_answered_told_and_hung_up_once_each() {
    let transport = ReplayTransport::new()
        .then(|request| assert_eq!(action(request).0, "answer"), Ok(response(200, &[], OK)))
        .then(
            |request| {
                let (act, body) = action(request);
                assert_eq!(act, "speak");
                let said = "Thank you for calling. This number is not currently accepting calls.";
                assert_eq!(body["payload"], said);
            },
            Ok(response(200, &[], OK)),
        )
        .then(|request| assert_eq!(action(request).0, "hangup"), Ok(response(200, &[], OK)));
    let (table, record, answer) = desk(transport).await;
    let desk = (&record, &answer);
    let began = telnyx::call_initiated(1);
    let call = call_of(take(desk, &began).await.0);
    for payload in [
        began.clone(),
        telnyx::call("call.answered", 2, &serde_json::json!({})),
        began,
        telnyx::call("call.answered", 2, &serde_json::json!({})),
        telnyx::call("call.speak.ended", 3, &serde_json::json!({"status": "completed"})),
        telnyx::call("call.speak.ended", 3, &serde_json::json!({"status": "completed"})),
        telnyx::call_hangup(4, "normal_clearing"),
    ] {
        let (taken, acted) = take(desk, &payload).await;
        acted.unwrap();
        assert_eq!(call_of(taken), call);
    }
    let (_, legs) = table.store.call(&call).await.unwrap().unwrap();
    assert_eq!((legs.len(), legs[0].status), (1, CallStatus::Completed));
    assert_eq!(legs[0].cause, Some(HangupCause::Normal));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_repeated_under_the_same_id() {
    let same = Arc::new(std::sync::Mutex::new(Vec::new()));
    let note = |same: &Arc<std::sync::Mutex<Vec<Value>>>| {
        let same = Arc::clone(same);
        move |request: &http::Request<bytes::Bytes>| {
            same.lock().unwrap().push(action(request).1["command_id"].clone());
        }
    };
    let transport = ReplayTransport::new()
        .then(note(&same), Err(TransportError::Timeout))
        .then(note(&same), Ok(response(503, &[], "")))
        .then(note(&same), Ok(response(200, &[], OK)));
    let (_table, record, answer) = desk(transport).await;
    let began = telnyx::call_initiated(1);
    for again in [true, true, false, false] {
        let (_, acted) = take((&record, &answer), &began).await;
        assert_eq!(matches!(acted, Err(NotActed::Provider(_))), again);
    }
    let ids = same.lock().unwrap().clone();
    assert!(ids.len() == 3 && ids.iter().all(|id| *id == ids[0] && id.is_string()), "{ids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_is_gone_and_a_command_that_is_refused_are_no_errors() {
    for (status, body) in [
        (422, r#"{"errors":[{"code":"90018","title":"Call has already ended"}]}"#),
        (422, r#"{"errors":[{"code":"90015","title":"Invalid call control id"}]}"#),
    ] {
        let transport = ReplayTransport::new().answer(status, body);
        let (_table, record, answer) = desk(transport).await;
        let began = telnyx::call_initiated(1);
        for _ in 0..2 {
            take((&record, &answer), &began).await.1.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_to_nobodys_number_is_turned_away_and_noted() {
    let transport = ReplayTransport::new()
        .then(|request| assert_eq!(action(request).0, "reject"), Ok(response(200, &[], OK)));
    let (table, record, answer) = desk(transport).await;
    let mut began = telnyx::call_initiated(1);
    began["data"]["payload"]["to"] = "+14155550177".into();
    let (taken, acted) = take((&record, &answer), &began).await;
    acted.unwrap();
    assert_eq!(taken, Taken::Unrouted);
    let items = table.client.scan().table_name(&table.name).send().await.unwrap();
    let kinds: Vec<&str> =
        items.items().iter().filter_map(|item| item["ent"].as_s().ok()).map(String::as_str).collect();
    assert!(kinds.contains(&"unr") && !kinds.contains(&"leg"), "{kinds:?}");
}
