//! Recordings: made while a leg lives, saved two steps after their end, and kept.

use time::OffsetDateTime;

use super::{
    callbacks,
    leg::{Target, Watch, round_up},
    phone::{What, after},
};
use crate::{model::Provider, state::State};

/// How something is recorded.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    /// In Twilio's words; SignalWire spells two of them differently.
    pub(crate) source: &'static str,
    pub(crate) channels: u8,
    pub(crate) track: String,
    /// Silence is cut off.
    pub(crate) trim: bool,
    pub(crate) watch: Option<Watch>,
    /// Who is told the transcription.
    pub(crate) transcription: Option<Target>,
    /// What is said into it; silence, unless given. Only `<Record>` asks.
    pub(crate) speech: Option<String>,
    /// Seconds that it takes.
    pub(crate) spoken: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct Recording {
    pub(crate) sid: String,
    pub(crate) provider: Provider,
    pub(crate) account: String,
    /// The calling leg, also where a called one is recorded.
    pub(crate) call: String,
    pub(crate) wish: Wish,
    /// `in-progress`, `paused`, `processing`, `completed` or `absent`.
    pub(crate) status: &'static str,
    pub(crate) started: OffsetDateTime,
    pub(crate) stopped: Option<OffsetDateTime>,
    pub(crate) updated: OffsetDateTime,
    /// Of the finished recording.
    pub(crate) seconds: Option<i64>,
    /// The phone hung up before anything could be recorded.
    nothing: bool,
}

impl Recording {
    /// Whether there will be something to fetch. Twilio keeps silence, SignalWire does not (signalwire.md, trap 11).
    pub(super) fn is_kept(&self) -> bool {
        let silent = self.wish.source == "RecordVerb" && self.wish.speech.is_none() && self.wish.trim;
        !self.nothing && (self.provider == Provider::Twilio || !silent)
    }

    fn length(&self) -> i64 {
        let until = self.stopped.unwrap_or(self.updated);
        let whole = round_up(until - self.started).max(1);
        match &self.wish.speech {
            Some(_) if self.wish.trim => whole.min(i64::from(self.wish.spoken).max(1)),
            _ => whole,
        }
    }

    /// As the provider calls it.
    pub(crate) fn source(&self) -> &'static str {
        match (self.provider, self.wish.source) {
            (Provider::SignalWire, "OutboundAPI") => "OutBoundApi",
            (Provider::SignalWire, "StartCallRecordingAPI") => "StartCallRecordingApi",
            (_, source) => source,
        }
    }
}

/// Begins a recording of the leg; returns its sid.
pub(crate) fn start(state: &mut State, call: &str, wish: Wish) -> String {
    let now = state.now();
    let Some(leg) = state.voice.calls.get(call) else { return String::new() };
    let recording = Recording {
        sid: leg.provider.new_sid("RE"),
        provider: leg.provider,
        account: leg.account.clone(),
        call: leg.parent.clone().unwrap_or_else(|| leg.sid.clone()),
        wish,
        status: "in-progress",
        started: now,
        stopped: None,
        updated: now,
        seconds: None,
        nothing: false,
    };
    let sid = recording.sid.clone();
    state.voice.recordings.insert(sid.clone(), recording);
    callbacks::recording(state, &sid, "in-progress");
    sid
}

/// The phone hangs up at the beep: nothing is said into what is being recorded.
pub(super) fn forget_speech(state: &mut State, call: &str) {
    for recording in state.voice.recordings.values_mut() {
        if recording.call == call && recording.stopped.is_none() && recording.wish.source == "RecordVerb" {
            recording.nothing = true;
        }
    }
}

/// Ends a recording; it is saved two steps later.
pub(crate) fn stop(state: &mut State, sid: &str) {
    let now = state.now();
    let Some(recording) = state.voice.recordings.get_mut(sid).filter(|found| found.stopped.is_none()) else {
        return;
    };
    recording.stopped = Some(now);
    recording.updated = now;
    recording.status = "processing";
    let call = recording.call.clone();
    after(state, 2, &call, What::Saved(sid.to_owned()));
}

pub(super) fn saved(state: &mut State, sid: &str) {
    let now = state.now();
    let Some(recording) = state.voice.recordings.get_mut(sid) else { return };
    let kept = recording.is_kept();
    recording.status = if kept { "completed" } else { "absent" };
    recording.updated = now;
    recording.seconds = kept.then(|| recording.length());
    let (call, status, seconds) =
        (recording.call.clone(), recording.status, recording.seconds.unwrap_or_default());
    let transcribes = recording.wish.transcription.is_some();
    callbacks::recording(state, sid, status);
    // Neither shorter nor longer is transcribed (twilio.md, section 3).
    if transcribes && (3..120).contains(&seconds) {
        after(state, 2, &call, What::Transcribed(sid.to_owned()));
    }
}

/// Where the bytes are; `.json` after it is the resource.
pub(crate) fn url(state: &State, sid: &str) -> String {
    let Some(recording) = state.voice.recordings.get(sid) else { return String::new() };
    let provider = recording.provider;
    let (base, mount, root) = (&state.base, provider.mount(), provider.api_root());
    format!("{base}{mount}{root}/Accounts/{}/Recordings/{sid}", recording.account)
}
