//! Reads verified webhooks about calls.

use std::time::Duration;

use super::boundaries::{self, address};
use super::calls::status_from_word;
use super::form::Form;
use super::webhook::WebhookDialect;
use crate::domain::address::Address;
use crate::domain::call::{AnsweredBy, Attestation, CallDirection, CallStatus, HangupCause, SignatureReport};
use crate::domain::ids::ProviderSid;
use crate::domain::timestamp::Timestamp;
use crate::provider::calling::{CallEvent, CallHappening, DialEnd};
use crate::provider::recordings::{RecordingEnd, RecordingOf, RecordingReady, Transcribed};
use crate::provider::request::InboundRequest;
use crate::provider::webhooks::{Event, WebhookError, WebhookKind};

/// The longest text of a transcription that is kept: a message of two minutes has some 300 words.
const LONGEST_TRANSCRIPTION: usize = 8_000;

/// Reads a form that is about a call.
pub(super) fn parse(
    dialect: &WebhookDialect,
    form: &Form,
    request: &InboundRequest,
    kind: WebhookKind,
) -> Result<Event, WebhookError> {
    boundaries::check_call(form)?;
    let sid = form.required("CallSid")?;
    if !(dialect.is_call)(sid) {
        return Err(WebhookError::Malformed("CallSid is not one"));
    }
    let sid = read_sid(sid, "CallSid is not one")?;
    match kind {
        WebhookKind::RecordingStatus => recording(form, request, sid, RecordingOf::Call),
        WebhookKind::VoicemailRecording => recording(form, request, sid, RecordingOf::Message),
        WebhookKind::Transcription => transcribed(form, request, sid),
        WebhookKind::Voice
        | WebhookKind::DialAction
        | WebhookKind::RecordAction
        | WebhookKind::CallScreen
        | WebhookKind::CallStatus
        | WebhookKind::AmdStatus
        | WebhookKind::StreamStatus
        | WebhookKind::Sms
        | WebhookKind::StatusCallback
        | WebhookKind::Events => happened(form, request, sid, kind),
    }
}

fn happened(
    form: &Form,
    request: &InboundRequest,
    sid: ProviderSid,
    kind: WebhookKind,
) -> Result<Event, WebhookError> {
    let direction = direction(form.text("Direction")?);
    let what = match kind {
        WebhookKind::Voice if direction == Some(CallDirection::Outbound) => CallHappening::Answered,
        WebhookKind::Voice => CallHappening::Initiated { signature: verstat(form)? },
        WebhookKind::DialAction => dial_end(form)?,
        WebhookKind::RecordAction => CallHappening::MessageLeft,
        WebhookKind::CallScreen => match form.text("Digits")? {
            Some(digits) => CallHappening::Screened { digits: digits.to_owned() },
            None => CallHappening::Screening,
        },
        WebhookKind::CallStatus => status(form)?,
        WebhookKind::AmdStatus => CallHappening::AnsweredBy(answered_by(form.required("AnsweredBy")?)),
        WebhookKind::StreamStatus => stream(form.required("StreamEvent")?),
        WebhookKind::Sms
        | WebhookKind::StatusCallback
        | WebhookKind::RecordingStatus
        | WebhookKind::VoicemailRecording
        | WebhookKind::Transcription
        | WebhookKind::Events => return Ok(Event::Unrecognised { name: "a call at another URL".to_owned() }),
    };
    let party = |name: &str| match form.text(name)? {
        // A caller without a number may be sent as nothing at all.
        None => Ok(None),
        Some(_) => address(form, name).map(|text| Some(Address::parse(text))),
    };
    let parent = form.text("ParentCallSid")?.filter(|parent| !parent.is_empty());
    let event = CallEvent {
        event_id: event_id(form, &sid, kind)?,
        sid,
        control_id: None,
        session: None,
        parent: parent.map(|parent| read_sid(parent, "ParentCallSid is not one")).transpose()?,
        callback_id: callback_id(request),
        direction,
        from: party("From")?,
        to: party("To")?,
        what,
        at: form.text("Timestamp")?.and_then(Timestamp::parse_rfc2822),
    };
    Ok(match kind {
        WebhookKind::Voice
        | WebhookKind::DialAction
        | WebhookKind::RecordAction
        | WebhookKind::CallScreen => Event::CallAsks(Box::new(event)),
        _ => Event::Call(Box::new(event)),
    })
}

