//! Calls at the providers that are steered by documents: reading what they ask.

use std::time::Duration;

use telephony::domain::address::Address;
use telephony::domain::call::{AnsweredBy, Attestation, CallDirection, CallStatus, SignatureReport};
use telephony::provider::calling::{CallEvent, CallHappening, DialEnd};
use telephony::provider::recordings::{RecordingEnd, RecordingOf};
use telephony::provider::registry;
use telephony::provider::webhooks::{Event, WebhookError, WebhookKind};
use telephony_testkit::webhooks::{SAMPLES, Sample, form_body};

use super::verify;

const FROM: &str = "+14155552671";
const TO: &str = "+14155550100";

/// A call's id of the provider's form.
fn call_sid(sample: &Sample, n: u32) -> String {
    let id = sample.message_sid(n);
    id.strip_prefix("SM").map_or(id.clone(), |digits| format!("CA{digits}"))
}

fn parse(
    sample: &Sample,
    kind: WebhookKind,
    more: &[(&str, &str)],
    without: &[&str],
) -> Result<Event, WebhookError> {
    let sid = call_sid(sample, 1);
    let mut params = vec![
        ("AccountSid", sample.remote_id),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", sid.as_str()),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
        ("From", FROM),
        ("To", TO),
    ];
    params.retain(|(name, _)| !without.contains(name) && !more.iter().any(|(other, _)| other == name));
    params.extend(more);
    let url = format!("https://phone.example.com/prod/api/webhooks/x/{}?c=01ABC.d-1", kind.path());
    let request = sample.signed_form(sample.keys[0], &url, &form_body(&params));
    let mut events = registry::webhooks(sample.provider).parse(&verify(sample, &request)?, kind)?;
    assert_eq!(events.len(), 1);
    Ok(events.remove(0))
}

fn asked(sample: &Sample, kind: WebhookKind, more: &[(&str, &str)]) -> CallEvent {
    match parse(sample, kind, more, &[]).unwrap() {
        Event::CallAsks(event) => *event,
        other => panic!("{other:?}"),
    }
}

