//! Twilio and SignalWire: calls that reach further: agents over SIP, other documents midway, the real clock.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod harness;

use harness::{PHONE, voice::Line};
use serde_json::json;

const AGENT: &str = "+12125550188";

/// An agent that was registered at Retell answers the leg, and ends it.
#[tokio::test]
async fn an_agent_over_sip() {
    let line = Line::twilio().await;
    let account = json!({"provider": "retell", "sid": "workspace", "auth_token": "key_1"});
    line.simulator.control("POST", "/accounts", account).await;
    let new = json!({"response_engine": {"type": "retell-llm", "llm_id": "llm_1"}, "voice_id": "v"});
    let (_, agent) = line.simulator.call("key_1", "POST", "/retell/create-agent", new).await;
    let register = json!({"agent_id": agent["agent_id"], "from_number": PHONE, "to_number": line.number});
    let (_, call) = line.simulator.call("key_1", "POST", "/retell/v2/register-phone-call", register).await;
    let id = call["call_id"].as_str().unwrap();
    let dial = format!("<Dial action=\"/_hooks/dialled\"><Sip>sip:{id}@sip.retellai.com</Sip></Dial>");
    line.says("voice", &dial).await;
    line.says("dialled", "").await;
    let sid = line.rings(json!({})).await;
    line.simulator.advance(5.0).await;
    let told = line.forms("dialled").await.pop().unwrap();
    assert_eq!((told.get("DialCallStatus"), told.get("DialBridged")), ("completed", "true"));
    assert_eq!(line.call(&sid).await["state"], "completed");
    // It is registered for one call.
    line.rings(json!({})).await;
    line.simulator.advance(5.0).await;
    assert_eq!(line.told("dialled", "DialCallStatus").await, ["completed", "failed"]);
    assert!(line.violations().await.is_empty());
}

/// The API gives a call that is being forwarded another document: the legs part, and the action is not asked.
#[tokio::test]
async fn another_document_midway() {
    let line = Line::twilio().await;
    line.says("voice", &format!("<Dial action=\"/_hooks/dialled\" hangupOnStar=\"true\">{AGENT}</Dial>"))
        .await;
    line.says("dialled", "<Say>Goodbye</Say>").await;
    let sid = line.rings(json!({})).await;
    line.simulator.advance(3.0).await;
    let other = line.simulator.hook("other");
    line.says("other", "<Say>One moment</Say><Pause length=\"5\"/>").await;
    let (status, _) =
        line.rest("POST", &format!("/Calls/{sid}.json"), &[("Url", &other), ("Method", "GET")]).await;
    assert_eq!(status, 200);
    line.simulator.advance(1.0).await;
    assert_eq!(line.heard(&sid).await.last().unwrap(), "paused");
    assert_eq!(line.told("other", "CallSid").await, [sid.as_str()]);
    let legs = line.simulator.get(&format!("/calls?parent_call_sid={sid}")).await;
    assert_eq!(legs["calls"][0]["state"], "completed");
    assert!(line.forms("dialled").await.is_empty());
    // `*` ends a conversation where the document says so.
    let sid = line.rings(json!({})).await;
    line.simulator.advance(3.0).await;
    line.simulator.control("POST", &format!("/calls/{sid}/digits"), json!({"digits": "1*"})).await;
    line.simulator.advance(3.0).await;
    assert_eq!(line.heard(&sid).await.last().unwrap(), "said Goodbye");
}

/// A carrier's mailbox takes the call: for the provider that is an answer. Who is called is asked for who it is.
#[tokio::test]
async fn a_mailbox_at_the_other_end() {
    let line = Line::twilio().await;
    line.says(
        "voice",
        &format!("<Dial action=\"/_hooks/dialled\" timeLimit=\"9\"><Number machineDetection=\"Enable\" amdStatusCallback=\"/_hooks/amd\">{AGENT}</Number></Dial>"),
    )
    .await;
    line.says("dialled", "").await;
    line.script(AGENT, json!({"answer": "machine"})).await;
    line.rings(json!({})).await;
    line.simulator.advance(20.0).await;
    let told = line.forms("dialled").await.pop().unwrap();
    assert_eq!((told.get("DialCallStatus"), told.get("DialCallDuration")), ("completed", "9"));
    assert_eq!(line.told("amd", "AnsweredBy").await, ["machine_start"]);
}

#[tokio::test]
async fn a_text_from_a_call() {
    for line in [Line::twilio().await, Line::signalwire().await] {
        line.says("voice", "<Sms>We call you back</Sms><Hangup/>").await;
        line.rings(json!({})).await;
        line.simulator.advance(1.0).await;
        let inbox = line.simulator.get(&format!("/phones/{PHONE}/inbox")).await;
        assert_eq!(
            (inbox["texts"][0]["body"].as_str(), inbox["texts"][0]["from"].as_str()),
            (Some("We call you back"), Some(line.number))
        );
    }
}

/// While the clock runs by itself the calls go on by themselves.
#[tokio::test]
async fn in_real_time() {
    let line = Line::twilio().await;
    let clock = json!({"mode": "real", "step_ms": 2});
    line.simulator.control("POST", "/clock", clock).await;
    line.says(
        "voice",
        "<Say>Hello</Say><Record action=\"/_hooks/recorded\" recordingStatusCallback=\"/_hooks/recording\"/>",
    )
    .await;
    line.says("recorded", "").await;
    let sid =
        line.rings(json!({"speech": "Hi", "speech_seconds": 1, "hang_up_when": "recording_ends"})).await;
    line.simulator.control("POST", "/clock/settle", json!({})).await;
    assert_eq!(line.call(&sid).await["state"], "completed");
    assert_eq!(line.told("recording", "RecordingStatus").await, ["completed"]);
    assert_eq!(line.told("recorded", "Digits").await, ["hangup"]);
    assert_eq!(line.told("ends", "CallStatus").await, ["completed"]);
}

/// The caller gives up while the other phone still rings.
#[tokio::test]
async fn hung_up_while_it_rings() {
    let line = Line::twilio().await;
    line.says("voice", &format!("<Dial action=\"/_hooks/dialled\">{AGENT}</Dial>")).await;
    line.says("dialled", "<Say>Nobody hears this</Say>").await;
    line.script(AGENT, json!({"after_steps": 50})).await;
    let sid = line.rings(json!({"hang_up_after_steps": 10})).await;
    line.simulator.advance(20.0).await;
    let told = line.forms("dialled").await.pop().unwrap();
    assert_eq!((told.get("DialCallStatus"), told.get("CallStatus")), ("canceled", "completed"));
    let legs = line.simulator.get(&format!("/calls?parent_call_sid={sid}")).await;
    assert_eq!(
        (legs["calls"][0]["state"].as_str(), legs["calls"][0]["answered"].is_null()),
        (Some("canceled"), true)
    );
    let call = line.call(&sid).await;
    assert_eq!(call["documents"][1]["late"], true);
    assert!(!line.heard(&sid).await.iter().any(|heard| heard.contains("Nobody")));
}