/// Neither provider names its events. What is numbered is named by its number.
fn event_id(form: &Form, sid: &ProviderSid, kind: WebhookKind) -> Result<Option<String>, WebhookError> {
    let number = form.text("SequenceNumber")?.filter(|number| number.bytes().all(|b| b.is_ascii_digit()));
    Ok(number.map(|number| format!("{sid}:{}:{number}", kind.path())))
}

fn direction(word: Option<&str>) -> Option<CallDirection> {
    match word? {
        word if word.starts_with("inbound") => Some(CallDirection::Inbound),
        word if word.starts_with("outbound") => Some(CallDirection::Outbound),
        _ => None,
    }
}

/// What the network says about the caller's number
/// (https://www.twilio.com/docs/voice/trusted-calling-with-shakenstir, `StirVerstat`). SignalWire says nothing.
fn verstat(form: &Form) -> Result<SignatureReport, WebhookError> {
    let Some(verstat) = form.text("StirVerstat")?.filter(|verstat| !verstat.is_empty()) else {
        return Ok(SignatureReport::default());
    };
    let (rest, verified) =
        match (verstat.strip_prefix("TN-Validation-Passed"), verstat.strip_prefix("TN-Validation-Failed")) {
            (Some(rest), _) => (rest, Some(true)),
            (None, Some(rest)) => (rest, Some(false)),
            (None, None) => ("", None),
        };
    // `-A`, `-Diverted-A`, `-A-Passthrough`: the letter stands in a part of its own.
    let attestation = rest.split('-').find_map(attestation);
    Ok(SignatureReport { attestation, verified })
}

fn attestation(letter: &str) -> Option<Attestation> {
    match letter {
        "A" => Some(Attestation::A),
        "B" => Some(Attestation::B),
        "C" => Some(Attestation::C),
        _ => None,
    }
}

fn dial_end(form: &Form) -> Result<CallHappening, WebhookError> {
    let Some(word) = form.text("DialCallStatus")? else {
        // Nobody was rung: the action of an audio stream.
        let failed = form.text("StreamError")?.is_some_and(|error| !error.is_empty());
        return Ok(CallHappening::Stream { state: if failed { "failed" } else { "stopped" }.to_owned() });
    };
    // `answered` is said of conferences (https://www.twilio.com/docs/voice/twiml/dial, `action`).
    let status = match word {
        "answered" => CallStatus::Completed,
        // A word that this version does not know is nobody who took the call.
        other => status_from_word(other).unwrap_or(CallStatus::Failed),
    };
    let leg = form.text("DialCallSid")?.filter(|sid| !sid.is_empty());
    Ok(CallHappening::Dialled(DialEnd {
        status,
        leg: leg.map(|sid| read_sid(sid, "DialCallSid is not one")).transpose()?,
        joined: form.text("DialBridged")?.and_then(|word| word.parse().ok()),
        duration: seconds(form, "DialCallDuration")?,
    }))
}

/// `CallDuration` is in seconds; Twilio's `Duration` beside it is in minutes.
fn status(form: &Form) -> Result<CallHappening, WebhookError> {
    let word = form.required("CallStatus")?;
    if word.is_empty() || !word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') {
        return Err(WebhookError::Malformed("CallStatus is not one"));
    }
    Ok(match status_from_word(word) {
        Some(CallStatus::Queued | CallStatus::Initiated) => {
            CallHappening::Initiated { signature: outbound_signature(form)? }
        }
        Some(CallStatus::Ringing) => CallHappening::Ringing,
        Some(CallStatus::InProgress) => CallHappening::Answered,
        Some(
            status @ (CallStatus::Canceled
            | CallStatus::Failed
            | CallStatus::Busy
            | CallStatus::NoAnswer
            | CallStatus::Completed),
        ) => CallHappening::Ended {
            status,
            cause: cause(status),
            provider_cause: form.text("SipResponseCode")?.unwrap_or(word).to_owned(),
            duration: seconds(form, "CallDuration")?,
            cost: None,
        },
        None => CallHappening::Other { name: word.to_owned() },
    })
}

