//! What happens to a call by itself: the phone's script, answering machine detection, and time running out.

use serde_json::{Value, json};
use time::Duration;

use super::{
    super::stamp_z,
    LegState, Sound, emit,
    ending::{End, end},
    gather, recordings,
};
use crate::{call_script::Reaction, clock::later, events::Event, retell, state::State};

/// Steps that anything audible takes.
const SOUND_STEPS: i32 = 2;

/// Something that is due for a leg.
#[derive(Debug, Clone)]
pub(crate) struct Timer {
    pub(super) leg: String,
    pub(super) what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    /// The phone that is called does what its script says.
    PickUp,
    /// It rang long enough.
    RingingEnds,
    /// The phone on the other side hangs up.
    PhoneHangsUp,
    /// Nobody commanded an incoming call in time.
    FirstCommandTimeout,
    TimeLimit,
    SoundEnds(u64),
    GatherTimesOut(u64),
    /// The phone presses the digits that it was asked for.
    Press(u64),
}

impl Timer {
    /// Whether it only waits for somebody to do something first.
    pub(crate) fn is_patience(&self) -> bool {
        matches!(
            self.what,
            What::RingingEnds | What::FirstCommandTimeout | What::TimeLimit | What::GatherTimesOut(_)
        )
    }
}

pub(super) fn after(state: &mut State, steps: i32, timer: Timer) {
    let due = state.after_steps(steps);
    state.queue.push(due, Event::Call(Box::new(timer)));
}

pub(super) fn in_time(state: &mut State, wait: Duration, timer: Timer) {
    let due = later(state.now(), wait);
    state.queue.push(due, Event::Call(Box::new(timer)));
}

fn seconds(seconds: u64) -> Duration {
    Duration::seconds(i64::try_from(seconds).unwrap_or(86_400))
}

/// The time of a timer has come.
pub(crate) fn happen(state: &mut State, timer: &Timer) {
    let id = timer.leg.as_str();
    let Some(leg) = state.telnyx.calls.get(id) else { return };
    if leg.state == LegState::Ended {
        return;
    }
    match timer.what {
        What::PickUp => pick_up(state, id),
        What::RingingEnds if leg.state != LegState::Answered => {
            // An incoming call that nobody answers: the caller gives up.
            let how = if leg.incoming { End::ORIGINATOR_CANCEL } else { End::TIMEOUT };
            end(state, id, how);
        }
        What::RingingEnds => {}
        What::PhoneHangsUp => {
            let how = if leg.incoming { End::BY_CALLER } else { End::BY_CALLEE };
            end(state, id, how);
        }
        What::FirstCommandTimeout if !leg.commanded => end(state, id, End::TIMEOUT),
        What::FirstCommandTimeout => {}
        What::TimeLimit => end(state, id, End::TIME_LIMIT),
        What::SoundEnds(token) if leg.sound.as_ref().is_some_and(|sound| sound.token == token) => {
            sound_ends(state, id, "completed");
        }
        What::SoundEnds(_) => {}
        What::GatherTimesOut(token) => gather::times_out(state, id, token),
        What::Press(token) => gather::press_scripted(state, id, token),
    }
}

/// The call of `sip:{call_id}@sip.retellai.com`.
pub(super) fn retell_call(to: &str) -> Option<&str> {
    let (call, host) = to.strip_prefix("sip:")?.split_once('@')?;
    host.starts_with("sip.retellai.com").then_some(call)
}

/// The other side of a leg that was dialled for an agent is gone.
pub(crate) fn sip_ends(state: &mut State, call: &str) {
    let leg = state.telnyx.calls.values().find(|leg| retell_call(&leg.to) == Some(call));
    if let Some(id) = leg.map(|leg| leg.control_id.clone()) {
        end(state, &id, End::BY_CALLEE);
    }
}

fn pick_up(state: &mut State, id: &str) {
    let Some(leg) = state.telnyx.calls.get(id) else { return };
    if leg.state != LegState::Ringing {
        return;
    }
    if let Some(call) = retell_call(&leg.to).map(str::to_owned) {
        // Dialled for an agent (retell.md, trap 7).
        match retell::dialled(state, &call) {
            true => answer(state, id),
            false => end(state, id, End::NOT_FOUND),
        }
        return;
    }
    match leg.script.answer {
        Reaction::Human | Reaction::Machine => answer(state, id),
        Reaction::Busy => end(state, id, End::BUSY),
        Reaction::Reject => end(state, id, End::REJECTED),
        Reaction::Unreachable => end(state, id, End::NOT_FOUND),
        Reaction::NoAnswer => {
            let wait = seconds(leg.timeout_secs);
            in_time(state, wait, Timer { leg: id.to_owned(), what: What::RingingEnds });
        }
    }
}

