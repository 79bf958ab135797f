//! Telnyx: messages, their webhooks and who signs them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod harness;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use harness::{PHONE, Simulator};
use serde_json::{Value, json};

const ORG: &str = "47a530f8-4362-4526-829b-bcee17fd9f7a";
const KEY: &str = "KEY0123";
const NUMBER: &str = "+14155550170";

async fn world(hook: &str) -> Simulator {
    let simulator = Simulator::start().await;
    let account = json!({"provider": "telnyx", "sid": ORG, "auth_token": KEY});
    simulator.control("POST", "/accounts", account).await;
    let url = simulator.hook(hook);
    let number = json!({"provider": "telnyx", "account": ORG, "phone_number": NUMBER, "sms_url": url});
    simulator.control("POST", "/numbers", number).await;
    simulator
}

async fn send_text(simulator: &Simulator, more: Value) -> (u16, Value) {
    let mut body = json!({"to": PHONE, "from": NUMBER, "text": "hello"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    simulator.call(KEY, "POST", "/telnyx/v2/messages", body).await
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["code"].as_str().unwrap()
}

#[tokio::test]
async fn a_message_lives_and_its_events_are_signed() {
    let simulator = world("profile").await;
    let (status, answer) = send_text(&simulator, json!({})).await;
    assert_eq!((status, answer["data"]["to"][0]["status"].as_str()), (200, Some("queued")));
    simulator.advance(1.0).await;
    let events = simulator.hooked("profile").await;
    let types: Vec<&Value> = events.iter().map(|event| &event["data"]["event_type"]).collect();
    assert_eq!(types, ["message.sent", "message.finalized"]);
    assert_eq!(events[1]["data"]["payload"]["to"][0]["status"], "delivered");
    assert_eq!(events[1]["meta"], json!({"attempt": 1, "delivered_to": simulator.hook("profile")}));

    let hook = simulator.get("/hooks").await["hooks"][0].clone();
    let header = |name: &str| {
        let headers = hook["headers"].as_array().unwrap();
        headers.iter().find(|pair| pair[0] == name).unwrap()[1].as_str().unwrap().to_owned()
    };
    let accounts = simulator.get("/accounts").await;
    let account = accounts["accounts"].as_array().unwrap().iter().find(|a| a["sid"] == ORG).unwrap().clone();
    let public = STANDARD.decode(account["public_key"].as_str().unwrap()).unwrap();
    let key = VerifyingKey::from_bytes(&public.try_into().unwrap()).unwrap();
    let signed = format!("{}|{}", header("telnyx-timestamp"), hook["body"].as_str().unwrap());
    let signature = STANDARD.decode(header("telnyx-signature-ed25519")).unwrap();
    key.verify_strict(signed.as_bytes(), &Signature::from_slice(&signature).unwrap()).unwrap();

    let rotated = simulator.control("POST", &format!("/accounts/{ORG}/rotate"), json!({})).await;
    assert_ne!(rotated["public_key"], account["public_key"]);
    let path = format!("/telnyx/v2/messages/{}", answer["data"]["id"].as_str().unwrap());
    assert_eq!(
        simulator.call(KEY, "GET", &path, Value::Null).await.1["data"]["to"][0]["status"],
        "delivered"
    );
    let records = "/telnyx/v2/detail_records?filter[record_type]=messaging&filter[cld]=%2B13105550180";
    let (_, records) = simulator.call(KEY, "GET", records, Value::Null).await;
    assert_eq!(records["data"][0]["uuid"], answer["data"]["id"]);
}

#[tokio::test]
async fn three_attempts_at_every_address() {
    let simulator = world("profile").await;
    simulator.control("POST", "/hooks/own", json!({"statuses": [500]})).await;
    send_text(&simulator, json!({"webhook_url": simulator.hook("own")})).await;
    simulator.advance(0.3).await;
    let attempts: Vec<Value> =
        simulator.hooked("own").await.iter().map(|event| event["meta"]["attempt"].clone()).collect();
    assert_eq!(attempts, [1, 2, 3]);
    let profile = simulator.hooked("profile").await;
    assert_eq!(profile[0]["meta"]["attempt"], 4);
    assert_eq!(profile[0]["data"]["id"], simulator.hooked("own").await[0]["data"]["id"]);
}

#[tokio::test]
async fn refusals() {
    let simulator = world("profile").await;
    let (status, answer) = simulator.call("wrong", "GET", "/telnyx/v2/balance", Value::Null).await;
    assert_eq!((status, code(&answer)), (401, "10009"));
    for (more, expect) in [
        (json!({"from": "+14155550171"}), "40305"),
        (json!({"to": "13105550180"}), "40310"),
        (json!({"text": ""}), "40316"),
        (json!({"text": "a".repeat(1600)}), "40302"),
        (json!({"to": null}), "10004"),
    ] {
        let (status, answer) = send_text(&simulator, more.clone()).await;
        assert!(status >= 400 && code(&answer) == expect, "{more}: {status} {answer}");
    }
    let new = json!({"name": "US only", "whitelisted_destinations": ["US"], "webhook_url": ""});
    let (_, profile) = simulator.call(KEY, "POST", "/telnyx/v2/messaging_profiles", new).await;
    let (_, numbers) = simulator.call(KEY, "GET", "/telnyx/v2/phone_numbers", Value::Null).await;
    let path = format!("/telnyx/v2/phone_numbers/{}/messaging", numbers["data"][0]["id"].as_str().unwrap());
    let patch = json!({"messaging_profile_id": profile["data"]["id"]});
    assert_eq!(simulator.call(KEY, "PATCH", &path, patch).await.0, 200);
    let (_, answer) = send_text(&simulator, json!({"to": "+442079460101"})).await;
    assert_eq!(code(&answer), "40309");
    let missing = json!({"name": "none"});
    let (status, _) = simulator.call(KEY, "POST", "/telnyx/v2/messaging_profiles", missing).await;
    assert_eq!(status, 422);
    simulator.fault("messages.create", "accept_then_close", json!({"provider": "telnyx"})).await;
    let request = http::Request::post(format!("{}/telnyx/v2/messages", simulator.base))
        .header("Authorization", format!("Bearer {KEY}"))
        .body(json!({"to": PHONE, "from": NUMBER, "text": "hi"}).to_string())
        .unwrap();
    assert!(harness::send(request).await.is_err());
    let requests = simulator.get("/requests?operation=messages.create").await;
    let last = requests["requests"].as_array().unwrap().last().unwrap().clone();
    assert!(last["created"].is_string() && last["status"].is_null());
    assert_eq!(simulator.messages().await.len(), 1);
}

#[tokio::test]
async fn stop_is_for_the_whole_profile() {
    let simulator = world("profile").await;
    let stop = json!({"to": NUMBER, "body": "stop", "media": [{"kind": "png"}]});
    let received = simulator.control("POST", &format!("/phones/{PHONE}/text"), stop).await;
    assert!(received["auto_reply"].is_string());
    let event = simulator.hooked("profile").await.remove(0);
    let payload = &event["data"]["payload"];
    assert_eq!(event["data"]["event_type"], "message.received");
    assert_eq!(payload["autoresponse_type"], "STOP");
    let url = payload["media"][0]["url"].as_str().unwrap();
    let (status, _, bytes) =
        harness::send(http::Request::get(url).body(String::new()).unwrap()).await.unwrap();
    assert_eq!((status.as_u16(), &bytes[1..4]), (200, &b"PNG"[..]));
    let (_, answer) = send_text(&simulator, json!({})).await;
    assert_eq!(code(&answer), "40300");
    simulator.control("POST", &format!("/phones/{PHONE}/text"), json!({"to": NUMBER, "body": "START"})).await;
    assert_eq!(send_text(&simulator, json!({})).await.0, 200);
}

#[tokio::test]
async fn endings() {
    let simulator = world("profile").await;
    for (script, word, error) in [
        (json!({"outcome": "undelivered", "error_code": 40012}), "delivery_failed", Some("40012")),
        (json!({"outcome": "failed"}), "sending_failed", Some("40008")),
        (json!({"sms": false}), "sending_failed", Some("40001")),
        (json!({"outcome": "sent"}), "delivery_unconfirmed", None),
    ] {
        simulator.control("POST", &format!("/phones/{PHONE}"), script).await;
        send_text(&simulator, json!({})).await;
        simulator.advance(1.0).await;
        let last = simulator.hooked("profile").await.pop().unwrap();
        let payload = &last["data"]["payload"];
        assert_eq!(payload["to"][0]["status"], word);
        assert_eq!(payload["errors"][0]["code"].as_str(), error);
    }
    let forced = json!({"status": "delivery_failed", "error_code": 40002});
    let sid = simulator.messages().await[0]["sid"].as_str().unwrap().to_owned();
    let forced = simulator.control("POST", &format!("/messages/{sid}/status"), forced).await;
    assert_eq!(forced["callbacks"][0]["message_status"], "delivery_failed");
    let again = format!("/callbacks/{}/redeliver", forced["callbacks"][0]["id"]);
    let again = simulator.control("POST", &again, json!({})).await;
    assert_eq!(again["callbacks"][0]["body"], forced["callbacks"][0]["body"]);
}
