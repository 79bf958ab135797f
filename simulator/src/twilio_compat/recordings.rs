//! Recordings and transcriptions, and the audio itself.

use super::{
    Answer, call_json, calls, dialling, errors::ApiError, messages::spans, paging::page, request::Incoming,
};
use crate::{
    model::Provider,
    state::State,
    voice::{self, Status, audio, recording::Recording},
};

/// The recording's sid: the last part of the path, without an ending.
fn sid(incoming: &Incoming) -> &str {
    let last = incoming.sid().unwrap_or_default();
    last.split('.').next().unwrap_or(last)
}

fn find<'a>(state: &'a State, incoming: &Incoming) -> Result<&'a Recording, ApiError> {
    let below_call = incoming.is_below_call();
    state
        .voice
        .recordings
        .get(sid(incoming))
        .filter(|found| {
            found.provider == incoming.provider
                && found.account == incoming.account()
                && (!below_call || found.call == incoming.arg(0))
        })
        .ok_or_else(|| ApiError::not_found(&incoming.uri_path))
}

/// Of a call, or of the account.
pub(crate) fn list(state: &State, incoming: &Incoming) -> Result<Answer, ApiError> {
    let below_call = incoming.is_below_call();
    if below_call {
        calls::find(state, incoming)?;
    }
    let of_call = if below_call { Some(incoming.arg(0)) } else { incoming.filled("CallSid") };
    let created = spans(incoming, "DateCreated")?;
    let mut found: Vec<&Recording> = state
        .voice
        .recordings
        .values()
        .filter(|found| found.provider == incoming.provider && found.account == incoming.account())
        .filter(|found| of_call.is_none_or(|call| found.call == call))
        .filter(|found| created.iter().all(|span| span.holds(found.started)))
        .collect();
    found.sort_by(|a, b| b.started.cmp(&a.started).then_with(|| a.sid.cmp(&b.sid)));
    let base = state.base.as_str();
    page(
        incoming,
        found.into_iter(),
        |found| &found.sid,
        |found| call_json::recording(found, base, below_call),
        "recordings",
    )
}

/// Records a call that is up. 21220 otherwise, the same at both.
pub(crate) fn create(state: &mut State, incoming: &Incoming) -> Result<(String, Answer), ApiError> {
    let call = calls::find(state, incoming)?;
    if call.status != Status::InProgress {
        return Err(ApiError::bad(21220, "The call is not in-progress. Cannot start a recording"));
    }
    let call = call.sid.clone();
    let wish = dialling::recording(incoming, "StartCallRecordingAPI", "do-not-trim")?;
    let sid = voice::recording::start(state, &call, wish);
    voice::recorded_beside(state, &call, &sid);
    let shown = state.voice.recordings.get(&sid);
    let shown = shown.map(|found| call_json::recording(found, &state.base, true)).unwrap_or_default();
    let status = if incoming.provider == Provider::Twilio { 201 } else { 200 };
    Ok((sid, Answer::Json(status, shown)))
}

pub(crate) fn update(state: &mut State, incoming: &Incoming) -> Result<Answer, ApiError> {
    let found = find(state, incoming)?;
    let (sid, running) = (found.sid.clone(), found.stopped.is_none());
    let wanted = incoming.filled("Status").unwrap_or_default();
    if !matches!(wanted, "paused" | "in-progress" | "stopped") {
        return Err(ApiError::bad(20001, "Status must be paused, in-progress or stopped"));
    }
    if !running {
        return Err(ApiError::bad(21220, "The recording is not running"));
    }
    if wanted == "stopped" {
        voice::recording::stop(state, &sid);
    } else if let Some(found) = state.voice.recordings.get_mut(&sid) {
        found.status = if wanted == "paused" { "paused" } else { "in-progress" };
    }
    show(state, incoming)
}

/// The metadata.
pub(crate) fn show(state: &State, incoming: &Incoming) -> Result<Answer, ApiError> {
    let shown = call_json::recording(find(state, incoming)?, &state.base, incoming.is_below_call());
    Ok(Answer::Json(200, shown))
}

/// SignalWire's are public by unguessable URL, unless the project has "Media URL Protection".
pub(crate) fn is_public(state: &State, incoming: &Incoming) -> bool {
    incoming.provider == Provider::SignalWire
        && state.accounts.get(incoming.account()).is_some_and(|account| !account.media_protection)
}

/// The audio: WAV, unless the path ends with `.mp3`; 404 while there is none.
pub(crate) fn fetch(state: &mut State, incoming: &Incoming) -> Result<Answer, ApiError> {
    let found = find(state, incoming)?;
    let gone = || ApiError::not_found(&incoming.uri_path);
    let last = incoming.sid().unwrap_or_default();
    let mp3 = match last.split_once('.').map(|(_, ending)| ending) {
        None | Some("wav") => false,
        Some("mp3") => true,
        Some(_) => return Err(gone()),
    };
    let seconds = found.seconds.filter(|_| found.status == "completed").ok_or_else(gone)?;
    let dual = found.wish.channels == 2;
    let channels = match incoming.filled("RequestedChannels") {
        Some("2") if !dual => {
            return Err(ApiError::bad(20001, "The recording does not have as many channels"));
        }
        Some("1") => 1,
        _ => found.wish.channels,
    };
    let (bytes, content_type) = match mp3 {
        true => (audio::mp3(seconds), "audio/mpeg"),
        false => (audio::wav(seconds, channels), "audio/x-wav"),
    };
    Ok(Answer::Bytes {
        content_type: content_type.to_owned(),
        length: bytes.len() as u64,
        body: bytes.into(),
    })
}

pub(crate) fn delete(state: &mut State, incoming: &Incoming) -> Result<Answer, ApiError> {
    let sid = find(state, incoming)?.sid.clone();
    state.voice.recordings.remove(&sid);
    state.voice.transcriptions.retain(|_, found| found.recording != sid);
    Ok(Answer::Empty)
}

pub(crate) fn transcription(state: &State, incoming: &Incoming) -> Result<Answer, ApiError> {
    state
        .voice
        .transcriptions
        .get(incoming.arg(0))
        .filter(|found| found.provider == incoming.provider && found.account == incoming.account())
        .map(|found| Answer::Json(200, call_json::transcription(found)))
        .ok_or_else(|| ApiError::not_found(&incoming.uri_path))
}
