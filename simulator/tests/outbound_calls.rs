//! Twilio and SignalWire: calls that the API places, asks about, redirects and ends.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod harness;

use harness::{OTHER_NUMBER, PHONE, voice::Line};
use serde_json::{Value, json};

impl Line {
    /// Places a call to the phone, with all that is told about it.
    async fn places(&self, more: &[(&str, &str)]) -> (u16, Value) {
        let (voice, fallback, status) =
            (self.simulator.hook("voice"), self.simulator.hook("fallback"), self.simulator.hook("status"));
        let mut form = vec![
            ("To", PHONE),
            ("From", self.number),
            ("Url", &voice),
            ("FallbackUrl", &fallback),
            ("StatusCallback", &status),
            ("StatusCallbackEvent", "initiated"),
            ("StatusCallbackEvent", "ringing"),
            ("StatusCallbackEvent", "answered"),
            ("StatusCallbackEvent", "completed"),
        ];
        form.retain(|(name, _)| !more.iter().any(|(other, _)| name == other));
        form.extend(more.iter().filter(|(_, value)| !value.is_empty()));
        self.rest("POST", "/Calls.json", &form).await
    }
}

#[tokio::test]
async fn answered_and_hung_up() {
    for line in [Line::twilio().await, Line::signalwire().await] {
        let twilio = line.provider == "twilio";
        line.says("voice", "<Say>Hello</Say><Pause length=\"70\"/>").await;
        let (status, call) = line.places(&[]).await;
        assert_eq!((status, call["status"].as_str()), (if twilio { 201 } else { 200 }, Some("queued")));
        let sid = call["sid"].as_str().unwrap();
        let one = format!("/Calls/{sid}.json");
        let starts = format!("/Calls.json?StartTime%3E=2020-01-01&To={}", PHONE.replace('+', "%2B"));
        // What still waits has not started.
        assert_eq!(line.rest("GET", &starts, &[]).await.1["calls"], json!([]));
        line.simulator.advance(62.0).await;
        assert_eq!(line.rest("GET", &one, &[]).await.1["status"], "in-progress");
        let (status, ended) = line.rest("POST", &one, &[("Status", "completed")]).await;
        assert_eq!((status, ended["status"].as_str()), (200, Some("completed")));
        line.simulator.advance(1.0).await;
        assert_eq!(
            line.told("status", "CallStatus").await,
            ["initiated", "ringing", "in-progress", "completed"]
        );
        assert_eq!(line.told("status", "SequenceNumber").await, ["0", "1", "2", "3"]);
        let last = line.forms("status").await.pop().unwrap();
        assert_eq!((last.get("CallDuration"), last.get("Direction")), ("62", "outbound-api"));
        let own = ["Duration", "StirStatus", "SipResponseCode", "SipResultCode", "HangupBy"];
        let values = own.map(|name| last.get(name));
        assert_eq!(values, if twilio { ["2", "A", "200", "", ""] } else { ["", "", "", "200", "system"] });
        let (_, shown) = line.rest("GET", &one, &[]).await;
        assert_eq!(shown["duration"], if twilio { json!("62") } else { json!(62) });
        assert_eq!(line.rest("GET", &starts, &[]).await.1["calls"][0]["sid"], sid);
        assert_eq!(line.rest("POST", &one, &[("Status", "completed")]).await.1["code"], 21220);
        assert_eq!(line.raw("DELETE", &one, &[], true).await.0, 204);
        assert_eq!(line.rest("GET", &one, &[]).await.0, 404);
        assert!(line.violations().await.is_empty());
    }
}

