//! Calls of Twilio and of those who speak as it does.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use telephony::domain::call::CallStatus;
use telephony::domain::timestamp::Timestamp;
use telephony::provider::calling::{
    AnswerWith, CallQuery, Calling, MachineDetection, OutboundCall, RemoteAgent,
};
use telephony::provider::error::{Effect, ErrorKind};
use telephony::provider::messaging::Callback;
use telephony::provider::{Environment, registry};
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::webhooks::{SAMPLES, Sample};

const BASE: &str = "https://phone.example.com/prod";

/// An id of the provider's form.
pub(crate) fn id(sample: &Sample, prefix: &str, n: u32) -> String {
    sample.message_sid(n).replace("SM", prefix)
}

/// The API's URL below an account, without the ending.
pub(crate) fn api(sample: &Sample, rest: &str) -> String {
    // In the order of the samples.
    let bases = ["https://api.twilio.com", "https://demo.signalwire.com/api/laml"];
    let ending = suffix(sample);
    let at = SAMPLES.iter().position(|other| other.provider == sample.provider).unwrap();
    format!("{}/2010-04-01/Accounts/{}/{rest}{ending}", bases[at], sample.remote_id)
}

/// What a resource's path ends in.
pub(crate) fn suffix(sample: &Sample) -> &'static str {
    if sample.remote_id.starts_with("AC") { ".json" } else { "" }
}

/// What is appended to our URLs.
pub(crate) fn settings(sample: &Sample) -> &'static str {
    if sample.remote_id.starts_with("AC") { "#rc=2&rp=5xx,ct,rt" } else { "" }
}

pub(crate) fn pairs(bytes: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(bytes).into_owned().collect()
}

pub(crate) fn calls(sample: &Sample, transport: &Arc<ReplayTransport>) -> Box<dyn Calling> {
    let factory = registry::calling(sample.provider).unwrap();
    factory(&sample.account(), &Environment::default(), transport.clone()).ok().unwrap()
}

pub(crate) fn outbound() -> OutboundCall {
    OutboundCall {
        from: "+14155550100".to_owned(),
        to: "+14155552671".to_owned(),
        callback: Callback { base: BASE.to_owned(), id: "01ABC.d-1".to_owned() },
        then: AnswerWith::Webhook,
        machine_detection: None,
        record: false,
        ring_timeout: Duration::from_secs(45),
        time_limit: Some(Duration::from_secs(600)),
    }
}

pub(crate) fn query() -> CallQuery {
    CallQuery {
        from: "+14155550100".to_owned(),
        to: "+14155552671".to_owned(),
        since: Timestamp::parse_rfc3339("2026-01-05T14:05:00.900Z").unwrap(),
    }
}

pub(crate) fn call(sample: &Sample, n: u32, changes: &Value) -> Value {
    let mut call = json!({
        "sid": id(sample, "CA", n),
        "status": "queued",
        "direction": "outbound-api",
        "from": "+14155550100",
        "to": "+14155552671",
        "date_created": "Mon, 05 Jan 2026 14:05:00 +0000",
        "start_time": null, "end_time": null, "duration": null, "price": null, "price_unit": "USD",
        "new": [1],
    });
    for (name, value) in changes.as_object().unwrap() {
        call[name] = value.clone();
    }
    call
}

pub(crate) fn everything() -> OutboundCall {
    OutboundCall {
        machine_detection: Some(MachineDetection { premium: true, until_greeting_ends: true }),
        record: true,
        ..outbound()
    }
}

