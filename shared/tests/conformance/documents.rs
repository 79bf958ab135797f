//! Against what the providers publish: OpenAPI documents, status vocabularies, lists of codes.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use serde_json::{Map, Value, json};
use telephony::provider::messaging::MessageQuery;
use telephony::providers::{signalwire, twilio};
use telephony_testkit::facts::{Facts, facts};
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::webhooks::{SIGNALWIRE, Sample, TWILIO};

use super::openapi::{check_request, operation, resolve, validator};
use super::{messaging_of, text};

pub(crate) fn twilio_api(facts: &Facts) -> Value {
    facts.json("specs/twilio/twilio_api_v2010.json")
}

pub(crate) fn signalwire_api(facts: &Facts) -> Value {
    serde_yaml_ng::from_str(&facts.text("specs/signalwire/compatibility-openapi.yaml")).unwrap()
}

async fn requests(sample: &Sample) -> Vec<Request<Bytes>> {
    let page = json!({"messages": []}).to_string();
    let transport =
        Arc::new(ReplayTransport::new().answer(500, "").answer(500, "").answer(500, "").answer(200, page));
    let messaging = messaging_of(&sample.account(), &transport);
    let mut plain = text();
    plain.media_urls.clear();
    let mut media_only = text();
    media_only.body.clear();
    media_only.media_urls.truncate(1);
    let _ = messaging.send(&text()).await;
    let _ = messaging.send(&media_only).await;
    let _ = messaging.fetch(&sample.message_sid(1).parse().unwrap()).await;
    let _ = messaging.find(&MessageQuery { from: plain.from, to: plain.to, since: super::NOW }).await;
    transport.requests()
}

#[tokio::test]
async fn twilios_requests_are_in_its_openapi_document() {
    let Some(facts) = facts() else { return };
    let document = twilio_api(&facts);
    for request in requests(&TWILIO).await {
        assert_eq!(document["servers"][0]["url"], format!("https://{}", request.uri().host().unwrap()));
        check_request(&document, "", &request);
    }
}

#[tokio::test]
async fn signalwires_requests_are_in_its_openapi_document() {
    let Some(facts) = facts() else { return };
    let document = signalwire_api(&facts);
    let server = document["servers"][0]["url"].as_str().unwrap().to_owned();
    let base = server.split(".signalwire.com").nth(1).unwrap().to_owned();
    for request in requests(&SIGNALWIRE).await {
        check_request(&document, &base, &request);
    }
}

#[tokio::test]
async fn the_example_answers_of_twilios_document_are_read() {
    let Some(facts) = facts() else { return };
    let document = twilio_api(&facts);
    let list = &document["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"];
    let examples = |operation: &Value, status: &str| {
        let examples = operation["responses"][status]["content"]["application/json"]["examples"].clone();
        examples.as_object().unwrap().values().map(|example| example["value"].clone()).collect::<Vec<_>>()
    };
    let created = examples(&list["post"], "201");
    assert!(created.len() > 3);
    for example in created {
        let transport = Arc::new(ReplayTransport::new().answer(201, example.to_string()));
        let accepted = messaging_of(&TWILIO.account(), &transport).send(&text()).await.unwrap();
        assert_eq!(example["sid"], accepted.sid.as_str());
        assert_eq!(example["status"], accepted.status.as_str());
    }
    let one = &document["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json"]["get"];
    for example in examples(one, "200") {
        let transport = Arc::new(ReplayTransport::new().answer(200, example.to_string()));
        let fetched =
            messaging_of(&TWILIO.account(), &transport).fetch(&"SM1".parse().unwrap()).await.unwrap();
        assert_eq!(example["sid"], fetched.sid.as_str());
        assert!(fetched.created_at.is_some() && fetched.status.is_some());
    }
}