#[tokio::test]
async fn other_ends() {
    let line = Line::twilio().await;
    line.says("voice", "<Say>Hello</Say>").await;
    for (answer, status, sip) in
        [("busy", "busy", "486"), ("no_answer", "no-answer", "487"), ("unreachable", "failed", "404")]
    {
        line.script(PHONE, json!({ "answer": answer })).await;
        let (_, call) = line.places(&[("Timeout", "10")]).await;
        line.simulator.advance(20.0).await;
        let last = line.forms("status").await.pop().unwrap();
        assert_eq!((last.get("CallStatus"), last.get("SipResponseCode")), (status, sip));
        let (_, shown) =
            line.rest("GET", &format!("/Calls/{}.json", call["sid"].as_str().unwrap()), &[]).await;
        assert_eq!((shown["status"].as_str(), shown["duration"].as_str()), (Some(status), Some("0")));
    }
    // Called off while it rings; a call that is up cannot be.
    line.script(PHONE, json!({"after_steps": 20})).await;
    let (_, call) = line.places(&[]).await;
    let one = format!("/Calls/{}.json", call["sid"].as_str().unwrap());
    line.simulator.advance(1.0).await;
    assert_eq!(line.rest("POST", &one, &[("Url", "https://example.com/")]).await.1["code"], 21220);
    assert_eq!(line.rest("POST", &one, &[("Status", "canceled")]).await.1["status"], "canceled");
    line.script(PHONE, json!({})).await;
    line.says("voice", "<Pause length=\"30\"/>").await;
    let (_, call) = line.places(&[]).await;
    let one = format!("/Calls/{}.json", call["sid"].as_str().unwrap());
    line.simulator.advance(2.0).await;
    assert_eq!(line.rest("POST", &one, &[("Status", "canceled")]).await.1["code"], 21220);
    // Another document for a call that is up.
    let document = "<Response><Say>Other</Say></Response>";
    assert_eq!(line.rest("POST", &one, &[("Twiml", document)]).await.0, 200);
    line.simulator.advance(2.0).await;
    assert_eq!(line.heard(call["sid"].as_str().unwrap()).await, ["paused", "said Other"]);
}

/// Who answered: with the request for the document, or beside the call.
#[tokio::test]
async fn people_and_machines() {
    for line in [Line::twilio().await, Line::signalwire().await] {
        line.says("voice", "<Say>Hello</Say>").await;
        for (script, mode, by) in [
            (json!({}), "Enable", "human"),
            (json!({"answer": "machine"}), "Enable", "machine_start"),
            (json!({"answer": "machine"}), "DetectMessageEnd", "machine_end_beep"),
            (json!({"answer": "machine", "beep": false}), "DetectMessageEnd", "machine_end_silence"),
            (json!({"detection": "fax"}), "Enable", "fax"),
        ] {
            line.script(PHONE, script).await;
            let (status, call) = line.places(&[("MachineDetection", mode)]).await;
            assert!(status < 300, "{call}");
            line.simulator.advance(5.0).await;
            assert_eq!(line.told("voice", "AnsweredBy").await.last().unwrap(), by);
            let (_, shown) =
                line.rest("GET", &format!("/Calls/{}.json", call["sid"].as_str().unwrap()), &[]).await;
            let shown = shown["answered_by"].clone();
            match line.provider {
                "twilio" => assert_eq!(shown, by),
                _ => assert!([json!("human"), json!("machine"), Value::Null].contains(&shown)),
            }
        }
        // A greeting takes longer than a word.
        line.says("voice", "<Say>Hello</Say><Pause length=\"3\"/>").await;
        // A message that waits for the end of the greeting is kept by the machine, any other is talked over.
        line.script(PHONE, json!({"answer": "machine"})).await;
        for (mode, expect) in [
            ("DetectMessageEnd", ["greeted", "detected machine_end_beep", "said Hello", "paused"]),
            ("Enable", ["detected machine_start", "said Hello", "paused", "greeted"]),
        ] {
            let (_, call) = line.places(&[("MachineDetection", mode)]).await;
            line.simulator.advance(5.0).await;
            assert_eq!(line.heard(call["sid"].as_str().unwrap()).await, expect);
        }
        let tells = line.simulator.hook("amd");
        line.script(PHONE, json!({"answer": "machine"})).await;
        let more = [
            ("MachineDetection", "DetectMessageEnd"),
            ("AsyncAmd", "true"),
            ("AsyncAmdStatusCallback", tells.as_str()),
        ];
        line.places(&more).await;
        line.simulator.advance(5.0).await;
        let told = line.forms("amd").await.pop().unwrap();
        assert_eq!(
            (told.get("AnsweredBy"), told.get("MachineDetectionDuration")),
            ("machine_end_beep", "900")
        );
        assert_eq!(line.told("voice", "AnsweredBy").await.last().unwrap(), "");
        let (_, refused) = line.places(&more[..2]).await;
        let code = match line.provider {
            "twilio" => refused["code"].to_string(),
            _ => refused["errors"][0]["code"].as_str().unwrap().to_owned(),
        };
        assert_eq!(code, "21262");
    }
}

