//! Twilio and SignalWire: somebody calls a number of ours, and a document says what becomes of it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod harness;

use harness::{NUMBER, PHONE, voice::Line};
use serde_json::json;

const AGENT: &str = "+12125550188";

#[tokio::test]
async fn forwarded_and_answered() {
    let line = Line::twilio().await;
    let dial = format!(
        "<Say>Please hold.</Say><Dial timeout=\"20\" action=\"/_hooks/dialled\"><Number \
         statusCallback=\"/_hooks/leg\" statusCallbackEvent=\"initiated ringing answered completed\">{AGENT}</Number></Dial>"
    );
    line.says("voice", &dial).await;
    line.says("dialled", "<Hangup/>").await;
    line.script(AGENT, json!({"hang_up_after_steps": 200})).await;
    let placed = line
        .simulator
        .control("POST", &format!("/phones/{PHONE}/call"), json!({"to": NUMBER, "attestation": "A"}))
        .await;
    let sid = placed["call_sid"].as_str().unwrap();
    assert_eq!(placed["callbacks"][0]["kind"], "voice");
    let first = line.forms("voice").await.remove(0);
    assert_eq!((first.get("CallSid"), first.get("Direction")), (sid, "inbound"));
    assert_eq!((first.get("CallStatus"), first.get("CalledCity")), ("ringing", "San Francisco"));
    assert_eq!(first.get("StirVerstat"), "TN-Validation-Passed-A");
    assert_eq!(first.get("StirPassportToken").split('.').count(), 3);
    assert!(first.get("CallToken").contains("parentCallInfoToken"));

    line.simulator.advance(60.0).await;
    assert_eq!(line.told("leg", "CallStatus").await, ["initiated", "ringing", "in-progress", "completed"]);
    assert_eq!(line.told("leg", "SequenceNumber").await, ["0", "1", "2", "3"]);
    assert_eq!(line.told("leg", "ParentCallSid").await, [sid; 4]);
    let last = line.forms("leg").await.pop().unwrap();
    // 200 steps of 150 ms are 30 s, which are one minute.
    assert_eq!((last.get("CallDuration"), last.get("Duration")), ("30", "1"));
    assert_eq!((last.get("StirStatus"), last.get("SipResponseCode")), ("B", "200"));
    let dialled = line.forms("dialled").await.pop().unwrap();
    assert_eq!((dialled.get("DialCallStatus"), dialled.get("DialCallDuration")), ("completed", "30"));
    assert_eq!((dialled.get("DialBridged"), dialled.get("DialCallSid")), ("true", last.get("CallSid")));
    let expect = [
        "said Please hold.",
        &format!("dialled {AGENT}"),
        &format!("joined {AGENT}"),
        "dial_ended completed",
        "hung_up document",
    ];
    assert_eq!(line.heard(sid).await, expect);
    let ends = line.forms("ends").await;
    assert_eq!(ends.len(), 1);
    assert_eq!((ends[0].get("CallStatus"), ends[0].get("CallSid")), ("completed", sid));
    assert!(line.violations().await.is_empty());
}

/// The four ways in which nobody comes to the phone.
#[tokio::test]
async fn nobody_answers() {
    for line in [Line::twilio().await, Line::signalwire().await] {
        line.says("voice", &format!("<Dial action=\"/_hooks/dialled\">{AGENT}</Dial>")).await;
        line.says("dialled", "").await;
        for (answer, status) in
            [("busy", "busy"), ("no_answer", "no-answer"), ("reject", "busy"), ("unreachable", "failed")]
        {
            line.script(AGENT, json!({ "answer": answer })).await;
            let sid = line.rings(json!({})).await;
            line.simulator.advance(40.0).await;
            let told = line.forms("dialled").await.pop().unwrap();
            assert_eq!(told.get("DialCallStatus"), status, "{answer}");
            assert!(!told.has("DialCallDuration"));
            assert_eq!(told.has("DialBridged"), line.provider == "twilio");
            assert_eq!(line.call(&sid).await["state"], "completed");
        }
        assert!(line.violations().await.is_empty());
    }
}

