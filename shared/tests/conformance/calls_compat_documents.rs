//! Calls against what the providers publish.

use std::sync::Arc;

use serde_json::json;
use telephony::domain::call::CallStatus;
use telephony::provider::error::{Effect, ErrorKind};
use telephony::providers::{signalwire, twilio};
use telephony_testkit::facts::facts;
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::webhooks::SAMPLES;

use super::calls_compat::{api, call, calls, everything, id, outbound, query};
use super::documents::{documented, example};
use super::openapi::check_request;

#[test]
fn every_documented_status_of_a_call_has_a_meaning() {
    let Some(facts) = facts() else { return };
    let documents = documented(&facts);
    for (document, schema) in [(&documents[0].0, "call_enum_status"), (&documents[1].0, "CallStatus")] {
        let words = document["components"]["schemas"][schema]["enum"].as_array().unwrap();
        assert_eq!(words.len(), 8);
        for word in words.iter().map(|word| word.as_str().unwrap()).chain(["initiated"]) {
            // Ours are spelt as theirs.
            for status in [twilio::calls::status_from_word(word), signalwire::calls::status_from_word(word)] {
                assert_eq!(status.map(CallStatus::as_str), Some(word));
            }
        }
    }
    for unknown in ["", "Queued", "unknown", "answered", "in_progress"] {
        assert_eq!(twilio::calls::status_from_word(unknown), None, "{unknown}");
    }
}

#[tokio::test]
async fn every_request_is_in_the_documents() {
    let Some(facts) = facts() else { return };
    for ((document, base), sample) in documented(&facts).into_iter().zip(SAMPLES) {
        let transport = Arc::new((0..5).fold(ReplayTransport::new(), |script, _| script.answer(500, "")));
        let calls = calls(&sample, &transport);
        let _ = calls.dial(&outbound()).await;
        let _ = calls.dial(&everything()).await;
        let _ = calls.fetch(&id(&sample, "CA", 1)).await;
        let _ = calls.find(&query()).await;
        let _ = calls.hang_up(&id(&sample, "CA", 1)).await;
        assert_eq!(transport.requests().len(), 5);
        for request in transport.requests() {
            check_request(&document, &base, &request);
        }
    }
}

#[tokio::test]
async fn the_documents_own_answers_are_read() {
    let Some(facts) = facts() else { return };
    for ((document, base), sample) in documented(&facts).into_iter().zip(SAMPLES) {
        let list = example(&document, &base, &api(&sample, "Calls"), "get", 200);
        let one = list["calls"][0].clone();
        let transport = Arc::new(ReplayTransport::new().answer(200, one.to_string()));
        let got = calls(&sample, &transport).fetch(&id(&sample, "CA", 1)).await.unwrap();
        assert_eq!(one["sid"], got.sid.as_str());
        assert!(got.status.is_some() && got.started_at.is_some() && got.duration.is_some(), "{got:?}");
        assert!(got.cost.is_some(), "{one}");
    }
}

#[tokio::test]
async fn another_success_than_the_documented_one_may_have_rung_somebody() {
    for (sample, statuses) in [(SAMPLES[0], [200, 202, 204]), (SAMPLES[1], [201, 202, 204])] {
        for status in statuses {
            let answer = call(&sample, 1, &json!({})).to_string();
            let transport = Arc::new(ReplayTransport::new().answer(status, answer));
            let error = calls(&sample, &transport).dial(&outbound()).await.unwrap_err();
            assert_eq!((error.kind(), error.effect()), (ErrorKind::UnexpectedResponse, Effect::Unknown));
        }
    }
}
