//! Events of calls.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use super::super::hangup;
use super::super::webhook::shaped;
use super::super::wire::{Figure, cost};
use super::{Occasion, unrecognised};
use crate::domain::address::Address;
use crate::domain::call::{AnsweredBy, Attestation, CallDirection, SignatureReport};
use crate::domain::ids::ProviderSid;
use crate::domain::timestamp::Timestamp;
use crate::domain::voice::place::{CallState, Place};
use crate::provider::calling::{CallEvent, CallHappening};
use crate::provider::recordings::{RecordingEnd, RecordingOf, RecordingReady};
use crate::provider::webhooks::{Event, WebhookError};

/// What the payloads of calls have, most of them not all of it (OpenAPI, Call*Event, `payload`).
#[derive(Deserialize)]
struct WireCall {
    call_leg_id: Option<String>,
    call_control_id: Option<String>,
    call_session_id: Option<String>,
    client_state: Option<String>,
    direction: Option<String>,
    from: Option<String>,
    to: Option<String>,
    shaken_stir_attestation: Option<String>,
    shaken_stir_validated: Option<bool>,
    hangup_cause: Option<String>,
    result: Option<String>,
    status: Option<String>,
    digit: Option<String>,
    digits: Option<String>,
    total_cost: Option<Figure>,
    currency: Option<String>,
    billed_duration_secs: Option<u64>,
}

/// An event of a leg, but for recordings.
pub(super) fn happened(name: &str, payload: &Value, occasion: Occasion) -> Result<Event, WebhookError> {
    let wire: WireCall = match shaped(payload) {
        Ok(wire) => wire,
        // An event that is not known may give known names another shape.
        Err(_) if !is_known(name) => return Ok(unrecognised(name)),
        Err(error) => return Err(error),
    };
    let Some(leg) = wire.call_leg_id.as_deref() else {
        return if is_known(name) { Err(MISSING_LEG) } else { Ok(unrecognised(name)) };
    };
    Ok(Event::Call(Box::new(CallEvent {
        event_id: occasion.id,
        sid: sid(leg)?,
        what: happening(name, &wire),
        control_id: wire.call_control_id,
        session: wire.call_session_id,
        parent: None,
        callback_id: wire.client_state.as_deref().and_then(state),
        direction: direction(wire.direction.as_deref()),
        from: wire.from.as_deref().map(Address::parse),
        to: wire.to.as_deref().map(Address::parse),
        at: occasion.at,
    })))
}

/// What happened on the leg.
fn happening(name: &str, wire: &WireCall) -> CallHappening {
    let result = wire.result.as_deref().unwrap_or_default();
    let status = wire.status.as_deref().unwrap_or_default();
    match name {
        "call.initiated" => CallHappening::Initiated { signature: signature(wire) },
        "call.answered" => CallHappening::Answered,
        "call.bridged" => CallHappening::Bridged,
        "call.hangup" => {
            let word = wire.hangup_cause.as_deref().unwrap_or_default();
            let (status, cause) = hangup::meaning(word);
            // How long it was connected is not said: it follows from `call.answered` and this event.
            CallHappening::Ended {
                status,
                cause,
                provider_cause: word.to_owned(),
                duration: None,
                cost: None,
            }
        }
        "call.machine.detection.ended" | "call.machine.premium.detection.ended" => {
            CallHappening::AnsweredBy(answered_by(result))
        }
        "call.machine.greeting.ended" | "call.machine.premium.greeting.ended" => {
            CallHappening::GreetingEnded { beep: result == "beep_detected" }
        }
        "call.playback.ended" | "call.speak.ended" => {
            CallHappening::PlaybackEnded { completed: status == "completed" }
        }
        "call.dtmf.received" => {
            CallHappening::Digits { digits: wire.digit.clone().unwrap_or_default(), complete: false }
        }
        "call.gather.ended" => CallHappening::Digits {
            digits: wire.digits.clone().unwrap_or_default(),
            complete: status == "valid",
        },
        "streaming.started" => stream("started"),
        "streaming.stopped" => stream("stopped"),
        "streaming.failed" => stream("failed"),
        "call.cost" => billed(wire).unwrap_or_else(|| other(name)),
        _ => other(name),
    }
}

/// The events whose payload is read; they must name a leg.
fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// OpenAPI, webhooks; `call.cost` by the docs (call cost in webhooks).
const KNOWN: [&str; 15] = [
    "call.initiated",
    "call.answered",
    "call.bridged",
    "call.hangup",
    "call.machine.detection.ended",
    "call.machine.premium.detection.ended",
    "call.machine.greeting.ended",
    "call.machine.premium.greeting.ended",
    "call.playback.ended",
    "call.speak.ended",
    "call.dtmf.received",
    "call.gather.ended",
    "streaming.started",
    "streaming.stopped",
    "streaming.failed",
];