fn told(sample: &Sample, kind: WebhookKind, more: &[(&str, &str)]) -> CallEvent {
    match parse(sample, kind, more, &[]).unwrap() {
        Event::Call(event) => *event,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_that_comes_in_asks() {
    for sample in SAMPLES {
        let event = asked(&sample, WebhookKind::Voice, &[]);
        assert_eq!(event.sid.as_str(), call_sid(&sample, 1));
        assert_eq!(event.direction, Some(CallDirection::Inbound));
        assert_eq!(event.from, Some(Address::parse(FROM)));
        assert_eq!(event.to, Some(Address::parse(TO)));
        assert_eq!(event.callback_id.as_deref(), Some("01ABC.d-1"));
        assert_eq!(event.what, CallHappening::Initiated { signature: SignatureReport::default() });
    }
}

#[test]
fn withheld_callers_get_through() {
    for sample in SAMPLES {
        for from in ["+266696687", "anonymous", "Anonymous", "", "+86282452253", "sip:alice@example.com"] {
            let event = asked(&sample, WebhookKind::Voice, &[("From", from)]);
            assert_eq!(event.from, Some(Address::parse(from)), "{from}");
        }
        assert_eq!(
            asked(&sample, WebhookKind::Voice, &[("From", "+7378742833")]).from,
            Some(Address::Withheld)
        );
    }
}

#[test]
fn what_the_network_says_about_the_caller() {
    for (word, attestation, verified) in [
        ("TN-Validation-Passed-A", Some(Attestation::A), Some(true)),
        ("TN-Validation-Passed-B", Some(Attestation::B), Some(true)),
        ("TN-Validation-Passed-Diverted-C", Some(Attestation::C), Some(true)),
        ("TN-Validation-Passed-A-Passthrough", Some(Attestation::A), Some(true)),
        ("TN-Validation-Failed-A", Some(Attestation::A), Some(false)),
        ("TN-Validation-Failed", None, Some(false)),
        ("No-TN-Validation", None, None),
        ("", None, None),
        ("TN-Something-New", None, None),
    ] {
        for sample in SAMPLES {
            let event = asked(&sample, WebhookKind::Voice, &[("StirVerstat", word)]);
            let signature = SignatureReport { attestation, verified };
            assert_eq!(event.what, CallHappening::Initiated { signature }, "{word}");
        }
    }
}

#[test]
fn a_call_of_ours_that_was_answered_asks() {
    for sample in SAMPLES {
        let outbound = [("Direction", "outbound-api"), ("CallStatus", "in-progress")];
        let event = asked(&sample, WebhookKind::Voice, &outbound);
        assert_eq!((event.direction, event.what), (Some(CallDirection::Outbound), CallHappening::Answered));
    }
}

#[test]
fn how_ringing_somebody_ended() {
    for sample in SAMPLES {
        let child = call_sid(&sample, 2);
        for (word, status) in [
            ("completed", CallStatus::Completed),
            ("answered", CallStatus::Completed),
            ("busy", CallStatus::Busy),
            ("no-answer", CallStatus::NoAnswer),
            ("failed", CallStatus::Failed),
            ("canceled", CallStatus::Canceled),
            ("teleported", CallStatus::Failed),
        ] {
            let more = [("DialCallStatus", word), ("DialCallSid", &child), ("DialCallDuration", "12")];
            let event = asked(&sample, WebhookKind::DialAction, &more);
            let leg = Some(child.parse().unwrap());
            let duration = Some(Duration::from_secs(12));
            assert_eq!(event.what, CallHappening::Dialled(DialEnd { status, leg, joined: None, duration }));
        }
        let more = [("DialCallStatus", "completed"), ("DialBridged", "false")];
        let CallHappening::Dialled(end) = asked(&sample, WebhookKind::DialAction, &more).what else {
            panic!()
        };
        assert_eq!((end.joined, end.leg, end.duration), (Some(false), None, None));
    }
}

#[test]
fn an_audio_stream_that_is_over_asks_too() {
    for sample in SAMPLES {
        let state = |more: &[(&str, &str)]| match asked(&sample, WebhookKind::DialAction, more).what {
            CallHappening::Stream { state } => state,
            other => panic!("{other:?}"),
        };
        assert_eq!(state(&[]), "stopped");
        assert_eq!(state(&[("StreamError", "31921")]), "failed");
        for (word, state) in
            [("stream-started", "started"), ("stream-stopped", "stopped"), ("stream-error", "failed")]
        {
            let event = told(&sample, WebhookKind::StreamStatus, &[("StreamEvent", word)]);
            assert_eq!(event.what, CallHappening::Stream { state: state.to_owned() });
        }
    }
}

#[test]
fn messages_keys_and_machines() {
    for sample in SAMPLES {
        let left = asked(&sample, WebhookKind::RecordAction, &[("RecordingUrl", "https://r.example/1")]);
        assert_eq!(left.what, CallHappening::MessageLeft);
        let parent = call_sid(&sample, 3);
        let screening = asked(&sample, WebhookKind::CallScreen, &[("ParentCallSid", &parent)]);
        assert_eq!(screening.what, CallHappening::Screening);
        assert_eq!(screening.parent.as_ref().map(|sid| sid.as_str()), Some(parent.as_str()));
        for digits in ["1", ""] {
            let pressed = asked(&sample, WebhookKind::CallScreen, &[("Digits", digits)]);
            assert_eq!(pressed.what, CallHappening::Screened { digits: digits.to_owned() });
        }
        for (word, who) in [
            ("human", AnsweredBy::Human),
            ("machine_start", AnsweredBy::Machine),
            ("machine_end_beep", AnsweredBy::Machine),
            ("machine", AnsweredBy::Machine),
            ("fax", AnsweredBy::Fax),
            ("unknown", AnsweredBy::Unknown),
            ("robot", AnsweredBy::Unknown),
        ] {
            let event = told(&sample, WebhookKind::AmdStatus, &[("AnsweredBy", word)]);
            assert_eq!(event.what, CallHappening::AnsweredBy(who));
        }
    }
}

#[test]
fn statuses_and_seconds() {
    for sample in SAMPLES {
        let ended = [
            ("CallStatus", "completed"),
            ("CallDuration", "61"),
            ("Duration", "2"),
            ("SipResponseCode", "200"),
            ("SequenceNumber", "3"),
            ("Timestamp", "Thu, 24 Aug 2023 05:01:45 +0000"),
        ];
        let event = told(&sample, WebhookKind::CallStatus, &ended);
        let CallHappening::Ended { status, duration, provider_cause, .. } = event.what else { panic!() };
        // `Duration` is in minutes, and rounded up.
        assert_eq!((status, duration), (CallStatus::Completed, Some(Duration::from_secs(61))));
        assert_eq!(provider_cause, "200");
        assert_eq!(event.at.map(|at| at.to_string()).as_deref(), Some("2023-08-24T05:01:45.000Z"));
        let names: Vec<_> = ["3", "4"]
            .map(|n| told(&sample, WebhookKind::CallStatus, &[("SequenceNumber", n)]).event_id)
            .into();
        assert!(names[0] == event.event_id && names[0] != names[1] && names[0].is_some(), "{names:?}");
        for (word, what) in [
            ("ringing", CallHappening::Ringing),
            ("in-progress", CallHappening::Answered),
            ("teleported", CallHappening::Other { name: "teleported".to_owned() }),
        ] {
            assert_eq!(told(&sample, WebhookKind::CallStatus, &[("CallStatus", word)]).what, what);
        }
        let signed = [("CallStatus", "initiated"), ("StirStatus", "B")];
        let signature = SignatureReport { attestation: Some(Attestation::B), verified: None };
        let event = told(&sample, WebhookKind::CallStatus, &signed);
        assert_eq!(event.what, CallHappening::Initiated { signature });
    }
}

#[test]
fn recordings_and_what_was_said() {
    for sample in SAMPLES {
        let more = |status| {
            [
                ("RecordingSid", "RE1"),
                ("RecordingStatus", status),
                ("RecordingUrl", "https://api.example.com/Recordings/RE1"),
                ("RecordingDuration", "7"),
                ("RecordingChannels", "2"),
            ]
        };
        for (kind, of) in [
            (WebhookKind::RecordingStatus, RecordingOf::Call),
            (WebhookKind::VoicemailRecording, RecordingOf::Message),
        ] {
            for (word, end) in [
                ("in-progress", RecordingEnd::InProgress),
                ("completed", RecordingEnd::Completed),
                ("absent", RecordingEnd::Absent),
                ("failed", RecordingEnd::Failed),
            ] {
                // Neither direction nor parties come with it.
                let event = parse(&sample, kind, &more(word), &["From", "To", "Direction", "CallStatus"]);
                let Ok(Event::RecordingReady(ready)) = event else { panic!("{event:?}") };
                assert_eq!((ready.of, ready.end, ready.channels), (of, end, Some(2)));
                assert_eq!(ready.duration, Some(Duration::from_secs(7)));
                assert_eq!(ready.recording.as_ref().map(|sid| sid.as_str()), Some("RE1"));
                assert_eq!(ready.callback_id.as_deref(), Some("01ABC.d-1"));
            }
            let unheard_of = parse(&sample, kind, &more("lost"), &[]);
            assert!(matches!(unheard_of, Ok(Event::Unrecognised { .. })), "{unheard_of:?}");
            assert!(parse(&sample, kind, &[("RecordingStatus", "completed")], &[]).is_err());
        }
        for (status, text) in [("completed", Some("Call me: Digits5 & <b>")), ("failed", None)] {
            let more = [
                ("RecordingSid", "RE1"),
                ("TranscriptionStatus", status),
                ("TranscriptionText", "Call me: Digits5 & <b>"),
            ];
            let event = parse(&sample, WebhookKind::Transcription, &more, &[]);
            let Ok(Event::Transcribed(said)) = event else { panic!("{event:?}") };
            assert_eq!(said.text.as_deref(), text);
        }
    }
}

#[test]
fn what_is_not_documented_is_refused() {
    for sample in SAMPLES {
        for (kind, more, without) in [
            (WebhookKind::Voice, vec![], vec!["CallSid"]),
            (WebhookKind::Voice, vec![("CallSid", "SM1")], vec![]),
            (WebhookKind::Voice, vec![("AccountSid", "x")], vec![]),
            (WebhookKind::CallStatus, vec![], vec!["CallStatus"]),
            (WebhookKind::CallStatus, vec![("CallStatus", "completed Duration5")], vec![]),
            (WebhookKind::AmdStatus, vec![], vec![]),
            (WebhookKind::StreamStatus, vec![], vec![]),
            // A neighbour was swallowed: the signed string is the same.
            (WebhookKind::CallScreen, vec![("CallerName", "XDigits1")], vec![]),
            (WebhookKind::DialAction, vec![("CallerName", "ADialCallStatuscompleted")], vec![]),
        ] {
            let refused = parse(&sample, kind, &more, &without);
            assert!(refused.is_err(), "{kind:?} {more:?} {refused:?}");
        }
    }
}
