//! Legs that go out, by the API or by `<Dial>`, until somebody answers.

use serde_json::json;

use super::{
    callbacks::{self, tell},
    dial,
    fetch::{self, Request},
    leg::{Call, Direction, New, Status, Target, Watch, note},
    phone::{What, after, in_time, seconds},
    recording, run,
};
use crate::{call_script::Reaction, model::Provider, state::State};

/// Answering machine detection that was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Detection {
    /// It waits until the machine has finished (`DetectMessageEnd`).
    pub(crate) to_the_end: bool,
    /// The call goes on meanwhile…
    pub(crate) asynchronous: bool,
    /// …and this is told the result.
    pub(crate) tells: Option<Target>,
}

/// What a call that the API places is made of.
pub(crate) struct Placed<'a> {
    pub(crate) provider: Provider,
    pub(crate) account: &'a str,
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    pub(crate) first: Option<Target>,
    /// A document that came with the request.
    pub(crate) inline: Option<String>,
    pub(crate) fallback: Option<Target>,
    pub(crate) watch: Option<Watch>,
    pub(crate) timeout: u32,
    pub(crate) time_limit: u32,
    pub(crate) record: Option<recording::Wish>,
    pub(crate) detection: Option<Detection>,
}

/// Places the call; it starts to ring two steps later.
pub(crate) fn place(state: &mut State, placed: Placed<'_>) -> String {
    let script = script_of(state, placed.to);
    let mut call = Call::new(New {
        provider: placed.provider,
        account: placed.account,
        direction: Direction::OutboundApi,
        from: placed.from,
        to: placed.to,
        script,
        now: state.now(),
    });
    let own = state.numbers.get(&(placed.provider, placed.from.to_owned()));
    call.number_sid = own.filter(|own| own.account == placed.account).map(|own| own.sid.clone());
    call.first = placed.first;
    call.inline = placed.inline;
    call.fallback = placed.fallback;
    call.watch = placed.watch;
    call.timeout = placed.timeout;
    call.time_limit = placed.time_limit;
    call.record = placed.record;
    call.detection = placed.detection;
    let sid = call.sid.clone();
    state.voice.calls.insert(call);
    after(state, 1, &sid, What::Initiated);
    sid
}

pub(super) fn script_of(state: &State, to: &str) -> crate::call_script::CallScript {
    state.phones.get(to).and_then(|phone| phone.call.clone()).unwrap_or_default()
}

/// Steps that a machine speaks before it listens.
const GREETING_STEPS: i32 = 5;

/// What is heard from here on is what the machine keeps.
pub(super) fn greeting_ends(state: &mut State, sid: &str) {
    let beep = state.voice.calls.get(sid).is_some_and(|call| call.script.beep);
    note(state, sid, "greeted", json!({ "beep": beep }));
}

/// Somebody or something picks up.
pub(super) fn answered(state: &mut State, sid: &str) {
    let Some(call) = state.voice.calls.get(sid) else { return };
    let (direction, parent) = (call.direction, call.parent.clone());
    let waits = call.detection.as_ref().is_some_and(|detection| !detection.asynchronous);
    if let (Direction::OutboundDial, Some(parent)) = (direction, parent.as_deref())
        && !dial::wins(state, parent, sid)
    {
        return;
    }
    up(state, sid);
    let Some(call) = state.voice.calls.get(sid) else { return };
    if call.script.answer == Reaction::Machine {
        after(state, GREETING_STEPS, sid, What::GreetingEnds);
    }
    let Some(call) = state.voice.calls.get(sid) else { return };
    if let Some(detection) = call.detection.clone() {
        let steps = steps_of(call, &detection);
        after(state, steps, sid, What::Detected);
    }
    if !waits {
        starts(state, sid);
    }
}

/// The leg is answered, by whoever; what follows from it is on its way.
pub(super) fn up(state: &mut State, sid: &str) {
    let now = state.now();
    let Some(call) = state.voice.calls.get_mut(sid).filter(|call| call.answered.is_none()) else { return };
    call.status = Status::InProgress;
    call.answered = Some(now);
    call.updated = now;
    call.sip_code = Some(200);
    let (limit, hang_up, wish) = (call.time_limit, call.script.hang_up_after_steps, call.record.clone());
    tell(state, sid, "answered");
    if let Some(wish) = wish {
        let recorded = recording::start(state, sid, wish);
        if let Some(call) = state.voice.calls.get_mut(sid) {
            call.recordings.push(recorded);
        }
    }
    if let Some(steps) = hang_up {
        after(state, i32::from(steps), sid, What::PhoneHangsUp);
    }
    in_time(state, seconds(limit), sid, What::TimeLimit);
}

/// The first document, or the other leg.
fn starts(state: &mut State, sid: &str) {
    let Some(call) = state.voice.calls.get_mut(sid) else { return };
    if let Some(document) = call.inline.clone() {
        run::inline(state, sid, &document);
        return;
    }
    let Some(first) = call.first.clone() else {
        if call.direction == Direction::OutboundDial {
            dial::join(state, sid);
        }
        return;
    };
    call.screening = call.direction == Direction::OutboundDial;
    let extra = call.answered_by.clone().map(|by| ("AnsweredBy".to_owned(), by));
    fetch::soon(state, sid, Request::document(first, extra.into_iter().collect()));
}

fn steps_of(call: &Call, detection: &Detection) -> i32 {
    // A greeting takes its time.
    if detection.to_the_end && call.script.answer == Reaction::Machine { GREETING_STEPS + 1 } else { 2 }
}

/// Answering machine detection has finished (twilio.md, section 3: the words of each kind).
pub(super) fn detected(state: &mut State, sid: &str) {
    let Some(call) = state.voice.calls.get_mut(sid) else { return };
    let Some(detection) = call.detection.clone() else { return };
    let machine = call.script.answer == Reaction::Machine;
    let found = match (&call.script.detection, machine, detection.to_the_end) {
        (Some(found), ..) => found.as_str(),
        (None, false, _) => "human",
        (None, true, false) => "machine_start",
        (None, true, true) if call.script.beep => "machine_end_beep",
        (None, true, true) => "machine_end_silence",
    };
    let found = found.to_owned();
    call.answered_by = Some(found.clone());
    let steps = steps_of(call, &detection);
    note(state, sid, "detected", json!({ "answered_by": found }));
    if detection.asynchronous {
        let millis = (state.step * steps).whole_milliseconds();
        if let Some(target) = &detection.tells {
            callbacks::detection(state, sid, target, &found, millis);
        }
    } else {
        starts(state, sid);
    }
}