fn stream(state: &str) -> CallHappening {
    CallHappening::Stream { state: state.to_owned() }
}

fn other(name: &str) -> CallHappening {
    CallHappening::Other { name: name.to_owned() }
}

/// Results of both kinds of detection (OpenAPI, CallMachineDetectionEnded and its premium namesake).
/// Telnyx advises to treat `not_sure` as a person; what to make of it is not for here.
fn answered_by(result: &str) -> AnsweredBy {
    match result {
        "human" | "human_residence" | "human_business" => AnsweredBy::Human,
        "machine" => AnsweredBy::Machine,
        "fax_detected" => AnsweredBy::Fax,
        // `not_sure`, `silence`, and what this version does not know.
        _ => AnsweredBy::Unknown,
    }
}

fn signature(wire: &WireCall) -> SignatureReport {
    let attestation = match wire.shaken_stir_attestation.as_deref() {
        Some("A") => Some(Attestation::A),
        Some("B") => Some(Attestation::B),
        Some("C") => Some(Attestation::C),
        Some(_) | None => None,
    };
    SignatureReport { attestation, verified: wire.shaken_stir_validated }
}

/// The account's own currency is not named in the event's documentation; US dollars are what the
/// price list is in (docs, call cost in webhooks).
fn billed(wire: &WireCall) -> Option<CallHappening> {
    let amount = wire.total_cost.as_ref()?.as_text();
    let cost = cost(&amount, wire.currency.as_deref().unwrap_or("USD"))?;
    Some(CallHappening::Billed { cost, duration: wire.billed_duration_secs.map(Duration::from_secs) })
}

fn direction(word: Option<&str>) -> Option<CallDirection> {
    match word {
        Some("incoming") => Some(CallDirection::Inbound),
        Some("outgoing") => Some(CallDirection::Outbound),
        Some(_) | None => None,
    }
}

/// The state that we gave with a command: base64 of our opaque id. Somebody else's is none of ours.
pub(in super::super) fn state(text: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(text).ok()?).ok().filter(|state| !state.is_empty())
}

const MISSING_LEG: WebhookError = WebhookError::Malformed("call_leg_id is missing");

fn sid(id: &str) -> Result<ProviderSid, WebhookError> {
    id.parse().map_err(|_| WebhookError::Malformed("call_leg_id is not one"))
}

/// OpenAPI, CallRecordingSavedEvent; `recording_id` by the docs.
#[derive(Deserialize)]
struct WireRecording {
    call_leg_id: String,
    call_session_id: Option<String>,
    client_state: Option<String>,
    recording_id: Option<String>,
    recording_started_at: Option<String>,
    recording_ended_at: Option<String>,
    channels: Option<String>,
    recording_urls: Option<WireUrls>,
}

/// The file in the format that was asked for.
#[derive(Deserialize)]
struct WireUrls {
    mp3: Option<String>,
    wav: Option<String>,
}

/// `call.recording.saved`. Its links live for 10 minutes.
pub(super) fn recording(payload: &Value, occasion: Occasion) -> Result<Event, WebhookError> {
    let wire: WireRecording = shaped(payload)?;
    let time = |text: &Option<String>| text.as_deref().and_then(Timestamp::parse_rfc3339);
    let (began, ended) = (time(&wire.recording_started_at), time(&wire.recording_ended_at));
    let given = wire.client_state.as_deref().and_then(state);
    let (callback_id, of) = match given.as_deref().and_then(CallState::read) {
        // A leg that was itself told what to do was told to record what the caller says.
        Some(CallState { call, place: Place::At { .. } }) => (Some(call.to_opaque()), RecordingOf::Message),
        Some(CallState { call, .. }) => (Some(call.to_opaque()), RecordingOf::Unknown),
        None => (given, RecordingOf::Unknown),
    };
    let recording = wire.recording_id.map(|id| id.parse()).transpose();
    Ok(Event::RecordingReady(RecordingReady {
        end: RecordingEnd::Completed,
        of,
        event_id: occasion.id,
        recording: recording.map_err(|_| WebhookError::Malformed("recording_id is not one"))?,
        call: sid(&wire.call_leg_id)?,
        session: wire.call_session_id,
        callback_id,
        url: wire.recording_urls.and_then(|urls| urls.mp3.or(urls.wav)),
        channels: channels(wire.channels.as_deref()),
        duration: began.zip(ended).map(|(began, ended)| ended.since(began)),
        at: ended.or(occasion.at),
    }))
}

/// `single` or `dual`.
pub(in super::super) fn channels(word: Option<&str>) -> Option<u32> {
    match word {
        Some("single") => Some(1),
        Some("dual") => Some(2),
        Some(_) | None => None,
    }
}
