//! Invocations from event to answer: HTTP, queue, stream, schedule.
#![expect(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "helpers of tests")]

use std::cell::RefCell;

use futures_util::FutureExt;
use proptest::prelude::*;
use serde_json::{Value, json};
use telephony::app::problem::{Code, Problem};
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{Job, StoreError};
use telephony_lambda::answer::Answer;
use telephony_lambda::batch::{BatchAnswer, Delivery, QueueEvent, serve_jobs};
use telephony_lambda::event::{HttpEvent, HttpRequest};
use telephony_lambda::runtime::serve;
use telephony_lambda::schedule::{Invocation, serve_schedule};
use telephony_lambda::stream::{Change, StreamEvent, StreamRecord, serve_stream};

fn ids(answer: &BatchAnswer) -> Vec<&str> {
    answer.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect()
}

fn over_http(event: Value, problem: Option<Problem>) -> Value {
    let event: HttpEvent = serde_json::from_value(event).unwrap();
    let handler = async |_: &HttpRequest| match problem.clone() {
        Some(problem) => Err(problem),
        None => Answer::success(http::StatusCode::ACCEPTED, &json!({"id": 1})),
    };
    serde_json::to_value(serve(event, "req-9", &handler).now_or_never().unwrap()).unwrap()
}

fn get(path: &str) -> Value {
    json!({"rawPath": path, "headers": {}, "requestContext": {"requestId": "g", "http": {"method": "GET"}}})
}