/// The leg is answered, by whoever; what follows from it is on its way.
pub(super) fn answer(state: &mut State, id: &str) {
    let now = state.now();
    let Some(leg) = state.telnyx.calls.get_mut(id) else { return };
    leg.state = LegState::Answered;
    leg.answered = Some(now);
    let (created, limit, record) = (leg.created, leg.time_limit_secs, leg.record.clone());
    let audio = leg.audio_url.take();
    let (hang_up, transfer_of) = (leg.script.hang_up_after_steps, leg.transfer_of.clone());
    let answered = json!({ "state": "answered", "start_time": stamp_z(created) });
    emit::emit(state, id, "call.answered", answered, 0);
    if let Some((format, channels)) = record {
        recordings::start(state, id, &format, &channels);
    }
    detect(state, id);
    if let Some(url) = audio {
        let about = json!({ "media_url": url, "overlay": false });
        start_sound(state, id, "call.playback", about, true);
    }
    if let Some(other) = transfer_of {
        bridge(state, id, &other);
    }
    if let Some(steps) = hang_up {
        after(state, i32::from(steps), Timer { leg: id.to_owned(), what: What::PhoneHangsUp });
    }
    in_time(state, seconds(limit), Timer { leg: id.to_owned(), what: What::TimeLimit });
}

/// Both legs hear each other.
pub(super) fn bridge(state: &mut State, one: &str, other: &str) {
    for (id, with) in [(one, other), (other, one)] {
        let Some(leg) = state.telnyx.calls.get_mut(id) else { continue };
        leg.bridged = Some(with.to_owned());
        emit::emit(state, id, "call.bridged", json!({}), 1);
    }
}

/// telnyx.md, section 3: which events a kind of detection has. Premium's are named differently.
fn detect(state: &mut State, id: &str) {
    let Some(leg) = state.telnyx.calls.get(id) else { return };
    let premium = leg.detection == "premium";
    let machine = leg.script.answer == Reaction::Machine;
    let found = match (&leg.script.detection, premium, machine) {
        (Some(found), ..) => found.clone(),
        (None, _, true) => "machine".to_owned(),
        (None, true, false) => "human_residence".to_owned(),
        (None, false, false) => "human".to_owned(),
    };
    let beep = leg.script.beep;
    let greeting = match (leg.detection.as_str(), beep) {
        ("disabled", _) => return,
        _ if found != "machine" => None,
        ("premium", true) => Some("beep_detected"),
        ("premium", false) => Some("no_beep_detected"),
        ("detect_beep", true) => Some("beep_detected"),
        ("greeting_end", _) => Some("ended"),
        // Without a beep `detect_beep` says nothing more (telnyx.md, trap 7).
        _ => None,
    };
    let prefix = if premium { "call.machine.premium" } else { "call.machine" };
    emit::emit(state, id, &format!("{prefix}.detection.ended"), json!({ "result": found }), 1);
    if let Some(result) = greeting {
        emit::emit(state, id, &format!("{prefix}.greeting.ended"), json!({ "result": result }), 3);
    }
}

/// Something is heard from the next step on.
pub(super) fn start_sound(state: &mut State, id: &str, event: &'static str, about: Value, ends: bool) {
    // What is heard already makes room.
    sound_ends(state, id, "cancelled");
    let token = gather::token();
    if let Some(leg) = state.telnyx.calls.get_mut(id) {
        leg.sound = Some(Sound { token, event, about: about.clone() });
    }
    emit::emit(state, id, &format!("{event}.started"), about, 1);
    if ends {
        after(state, 1 + SOUND_STEPS, Timer { leg: id.to_owned(), what: What::SoundEnds(token) });
    }
}

/// `call.speak.ended` or `call.playback.ended`, where something is heard.
pub(super) fn sound_ends(state: &mut State, id: &str, status: &str) {
    let Some(sound) = state.telnyx.calls.get_mut(id).and_then(|leg| leg.sound.take()) else { return };
    let mut about = sound.about;
    if let Value::Object(about) = &mut about {
        about.insert("status".to_owned(), json!(status));
    }
    emit::emit(state, id, &format!("{}.ended", sound.event), about, 0);
}
