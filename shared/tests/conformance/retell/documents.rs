//! Against the provider's OpenAPI document.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use telephony::provider::agents::HandedCall;
use telephony::provider::calling::RemoteAgent;
use telephony::provider::numbers::NumberSettings;
use telephony_testkit::facts::{Facts, facts};
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::retell::call;

use super::numbers::number;
use super::{agents, calls, connection, held, outbound, query, trunk_number, trunks};
use crate::openapi::{check_answer, check_request, modern};

fn document(facts: &Facts) -> Value {
    modern(serde_yaml_ng::from_str(&facts.text("specs/retell/retell-openapi.3.0.0.yml")).unwrap())
}

async fn requests() -> Vec<Request<Bytes>> {
    let page = json!({"has_more": true, "pagination_key": "k", "items": []}).to_string();
    let script = ReplayTransport::new().answer(200, page);
    let transport = Arc::new((0..14).fold(script, |script, _| script.answer(500, "")));
    let sid = "14155550100".parse().unwrap();
    let settings =
        NumberSettings { webhooks: Some("https://x.example".to_owned()), mark: Some("m".to_owned()) };
    let mut plain = outbound();
    plain.time_limit = None;
    let _ = calls(&transport).find(&query()).await;
    let _ = calls(&transport).dial(&outbound()).await;
    let _ = calls(&transport).dial(&plain).await;
    let _ = calls(&transport).fetch("call_1").await;
    let _ = calls(&transport).hang_up("call_1").await;
    let _ = held(&transport).list(Some("k")).await;
    let _ = held(&transport).find(&"+14155550100".parse().unwrap()).await;
    let _ = held(&transport).configure(&sid, &settings).await;
    let _ = held(&transport).release(&sid).await;
    let _ = trunks(&transport).import(&trunk_number()).await;
    let _ = agents(&transport).list().await;
    let _ = agents(&transport).set_webhook("agent_1", "https://x.example").await;
    let registered = HandedCall {
        agent: RemoteAgent { id: "agent_1".into(), version: Some("3".into()), variables: [].into() },
        from: "+14155552671".into(),
        to: "+14155550100".into(),
        state: "our-id".into(),
    };
    let _ = agents(&transport).register(&registered).await;
    let _ = connection(&transport).check().await;
    transport.requests()
}

#[tokio::test]
async fn every_request_is_in_it() {
    let Some(facts) = facts() else { return };
    let document = document(&facts);
    let requests = requests().await;
    assert_eq!(requests.len(), 15);
    for request in requests {
        assert_eq!(document["servers"][0]["url"], format!("https://{}", request.uri().host().unwrap()));
        check_request(&document, "", &request);
    }
}

#[tokio::test]
#[should_panic(expected = "is not in the document")]
async fn a_member_that_is_not_in_it_is_noticed() {
    let Some(facts) = facts() else { panic!("is not in the document") };
    let mut body: Value = serde_json::from_slice(requests().await[2].body()).unwrap();
    body["tandem"] = json!(1);
    let request = Request::post("https://api.retellai.com/v2/create-phone-call")
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_string()))
        .unwrap();
    check_request(&document(&facts), "", &request);
}

#[test]
fn the_samples_are_answers_that_it_allows() {
    let Some(facts) = facts() else { return };
    let document = document(&facts);
    for status in ["registered", "ongoing", "ended", "not_connected", "error"] {
        let call = call("call_1", status, &json!({"disconnection_reason": "user_hangup"}));
        check_answer(&document, "", "post", "/v2/create-phone-call", 201, &call);
        check_answer(&document, "", "get", "/v2/get-call/call_1", 200, &call);
        check_answer(&document, "", "post", "/v2/register-phone-call", 201, &call);
    }
    check_answer(&document, "", "get", "/get-phone-number/1", 200, &number());
    check_answer(&document, "", "post", "/import-phone-number", 201, &number());
    let words = document["components"]["schemas"]["V2CallBase"]["properties"]["call_status"]["enum"].clone();
    assert_eq!(words, json!(["registered", "not_connected", "ongoing", "ended", "error"]));
}