/// The first who answers gets the call; whoever is asked first may decline it.
#[tokio::test]
async fn several_ring_and_one_is_asked() {
    let line = Line::twilio().await;
    let both = format!(
        "<Dial action=\"/_hooks/dialled\"><Number url=\"/_hooks/screen\">{AGENT}</Number><Number>+12125550189</Number></Dial>"
    );
    line.says("voice", &both).await;
    line.says("dialled", "<Hangup/>").await;
    line.says("screen", "<Gather action=\"/_hooks/pressed\"><Say>Press one</Say></Gather><Hangup/>").await;
    line.says("pressed", "").await;
    line.script("+12125550189", json!({"after_steps": 30})).await;
    line.script(AGENT, json!({"digits": "1#"})).await;
    let sid = line.rings(json!({})).await;
    line.simulator.advance(3.0).await;
    let legs = line.simulator.get(&format!("/calls?parent_call_sid={sid}")).await;
    let states: Vec<_> = legs["calls"].as_array().unwrap().iter().map(|leg| leg["state"].clone()).collect();
    assert_eq!(states, ["in-progress", "canceled"]);
    assert_eq!(line.told("pressed", "Digits").await, ["1"]);
    assert_eq!(line.told("screen", "Direction").await, ["outbound-dial"]);
    assert!(line.heard(&sid).await.contains(&format!("joined {AGENT}")));
    // The caller hangs up: the called one is let go, and the action is told.
    line.simulator.control("POST", &format!("/calls/{sid}/hang_up"), json!({})).await;
    line.simulator.advance(1.0).await;
    let told = line.forms("dialled").await.pop().unwrap();
    assert_eq!((told.get("CallStatus"), told.get("DialCallStatus")), ("completed", "completed"));

    line.script(AGENT, json!({})).await;
    let sid = line.rings(json!({})).await;
    line.simulator.advance(10.0).await;
    let told = line.forms("dialled").await.pop().unwrap();
    assert_eq!((told.get("DialCallStatus"), told.get("DialBridged")), ("completed", "false"));
    assert_eq!(line.call(&sid).await["state"], "completed");
    assert!(line.violations().await.is_empty());
}

#[tokio::test]
async fn a_stream_with_parameters() {
    for line in [Line::twilio().await, Line::signalwire().await] {
        line.says(
            "voice",
            "<Connect action=\"/_hooks/over\"><Stream url=\"wss://agent.example.com/s\" statusCallback=\"/_hooks/stream\">\
             <Parameter name=\"agentId\" value=\"a &amp; b\"/><Parameter name=\"callId\" value=\"7\"/></Stream></Connect>",
        )
        .await;
        line.says("over", "<Say>Goodbye</Say>").await;
        let sid = line.rings(json!({})).await;
        line.simulator.advance(30.0).await;
        let call = line.call(&sid).await;
        let streamed = &call["heard"][0];
        assert_eq!(
            (streamed["kind"].as_str(), streamed["url"].as_str()),
            (Some("streamed"), Some("wss://agent.example.com/s"))
        );
        assert_eq!(streamed["parameters"], json!({"agentId": "a & b", "callId": "7"}));
        assert_eq!(call["state"], "in-progress");
        line.simulator.control("POST", &format!("/calls/{sid}/end_stream"), json!({})).await;
        line.simulator.advance(1.0).await;
        assert_eq!(line.told("stream", "StreamEvent").await, ["stream-started", "stream-stopped"]);
        assert_eq!(line.heard(&sid).await.last().unwrap(), "said Goodbye");
        assert_eq!(line.call(&sid).await["state"], "completed");

        // It breaks, or the person hangs up.
        for (how, body, event) in [
            ("end_stream", json!({"error": "no handshake"}), "stream-error"),
            ("hang_up", json!({}), "stream-stopped"),
        ] {
            let sid = line.rings(json!({})).await;
            line.simulator.advance(1.0).await;
            line.simulator.control("POST", &format!("/calls/{sid}/{how}"), body).await;
            line.simulator.advance(1.0).await;
            assert_eq!(line.told("stream", "StreamEvent").await.last().unwrap(), event);
            assert_eq!(line.call(&sid).await["state"], "completed");
        }
    }
}

