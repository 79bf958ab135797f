//! What is posted about a call: requests for documents, and news.

use serde_json::json;

use super::{
    fetch::Request,
    leg::{Call, Direction, Target, is_own},
    recording,
    stream::Stream,
};
use crate::{
    clock::rfc2822,
    delivery::{Body, Delivery},
    events::Event,
    geography, ids,
    model::Provider,
    state::State,
};

type Params = Vec<(String, String)>;

fn delivery(call: &Call, kind: &'static str, target: &Target, params: Params) -> Delivery {
    Delivery {
        provider: call.provider,
        account: call.account.clone(),
        kind,
        message_sid: call.sid.clone(),
        status: None,
        event: None,
        last: false,
        from: call.from.clone(),
        to: call.to.clone(),
        method: target.method.clone(),
        url: target.url.clone(),
        fallbacks: Vec::new(),
        body: Body::Form(params),
        token: ids::uuid(),
        timeout: None,
        faulted: false,
        redelivery_of: None,
    }
}

/// Posts it as the next thing.
fn post(state: &mut State, delivery: Delivery) {
    let now = state.now();
    state.queue.push(now, Event::Deliver(Box::new(delivery)));
}

/// What every request about a call says (twilio.md, section 3; signalwire.md, section 3: no geography).
fn about(call: &Call, status: &str) -> Params {
    let mut params = Params::new();
    let mut add = |name: &str, value: &str| params.push((name.to_owned(), value.to_owned()));
    add("CallSid", &call.sid);
    add("AccountSid", &call.account);
    add("From", &call.from);
    add("To", &call.to);
    add("CallStatus", status);
    add("ApiVersion", "2010-04-01");
    add("Direction", call.direction.as_str());
    if let Some(parent) = &call.parent {
        add("ParentCallSid", parent);
    }
    if call.provider == Provider::Twilio {
        // The older names say the same again.
        for (sides, number) in [(["From", "Caller"], &call.from), (["To", "Called"], &call.to)] {
            let place = geography::of(number);
            for side in sides {
                add(&format!("{side}City"), place.city);
                add(&format!("{side}State"), place.region);
                add(&format!("{side}Zip"), place.postal_code);
                add(&format!("{side}Country"), place.country);
            }
        }
        add("Caller", &call.from);
        add("Called", &call.to);
    }
    params
}

/// The request for a document.
pub(super) fn request(call: &Call, request: &Request) -> Delivery {
    let mut params = about(call, call.status.as_str());
    if call.direction == Direction::Inbound {
        params.extend(call.identity.iter().cloned());
        // Only with POST (twilio.md, section 3).
        if call.provider == Provider::Twilio && request.target.method == "POST" {
            let token = json!({ "parentCallInfoToken": call.sid, "identityHeaderTokens": [] });
            let token: String = form_urlencoded::byte_serialize(token.to_string().as_bytes()).collect();
            params.push(("CallToken".to_owned(), token));
        }
    }
    params.extend(request.extra.iter().cloned());
    Delivery {
        status: Some(call.status.as_str().to_owned()),
        ..delivery(call, "voice", &request.target, params)
    }
}

