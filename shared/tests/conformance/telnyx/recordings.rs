//! Recordings that Telnyx keeps.

use std::sync::Arc;

use serde_json::{Value, json};
use telephony::provider::error::{Effect, ErrorKind};
use telephony::provider::recordings::Recordings;
use telephony::provider::{Environment, ProviderId, registry};
use telephony_testkit::facts::facts;
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::telnyx::{LEG_ID, account};

use super::openapi::Api;

const ID: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

fn recordings(transport: &Arc<ReplayTransport>) -> Box<dyn Recordings> {
    registry::recordings(ProviderId::Telnyx).unwrap()(&account(), &Environment::default(), transport.clone())
        .unwrap()
}

fn recording(leg: &str, urls: &Value) -> Value {
    json!({
        "record_type": "recording", "id": ID, "call_leg_id": leg, "channels": "dual", "status": "completed",
        "duration_millis": 12_500, "download_urls": urls,
    })
}

#[tokio::test]
async fn of_one_leg() {
    let page = json!({
        "data": [recording(LEG_ID, &json!({})), recording("other", &json!({}))],
        "meta": {"page_number": 1, "total_pages": 1},
    });
    let transport = Arc::new(ReplayTransport::new().answer(200, page.to_string()));
    let list = recordings(&transport).of_call(&LEG_ID.parse().unwrap()).await.unwrap();
    assert_eq!(list.len(), 1, "a stranger's recording is not ours");
    assert_eq!((list[0].sid.as_str(), list[0].ready, list[0].channels), (ID, true, Some(2)));
    assert_eq!(list[0].duration.map(|d| d.as_millis()), Some(12_500));
}

#[tokio::test]
async fn a_link_carries_nothing_of_ours_and_leads_nowhere_else() {
    for (urls, expected) in [
        (
            json!({"mp3": "https://s3.example.com/a.mp3?X-Amz=1"}),
            Some("https://s3.example.com/a.mp3?X-Amz=1"),
        ),
        (json!({"wav": "https://s3.example.com/a.wav", "mp3": null}), Some("https://s3.example.com/a.wav")),
        (json!({"mp3": "http://s3.example.com/a.mp3"}), None),
        (json!({"mp3": "https://127.0.0.1/a.mp3"}), None),
        (json!({}), None),
        (Value::Null, None),
    ] {
        let answer = json!({"data": recording(LEG_ID, &urls)}).to_string();
        let transport = Arc::new(ReplayTransport::new().answer(200, answer));
        match (recordings(&transport).link(&ID.parse().unwrap()).await, expected) {
            (Ok(request), Some(expected)) => {
                assert_eq!(request.url.as_str(), expected);
                assert!(request.authorization.is_none());
            }
            (Err(error), None) => assert_eq!(error.kind(), ErrorKind::UnexpectedResponse),
            (got, expected) => panic!("{got:?}, expected {expected:?}"),
        }
    }
}

#[tokio::test]
async fn one_that_is_gone_already_is_no_error_to_remove() {
    let removed = json!({"data": recording(LEG_ID, &json!({}))}).to_string();
    for (status, body) in [(200, removed.as_str()), (204, ""), (404, "")] {
        let transport = Arc::new(ReplayTransport::new().answer(status, body.to_owned()));
        recordings(&transport).delete(&ID.parse().unwrap()).await.unwrap();
    }
    for (status, effect) in
        [(401, Effect::NotSent), (500, Effect::Unknown), (302, Effect::Unknown), (200, Effect::Unknown)]
    {
        let transport = Arc::new(ReplayTransport::new().answer(status, ""));
        assert_eq!(recordings(&transport).delete(&ID.parse().unwrap()).await.unwrap_err().effect(), effect);
    }
}

#[tokio::test]
async fn the_requests_are_in_the_openapi_document() {
    let Some(facts) = facts() else { return };
    let api = Api::of(&facts);
    let transport = Arc::new(ReplayTransport::new().answer(500, "").answer(500, "").answer(500, ""));
    let recordings = recordings(&transport);
    let _ = recordings.of_call(&LEG_ID.parse().unwrap()).await;
    let _ = recordings.link(&ID.parse().unwrap()).await;
    let _ = recordings.delete(&ID.parse().unwrap()).await;
    let requests = transport.requests();
    assert_eq!(requests.len(), 3);
    requests.iter().for_each(|request| api.check_request(request));
}
