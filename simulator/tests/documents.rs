//! Twilio and SignalWire: a document that is wrong fails as it does at the provider, and is noticed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod harness;

use harness::{PHONE, voice::Line};
use serde_json::json;

/// What a provider cannot do anything with: the fallback is asked once, then the call is over.
#[tokio::test]
async fn the_fallback_is_asked_once() {
    for line in [Line::twilio().await, Line::signalwire().await] {
        let twilio = line.provider == "twilio";
        line.says("fallback", "<Say>Something went wrong, sorry.</Say>").await;
        for (content_type, body, code) in [
            ("text/xml", "<Response><Shout>hi</Shout></Response>", if twilio { 12_200 } else { 12_100 }),
            ("text/xml", "<Response><Say>hi</Response>", 12_100),
            ("text/xml", "", 12_100),
            ("application/json", "<Response/>", 12_300),
        ] {
            line.answers("voice", content_type, body).await;
            let before = line.violations().await.len();
            let sid = line.rings(json!({})).await;
            line.simulator.advance(5.0).await;
            let call = line.call(&sid).await;
            assert_eq!(
                (call["heard"][0]["kind"].as_str(), &call["heard"][0]["code"]),
                (Some("failed"), &json!(code)),
                "{body}"
            );
            assert_eq!(line.heard(&sid).await[1], "said Something went wrong, sorry.");
            let told = line.forms("fallback").await.pop().unwrap();
            assert_eq!(told.get("ErrorCode"), if twilio { code.to_string() } else { String::new() });
            assert_eq!(told.get("CallSid"), sid);
            assert_eq!(line.violations().await.len(), before + 1);
        }
        // A server that is down is no wrong document.
        let script = json!({"statuses": [500], "body": "", "content_type": "text/html"});
        line.simulator.control("POST", "/hooks/voice", script.clone()).await;
        let before = line.violations().await.len();
        let sid = line.rings(json!({})).await;
        line.simulator.advance(5.0).await;
        assert_eq!(line.heard(&sid).await[1], "said Something went wrong, sorry.");
        assert_eq!(line.violations().await.len(), before);
        // The fallback fails too.
        line.simulator.control("POST", "/hooks/fallback", script).await;
        let asked = line.forms("fallback").await.len();
        let sid = line.rings(json!({})).await;
        line.simulator.advance(5.0).await;
        assert_eq!(line.forms("fallback").await.len(), asked + 1);
        let call = line.call(&sid).await;
        // Twilio answers to say that something is wrong.
        assert_eq!(call["state"], if twilio { "completed" } else { "failed" });
    }
}

#[tokio::test]
async fn round_and_round() {
    let line = Line::twilio().await;
    line.says("fallback", "<Hangup/>").await;
    line.says("voice", "<Say>Again</Say><Redirect/>").await;
    let sid = line.rings(json!({})).await;
    line.simulator.advance(1.0).await;
    // An empty address is none.
    assert_eq!(line.call(&sid).await["state"], "completed");
    assert_eq!(line.violations().await.len(), 1);

    for inner in [
        "<Say>Again</Say><Redirect>/_hooks/voice</Redirect>",
        // Without an action a recording leads to the document that it stands in.
        "<Record timeout=\"1\"/>",
    ] {
        line.says("voice", inner).await;
        let sid = line.rings(json!({})).await;
        line.simulator.advance(400.0).await;
        let call = line.call(&sid).await;
        let asked = call["documents"].as_array().unwrap().len();
        assert_eq!((call["state"].as_str(), asked), (Some("completed"), 11));
    }
    let violations = line.simulator.get("/violations").await;
    let loops = violations["violations"].as_array().unwrap().iter().filter(|v| v["kind"] == "document_loop");
    assert_eq!(loops.count(), 2);
}

/// Whose number may be shown to those who are called.
#[tokio::test]
async fn the_callers_number() {
    for line in [Line::twilio().await, Line::signalwire().await] {
        line.says("dialled", "<Hangup/>").await;
        let dial =
            |id: &str| format!("<Dial callerId=\"{id}\" action=\"/_hooks/dialled\">+12125550188</Dial>");
        for (id, status) in [(PHONE, "busy"), (line.number, "busy"), ("+12125550111", "failed")] {
            line.script("+12125550188", json!({"answer": "busy"})).await;
            line.says("voice", &dial(id)).await;
            line.rings(json!({})).await;
            line.simulator.advance(5.0).await;
            assert_eq!(line.told("dialled", "DialCallStatus").await.last().unwrap(), status, "{id}");
        }
        assert_eq!(line.violations().await.len(), 1);
        // A number that is none.
        line.says("voice", "<Dial action=\"/_hooks/dialled\">415 555 0188</Dial>").await;
        line.rings(json!({})).await;
        line.simulator.advance(5.0).await;
        assert_eq!(line.told("dialled", "DialCallStatus").await.last().unwrap(), "failed");
        assert_eq!(line.violations().await.len(), 2);
    }
}

/// Requests for documents meet the faults that other webhooks meet.
#[tokio::test]
async fn faults() {
    let line = Line::twilio().await;
    line.says("voice", "<Say>Hello</Say>").await;
    line.says("fallback", "<Say>Sorry</Say>").await;
    line.simulator.fault("callbacks.voice", "drop", json!({})).await;
    let sid = line.rings(json!({})).await;
    line.simulator.advance(3.0).await;
    assert_eq!(line.heard(&sid).await[1], "said Sorry");
    line.simulator.fault("callbacks.voice", "delay", json!({"params": {"seconds": 5}})).await;
    let sid = line.rings(json!({})).await;
    line.simulator.advance(4.0).await;
    assert!(line.heard(&sid).await.is_empty());
    line.simulator.advance(3.0).await;
    assert_eq!(line.heard(&sid).await, ["said Hello"]);
    line.simulator.fault("callbacks.voice", "duplicate", json!({})).await;
    let asked = line.forms("voice").await.len();
    line.rings(json!({})).await;
    assert_eq!(line.forms("voice").await.len(), asked + 2);
}