/// Tells of the leg's progress: `initiated`, `ringing`, `answered` or `completed`, which stands for every end.
pub(super) fn tell(state: &mut State, sid: &str, event: &'static str) {
    let (at, now) = (state.timestamp(), state.now());
    let Some(call) = state.voice.calls.get_mut(sid) else { return };
    let status = if event == "initiated" { "initiated" } else { call.status.as_str() };
    call.events.push(json!({ "at": at, "event": event, "status": status }));
    let Some(watch) = call.watch.clone().filter(|watch| watch.events.iter().any(|wanted| wanted == event))
    else {
        return;
    };
    let sequence = call.sequence;
    call.sequence += 1;
    let call = call.clone();
    let mut params = if watch.of_number && call.provider == Provider::SignalWire {
        of_number(&call)
    } else {
        about(&call, status)
    };
    let mut add = |name: &str, value: String| params.push((name.to_owned(), value));
    add("Timestamp", rfc2822(now));
    let duration = call.ended.filter(|_| event == "completed").and_then(|ended| call.seconds(ended));
    match call.provider {
        Provider::Twilio => {
            add("CallbackSource", "call-progress-events".to_owned());
            add("SequenceNumber", sequence.to_string());
            if event == "completed" {
                let seconds = duration.unwrap_or_default();
                add("CallDuration", seconds.to_string());
                // Minutes (twilio.md, trap 1).
                add("Duration", ((seconds + 59) / 60).to_string());
                add("SipResponseCode", call.sip_code.unwrap_or(200).to_string());
            }
            if call.direction != Direction::Inbound {
                let account = state.accounts.get(&call.account);
                let own = account.is_some_and(|account| is_own(state, account, &call.from));
                add("StirStatus", if own { "A" } else { "B" }.to_owned());
            }
            if let Some(by) = &call.answered_by {
                add("AnsweredBy", by.clone());
            }
        }
        // compatibility-openapi.yaml, InboundCallStatusCallbackPayload and VoiceStatusCallbackPayload
        _ if watch.of_number => add("CallDuration", duration.unwrap_or_default().to_string()),
        _ => {
            add("CallbackSource", "call-progress-events".to_owned());
            add("SequenceNumber", sequence.to_string());
            for name in AUDIO {
                add(name, "0".to_owned());
            }
            add("AudioInMos", "4.5".to_owned());
            if event == "completed" {
                add("CallDuration", duration.unwrap_or_default().to_string());
                let code = call.sip_code.unwrap_or(200);
                add("SipResultCode", code.to_string());
                add("SipInviteResultPhrase", phrase(code).to_owned());
                add("HangupBy", call.ended_by.unwrap_or("system").to_owned());
                let direction = if call.ended_by == Some("phone") { "inbound" } else { "outbound" };
                add("HangupDirection", direction.to_owned());
            }
            if let Some(by) = &call.answered_by {
                add("AnsweredBy", by.clone());
            }
        }
    }
    if event == "completed"
        && let Some(recorded) = state.voice.recordings.values().find(|found| {
            found.call == call.sid && found.wish.source == "OutboundAPI" && call.parent.is_none()
        })
    {
        let sid = recorded.sid.clone();
        add("RecordingUrl", recording::url(state, &sid));
        add("RecordingSid", sid);
        add("RecordingDuration", duration.unwrap_or_default().to_string());
    }
    let posted = Delivery {
        status: Some(status.to_owned()),
        event: Some(event.to_owned()),
        last: event == "completed",
        ..delivery(&call, "call", &watch.target, params)
    };
    post(state, posted);
}

/// What SignalWire measures of every leg; nothing is measured here.
const AUDIO: [&str; 10] = [
    "AudioInAveragePtime",
    "AudioInDtmfPacketCount",
    "AudioInFlushPacketCount",
    "AudioInJitterMaxVariance",
    "AudioInJitterMinVariance",
    "AudioInLargestJbSize",
    "AudioInMediaPacketCount",
    "AudioInSkipPacketCount",
    "AudioOutDtmfPacketCount",
    "AudioOutMediaPacketCount",
];

