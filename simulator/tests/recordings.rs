//! Twilio and SignalWire: voicemail, recorded calls, and the audio that comes of them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod harness;

use harness::{
    PHONE,
    voice::{Form, Line},
};
use serde_json::{Value, json};

const VOICEMAIL: &str = "<Say>Please leave a message.</Say><Record maxLength=\"120\" playBeep=\"true\" \
    action=\"/_hooks/recorded\" recordingStatusCallback=\"/_hooks/recording\" \
    recordingStatusCallbackEvent=\"in-progress completed absent\"/><Say>Goodbye.</Say>";

/// Where the recording's audio and its metadata are, behind the account.
fn path(form: &Form) -> String {
    let sid = form.get("RecordingSid");
    assert!(form.get("RecordingUrl").ends_with(&format!("/Recordings/{sid}")));
    format!("/Recordings/{sid}")
}

#[tokio::test]
async fn an_ordinary_voicemail() {
    for line in [Line::twilio().await, Line::signalwire().await] {
        line.says("voice", VOICEMAIL).await;
        line.says("recorded", "").await;
        let sid = line
            .rings(json!({"speech": "Hello", "speech_seconds": 7, "hang_up_when": "recording_ends"}))
            .await;
        line.simulator.advance(3.0).await;
        let running = line.forms("recording").await.remove(0);
        assert_eq!(running.get("RecordingStatus"), "in-progress");
        assert_eq!(line.raw("GET", &path(&running), &[], true).await.0, 404);
        line.simulator.advance(10.0).await;
        let heard = line.heard(&sid).await;
        assert_eq!(heard[..3], ["said Please leave a message.", "beeped", "hung_up phone"]);
        let action = line.forms("recorded").await.remove(0);
        assert_eq!((action.get("Digits"), action.get("RecordingDuration")), ("hangup", "7"));
        assert_eq!(action.get("CallStatus"), "completed");
        let saved = line.forms("recording").await.pop().unwrap();
        assert_eq!((saved.get("RecordingStatus"), saved.get("RecordingDuration")), ("completed", "7"));
        assert_eq!((saved.get("RecordingSource"), saved.get("CallSid")), ("RecordVerb", sid.as_str()));
        assert_eq!(saved.get("RecordingChannels"), "1");

        let (status, wav) = line.raw("GET", &path(&saved), &[], true).await;
        assert_eq!((status, &wav[..4], wav.len()), (200, &b"RIFF"[..], 44 + 7 * 16_000));
        let (status, mp3) = line.raw("GET", &format!("{}.mp3", path(&saved)), &[], true).await;
        assert_eq!((status, &mp3[..2], mp3.len().div_ceil(4_000)), (200, &b"\xff\xfb"[..], 8));
        // SignalWire's are public by their unguessable address.
        let open = line.raw("GET", &path(&saved), &[], false).await.0;
        assert_eq!(open, if line.provider == "twilio" { 401 } else { 200 });
        let (_, shown) = line.rest("GET", &format!("{}.json", path(&saved)), &[]).await;
        assert_eq!(shown["status"], "completed");
        let (_, listed) = line.rest("GET", &format!("/Calls/{sid}/Recordings.json"), &[]).await;
        assert_eq!(listed["recordings"].as_array().unwrap().len(), 1);
        for (when, found) in [("%3E=2020-01-01", 1), ("%3C=2020-01-01", 0)] {
            let path = format!("/Recordings.json?DateCreated{when}&CallSid={sid}");
            let (_, listed) = line.rest("GET", &path, &[]).await;
            assert_eq!(listed["recordings"].as_array().unwrap().len(), found, "{when}");
        }
        assert_eq!(line.raw("DELETE", &format!("{}.json", path(&saved)), &[], true).await.0, 204);
        assert_eq!(line.raw("GET", &path(&saved), &[], true).await.0, 404);
        assert!(line.violations().await.is_empty());
    }
}

/// Who says nothing, and who hangs up at the beep.
#[tokio::test]
async fn silence() {
    for line in [Line::twilio().await, Line::signalwire().await] {
        let twilio = line.provider == "twilio";
        line.says("voice", VOICEMAIL).await;
        line.says("recorded", "<Say>Thank you.</Say>").await;
        let sid = line.rings(json!({})).await;
        line.simulator.advance(20.0).await;
        let saved = line.forms("recording").await.pop().unwrap();
        // Twilio keeps silence, SignalWire does not; the action is asked anyway.
        assert_eq!(saved.get("RecordingStatus"), if twilio { "completed" } else { "absent" });
        assert_eq!(line.heard(&sid).await.last().unwrap(), "said Thank you.");

        line.rings(json!({"hang_up_when": "recording_begins", "speech": "never said"})).await;
        line.simulator.advance(20.0).await;
        let saved = line.forms("recording").await.pop().unwrap();
        assert_eq!((saved.get("RecordingStatus"), saved.has("RecordingDuration")), ("absent", !twilio));
        assert_eq!(line.raw("GET", &path(&saved), &[], true).await.0, 404);
        let action = line.forms("recorded").await.pop().unwrap();
        assert_eq!((action.get("Digits"), action.get("RecordingDuration")), ("hangup", "0"));
    }
}

