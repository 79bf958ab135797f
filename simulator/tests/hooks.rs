//! The sink for a customer's own webhooks, and keys that change.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod harness;

use harness::{ACCOUNT, Simulator, send};
use http::Request;
use serde_json::json;

async fn post(url: &str, body: &str) -> (u16, http::HeaderMap, String) {
    let request = Request::post(url).header("X-Mine", "1").body(body.to_owned()).unwrap();
    let (status, headers, bytes) = send(request).await.unwrap();
    (status.as_u16(), headers, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn a_hook_answers_as_it_is_told() {
    let simulator = Simulator::start().await;
    let url = simulator.hook("mine");
    assert_eq!((post(&url, "first").await.0, post(&url, "second").await.2), (200, String::new()));
    let script = json!({"statuses": [500, 503, 200], "body": "{}", "content_type": "application/json"});
    simulator.control("POST", "/hooks/mine", script).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(post(&url, "x").await.0);
    }
    assert_eq!(statuses, [500, 503, 200, 200]);
    let (_, headers, body) = post(&url, "x").await;
    assert_eq!((headers["content-type"].to_str().unwrap(), body.as_str()), ("application/json", "{}"));
    let redirect = json!({"redirect_to": "http://127.0.0.1:1/x", "delay_seconds": 0.01});
    simulator.control("POST", "/hooks/mine", redirect).await;
    let (status, headers, _) = post(&url, "x").await;
    assert_eq!((status, headers["location"].to_str().unwrap()), (307, "http://127.0.0.1:1/x"));

    post(&simulator.hook("other"), "y").await;
    let hooks = simulator.get("/hooks?name=mine").await;
    let hooks = hooks["hooks"].as_array().unwrap();
    assert_eq!((hooks.len(), hooks[0]["body"].as_str()), (8, Some("first")));
    assert!(hooks[0]["headers"].as_array().unwrap().contains(&json!(["x-mine", "1"])));
}

#[tokio::test]
async fn keys_change() {
    let simulator = Simulator::start().await;
    let before = simulator.get("/accounts").await["accounts"][0]["auth_token"].clone();
    let rotate = format!("/accounts/{ACCOUNT}/rotate");
    let after = simulator.control("POST", &rotate, json!({})).await["auth_token"].clone();
    assert_ne!(before, after);
    let named = simulator.control("POST", &rotate, json!({"auth_token": "third"})).await;
    assert_eq!(named["auth_token"], "third");
    for (provider, member) in
        [("signalwire", "signing_key"), ("retell", "signing_key"), ("telnyx", "public_key")]
    {
        let new = json!({"provider": provider, "sid": provider});
        let before = simulator.control("POST", "/accounts", new).await[member].clone();
        let rotate = format!("/accounts/{provider}/rotate");
        let after = simulator.control("POST", &rotate, json!({})).await[member].clone();
        assert!(after.is_string() && after != before, "{provider}");
    }
    let bad = json!({"signing_seed": "AAAA"});
    let (status, _) = simulator.try_control("POST", "/accounts/telnyx/rotate", bad).await;
    assert_eq!(status, 400);
    let health = simulator.get("/health").await;
    assert_eq!(health["api_base"]["retell"], format!("{}/retell", simulator.base));
}
