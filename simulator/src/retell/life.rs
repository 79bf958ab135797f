//! What happens to a call by itself.

use time::Duration;

use super::webhooks::emit;
use crate::{
    call_script::Reaction, clock::later, events::Event, media, model::Provider, state::State, telnyx, voice,
};

/// Steps that a conversation takes where the phone does not hang up.
const TALK_STEPS: i32 = 4;

/// Recordings are public for good (retell.md, trap 9); a century is enough.
const RECORDING_LIFE: Duration = Duration::weeks(5200);

/// How long it rings unless the agent says otherwise (spec: `ring_duration_ms`).
const RINGS: u64 = 30_000;

/// Something that is due for a call.
#[derive(Debug, Clone)]
pub(crate) struct Timer {
    pub(super) call: String,
    pub(super) what: What,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    /// The phone that is called does what its script says; a caller is answered.
    PickUp,
    RingingEnds,
    /// A registered call was never dialled.
    NeverDialled,
    PhoneHangsUp,
    /// The agent has said everything.
    AgentHangsUp,
    Analyse,
}

impl Timer {
    /// Whether it only waits for somebody to do something first.
    pub(crate) fn is_patience(&self) -> bool {
        matches!(self.what, What::RingingEnds | What::NeverDialled)
    }
}

pub(super) fn after(state: &mut State, steps: i32, timer: Timer) {
    let due = state.after_steps(steps);
    state.queue.push(due, Event::RetellCall(Box::new(timer)));
}

pub(super) fn in_time(state: &mut State, wait: Duration, timer: Timer) {
    let due = later(state.now(), wait);
    state.queue.push(due, Event::RetellCall(Box::new(timer)));
}

/// The time of a timer has come.
pub(crate) fn happen(state: &mut State, timer: &Timer) {
    let id = timer.call.as_str();
    let Some(call) = state.retell.calls.get_mut(id) else { return };
    match (timer.what, call.status) {
        (What::PickUp, "registered") => pick_up(state, id),
        (What::RingingEnds, "registered") => end(state, id, "dial_no_answer"),
        (What::NeverDialled, "registered") => end(state, id, "registered_call_timeout"),
        (What::PhoneHangsUp, "ongoing") => end(state, id, "user_hangup"),
        (What::AgentHangsUp, "ongoing") => {
            let machine = call.script.answer == Reaction::Machine;
            end(state, id, if machine { "voicemail_reached" } else { "agent_hangup" });
        }
        (What::Analyse, "ended") => {
            call.analysed = true;
            emit(state, id, "call_analyzed", 0);
        }
        _ => {}
    }
}

fn pick_up(state: &mut State, id: &str) {
    let Some(call) = state.retell.calls.get(id) else { return };
    let rings = state
        .retell
        .agents
        .get(&call.account, &call.agent)
        .and_then(|agent| agent.body.get("ring_duration_ms")?.as_u64())
        .unwrap_or(RINGS);
    match call.script.answer {
        _ if call.inbound => start(state, id),
        Reaction::Human | Reaction::Machine => start(state, id),
        Reaction::Busy => end(state, id, "dial_busy"),
        Reaction::Reject => end(state, id, "user_declined"),
        Reaction::Unreachable => end(state, id, "dial_failed"),
        Reaction::NoAnswer => {
            let wait = Duration::milliseconds(i64::try_from(rings).unwrap_or(30_000));
            in_time(state, wait, Timer { call: id.to_owned(), what: What::RingingEnds });
        }
    }
}

/// The call is connected; it ends by the phone's script, or when the agent has finished.
pub(super) fn start(state: &mut State, id: &str) {
    let now = state.now();
    let Some(call) = state.retell.calls.get_mut(id) else { return };
    call.status = "ongoing";
    call.started = Some(now);
    let hang_up = call.script.hang_up_after_steps;
    emit(state, id, "call_started", 0);
    let (steps, what) = match hang_up {
        Some(steps) => (i32::from(steps), What::PhoneHangsUp),
        None => (TALK_STEPS, What::AgentHangsUp),
    };
    after(state, steps, Timer { call: id.to_owned(), what });
}

/// The end: of a call that was connected with an analysis to follow, of any other without.
pub(super) fn end(state: &mut State, id: &str, reason: &'static str) {
    let now = state.now();
    let Some(call) = state.retell.calls.get_mut(id) else { return };
    let connected = call.started.is_some();
    call.ended = Some(now);
    call.reason = Some(reason);
    call.status = match reason {
        _ if connected => "ended",
        "registered_call_timeout" => "error",
        _ => "not_connected",
    };
    let account = call.account.clone();
    if connected && let Ok(medium) = media::add_recording(state, Provider::Retell, &account, "wav") {
        let origin = state.cdn.clone();
        let url = media::link(state, &origin, &medium, RECORDING_LIFE);
        if let Some(call) = state.retell.calls.get_mut(id) {
            call.recording_url = Some(url);
        }
    }
    emit(state, id, "call_ended", 0);
    // It may have been another provider's leg that dialled it.
    telnyx::sip_ends(state, id);
    voice::sip_ends(state, id);
    if connected {
        after(state, 1, Timer { call: id.to_owned(), what: What::Analyse });
    }
}

/// A registered call is dialled by SIP; false where there is none that waits.
pub(crate) fn dialled(state: &mut State, id: &str) -> bool {
    let waits = state.retell.calls.get(id).is_some_and(|call| call.status == "registered");
    if waits {
        start(state, id);
    }
    waits
}

/// Somebody at a phone hangs up; false where there is no such call.
pub(crate) fn person_hangs_up(state: &mut State, id: &str) -> bool {
    let Some(call) = state.retell.calls.get(id) else { return false };
    match call.status {
        "ongoing" => end(state, id, "user_hangup"),
        "registered" => end(state, id, "user_declined"),
        _ => {}
    }
    true
}
