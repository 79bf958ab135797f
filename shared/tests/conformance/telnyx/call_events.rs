//! Verified events of calls in our words.

use serde_json::{Value, json};
use telephony::domain::address::Address;
use telephony::domain::call::{AnsweredBy, Attestation, CallDirection, CallRef, CallStatus, HangupCause};
use telephony::domain::ids::CallId;
use telephony::domain::timestamp::Timestamp;
use telephony::domain::voice::place::{CallState, Place};
use telephony::domain::voice::script::Moment;
use telephony::provider::calling::{CallEvent, CallHappening};
use telephony::provider::recordings::RecordingOf;
use telephony::provider::webhooks::Event;
use telephony::providers::telnyx::hangup;
use telephony_testkit::facts::facts;
use telephony_testkit::telnyx::{
    CONTROL_ID, LEG_ID, OURS, SESSION_ID, THEIRS, call, call_hangup, call_initiated, client_state,
    recording_saved,
};

use super::openapi::Api;
use super::{URL, event};

fn happened(body: &Value) -> CallEvent {
    match event(URL, body) {
        Ok(Event::Call(event)) => *event,
        other => panic!("{other:?}"),
    }
}

fn what(name: &str, more: &Value) -> CallHappening {
    happened(&call(name, 1, more)).what
}

#[test]
fn every_documented_hangup_cause_has_a_meaning() {
    let Some(facts) = facts() else { return };
    let place = "/components/schemas/CallHangup/properties/payload/properties/hangup_cause/enum";
    let words = Api::of(&facts).words(place);
    assert_eq!(words.len(), hangup::CAUSES.len());
    for word in words {
        assert!(hangup::CAUSES.iter().any(|(known, _, _)| *known == word), "{word}");
    }
}

#[test]
fn an_inbound_call_begins() {
    let event = happened(&call_initiated(3));
    assert_eq!(event.event_id.as_deref(), Some("0ccc7b54-0000-4000-8000-000000000003"));
    assert_eq!((event.sid.as_str(), event.control_id.as_deref()), (LEG_ID, Some(CONTROL_ID)));
    assert_eq!((event.session.as_deref(), event.callback_id), (Some(SESSION_ID), None));
    assert_eq!(event.direction, Some(CallDirection::Inbound));
    assert_eq!((event.from, event.to), (Some(Address::parse(THEIRS)), Some(Address::parse(OURS))));
    assert_eq!(event.at, Timestamp::parse_rfc3339("2026-01-05T14:05:00.123Z"));
    let CallHappening::Initiated { signature } = event.what else { panic!("{:?}", event.what) };
    assert_eq!((signature.attestation, signature.verified), (Some(Attestation::A), Some(true)));
    let bare = what("call.initiated", &json!({"direction": "outgoing", "shaken_stir_attestation": "Z"}));
    let CallHappening::Initiated { signature } = bare else { panic!("{bare:?}") };
    assert_eq!((signature.attestation, signature.verified), (None, None));
}

#[test]
fn our_id_comes_back_in_the_state() {
    let ours = CallRef { tenant: "demo-1".parse().unwrap(), call: CallId::from_bits(7) }.to_opaque();
    for (state, expected) in [
        (client_state(&ours), Some(ours.as_str())),
        ("not base64".to_owned(), None),
        ("/w==".to_owned(), None),
        (String::new(), None),
    ] {
        let event = happened(&call("call.answered", 1, &json!({"client_state": state})));
        assert_eq!(event.callback_id.as_deref(), expected);
        assert_eq!(event.what, CallHappening::Answered);
    }
}

#[test]
fn how_calls_end() {
    use {CallStatus as S, HangupCause as C};
    for (word, status, cause) in [
        ("normal_clearing", S::Completed, C::Normal),
        ("originator_cancel", S::Canceled, C::CallerGaveUp),
        ("call_rejected", S::NoAnswer, C::Rejected),
        ("user_busy", S::Busy, C::Busy),
        ("no_answer", S::NoAnswer, C::NoAnswer),
        ("timeout", S::NoAnswer, C::NoAnswer),
        ("time_limit", S::Completed, C::TimeLimit),
        ("not_found", S::Failed, C::Unreachable),
        ("unspecified", S::Failed, C::Unknown),
        ("abducted", S::Failed, C::Unknown),
    ] {
        let expected = CallHappening::Ended {
            status,
            cause,
            provider_cause: word.to_owned(),
            duration: None,
            cost: None,
        };
        assert_eq!(happened(&call_hangup(1, word)).what, expected);
    }
}

#[test]
fn who_answered_and_when_the_greeting_is_over() {
    for (name, result, expected) in [
        ("call.machine.detection.ended", "human", AnsweredBy::Human),
        ("call.machine.detection.ended", "machine", AnsweredBy::Machine),
        ("call.machine.detection.ended", "not_sure", AnsweredBy::Unknown),
        ("call.machine.premium.detection.ended", "human_residence", AnsweredBy::Human),
        ("call.machine.premium.detection.ended", "human_business", AnsweredBy::Human),
        ("call.machine.premium.detection.ended", "machine", AnsweredBy::Machine),
        ("call.machine.premium.detection.ended", "silence", AnsweredBy::Unknown),
        ("call.machine.premium.detection.ended", "fax_detected", AnsweredBy::Fax),
        ("call.machine.premium.detection.ended", "not_sure", AnsweredBy::Unknown),
    ] {
        assert_eq!(what(name, &json!({"result": result})), CallHappening::AnsweredBy(expected), "{result}");
    }
    for (name, result, beep) in [
        ("call.machine.greeting.ended", "ended", false),
        ("call.machine.greeting.ended", "beep_detected", true),
        ("call.machine.greeting.ended", "not_sure", false),
        ("call.machine.premium.greeting.ended", "beep_detected", true),
        ("call.machine.premium.greeting.ended", "no_beep_detected", false),
    ] {
        assert_eq!(what(name, &json!({"result": result})), CallHappening::GreetingEnded { beep });
    }
}