/// The number's own callback at SignalWire: the end only, as `completed` or `failed`.
fn of_number(call: &Call) -> Params {
    let status = if call.answered.is_some() { "completed" } else { "failed" };
    [
        ("CallSid", call.sid.as_str()),
        ("AccountSid", &call.account),
        ("From", &call.from),
        ("To", &call.to),
        ("CallStatus", status),
        ("AudioInMos", "4.5"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

fn phrase(code: u16) -> &'static str {
    match code {
        200 => "OK",
        404 => "Not Found",
        486 => "Busy Here",
        487 => "Request Terminated",
        603 => "Decline",
        _ => "Server Internal Error",
    }
}

/// The result of answering machine detection beside a call that goes on.
pub(super) fn detection(state: &mut State, sid: &str, target: &Target, found: &str, millis: i128) {
    let Some(call) = state.voice.calls.get(sid) else { return };
    let params = [
        ("CallSid", call.sid.clone()),
        ("AccountSid", call.account.clone()),
        ("AnsweredBy", found.to_owned()),
        ("MachineDetectionDuration", millis.to_string()),
    ];
    let params = params.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let posted = Delivery { event: Some(found.to_owned()), ..delivery(call, "amd", target, params) };
    post(state, posted);
}

/// `in-progress`, `completed` or `absent`, where somebody wants to know it.
pub(super) fn recording(state: &mut State, sid: &str, status: &'static str) {
    let Some(found) = state.voice.recordings.get(sid) else { return };
    let Some(watch) =
        found.wish.watch.clone().filter(|watch| watch.events.iter().any(|wanted| wanted == status))
    else {
        return;
    };
    let Some(call) = state.voice.calls.get(&found.call) else { return };
    let mut params = Params::new();
    let mut add = |name: &str, value: &str| params.push((name.to_owned(), value.to_owned()));
    add("AccountSid", &found.account);
    add("CallSid", &found.call);
    add("RecordingSid", sid);
    add("RecordingUrl", &recording::url(state, sid));
    add("RecordingStatus", status);
    let seconds = found.seconds.unwrap_or_default().to_string();
    // Twilio: of a finished one only. SignalWire's payload always has it.
    if status == "completed" || call.provider == Provider::SignalWire {
        add("RecordingDuration", &seconds);
    }
    add("RecordingChannels", &found.wish.channels.to_string());
    add("RecordingSource", found.source());
    if call.provider == Provider::Twilio {
        add("RecordingStartTime", &rfc2822(found.started));
        add("RecordingTrack", &found.wish.track);
        add("ErrorCode", "0");
    }
    let posted = Delivery {
        status: Some(status.to_owned()),
        event: Some(format!("recording.{status}")),
        last: status != "in-progress",
        ..delivery(call, "recording", &watch.target, params)
    };
    post(state, posted);
}

pub(super) fn transcription(state: &mut State, sid: &str) {
    let Some(found) = state.voice.transcriptions.get(sid) else { return };
    let Some(recorded) = state.voice.recordings.get(&found.recording) else { return };
    let Some(target) = recorded.wish.transcription.clone() else { return };
    let Some(call) = state.voice.calls.get(&recorded.call) else { return };
    let url = recording::url(state, &found.recording);
    let (mount, root) = (found.provider.mount(), found.provider.api_root());
    let own = format!("{}{mount}{root}/Accounts/{}/Transcriptions/{sid}", state.base, found.account);
    let mut params = match call.provider {
        Provider::Twilio => about(call, call.status.as_str()),
        _ => Params::new(),
    };
    let more = [
        ("TranscriptionSid", sid),
        ("TranscriptionText", &found.text),
        ("TranscriptionStatus", found.status),
        ("TranscriptionUrl", &own),
        ("RecordingSid", &found.recording),
        ("RecordingUrl", &url),
    ];
    params.extend(more.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let posted = Delivery {
        status: Some(found.status.to_owned()),
        ..delivery(call, "transcription", &target, params)
    };
    post(state, posted);
}

/// `stream-started`, `stream-stopped` or `stream-error`.
pub(super) fn stream(state: &mut State, sid: &str, stream: &Stream, event: &str, error: Option<&str>) {
    let at = state.timestamp();
    let (Some(call), Some(target)) = (state.voice.calls.get(sid), &stream.tells) else { return };
    let mut params = Params::new();
    let mut add = |name: &str, value: &str| params.push((name.to_owned(), value.to_owned()));
    add("AccountSid", &call.account);
    add("CallSid", &call.sid);
    add("StreamSid", &stream.sid);
    if let Some(name) = &stream.name {
        add("StreamName", name);
    }
    add("StreamEvent", event);
    if let Some(error) = error {
        add("StreamError", error);
    }
    add("Timestamp", &at);
    let posted = Delivery { event: Some(event.to_owned()), ..delivery(call, "stream", target, params) };
    post(state, posted);
}