#[tokio::test]
async fn what_is_refused() {
    for line in [Line::twilio().await, Line::signalwire().await] {
        let twilio = line.provider == "twilio";
        for (more, code) in [
            (("To", ""), 21201),
            (("To", "+1555"), 21211),
            (("From", ""), 21213),
            (("From", "nobody"), 21212),
            (("From", "+12125550111"), 21210),
            (("Url", ""), 21205),
            (("Url", "ftp://example.com/"), 21205),
            (("Method", "PUT"), 21209),
            (("Timeout", "601"), 21208),
            (("StatusCallback", "nowhere"), 21402),
            (("StatusCallbackEvent", "done"), 21626),
            (("MachineDetection", "Maybe"), 21234),
        ] {
            let (status, refused) = line.places(&[more]).await;
            let found = if twilio { refused["code"].clone() } else { refused["errors"][0]["code"].clone() };
            assert_eq!(
                (status, found),
                (400, if twilio { json!(code) } else { json!(code.to_string()) }),
                "{more:?}"
            );
        }
        line.places(&[("Colour", "red")]).await;
        let requests = line.simulator.get("/requests?operation=calls.create").await;
        let last = requests["requests"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["warnings"], json!(["unknown parameter Colour"]));
    }
}

/// An answer that gets lost has placed the call; callbacks come twice, late, or never.
#[tokio::test]
async fn faults() {
    let line = Line::twilio().await;
    line.says("voice", "<Say>Hello</Say>").await;
    line.simulator.fault("calls.create", "accept_then_5xx", json!({})).await;
    assert_eq!(line.places(&[]).await.0, 502);
    let to = PHONE.replace('+', "%2B");
    let (_, found) = line.rest("GET", &format!("/Calls.json?To={to}"), &[]).await;
    assert_eq!(found["calls"].as_array().unwrap().len(), 1);
    line.simulator.fault("calls.create", "status_429", json!({})).await;
    assert_eq!(line.places(&[]).await.1["code"], 20429);
    line.simulator.fault("callbacks.call", "reorder", json!({"match": {"event": "ringing"}})).await;
    line.simulator.fault("callbacks.call", "duplicate", json!({"match": {"event": "completed"}})).await;
    line.simulator.fault("callbacks.call", "drop", json!({"match": {"event": "initiated"}})).await;
    line.simulator.advance(5.0).await;
    assert_eq!(line.told("status", "CallStatus").await, ["in-progress", "ringing", "completed", "completed"]);
    assert_eq!(line.told("status", "SequenceNumber").await, ["2", "1", "3", "3"]);
}

/// The newest first, a page at a time; children of a call by their parent.
#[tokio::test]
async fn lists() {
    let line = Line::twilio().await;
    line.says("voice", &format!("<Dial><Number>{OTHER_NUMBER}</Number></Dial>")).await;
    let mut sids = Vec::new();
    for _ in 0..3 {
        sids.push(line.places(&[]).await.1["sid"].as_str().unwrap().to_owned());
    }
    line.simulator.advance(3.0).await;
    let (_, first) = line.rest("GET", "/Calls.json?PageSize=4", &[]).await;
    assert_eq!(first["calls"].as_array().unwrap().len(), 4);
    let next = first["next_page_uri"].as_str().unwrap().split_once("/Calls").unwrap().1.to_owned();
    let (_, second) = line.rest("GET", &format!("/Calls{next}"), &[]).await;
    assert_eq!(second["calls"].as_array().unwrap().len(), 2);
    let (_, legs) = line.rest("GET", &format!("/Calls.json?ParentCallSid={}", sids[0]), &[]).await;
    assert_eq!(
        (legs["calls"][0]["direction"].as_str(), legs["calls"].as_array().unwrap().len()),
        (Some("outbound-dial"), 1)
    );
    let (_, up) = line.rest("GET", "/Calls.json?Status=in-progress", &[]).await;
    assert_eq!(up["calls"].as_array().unwrap().len(), 6);
}