#[tokio::test]
async fn digits_or_none() {
    let line = Line::twilio().await;
    let gather = "<Gather numDigits=\"2\" timeout=\"4\"><Say>Which?</Say></Gather><Say>Nothing.</Say>";
    line.says("voice", gather).await;
    let sid = line.rings(json!({})).await;
    line.simulator.advance(8.0).await;
    assert_eq!(line.heard(&sid).await, ["said Which?", "asked", "said Nothing."]);
    // Without an action the present document is asked again, with the digits.
    let sid = line.rings(json!({})).await;
    line.says("voice", "<Say>Thanks</Say>").await;
    line.simulator.control("POST", &format!("/calls/{sid}/digits"), json!({"digits": "42"})).await;
    line.simulator.advance(1.0).await;
    assert_eq!(line.heard(&sid).await, ["said Which?", "asked", "pressed 42", "said Thanks"]);
    assert_eq!(line.told("voice", "Digits").await, ["", "", "42"]);
    line.says("voice", "<Gather action=\"/_hooks/none\" actionOnEmptyResult=\"true\" timeout=\"1\"/>").await;
    line.says("none", "<Reject/>").await;
    line.rings(json!({})).await;
    line.simulator.advance(3.0).await;
    assert_eq!(line.told("none", "Digits").await, [""]);
    // A call that is answered cannot be rejected any more.
    assert_eq!(line.violations().await.len(), 1);
}

/// The caller gives up, is turned away, or rings where nobody is.
#[tokio::test]
async fn without_an_answer() {
    let line = Line::twilio().await;
    for (inner, state) in [
        ("<Reject reason=\"busy\"/>", "busy"),
        ("<Reject/>", "no-answer"),
        ("<Pause length=\"90\"/><Say>too late</Say>", "canceled"),
    ] {
        line.says("voice", inner).await;
        let sid = line.rings(json!({})).await;
        line.simulator.advance(100.0).await;
        let call = line.call(&sid).await;
        assert_eq!((call["state"].as_str(), call["answered"].is_null()), (Some(state), true), "{inner}");
    }
    assert_eq!(line.told("ends", "CallStatus").await, ["busy", "no-answer", "canceled"]);
    let other = harness::OTHER_NUMBER;
    let placed = line.simulator.control("POST", &format!("/phones/{PHONE}/call"), json!({"to": other})).await;
    let sid = placed["call_sid"].as_str().unwrap();
    assert_eq!((line.call(sid).await["state"].as_str(), &placed["callbacks"]), (Some("failed"), &json!([])));
}

/// What SignalWire says of a call that came in: nothing about its attestation, and of its end only the end.
#[tokio::test]
async fn signalwire_says_less() {
    let line = Line::signalwire().await;
    line.says("voice", "<Say>Hello</Say>").await;
    let new = json!({"to": line.number, "attestation": "A"});
    line.simulator.control("POST", &format!("/phones/{PHONE}/call"), new).await;
    line.says("voice", "<Reject/>").await;
    line.rings(json!({})).await;
    line.simulator.advance(5.0).await;
    let first = line.forms("voice").await.remove(0);
    for name in ["StirVerstat", "StirPassportToken", "CallToken", "CallerCity"] {
        assert!(!first.has(name), "{name}");
    }
    let mut ends = line.told("ends", "CallStatus").await;
    ends.sort();
    assert_eq!(ends, ["completed", "failed"]);
    assert!(!line.forms("ends").await[0].has("Direction"));
    let call = line.simulator.get("/calls").await["calls"][0].clone();
    assert_eq!(call["heard"][0]["voice"], "woman");
}