/// The attestation that Twilio gave to a call of ours (same page, `StirStatus`).
fn outbound_signature(form: &Form) -> Result<SignatureReport, WebhookError> {
    Ok(SignatureReport { attestation: form.text("StirStatus")?.and_then(attestation), verified: None })
}

const fn cause(status: CallStatus) -> HangupCause {
    match status {
        CallStatus::Canceled => HangupCause::CallerGaveUp,
        CallStatus::Busy => HangupCause::Busy,
        CallStatus::NoAnswer => HangupCause::NoAnswer,
        CallStatus::Failed => HangupCause::Unreachable,
        CallStatus::Completed => HangupCause::Normal,
        CallStatus::Queued | CallStatus::Initiated | CallStatus::Ringing | CallStatus::InProgress => {
            HangupCause::Unknown
        }
    }
}

/// https://www.twilio.com/docs/voice/answering-machine-detection, `AnsweredBy`.
fn answered_by(word: &str) -> AnsweredBy {
    match word {
        "human" => AnsweredBy::Human,
        "fax" => AnsweredBy::Fax,
        "machine" => AnsweredBy::Machine,
        word if word.starts_with("machine_") => AnsweredBy::Machine,
        _ => AnsweredBy::Unknown,
    }
}

/// https://www.twilio.com/docs/voice/twiml/stream, `StreamEvent`.
fn stream(word: &str) -> CallHappening {
    let state = match word {
        "stream-started" => "started",
        "stream-stopped" => "stopped",
        "stream-error" => "failed",
        other => return CallHappening::Other { name: other.to_owned() },
    };
    CallHappening::Stream { state: state.to_owned() }
}

fn recording(
    form: &Form,
    request: &InboundRequest,
    call: ProviderSid,
    of: RecordingOf,
) -> Result<Event, WebhookError> {
    let end = match form.required("RecordingStatus")? {
        "in-progress" => RecordingEnd::InProgress,
        "completed" => RecordingEnd::Completed,
        "absent" => RecordingEnd::Absent,
        "failed" => RecordingEnd::Failed,
        other => return Ok(Event::Unrecognised { name: format!("a recording that is {other}") }),
    };
    let url = form.text("RecordingUrl")?.filter(|url| !url.is_empty());
    Ok(Event::RecordingReady(RecordingReady {
        end,
        of,
        event_id: None,
        recording: Some(read_sid(form.required("RecordingSid")?, "RecordingSid is not one")?),
        call,
        session: None,
        callback_id: callback_id(request),
        url: url.map(str::to_owned),
        channels: form.text("RecordingChannels")?.and_then(|count| count.parse().ok()),
        duration: seconds(form, "RecordingDuration")?,
        at: form.text("RecordingStartTime")?.and_then(Timestamp::parse_rfc2822),
    }))
}

fn transcribed(form: &Form, request: &InboundRequest, call: ProviderSid) -> Result<Event, WebhookError> {
    let done = form.text("TranscriptionStatus")? == Some("completed");
    // A text is not lost over a byte that is not UTF-8.
    let text = form.bytes("TranscriptionText")?.map(String::from_utf8_lossy).filter(|_| done);
    Ok(Event::Transcribed(Transcribed {
        recording: read_sid(form.required("RecordingSid")?, "RecordingSid is not one")?,
        call,
        callback_id: callback_id(request),
        text: text.map(|text| text.chars().take(LONGEST_TRANSCRIPTION).collect()),
    }))
}

fn read_sid(text: &str, wrong: &'static str) -> Result<ProviderSid, WebhookError> {
    text.parse().map_err(|_| WebhookError::Malformed(wrong))
}

/// Whole seconds. `-1` and the like: not known.
fn seconds(form: &Form, name: &str) -> Result<Option<Duration>, WebhookError> {
    Ok(form.text(name)?.and_then(|digits| digits.parse().ok()).map(Duration::from_secs))
}

/// Our opaque id: the one `c` of the URL's query, which is part of what is signed.
fn callback_id(request: &InboundRequest) -> Option<String> {
    super::webhook::own_parameter(request, "c")
}