#[tokio::test]
async fn a_call_is_placed_with_where_to_ask_and_to_report() {
    for (sample, created, limited) in [(SAMPLES[0], 201, true), (SAMPLES[1], 200, false)] {
        let answer = call(&sample, 1, &json!({})).to_string();
        let transport =
            Arc::new(ReplayTransport::new().answer(created, answer.clone()).answer(created, answer));
        let placed = calls(&sample, &transport).dial(&outbound()).await.unwrap();
        assert_eq!((placed.sid.to_string(), placed.status), (id(&sample, "CA", 1), CallStatus::Queued));
        assert_eq!((placed.control_id, placed.session), (None, None));
        calls(&sample, &transport).dial(&everything()).await.unwrap();
        let requests = transport.requests();
        assert_eq!(requests[0].method(), "POST");
        assert_eq!(requests[0].uri().to_string(), api(&sample, "Calls"));
        assert!(requests[0].headers()["authorization"].is_sensitive());
        let to =
            |path| format!("{BASE}/api/webhooks/{}/{path}?c=01ABC.d-1{}", sample.provider, settings(&sample));
        let mut expected = vec![
            ("To", "+14155552671".to_owned()),
            ("From", "+14155550100".to_owned()),
            ("Url", to("voice")),
            ("Method", "POST".to_owned()),
            ("FallbackUrl", to("voice")),
            ("FallbackMethod", "POST".to_owned()),
            ("StatusCallback", to("call-status")),
            ("StatusCallbackMethod", "POST".to_owned()),
        ];
        for event in ["initiated", "ringing", "answered", "completed"] {
            expected.push(("StatusCallbackEvent", event.to_owned()));
        }
        expected.push(("Timeout", "45".to_owned()));
        if limited {
            expected.push(("TimeLimit", "600".to_owned()));
        }
        let owned = |pairs: &[(&str, String)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect::<Vec<_>>()
        };
        assert_eq!(pairs(requests[0].body()), owned(&expected));
        expected.extend([
            ("MachineDetection", "DetectMessageEnd".to_owned()),
            ("AsyncAmd", "true".to_owned()),
            ("AsyncAmdStatusCallback", to("amd-status")),
            ("AsyncAmdStatusCallbackMethod", "POST".to_owned()),
            ("Record", "true".to_owned()),
            ("RecordingStatusCallback", to("recording-status")),
            ("RecordingStatusCallbackMethod", "POST".to_owned()),
        ]);
        assert_eq!(pairs(requests[1].body()), owned(&expected));
    }
}

#[tokio::test]
async fn an_agent_of_somebody_elses_is_not_tried() {
    for sample in SAMPLES {
        let agent = RemoteAgent { id: "agent_1".to_owned(), version: None, variables: [].into() };
        let dialled = OutboundCall { then: AnswerWith::Agent(agent), ..outbound() };
        let error = calls(&sample, &Arc::new(ReplayTransport::new())).dial(&dialled).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Unsupported, Effect::NotSent));
    }
}

#[tokio::test]
async fn a_call_is_fetched_as_either_provider_writes_it() {
    for sample in SAMPLES {
        for (duration, price) in [(json!("20"), json!("-0.01300")), (json!(20), json!(0.013))] {
            let changes = json!({
                "status": "completed", "duration": duration, "price": price,
                "start_time": "Mon, 05 Jan 2026 14:05:02 +0000", "end_time": "Mon, 05 Jan 2026 14:05:22 +0000",
            });
            let transport =
                Arc::new(ReplayTransport::new().answer(200, call(&sample, 7, &changes).to_string()));
            let got = calls(&sample, &transport).fetch(&id(&sample, "CA", 7)).await.unwrap();
            let path = format!("Calls/{}", id(&sample, "CA", 7));
            assert_eq!(transport.requests()[0].uri().to_string(), api(&sample, &path));
            assert_eq!(got.status, Some(CallStatus::Completed));
            assert_eq!(got.started_at, Timestamp::parse_rfc3339("2026-01-05T14:05:02Z"));
            assert_eq!(got.ended_at, Timestamp::parse_rfc3339("2026-01-05T14:05:22Z"));
            assert_eq!(got.duration, Some(Duration::from_secs(20)));
            assert_eq!(
                got.cost.map(|cost| (cost.amount.get(), cost.currency)),
                Some((13_000, "USD".to_owned()))
            );
            assert_eq!((got.callback_id, got.answered_at), (None, None));
        }
        let waiting = call(&sample, 7, &json!({"status": "teleported"})).to_string();
        let transport = Arc::new(ReplayTransport::new().answer(200, waiting));
        let got = calls(&sample, &transport).fetch(&id(&sample, "CA", 7)).await.unwrap();
        assert_eq!((got.status, got.duration, got.cost, got.ended_at), (None, None, None, None));
        assert_eq!(got.started_at, Timestamp::parse_rfc3339("2026-01-05T14:05:00Z"));
        for id in ["", "..", "a/b", "a?b", "a%2e", &"a".repeat(65)] {
            let transport = Arc::new(ReplayTransport::new());
            let error = calls(&sample, &transport).fetch(id).await.unwrap_err();
            assert_eq!((error.kind(), error.effect()), (ErrorKind::InvalidRequest, Effect::NotSent), "{id}");
            assert!(calls(&sample, &transport).hang_up(id).await.is_err());
        }
    }
}