#[test]
fn what_else_happens_on_a_leg() {
    use CallHappening as H;
    let stream = |state: &str| H::Stream { state: state.to_owned() };
    for (name, more, expected) in [
        ("call.bridged", json!({}), H::Bridged),
        ("call.playback.ended", json!({"status": "completed"}), H::PlaybackEnded { completed: true }),
        ("call.playback.ended", json!({"status": "file_not_found"}), H::PlaybackEnded { completed: false }),
        ("call.speak.ended", json!({"status": "cancelled_amd"}), H::PlaybackEnded { completed: false }),
        ("call.dtmf.received", json!({"digit": "#"}), H::Digits { digits: "#".to_owned(), complete: false }),
        (
            "call.gather.ended",
            json!({"digits": "55", "status": "valid"}),
            H::Digits { digits: "55".to_owned(), complete: true },
        ),
        (
            "call.gather.ended",
            json!({"digits": "5", "status": "timeout"}),
            H::Digits { digits: "5".to_owned(), complete: false },
        ),
        ("streaming.started", json!({}), stream("started")),
        ("streaming.stopped", json!({}), stream("stopped")),
        ("streaming.failed", json!({"failure_reason": "connection_failed"}), stream("failed")),
        ("call.enqueued", json!({"queue": "q"}), H::Other { name: "call.enqueued".to_owned() }),
        (
            "call.recording.error",
            json!({"reason": "x"}),
            H::Other { name: "call.recording.error".to_owned() },
        ),
    ] {
        assert_eq!(what(name, &more), expected, "{name}");
    }
    for amount in [json!("0.0130"), json!(0.013)] {
        let more = json!({"total_cost": amount, "billed_duration_secs": 60, "status": "valid"});
        let H::Billed { cost, duration } = what("call.cost", &more) else { panic!("not billed") };
        assert_eq!((cost.amount.get(), cost.currency.as_str()), (13_000, "USD"));
        assert_eq!(duration.map(|d| d.as_secs()), Some(60));
    }
}

#[test]
fn a_recording_can_be_fetched() {
    let Ok(Event::RecordingReady(ready)) = event(URL, &recording_saved(1, "https://x.example/1.mp3")) else {
        panic!("no recording")
    };
    assert_eq!((ready.call.as_str(), ready.session.as_deref()), (LEG_ID, Some(SESSION_ID)));
    assert_eq!((ready.recording, ready.channels), (None, Some(2)));
    assert_eq!(ready.url.as_deref(), Some("https://x.example/1.mp3"));
    assert_eq!(ready.duration.map(|d| d.as_millis()), Some(12_500));
    assert_eq!(ready.at, Timestamp::parse_rfc3339("2026-01-05T14:05:12.500Z"));
    let mut body = recording_saved(1, "x");
    body["data"]["payload"]["recording_id"] = json!("3fa85f64-5717-4562-b3fc-2c963f66afa6");
    body["data"]["payload"]["recording_urls"] = json!({"wav": "https://x.example/1.wav", "mp3": null});
    body["data"]["payload"]["channels"] = json!("single");
    let Ok(Event::RecordingReady(ready)) = event(URL, &body) else { panic!("no recording") };
    assert_eq!(
        ready.recording.map(|id| id.to_string()).as_deref(),
        Some("3fa85f64-5717-4562-b3fc-2c963f66afa6")
    );
    assert_eq!((ready.url.as_deref(), ready.channels), (Some("https://x.example/1.wav"), Some(1)));
}

#[test]
fn what_a_leg_that_was_told_to_record_has_recorded_is_a_message() {
    let ours = CallRef { tenant: "demo-1".parse().unwrap(), call: CallId::from_bits(7) };
    let place = |place| CallState { call: ours.clone(), place }.to_text();
    let rung = Place::Rung { parent: LEG_ID.parse().unwrap(), screened: false };
    for (state, of) in [
        (place(Place::At { moment: Moment::Begin, verb: 1 }), RecordingOf::Message),
        (place(Place::At { moment: Moment::DialEnded { joined: false }, verb: 1 }), RecordingOf::Message),
        (place(rung), RecordingOf::Unknown),
        (ours.to_opaque(), RecordingOf::Unknown),
    ] {
        let mut body = recording_saved(1, "https://x.example/1.mp3");
        body["data"]["payload"]["client_state"] = json!(client_state(&state));
        let Ok(Event::RecordingReady(ready)) = event(URL, &body) else { panic!("{state}") };
        assert_eq!((ready.callback_id, ready.of), (Some(ours.to_opaque()), of), "{state}");
    }
}
