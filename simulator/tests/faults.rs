//! What goes wrong on request, and whether the request took effect.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod harness;

use harness::{OTHER_NUMBER, PHONE, Receiver, Simulator};
use serde_json::json;

#[tokio::test]
async fn before_and_after_acceptance() {
    let simulator = Simulator::start().await;
    let mut accepted = 0;
    for (kind, params, answer, takes_effect) in [
        ("drop_before", json!({}), None, false),
        ("reset", json!({}), None, false),
        ("status_5xx", json!({}), Some(503), false),
        ("status_429", json!({"retry_after": 2}), Some(429), false),
        ("error", json!({"status": 409, "code": 22121, "message": "too recently"}), Some(409), false),
        ("accept_then_close", json!({}), None, true),
        ("accept_then_timeout", json!({"seconds": 0.01}), None, true),
        ("accept_then_5xx", json!({}), Some(502), true),
        ("garbage_200", json!({}), Some(200), true),
        ("delay", json!({"seconds": 0.01}), Some(201), true),
    ] {
        simulator.fault("messages.create", kind, json!({ "params": params })).await;
        let result = simulator.send_text(&[]).await;
        assert_eq!(result.as_ref().ok().map(|(status, _)| status.as_u16()), answer, "{kind}: {result:?}");
        accepted += usize::from(takes_effect);
        let messages = simulator.messages().await;
        assert_eq!(messages.len(), accepted, "{kind}");
        let requests = simulator.get("/requests").await;
        let last = requests["requests"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["created"].is_string(), takes_effect, "{kind}");
        assert!(last["fault"].is_u64(), "{kind}");
        assert!(!last.to_string().contains("the auth token"));
    }
    for fault in simulator.get("/faults").await["faults"].as_array().unwrap() {
        assert_eq!(fault["hits"], 1);
    }
    assert_eq!(simulator.send_text(&[]).await.unwrap().0, 201);
}

#[tokio::test]
async fn narrowed_and_counted() {
    let simulator = Simulator::start().await;
    simulator
        .fault("messages", "status_5xx", json!({"match": {"from": OTHER_NUMBER}, "times": 2, "skip": 1}))
        .await;
    assert_eq!(simulator.send_text(&[]).await.unwrap().0, 201);
    let mut answers = Vec::new();
    for _ in 0..4 {
        let form = [("To", PHONE), ("From", OTHER_NUMBER), ("Body", "x")];
        let url = format!("{}/2010-04-01/Accounts/{}/Messages.json", simulator.base, harness::ACCOUNT);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = http::Request::post(url)
            .header("Authorization", harness::authorization())
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body)
            .unwrap();
        answers.push(harness::send(request).await.unwrap().0.as_u16());
    }
    assert_eq!(answers, [201, 503, 503, 201]);
    let fault = simulator.get("/faults").await["faults"][0].clone();
    assert_eq!((fault["hits"].as_u64(), fault["seen"].as_u64()), (Some(2), Some(3)));
    let (status, _) =
        simulator.try_control("POST", "/faults", json!({"operation": "x", "kind": "unheard"})).await;
    assert_eq!(status, 422);
    simulator.control("DELETE", "/faults", json!({})).await;
    assert_eq!(simulator.get("/faults").await["faults"], json!([]));
}

#[tokio::test]
async fn callbacks_dropped_delayed_and_reordered() {
    let simulator = Simulator::start().await;
    let receiver = Receiver::start("<Response/>").await;
    let callback = [("StatusCallback", receiver.url.as_str())];
    simulator.fault("callbacks.status", "drop", json!({"match": {"status": "sending"}})).await;
    simulator.fault("callbacks.status", "reorder", json!({"match": {"status": "sent"}})).await;
    simulator.send_text(&callback).await.unwrap();
    simulator.advance(1.0).await;
    assert_eq!(receiver.values("MessageStatus"), ["delivered", "sent"]);

    simulator.control("DELETE", "/faults", json!({})).await;
    simulator
        .fault("callbacks", "delay", json!({"match": {"status": "sent"}, "params": {"seconds": 3600}}))
        .await;
    simulator.send_text(&callback).await.unwrap();
    simulator.advance(3000.0).await;
    assert_eq!(receiver.values("MessageStatus")[2..], ["sending", "delivered"]);
    simulator.advance(1000.0).await;
    assert_eq!(receiver.values("MessageStatus")[4..], ["sent"]);
}

#[tokio::test]
async fn messages_that_end_badly() {
    let simulator = Simulator::start().await;
    let receiver = Receiver::start("").await;
    let callback = [("StatusCallback", receiver.url.as_str())];
    simulator
        .fault(
            "messages.create",
            "fail_delivery",
            json!({"params": {"status": "failed", "error_code": 30007}}),
        )
        .await;
    simulator.send_text(&callback).await.unwrap();
    simulator.advance(1.0).await;
    assert_eq!(receiver.values("MessageStatus"), ["failed"]);
    assert_eq!(receiver.values("ErrorCode"), ["30007"]);

    simulator.control("POST", &format!("/phones/{PHONE}"), json!({"outcome": "undelivered"})).await;
    let (_, message) = simulator.send_text(&callback).await.unwrap();
    simulator.advance(1.0).await;
    assert_eq!(receiver.values("MessageStatus")[1..], ["sending", "sent", "undelivered"]);
    assert_eq!(receiver.values("ErrorCode"), ["30007", "30003"]);

    // A callback that comes too late is posted, and takes nothing back.
    let sid = message["sid"].as_str().unwrap();
    simulator.control("POST", &format!("/messages/{sid}/status"), json!({"status": "sent"})).await;
    assert_eq!(receiver.values("MessageStatus").last().unwrap(), "sent");
    assert_eq!(simulator.messages().await[0]["status"], "undelivered");
}