/// An answer in the form that SignalWire's document demands, made of the document's own examples.
#[tokio::test]
async fn an_answer_that_satisfies_signalwires_document_is_read() {
    let Some(facts) = facts() else { return };
    let document = signalwire_api(&facts);
    let schema = &document["components"]["schemas"]["Message"];
    let properties = schema["properties"].as_object().unwrap();
    let mut message: Map<String, Value> =
        properties.iter().map(|(name, property)| (name.clone(), property["examples"][0].clone())).collect();
    for (name, value) in [
        ("sid", json!(SIGNALWIRE.message_sid(1))),
        ("account_sid", json!(SIGNALWIRE.remote_id)),
        ("messaging_service_sid", Value::Null),
        ("status", json!("initiated")),
        ("direction", json!("outbound-api")),
        ("subresource_uris", json!({"media": "/x"})),
    ] {
        message.insert(name.to_owned(), value);
    }
    let message = Value::Object(message);
    let errors: Vec<String> =
        validator(&document, schema).iter_errors(&message).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let transport =
        Arc::new(ReplayTransport::new().answer(201, message.to_string()).answer(200, message.to_string()));
    let messaging = messaging_of(&SIGNALWIRE.account(), &transport);
    let accepted = messaging.send(&text()).await.unwrap();
    assert_eq!(accepted.status, telephony::domain::status::MessageStatus::Sending);
    let fetched = messaging.fetch(&accepted.sid).await.unwrap();
    assert_eq!(fetched.cost.map(|cost| (cost.amount.get(), cost.currency)), Some((5_000, "USD".to_owned())));
}

#[test]
fn every_documented_status_has_a_meaning() {
    let Some(facts) = facts() else { return };
    let words = |value: &Value| {
        let words = value["enum"].as_array().unwrap().iter();
        words.map(|word| word.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let twilio_words = words(&twilio_api(&facts)["components"]["schemas"]["message_enum_status"]);
    assert_eq!(twilio_words.len(), 13);
    for word in twilio_words {
        assert!(twilio::status::from_word(&word).is_some(), "{word}");
    }
    let schemas = signalwire_api(&facts)["components"]["schemas"].clone();
    let callback = words(&schemas["SmsStatusCallbackPayload"]["properties"]["MessageStatus"]);
    for word in words(&schemas["MessageStatus"]).into_iter().chain(callback) {
        assert!(signalwire::status::from_word(&word).is_some(), "{word}");
    }
    for unknown in ["", "Sent", "teleported", "unknown", "Unknown"] {
        assert!(
            twilio::status::from_word(unknown).is_none() && signalwire::status::from_word(unknown).is_none()
        );
    }
}

/// The documents of the samples' providers, in their order, with what precedes their paths in ours.
pub(crate) fn documented(facts: &Facts) -> [(Value, String); 2] {
    let signalwire = signalwire_api(facts);
    let server = signalwire["servers"][0]["url"].as_str().unwrap().to_owned();
    let base = server.split(".signalwire.com").nth(1).unwrap().to_owned();
    [(twilio_api(facts), String::new()), (signalwire, base)]
}

/// The answer that a document shows for an operation: its own example, or one made of the examples of
/// its members.
pub(crate) fn example(document: &Value, base: &str, url: &str, method: &str, status: u16) -> Value {
    let uri: http::Uri = url.parse().unwrap();
    let (_, operation) = operation(document, uri.path().strip_prefix(base).unwrap(), method);
    let content = &operation["responses"][status.to_string()]["content"]["application/json"];
    let examples = content["examples"].as_object().map(|examples| examples.values());
    // Some show an empty list.
    match examples.and_then(|examples| examples.max_by_key(|example| example.to_string().len())) {
        Some(example) => example["value"].clone(),
        None => made(document, &content["schema"]),
    }
}

/// A value of a schema, made of the examples of its members.
fn made(document: &Value, schema: &Value) -> Value {
    if !schema["examples"][0].is_null() {
        return schema["examples"][0].clone();
    }
    let schema = resolve(document, schema);
    if let Some(part) = schema["allOf"].get(0) {
        return made(document, part);
    }
    match schema["type"].as_str() {
        Some("object") => {
            let members = schema["properties"].as_object().unwrap().iter();
            Value::Object(members.map(|(name, member)| (name.clone(), made(document, member))).collect())
        }
        Some("array") => json!([made(document, &schema["items"])]),
        Some("string") if schema["enum"].is_array() => schema["enum"][0].clone(),
        Some(_) | None => Value::Null,
    }
}