#[tokio::test]
async fn a_search_follows_pages_and_sifts_what_the_provider_did_not() {
    for sample in SAMPLES {
        let path = api(&sample, "Calls").split(".com").nth(1).unwrap().to_owned();
        let first = json!({"next_page_uri": format!("{path}?Page=1&PageToken=PA1"), "calls": [
            call(&sample, 1, &json!({"date_created": "Mon, 05 Jan 2026 14:04:59 +0000"})),
            call(&sample, 2, &json!({})),
            call(&sample, 3, &json!({"direction": "inbound"})),
            call(&sample, 4, &json!({"to": "+14155559999"})),
            call(&sample, 5, &json!({"from": "+14155559999"})),
        ]});
        let second =
            json!({"next_page_uri": null, "calls": [call(&sample, 6, &json!({"status": "teleported"}))]});
        let transport =
            Arc::new(ReplayTransport::new().answer(200, first.to_string()).answer(200, second.to_string()));
        let found = calls(&sample, &transport).find(&query()).await.unwrap();
        let sids: Vec<String> = found.iter().map(|call| call.sid.to_string()).collect();
        assert_eq!(sids, [id(&sample, "CA", 2), id(&sample, "CA", 6)]);
        let requests = transport.requests();
        assert_eq!(
            requests[0].uri().to_string(),
            format!("{}?To=%2B14155552671&From=%2B14155550100&PageSize=200", api(&sample, "Calls"))
        );
        assert_eq!(requests[1].uri().to_string(), format!("{}?Page=1&PageToken=PA1", api(&sample, "Calls")));
        // A whole page from before yesterday ends it.
        let old = json!({"next_page_uri": format!("{path}?Page=1"), "calls": [
            call(&sample, 1, &json!({"date_created": "Sun, 04 Jan 2026 14:04:59 +0000"})),
        ]});
        let transport = Arc::new(ReplayTransport::new().answer(200, old.to_string()));
        assert!(calls(&sample, &transport).find(&query()).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_search_never_leaves_the_list_and_never_passes_for_complete() {
    for sample in SAMPLES {
        let list = api(&sample, "Calls");
        for next in [
            json!("https://evil.example/2010-04-01/Accounts"),
            json!(list.replace(".com", ".com.evil.example")),
            json!(list.replace("https", "http")),
            json!(list.replace("https://", "https://u:p@")),
            json!(list.replace("Calls", "Messages")),
            json!(format!("//evil.example{}", list.split(".com").nth(1).unwrap())),
            json!("../x"),
            json!(7),
        ] {
            let page = json!({"next_page_uri": next, "calls": []});
            let transport = Arc::new(ReplayTransport::new().answer(200, page.to_string()));
            let error = calls(&sample, &transport).find(&query()).await.unwrap_err();
            assert_eq!(
                (error.kind(), error.effect()),
                (ErrorKind::UnexpectedResponse, Effect::Unknown),
                "{next}"
            );
        }
        let endless = json!({"next_page_uri": format!("{list}?Page=1"), "calls": []}).to_string();
        let transport = (0..20).fold(ReplayTransport::new(), |script, _| script.answer(200, endless.clone()));
        let error = calls(&sample, &Arc::new(transport)).find(&query()).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::UnexpectedResponse, Effect::Unknown));
    }
}

#[tokio::test]
async fn a_call_is_ended_once_and_again() {
    for sample in SAMPLES {
        let over = call(&sample, 1, &json!({"status": "completed"})).to_string();
        let running = call(&sample, 1, &json!({"status": "in-progress"})).to_string();
        let state = json!({"code": 21220, "message": "state", "status": 400}).to_string();
        let sid = id(&sample, "CA", 1);
        let transport = Arc::new(
            ReplayTransport::new()
                .answer(200, over.clone())
                .answer(404, "")
                .answer(400, state.clone())
                .answer(200, over)
                .answer(400, state.clone())
                .answer(200, running)
                .answer(400, state)
                .answer(500, "")
                .answer(500, ""),
        );
        let calls = calls(&sample, &transport);
        for _ in 0..3 {
            calls.hang_up(&sid).await.unwrap();
        }
        // Refused, and not over as far as we can tell.
        for _ in 0..2 {
            assert_eq!(calls.hang_up(&sid).await.unwrap_err().kind(), ErrorKind::Conflict);
        }
        assert_eq!(calls.hang_up(&sid).await.unwrap_err().effect(), Effect::Unknown);
        let request = &transport.requests()[0];
        assert_eq!(request.uri().to_string(), api(&sample, &format!("Calls/{sid}")));
        assert_eq!(request.body().as_ref(), b"Status=completed");
    }
}