/// A key, silence after the message, and the longest that it may be.
#[tokio::test]
async fn what_ends_a_recording() {
    let line = Line::twilio().await;
    line.says("recorded", "<Hangup/>").await;
    let record = |more: &str| {
        format!("<Record action=\"/_hooks/recorded\" recordingStatusCallback=\"/_hooks/recording\" {more}/>")
    };
    for (more, call, raw, digits, kept) in [
        ("", json!({"speech": "Hi", "speech_seconds": 4, "digits": "9#"}), "4", "9", "4"),
        // The silence at its end counts, until it is cut off.
        ("timeout=\"3\"", json!({"speech": "Hi", "speech_seconds": 4}), "7", "", "4"),
        ("timeout=\"3\" trim=\"do-not-trim\"", json!({"speech": "Hi", "speech_seconds": 4}), "7", "", "7"),
        ("maxLength=\"2\"", json!({"speech": "Hi", "speech_seconds": 4}), "2", "", "2"),
        ("timeout=\"0\" maxLength=\"9\"", json!({}), "9", "", "9"),
    ] {
        line.says("voice", &record(more)).await;
        line.rings(call).await;
        line.simulator.advance(30.0).await;
        let action = line.forms("recorded").await.pop().unwrap();
        assert_eq!((action.get("RecordingDuration"), action.get("Digits")), (raw, digits), "{more}");
        let saved = line.forms("recording").await.pop().unwrap();
        assert_eq!(saved.get("RecordingDuration"), kept, "{more}");
    }
}

#[tokio::test]
async fn the_text_of_a_message() {
    for line in [Line::twilio().await, Line::signalwire().await] {
        line.says("recorded", "").await;
        line.says(
            "voice",
            "<Record transcribe=\"true\" transcribeCallback=\"/_hooks/text\" action=\"/_hooks/recorded\"/>",
        )
        .await;
        let say = |speech: &str, seconds: u32| json!({"speech": speech, "speech_seconds": seconds, "hang_up_when": "recording_ends"});
        line.rings(say("Call me back & soon", 5)).await;
        line.rings(say("Too short", 2)).await;
        line.simulator.advance(30.0).await;
        let texts = line.forms("text").await;
        assert_eq!(texts.len(), 1);
        let text = &texts[0];
        assert_eq!(
            (text.get("TranscriptionText"), text.get("TranscriptionStatus")),
            ("Call me back & soon", "completed")
        );
        assert!(text.get("RecordingUrl").contains(text.get("RecordingSid")));
        let path = format!("/Transcriptions/{}.json", text.get("TranscriptionSid"));
        let (status, shown) = line.rest("GET", &path, &[]).await;
        assert_eq!((status, shown["transcription_text"].as_str()), (200, Some("Call me back & soon")));
    }
}

/// A conversation, recorded in two channels, and a call that is recorded from its answer on.
#[tokio::test]
async fn conversations() {
    let line = Line::twilio().await;
    line.says(
        "voice",
        "<Dial record=\"record-from-answer-dual\" action=\"/_hooks/dialled\" recordingStatusCallback=\"/_hooks/recording\">+12125550188</Dial>",
    )
    .await;
    line.says("dialled", "").await;
    line.script("+12125550188", json!({"hang_up_after_steps": 40})).await;
    let sid = line.rings(json!({})).await;
    line.simulator.advance(20.0).await;
    let saved = line.forms("recording").await.pop().unwrap();
    assert_eq!((saved.get("RecordingSource"), saved.get("RecordingChannels")), ("DialVerb", "2"));
    assert_eq!((saved.get("CallSid"), saved.get("RecordingDuration")), (sid.as_str(), "6"));
    let told = line.forms("dialled").await.pop().unwrap();
    assert!(told.get("RecordingUrl").ends_with(saved.get("RecordingSid")));
    let (_, wav) = line.raw("GET", &path(&saved), &[], true).await;
    assert_eq!(wav.len(), 44 + 6 * 32_000);
    let both = format!("{}.wav?RequestedChannels=2", path(&saved));
    assert_eq!(line.raw("GET", &both, &[], true).await.0, 200);

    let (recording, status) = (line.simulator.hook("recording"), line.simulator.hook("status"));
    line.script(PHONE, json!({"hang_up_after_steps": 20})).await;
    let (_, call) = line
        .rest(
            "POST",
            "/Calls.json",
            &[
                ("To", PHONE),
                ("From", line.number),
                ("Twiml", "<Response><Pause length=\"60\"/></Response>"),
                ("Record", "true"),
                ("RecordingStatusCallback", &recording),
                ("StatusCallback", &status),
            ],
        )
        .await;
    line.simulator.advance(2.0).await;
    // Started by hand beside it, and stopped before the call ends.
    let below = format!("/Calls/{}/Recordings.json", call["sid"].as_str().unwrap());
    let (code, second) = line.rest("POST", &below, &[("RecordingChannels", "dual")]).await;
    assert_eq!(
        (code, second["source"].as_str(), second["channels"].as_i64()),
        (201, Some("StartCallRecordingAPI"), Some(2))
    );
    let one = below.replace(".json", &format!("/{}.json", second["sid"].as_str().unwrap()));
    assert_eq!(line.rest("POST", &one, &[("Status", "paused")]).await.1["status"], "paused");
    assert_eq!(line.rest("POST", &one, &[("Status", "stopped")]).await.1["status"], "processing");
    assert_eq!(line.rest("POST", &one, &[("Status", "stopped")]).await.1["code"], 21220);
    line.simulator.advance(10.0).await;
    let saved = line.forms("recording").await.pop().unwrap();
    assert_eq!((saved.get("RecordingSource"), saved.get("RecordingDuration")), ("OutboundAPI", "3"));
    let ended = line.forms("status").await.pop().unwrap();
    assert_eq!(ended.get("RecordingSid"), saved.get("RecordingSid"));
    let (_, listed) = line.rest("GET", &below, &[]).await;
    assert_eq!(listed["recordings"].as_array().unwrap().len(), 2);
    let refused = line.rest("POST", &below, &[("Trim", "do-not-trim")]).await;
    assert_eq!((refused.0, &refused.1["code"]), (400, &Value::from(21220)));
}