#[test]
fn problems_are_rendered_with_the_id_of_the_invocation() {
    let answer = over_http(get("/api/x"), None);
    assert_eq!((&answer["statusCode"], &answer["body"]), (&json!(202), &json!(r#"{"success":true,"id":1}"#)));

    let problem = Problem::new(Code::ProviderNotConfigured(Some(telephony::provider::ProviderId::Twilio)));
    let answer = over_http(get("/api/x"), Some(problem));
    assert_eq!(answer["statusCode"], 503);
    assert_eq!(answer["headers"]["content-type"], "application/problem+json");
    assert_eq!(answer["headers"]["retry-after"], "5");
    assert_eq!(answer["headers"]["cache-control"], "no-store");
    assert_eq!(answer["headers"]["x-request-id"], "req-9");
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["code"], "TWILIO_NOT_CONFIGURED");
    assert_eq!(body["error"], "Twilio is not configured");
    assert_eq!(body["requestId"], "req-9");

    let answer = over_http(get("/api/x"), Some(StoreError::Corrupt("item tenant#acme".into()).into()));
    assert_eq!(answer["statusCode"], 500);
    assert!(!answer["body"].as_str().unwrap().contains("acme"));
}

#[test]
fn an_event_that_cannot_be_read_is_answered_in_its_front_doors_shape() {
    let mut event = get("/api/x");
    event["body"] = json!("?");
    event["isBase64Encoded"] = json!(true);
    let answer = over_http(event, None);
    assert_eq!(answer["statusCode"], 400);
    assert!(answer["body"].as_str().unwrap().contains("base64"));
}

const TENANT: &str = "acme";

fn job(n: u32) -> String {
    json!({"job": "copyMedia", "tenant": TENANT, "message": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "index": n})
        .to_string()
}

fn record(id: &str, body: &str, group: Option<&str>, arn: &str) -> Value {
    json!({
        "messageId": id, "receiptHandle": "h", "body": body, "eventSource": "aws:sqs",
        "attributes": {"ApproximateReceiveCount": "2", "MessageGroupId": group},
        "messageAttributes": {}, "eventSourceARN": arn, "awsRegion": "eu-west-1",
    })
}

#[test]
fn a_bad_job_fails_alone() {
    let arn = "arn:aws:sqs:eu-west-1:1:outbound";
    let event = json!({"Records": [
        record("a", &job(0), None, arn),
        record("b", "not a job", None, arn),
        record("c", &job(1), Some("tenant"), arn),
        record("d", &job(2), Some("tenant"), arn),
        record("e", &job(3), Some("tenant"), arn),
    ]});
    let seen = RefCell::new(Vec::new());
    let handler = async |job: Job, delivery: &Delivery| {
        assert_eq!(delivery.receive_count, 2);
        seen.borrow_mut().push(delivery.message_id.clone());
        match job {
            Job::CopyMedia { index: 1, .. } => Err("the store is away"),
            Job::CopyMedia { index: 2, .. } => panic!("a bug"),
            _ => Ok(()),
        }
    };
    let event: QueueEvent = serde_json::from_value(event).unwrap();
    let answer = serve_jobs(event, "r", 4, &handler).now_or_never().unwrap();
    assert_eq!(ids(&answer), ["b", "c", "d"]);
    assert_eq!(*seen.borrow(), ["a", "c", "d", "e"]);
    assert_eq!(
        serde_json::to_value(&answer).unwrap()["batchItemFailures"][0],
        json!({"itemIdentifier": "b"})
    );
}

#[test]
fn a_fifo_group_stops_at_its_first_failure() {
    let arn = "arn:aws:sqs:eu-west-1:1:events.fifo";
    let event = json!({"Records": [
        record("a", &job(1), Some("one"), arn),
        record("b", &job(0), Some("two"), arn),
        record("c", &job(0), Some("one"), arn),
        record("d", &job(0), Some("two"), arn),
    ]});
    let handler = async |job: Job, _: &Delivery| match job {
        Job::CopyMedia { index: 1, .. } => Err("no"),
        _ => Ok(()),
    };
    let event: QueueEvent = serde_json::from_value(event).unwrap();
    assert_eq!(ids(&serve_jobs(event, "r", 10, &handler).now_or_never().unwrap()), ["a", "c"]);
}

#[test]
fn a_stream_stops_at_its_first_failure() {
    let change = |n: u32, name: &str| {
        json!({
            "eventID": n.to_string(), "eventName": name, "eventSource": "aws:dynamodb",
            "dynamodb": {
                "ApproximateCreationDateTime": 1.7e9, "SequenceNumber": format!("{n}00"),
                "Keys": {"pk": {"S": "a"}}, "NewImage": {"pk": {"S": "a"}}, "StreamViewType": "NEW_AND_OLD_IMAGES",
            },
            "userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"},
        })
    };
    let event = json!({"Records": [change(1, "INSERT"), change(2, "REMOVE"), change(3, "MODIFY"), change(4, "MODIFY")]});
    let seen = RefCell::new(Vec::new());
    let handler = async |record: &StreamRecord| {
        seen.borrow_mut().push((record.change, record.expired));
        if record.sequence_number == "300" { Err(StoreError::Contended) } else { Ok(()) }
    };
    let event: StreamEvent = serde_json::from_value(event).unwrap();
    assert_eq!(ids(&serve_stream(event, "r", &handler).now_or_never().unwrap()), ["300"]);
    assert_eq!(*seen.borrow(), [(Change::Insert, false), (Change::Remove, true), (Change::Modify, false)]);
}

#[test]
fn a_scheduled_run_reports_its_failure_and_knows_its_time() {
    let invocation =
        Invocation { request_id: "r".to_owned(), deadline: Timestamp::from_millis(5_000), named_time: None };
    assert_eq!(invocation.remaining(Timestamp::from_millis(2_000)).as_secs(), 3);
    let handler = async |_: &Invocation| Err::<(), _>(StoreError::Contended);
    assert!(serve_schedule(&invocation, &handler).now_or_never().unwrap().is_err());
}

/// JSON that looks somewhat like an event: known members with anything in them.
fn eventlike() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,24}".prop_map(Value::from),
        "/?[a-z/%+?]{0,16}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        prop::sample::select(vec![
            "rawPath",
            "rawQueryString",
            "path",
            "httpMethod",
            "headers",
            "multiValueHeaders",
            "body",
            "queryStringParameters",
            "multiValueQueryStringParameters",
            "requestContext",
            "http",
            "method",
            "isBase64Encoded",
            "authorizer",
            "jwt",
            "claims",
            "elb",
            "Records",
            "dynamodb",
            "eventName",
        ])
        .prop_map(ToOwned::to_owned),
        ".{0,8}",
    ];
    leaf.prop_recursive(5, 48, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(name.clone(), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_event_makes_us_panic(event in eventlike()) {
        if let Ok(read) = serde_json::from_value::<HttpEvent>(event.clone()) {
            let handler = async |request: &HttpRequest| {
                let _ = request.segments();
                let _ = telephony_lambda::query::page(request);
                let _ = telephony_lambda::body::read_json::<Value>(request);
                let _ = telephony_lambda::event::inbound_request(request, "https://x.example.com");
                Ok(Answer::empty())
            };
            let answer = serve(read, "r", &handler).now_or_never().unwrap();
            prop_assert!(serde_json::to_value(answer).unwrap()["statusCode"].is_u64());
        }
        let _ = serde_json::from_value::<QueueEvent>(event.clone());
        let _ = serde_json::from_value::<StreamEvent>(event);
    }
}
