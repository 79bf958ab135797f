//! What happens to a leg by itself: ringing, the phone's script, and time running out.

use time::Duration;

use super::{
    callbacks::tell,
    dial,
    ending::{End, end},
    fetch::Request,
    leg::{Direction, Status},
    listen, outbound, recording, run, transcription,
};
use crate::{call_script::Reaction, clock::later, events::Event, retell, state::State};

/// Something that is due for a leg.
#[derive(Debug, Clone)]
pub(crate) struct Timer {
    pub(super) call: String,
    pub(super) what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Initiated,
    Rings,
    /// The phone that is called does what its script says.
    PickUp,
    /// It rang long enough.
    RingingEnds,
    PhoneHangsUp,
    /// The same, before anything was said into a recording.
    HangsUpAtBeep(u64),
    TimeLimit,
    /// A machine has said its greeting.
    GreetingEnds,
    /// Answering machine detection has its result.
    Detected,
    /// A document is asked for.
    Ask(u64, Box<Request>),
    /// What was heard is over.
    Next(u64),
    /// The phone presses or says what its script says.
    Responds(u64),
    GatherTimesOut(u64),
    /// By a key, where there is one.
    RecordingEnds(u64, Option<char>),
    /// The time that a `<Dial>` gives to the joined legs is over.
    JoinedLongEnough(u64),
    /// A recording can be fetched.
    Saved(String),
    Transcribed(String),
}

impl Timer {
    pub(super) fn new(call: &str, what: What) -> Self {
        Self { call: call.to_owned(), what }
    }

    /// Whether it only waits for somebody to do something first.
    pub(crate) fn is_patience(&self) -> bool {
        matches!(
            self.what,
            What::RingingEnds | What::TimeLimit | What::GatherTimesOut(_) | What::JoinedLongEnough(_)
        )
    }
}

pub(super) fn after(state: &mut State, steps: i32, call: &str, what: What) {
    let due = state.after_steps(steps);
    state.queue.push(due, Event::Voice(Box::new(Timer::new(call, what))));
}

pub(super) fn in_time(state: &mut State, wait: Duration, call: &str, what: What) {
    let due = later(state.now(), wait);
    state.queue.push(due, Event::Voice(Box::new(Timer::new(call, what))));
}

pub(super) fn seconds(seconds: u32) -> Duration {
    Duration::seconds(i64::from(seconds))
}

/// The time of a timer has come; asking for documents is done elsewhere.
pub(super) fn happened(state: &mut State, timer: &Timer) {
    let sid = timer.call.as_str();
    // What is kept of a call outlives it.
    match &timer.what {
        What::Saved(recording) => return recording::saved(state, recording),
        What::Transcribed(recording) => return transcription::transcribed(state, recording),
        _ => {}
    }
    let Some(call) = state.voice.calls.get(sid).filter(|call| call.is_live()) else { return };
    let present = call.token;
    match timer.what {
        What::Initiated => {
            tell(state, sid, "initiated");
            after(state, 1, sid, What::Rings);
        }
        What::Rings => rings(state, sid),
        What::PickUp => pick_up(state, sid),
        What::RingingEnds if call.answered.is_none() => {
            // An incoming call that nobody answers: the caller gives up.
            let how = if call.direction == Direction::Inbound { End::CANCELED } else { End::NO_ANSWER };
            end(state, sid, how);
        }
        What::PhoneHangsUp => hangs_up(state, sid),
        What::HangsUpAtBeep(token) if token == present => {
            recording::forget_speech(state, sid);
            hangs_up(state, sid);
        }
        What::TimeLimit => end(state, sid, End::COMPLETED),
        What::GreetingEnds => outbound::greeting_ends(state, sid),
        What::Detected => outbound::detected(state, sid),
        What::Next(token) if token == present => run::proceed(state, sid),
        What::Responds(token) if token == present => listen::responds(state, sid),
        What::GatherTimesOut(token) if token == present => listen::times_out(state, sid),
        What::RecordingEnds(token, key) if token == present => listen::record_ends(state, sid, key),
        What::JoinedLongEnough(token) if token == present => dial::time_is_up(state, sid),
        _ => {}
    }
}

fn rings(state: &mut State, sid: &str) {
    let now = state.now();
    let Some(call) = state.voice.calls.get_mut(sid) else { return };
    call.status = Status::Ringing;
    call.updated = now;
    call.sip_code = Some(180);
    let (steps, timeout) = (i32::from(call.script.after_steps), call.timeout);
    tell(state, sid, "ringing");
    after(state, steps, sid, What::PickUp);
    in_time(state, seconds(timeout), sid, What::RingingEnds);
}

/// The call of `sip:{call_id}@sip.retellai.com`.
fn retell_call(to: &str) -> Option<&str> {
    let (call, host) = to.strip_prefix("sip:")?.split_once('@')?;
    host.starts_with("sip.retellai.com").then_some(call)
}

fn pick_up(state: &mut State, sid: &str) {
    let Some(call) = state.voice.calls.get(sid).filter(|call| call.status == Status::Ringing) else { return };
    if let Some(registered) = retell_call(&call.to).map(str::to_owned) {
        // Dialled for an agent (retell.md, trap 7).
        match retell::dialled(state, &registered) {
            true => outbound::answered(state, sid),
            false => end(state, sid, End::NOT_FOUND),
        }
        return;
    }
    match call.script.answer {
        Reaction::Human | Reaction::Machine => outbound::answered(state, sid),
        Reaction::Busy => end(state, sid, End::BUSY),
        Reaction::Reject => end(state, sid, End::REJECTED),
        Reaction::Unreachable => end(state, sid, End::NOT_FOUND),
        // Until the time to ring is over.
        Reaction::NoAnswer => {}
    }
}

/// The other side of a leg that was dialled for an agent is gone.
pub(crate) fn sip_ends(state: &mut State, registered: &str) {
    let calls = state.voice.calls.in_order();
    let leg = calls.into_iter().find(|call| call.is_live() && retell_call(&call.to) == Some(registered));
    if let Some(sid) = leg.map(|leg| leg.sid.clone()) {
        end(state, &sid, End::COMPLETED);
    }
}

/// A leg to an agent is over on this side.
pub(super) fn agent_is_left(state: &mut State, to: &str) {
    if let Some(registered) = retell_call(to) {
        retell::person_hangs_up(state, registered);
    }
}

fn hangs_up(state: &mut State, sid: &str) {
    super::leg::note(state, sid, "hung_up", serde_json::json!({ "by": "phone" }));
    let Some(call) = state.voice.calls.get(sid) else { return };
    let how = match (call.direction, call.status) {
        (_, Status::InProgress) => End::BY_PHONE,
        (Direction::Inbound, _) => End::CANCELED,
        _ => End::REJECTED,
    };
    end(state, sid, how);
}

/// The person at the phone hangs up; false where there is no such call.
pub(crate) fn hang_up(state: &mut State, sid: &str) -> bool {
    match state.voice.calls.get(sid) {
        None => return false,
        Some(call) if !call.is_live() => {}
        Some(_) => hangs_up(state, sid),
    }
    true
}
