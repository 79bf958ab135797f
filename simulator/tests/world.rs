//! The outside world: people who text, their media, and time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod harness;

use std::process::Command;

use harness::{NUMBER, OTHER_NUMBER, PHONE, Receiver, Simulator, authorization, send};
use http::Request;
use serde_json::{Value, json};

#[test]
fn only_loopback() {
    let status =
        Command::new(env!("CARGO_BIN_EXE_simulator")).args(["--port", "0", "--bind", "0.0.0.0"]).status();
    assert!(!status.unwrap().success());
}

#[tokio::test]
async fn the_clock_stands_still_until_it_is_told_otherwise() {
    let simulator = Simulator::start().await;
    let (_, message) = simulator.send_text(&[]).await.unwrap();
    assert_eq!(message["status"], "queued");
    for (seconds, expect) in [(0.1, "queued"), (0.1, "sending"), (0.15, "sent"), (0.15, "delivered")] {
        simulator.advance(seconds).await;
        assert_eq!(simulator.messages().await[0]["status"], expect);
    }
    simulator.send_text(&[]).await.unwrap();
    simulator.control("POST", "/clock", json!({"mode": "real", "step_ms": 1})).await;
    simulator.control("POST", "/clock/settle", json!({})).await;
    assert_eq!(simulator.messages().await[0]["status"], "delivered");
    let (status, _) = simulator.try_control("POST", "/clock/advance", json!({"seconds": 1})).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_text_is_announced_as_often_as_wanted() {
    let simulator = Simulator::start().await;
    let receiver = Receiver::start("<Response><Message>thanks</Message></Response>").await;
    simulator.own(NUMBER, Some(&receiver.url)).await;
    let text = json!({"to": NUMBER, "body": "hi", "repeat": 3, "concurrent": true});
    let received = simulator.control("POST", &format!("/phones/{PHONE}/text"), text).await;
    let sid = received["sid"].as_str().unwrap();
    assert_eq!(receiver.values("MessageSid"), [sid, sid, sid]);
    assert_eq!(received["callbacks"][0]["response"]["reply"]["kind"], "messages");
    let inbox = simulator.get(&format!("/phones/{PHONE}/inbox")).await;
    assert_eq!(inbox["texts"].as_array().unwrap().len(), 3);
    assert_eq!(inbox["texts"][0]["body"], "thanks");
    // The same sid again, with another text: a forgery, or a provider that changed its mind.
    let text = json!({"to": NUMBER, "body": "bye", "sid": sid});
    simulator.control("POST", &format!("/phones/{PHONE}/text"), text).await;
    assert_eq!(receiver.values("MessageSid").len(), 4);
    assert_eq!(simulator.messages().await.len(), 1);
}

#[tokio::test]
async fn own_number_to_own_number_is_two_messages() {
    let simulator = Simulator::start().await;
    let receiver = Receiver::start("<Response/>").await;
    simulator.own(OTHER_NUMBER, Some(&receiver.url)).await;
    let form = [("To", OTHER_NUMBER), ("From", NUMBER), ("Body", "hi")];
    let url = format!("{}/2010-04-01/Accounts/{}/Messages.json", simulator.base, harness::ACCOUNT);
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request = Request::post(url)
        .header("Authorization", authorization())
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(body)
        .unwrap();
    send(request).await.unwrap();
    simulator.advance(1.0).await;
    let directions: Vec<Value> = simulator.messages().await.iter().map(|m| m["direction"].clone()).collect();
    assert_eq!(directions, ["inbound", "outbound-api"]);
    assert_eq!(receiver.values("Body"), ["hi"]);
}

async fn get(url: &str, with_credentials: bool) -> (u16, http::HeaderMap, bytes::Bytes) {
    let mut request = Request::get(url);
    if with_credentials {
        request = request.header("Authorization", authorization());
    }
    let (status, headers, body) = send(request.body(String::new()).unwrap()).await.unwrap();
    (status.as_u16(), headers, body)
}

#[tokio::test]
async fn media_leave_the_origin_and_want_no_credentials_there() {
    let simulator = Simulator::start().await;
    let receiver = Receiver::start("").await;
    simulator.own(NUMBER, Some(&receiver.url)).await;
    let size = 3_000_000;
    let text =
        json!({"to": NUMBER, "media": [{"size": size}, {"base64": "aGVsbG8=", "content_type": "image/png"}]});
    simulator.control("POST", &format!("/phones/{PHONE}/text"), text).await;
    let url = receiver.values("MediaUrl0").remove(0);
    assert_eq!(get(&url, false).await.0, 401);
    let (status, headers, _) = get(&url, true).await;
    assert_eq!(status, 307);
    let location = headers["location"].to_str().unwrap().to_owned();
    assert!(location.starts_with(&simulator.cdn) && !location.starts_with(&simulator.base));

    assert_eq!(get(&location, true).await.0, 400);
    let violations = simulator.get("/violations").await;
    assert_eq!(violations["violations"][0]["kind"], "credentials_to_cdn");

    let (status, headers, body) = get(&location, false).await;
    assert_eq!((status, body.len()), (200, size));
    assert_eq!(headers["content-type"], "image/jpeg");
    assert!(body.starts_with(b"\xff\xd8\xff"));

    simulator.fault("cdn", "expired", json!({})).await;
    assert_eq!(get(&location, false).await.0, 403);
    simulator.fault("media", "not_ready", json!({"times": 2})).await;
    assert_eq!([get(&url, true).await.0, get(&url, true).await.0, get(&url, true).await.0], [404, 404, 307]);
    simulator.fault("media.fetch", "expired", json!({})).await;
    assert_eq!(get(&url, true).await.0, 410);
    simulator.advance(5.0 * 3600.0).await;
    assert_eq!(get(&location, false).await.0, 403);
}

#[tokio::test]
async fn only_loopback_is_called_back() {
    let simulator = Simulator::start().await;
    let receiver = Receiver::start("").await;
    let public = "https://phone.example.com";
    let callback = format!("{public}/status?m=1");
    simulator.send_text(&[("StatusCallback", &callback)]).await.unwrap();
    simulator.advance(1.0).await;
    let callbacks = simulator.get("/callbacks").await["callbacks"].as_array().unwrap().clone();
    assert!(callbacks.iter().all(|entry| entry["error"].as_str().unwrap().starts_with("connect:")));
    // Three statuses, each tried twice: Twilio retries a failed connection once.
    assert_eq!(callbacks.len(), 6);

    // As behind a proxy: the public URL is signed, the request goes to the local one.
    let mapping = json!({"public": public, "local": format!("{}/stage", receiver.url)});
    simulator.control("POST", "/origins", mapping).await;
    simulator.send_text(&[("StatusCallback", &callback)]).await.unwrap();
    simulator.advance(1.0).await;
    assert_eq!(receiver.values("MessageStatus"), ["sending", "sent", "delivered"]);
    let callbacks = simulator.get("/callbacks").await;
    assert_eq!(callbacks["callbacks"][6]["url"], callback);
}

#[tokio::test]
async fn reset_forgets_everything() {
    let simulator = Simulator::start().await;
    simulator.send_text(&[]).await.unwrap();
    simulator.fault("*", "status_5xx", json!({"times": 0})).await;
    simulator.control("POST", "/reset", json!({})).await;
    assert!(simulator.messages().await.is_empty());
    assert_eq!(simulator.send_text(&[]).await.unwrap().0, 401);
    let health = simulator.get("/health").await;
    assert_eq!((health["clock"].as_str(), health["pending_events"].as_u64()), (Some("manual"), Some(0)));
}
