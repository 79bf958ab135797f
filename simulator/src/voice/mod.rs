//! Calls of Twilio and SignalWire: legs, the documents that steer them, recordings, and what is told about them.

pub(crate) mod audio;
mod callbacks;
mod dial;
mod document;
mod ending;
mod fetch;
pub(crate) mod inbound;
mod leg;
mod listen;
pub(crate) mod outbound;
mod phone;
pub(crate) mod recording;
mod run;
mod schema;
mod stream;
pub(crate) mod transcription;

use std::collections::BTreeMap;

pub(crate) use self::{
    ending::{End, end},
    fetch::{ask, happen},
    leg::{Call, Status, Target, Watch},
    listen::press,
    phone::{Timer, hang_up, sip_ends},
    run::redirect,
    stream::stream_ends,
};
use crate::state::State;

/// Everything about calls that the two providers remember.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) calls: Calls,
    /// By sid.
    pub(crate) recordings: BTreeMap<String, recording::Recording>,
    /// By sid.
    pub(crate) transcriptions: BTreeMap<String, transcription::Transcription>,
}

/// Calls in the order of their creation.
#[derive(Default)]
pub(crate) struct Calls {
    by_sid: BTreeMap<String, Call>,
    next: u64,
}

impl Calls {
    pub(crate) fn get(&self, sid: &str) -> Option<&Call> {
        self.by_sid.get(sid)
    }

    pub(crate) fn get_mut(&mut self, sid: &str) -> Option<&mut Call> {
        self.by_sid.get_mut(sid)
    }

    pub(crate) fn remove(&mut self, sid: &str) -> Option<Call> {
        self.by_sid.remove(sid)
    }

    fn insert(&mut self, mut call: Call) {
        self.next += 1;
        call.order = self.next;
        self.by_sid.insert(call.sid.clone(), call);
    }

    /// The oldest first.
    pub(crate) fn in_order(&self) -> Vec<&Call> {
        let mut calls: Vec<&Call> = self.by_sid.values().collect();
        calls.sort_by_key(|call| call.order);
        calls
    }
}

/// A recording that runs beside the document, until it is stopped or the leg ends.
pub(crate) fn recorded_beside(state: &mut State, call: &str, recording: &str) {
    if let Some(call) = state.voice.calls.get_mut(call) {
        call.recordings.push(recording.to_owned());
    }
}

/// Other addresses for the end of a call and for documents that fail.
pub(crate) fn told_elsewhere(state: &mut State, call: &str, end: Option<Target>, fallback: Option<Target>) {
    let Some(call) = state.voice.calls.get_mut(call) else { return };
    if let Some(target) = end {
        let events = call.watch.take().map_or_else(|| vec!["completed".to_owned()], |watch| watch.events);
        call.watch = Some(Watch { target, events, of_number: false });
    }
    if fallback.is_some() {
        call.fallback = fallback;
    }
}

/// `GET /_sim/calls`
pub(crate) fn journal(state: &State) -> Vec<serde_json::Value> {
    state.voice.calls.in_order().into_iter().map(|call| leg::journal(state, call)).collect()
}
