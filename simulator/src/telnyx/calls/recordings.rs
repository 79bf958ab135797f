//! Recordings: made while a leg lives, saved a step after their end, and kept.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{
    super::{data, errors::not_found, page::page, stamp_z},
    Running, emit,
};
use crate::{
    app::Settings,
    ids,
    json_api::{Answered, Call, Reply},
    media,
    model::Provider,
    state::State,
};

/// Links work for ten minutes (telnyx.md, trap 5).
const LINK_LIFE: Duration = Duration::minutes(10);

/// A recording that is saved.
#[derive(Debug, Clone)]
pub(in crate::telnyx) struct Recording {
    id: String,
    account: String,
    control_id: String,
    leg_id: String,
    session_id: String,
    connection: String,
    from: String,
    to: String,
    format: String,
    channels: String,
    started: OffsetDateTime,
    ended: OffsetDateTime,
    /// Sid of the bytes.
    medium: String,
}

pub(super) fn start(state: &mut State, id: &str, format: &str, channels: &str) {
    let started = state.now();
    if let Some(leg) = state.telnyx.calls.get_mut(id) {
        leg.recording = Some(Running {
            id: ids::uuid(),
            format: format.to_owned(),
            channels: channels.to_owned(),
            started,
        });
    }
}

/// Saves the running recording and announces it.
pub(super) fn stop(state: &mut State, id: &str) {
    let ended = state.now();
    let Some(leg) = state.telnyx.calls.get_mut(id) else { return };
    let Some(running) = leg.recording.take() else { return };
    let leg = leg.clone();
    let Ok(medium) = media::add_recording(state, Provider::Telnyx, &leg.account, &running.format) else {
        return;
    };
    let recording = Recording {
        id: running.id,
        account: leg.account,
        control_id: leg.control_id,
        leg_id: leg.leg_id,
        session_id: leg.session_id,
        connection: leg.connection,
        from: leg.from,
        to: leg.to,
        format: running.format,
        channels: running.channels,
        started: running.started,
        ended,
        medium,
    };
    let urls = links(state, &recording);
    let extra = json!({
        "recording_id": recording.id,
        "recording_started_at": stamp_z(recording.started),
        "recording_ended_at": stamp_z(recording.ended),
        "channels": recording.channels,
        "recording_urls": urls,
        "public_recording_urls": {},
    });
    state.telnyx.recordings.push(recording);
    emit::emit(state, id, "call.recording.saved", extra, 1);
}

/// Fresh links, good for ten minutes from now.
fn links(state: &mut State, recording: &Recording) -> Value {
    let origin = state.cdn.clone();
    let url = media::link(state, &origin, &recording.medium, LINK_LIFE);
    json!({ recording.format.as_str(): url })
}

fn show(state: &mut State, recording: &Recording) -> Value {
    let urls = links(state, recording);
    let millis = (recording.ended - recording.started).whole_milliseconds();
    json!({
        "record_type": "recording",
        "id": recording.id,
        "call_control_id": recording.control_id,
        "call_leg_id": recording.leg_id,
        "call_session_id": recording.session_id,
        "connection_id": recording.connection,
        "from": recording.from,
        "to": recording.to,
        "channels": recording.channels,
        "source": "call",
        "status": "completed",
        "duration_millis": i64::try_from(millis).unwrap_or(i64::MAX),
        "download_urls": urls,
        "recording_started_at": stamp_z(recording.started),
        "recording_ended_at": stamp_z(recording.ended),
        "created_at": stamp_z(recording.ended),
        "updated_at": stamp_z(recording.ended),
    })
}

/// `GET /v2/recordings`
pub(in crate::telnyx) fn list(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let found: Vec<Recording> = state
        .telnyx
        .recordings
        .iter()
        .rev()
        .filter(|recording| {
            let same = |name: &str, value: &str| call.query(name).is_none_or(|wanted| wanted == value);
            recording.account == call.account()
                && same("filter[call_leg_id]", &recording.leg_id)
                && same("filter[call_session_id]", &recording.session_id)
                && same("filter[connection_id]", &recording.connection)
                && same("filter[from]", &recording.from)
                && same("filter[to]", &recording.to)
        })
        .cloned()
        .collect();
    let shown = found.iter().map(|recording| show(state, recording)).collect();
    page(call, shown, 250)
}

fn find(state: &State, call: &Call) -> Result<Recording, Reply> {
    let mine = |found: &&Recording| found.id == call.arg(0) && found.account == call.account();
    state.telnyx.recordings.iter().find(mine).cloned().ok_or_else(not_found)
}

/// `GET /v2/recordings/{id}`
pub(in crate::telnyx) fn fetch(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let recording = find(state, call)?;
    Ok(Reply::new(200, data(show(state, &recording))))
}

/// `DELETE /v2/recordings/{id}`
pub(in crate::telnyx) fn delete(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let recording = find(state, call)?;
    let shown = show(state, &recording);
    state.telnyx.recordings.retain(|kept| kept.id != recording.id);
    state.media.remove(&recording.medium);
    Ok(Reply::new(200, data(shown)))
}
