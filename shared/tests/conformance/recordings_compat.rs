//! Recordings that Twilio keeps, and those who speak as it does.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use telephony::provider::error::{Effect, ErrorKind};
use telephony::provider::recordings::Recordings;
use telephony::provider::{Environment, registry};
use telephony_testkit::facts::facts;
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::webhooks::{SAMPLES, Sample};

use super::calls_compat::{api, id, suffix};
use super::documents::{documented, example};
use super::openapi::check_request;

fn recordings(sample: &Sample, transport: &Arc<ReplayTransport>) -> Box<dyn Recordings> {
    let factory = registry::recordings(sample.provider).unwrap();
    factory(&sample.account(), &Environment::default(), transport.clone()).ok().unwrap()
}

fn recording(sample: &Sample, n: u32, changes: &Value) -> Value {
    let mut recording = json!({
        "sid": id(sample, "RE", n), "call_sid": id(sample, "CA", 1), "status": "completed", "duration": "7",
        "channels": 2, "source": "DialVerb", "new": [1],
    });
    for (name, value) in changes.as_object().unwrap() {
        recording[name] = value.clone();
    }
    recording
}

#[tokio::test]
async fn of_one_call_over_every_page() {
    for sample in SAMPLES {
        let call = id(&sample, "CA", 1);
        let list = api(&sample, "Recordings");
        let path = list.split(".com").nth(1).unwrap();
        let first = json!({"next_page_uri": format!("{path}?Page=1"), "recordings": [
            recording(&sample, 1, &json!({})),
            recording(&sample, 2, &json!({"call_sid": id(&sample, "CA", 2)})),
        ]});
        let second = json!({"next_page_uri": null, "recordings": [
            recording(&sample, 3, &json!({"status": "processing", "duration": "-1", "channels": "1"})),
        ]});
        let transport =
            Arc::new(ReplayTransport::new().answer(200, first.to_string()).answer(200, second.to_string()));
        let found = recordings(&sample, &transport).of_call(&call.parse().unwrap()).await.unwrap();
        let told: Vec<_> = found.iter().map(|one| (one.sid.as_str(), one.ready, one.channels)).collect();
        let (one, three) = (id(&sample, "RE", 1), id(&sample, "RE", 3));
        assert_eq!(told, [(one.as_str(), true, Some(2)), (three.as_str(), false, Some(1))]);
        assert_eq!((found[0].duration, found[1].duration), (Some(Duration::from_secs(7)), None));
        let requests = transport.requests();
        assert_eq!(requests[0].uri().to_string(), format!("{list}?CallSid={call}&PageSize=200"));
        assert!(requests[0].headers()["authorization"].is_sensitive());
        assert_eq!(requests[1].uri().to_string(), format!("{list}?Page=1"));
    }
}

#[tokio::test]
async fn a_list_never_leads_elsewhere_and_never_passes_for_complete() {
    for sample in SAMPLES {
        let call = id(&sample, "CA", 1);
        let list = api(&sample, "Recordings");
        let elsewhere = [
            json!("https://evil.example/x"),
            json!(list.replace("https", "http")),
            json!(list.replace("Recordings", "Messages")),
            json!(7),
        ];
        let pages = elsewhere.iter().map(|next| json!({"next_page_uri": next, "recordings": []}));
        for page in pages.chain([json!({}), json!({"recordings": [{"call_sid": call}]})]) {
            let transport = Arc::new(ReplayTransport::new().answer(200, page.to_string()));
            let error = recordings(&sample, &transport).of_call(&call.parse().unwrap()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedResponse, "{page}");
        }
    }
}

#[tokio::test]
async fn the_bytes_stand_beside_the_resource_and_take_our_credentials() {
    for sample in SAMPLES {
        // Nothing is asked.
        let transport = Arc::new(ReplayTransport::new());
        let sid = id(&sample, "RE", 1);
        let request = recordings(&sample, &transport).link(&sid.parse().unwrap()).await.unwrap();
        let resource = api(&sample, &format!("Recordings/{sid}"));
        let bare = resource.strip_suffix(suffix(&sample)).unwrap();
        assert_eq!(request.url.as_str(), format!("{bare}.mp3"));
        assert!(request.authorization.unwrap().expose().starts_with("Basic "));
        for odd in ["..", "a.b", "a@b", "x_y"] {
            let error = recordings(&sample, &transport).link(&odd.parse().unwrap()).await.unwrap_err();
            assert_eq!((error.kind(), error.effect()), (ErrorKind::InvalidRequest, Effect::NotSent));
        }
    }
}

#[tokio::test]
async fn one_that_is_gone_already_is_no_error_to_remove() {
    for sample in SAMPLES {
        let sid = id(&sample, "RE", 1);
        for status in [204, 404] {
            let transport = Arc::new(ReplayTransport::new().answer(status, ""));
            recordings(&sample, &transport).delete(&sid.parse().unwrap()).await.unwrap();
            let requests = transport.requests();
            assert_eq!(requests[0].method(), "DELETE");
            assert_eq!(requests[0].uri().to_string(), api(&sample, &format!("Recordings/{sid}")));
        }
        for (status, effect) in
            [(401, Effect::NotSent), (500, Effect::Unknown), (302, Effect::Unknown), (200, Effect::Unknown)]
        {
            let transport = Arc::new(ReplayTransport::new().answer(status, ""));
            let error = recordings(&sample, &transport).delete(&sid.parse().unwrap()).await.unwrap_err();
            assert_eq!(error.effect(), effect);
        }
    }
}

#[tokio::test]
async fn the_requests_and_answers_are_in_the_documents() {
    let Some(facts) = facts() else { return };
    for ((document, base), sample) in documented(&facts).into_iter().zip(SAMPLES) {
        let (call, sid) = (id(&sample, "CA", 1), id(&sample, "RE", 1));
        let transport = Arc::new(ReplayTransport::new().answer(500, "").answer(500, ""));
        let kept = recordings(&sample, &transport);
        let _ = kept.of_call(&call.parse().unwrap()).await;
        let _ = kept.delete(&sid.parse().unwrap()).await;
        assert_eq!(transport.requests().len(), 2);
        for request in transport.requests() {
            check_request(&document, &base, &request);
        }
        let list = example(&document, &base, &api(&sample, "Recordings"), "get", 200);
        let of = list["recordings"][0]["call_sid"].as_str().unwrap().to_owned();
        let transport = Arc::new(ReplayTransport::new().answer(200, list.to_string()));
        let found = recordings(&sample, &transport).of_call(&of.parse().unwrap()).await;
        // The examples go on to pages of their own.
        match found {
            Ok(found) => assert_eq!(list["recordings"][0]["sid"], found[0].sid.as_str()),
            Err(error) => assert_eq!(error.kind(), ErrorKind::UnexpectedResponse),
        }
    }
}
