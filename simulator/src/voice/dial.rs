//! `<Dial>`: the legs that it rings, the one that wins, and what its action is told.

use serde_json::json;
use time::OffsetDateTime;

use super::{
    document::{Bad, Element},
    ending::{End, end},
    fetch::{self, Request},
    leg::{Call, Direction, Doing, New, Status, Watch, is_own, note},
    outbound::{self, Detection, script_of},
    phone::{What, after, in_time, seconds},
    recording::{self, Wish},
    run::{self, Flow},
};
use crate::{model::Provider, number_text::normalised, state::State};

#[derive(Debug, Clone)]
pub(super) struct Dialling {
    verb: Element,
    /// Sids of the legs.
    children: Vec<String>,
    /// The first that was answered.
    winner: Option<String>,
    joined: Option<OffsetDateTime>,
    recording: Option<String>,
}

/// Rings everybody at once.
pub(super) fn start(state: &mut State, sid: &str, verb: Element) -> Flow {
    let Some(parent) = state.voice.calls.get(sid).cloned() else { return Flow::Waits };
    let from = match caller_id(state, &parent, &verb) {
        Ok(from) => from,
        Err(bad) => {
            fetch::report(state, sid, parent.source.as_ref().map(|source| source.url.as_str()), &bad, true);
            return fails(state, sid, verb);
        }
    };
    let lone = [Element::number_in(&verb)];
    let targets: &[Element] = if verb.children.is_empty() { &lone } else { &verb.children };
    let mut children = Vec::new();
    for target in targets {
        match leg(state, &parent, &verb, target, &from) {
            Ok(child) => {
                note(
                    state,
                    sid,
                    "dialled",
                    json!({ "to": child.to, "from": child.from, "call_sid": child.sid }),
                );
                children.push(child.sid.clone());
                state.voice.calls.insert(child);
            }
            Err(bad) => {
                let url = parent.source.as_ref().map(|source| source.url.as_str());
                fetch::report(state, sid, url, &bad, true);
            }
        }
    }
    if children.is_empty() {
        return fails(state, sid, verb);
    }
    for child in &children {
        after(state, 1, child, What::Initiated);
    }
    let recording = records(&verb, true).then(|| recording::start(state, sid, wish(&parent, &verb)));
    let dialling = Dialling { verb, children, winner: None, joined: None, recording };
    if let Some(parent) = state.voice.calls.get_mut(sid) {
        parent.turn_to(Doing::Dialling(dialling));
    }
    Flow::Waits
}

/// Who is shown to those who are called: the caller, or a number of the account (13214).
fn caller_id(state: &State, parent: &Call, verb: &Element) -> Result<String, Bad> {
    let Some(wanted) = verb.get("callerId") else { return Ok(parent.from.clone()) };
    let account = state.accounts.get(&parent.account);
    let fits = wanted == parent.from
        || wanted == parent.to
        || account.is_some_and(|account| is_own(state, account, wanted));
    match fits {
        true => Ok(wanted.to_owned()),
        // signalwire-error-codes.json: 21210 is a number that is neither bought nor verified.
        false => {
            let code = if parent.provider == Provider::Twilio { 13_214 } else { 21_210 };
            Err(Bad::new(
                code,
                format!("callerId {wanted:?} is neither part of the call nor a number of the account"),
            ))
        }
    }
}

fn leg(state: &State, parent: &Call, verb: &Element, target: &Element, from: &str) -> Result<Call, Bad> {
    let to = match target.name {
        "Sip" => target.text.clone(),
        _ => normalised(&target.text)
            .filter(|number| *number == target.text)
            .ok_or_else(|| Bad::new(13_223, format!("{:?} is no number in E.164", target.text)))?,
    };
    let script = script_of(state, &to);
    let mut child = Call::new(New {
        provider: parent.provider,
        account: &parent.account,
        direction: Direction::OutboundDial,
        from,
        to: &to,
        script,
        now: state.now(),
    });
    child.parent = Some(parent.sid.clone());
    child.timeout = verb.number("timeout", 30);
    let at = |name: &str, method: &str| run::target(parent, Some(target.get(name)?), target.get(method));
    child.first = at("url", "method");
    child.watch = at("statusCallback", "statusCallbackMethod").map(|watch| Watch {
        target: watch,
        events: target.words("statusCallbackEvent", "completed"),
        of_number: false,
    });
    child.detection = target.get("machineDetection").map(|kind| Detection {
        to_the_end: kind == "DetectMessageEnd",
        asynchronous: true,
        tells: at("amdStatusCallback", "amdStatusCallbackMethod"),
    });
    Ok(child)
}

fn records(verb: &Element, while_ringing: bool) -> bool {
    match verb.get("record") {
        None | Some("false" | "do-not-record") => false,
        Some(value) => value.contains("ringing") == while_ringing,
    }
}

fn wish(parent: &Call, verb: &Element) -> Wish {
    let watch = verb.get("recordingStatusCallback").and_then(|url| {
        let target = run::target(parent, Some(url), verb.get("recordingStatusCallbackMethod"))?;
        let events = verb.words("recordingStatusCallbackEvent", "completed");
        Some(Watch { target, events, of_number: false })
    });
    Wish {
        source: "DialVerb",
        channels: if verb.get("record").is_some_and(|record| record.ends_with("dual")) { 2 } else { 1 },
        track: verb.get("recordingTrack").unwrap_or("both").to_owned(),
        trim: verb.get("trim") == Some("trim-silence"),
        watch,
        transcription: None,
        speech: None,
        spoken: 0,
    }
}

/// Nobody could be called.
fn fails(state: &mut State, sid: &str, verb: Element) -> Flow {
    let dialling = Dialling { verb, children: Vec::new(), winner: None, joined: None, recording: None };
    after_the_dial(state, sid, &dialling, "failed", false)
}

fn dialling<'a>(state: &'a mut State, parent: &str) -> Option<&'a mut Dialling> {
    match &mut state.voice.calls.get_mut(parent)?.doing {
        Doing::Dialling(dialling) => Some(dialling),
        _ => None,
    }
}

/// A leg is answered; false where it comes too late. The others stop ringing.
pub(super) fn wins(state: &mut State, parent: &str, child: &str) -> bool {
    let others = match dialling(state, parent) {
        Some(dialling) if dialling.winner.is_none() => {
            dialling.winner = Some(child.to_owned());
            dialling.children.clone()
        }
        _ => {
            end(state, child, End::CANCELED);
            return false;
        }
    };
    for other in others.iter().filter(|other| *other != child) {
        end(state, other, End::CANCELED);
    }
    true
}

/// The two legs hear each other.
pub(super) fn join(state: &mut State, child: &str) {
    let now = state.now();
    let Some(leg) = state.voice.calls.get_mut(child) else { return };
    leg.screening = false;
    leg.turn_to(Doing::Joined);
    let (parent, to) = (leg.parent.clone().unwrap_or_default(), leg.to.clone());
    let Some(dialling) = dialling(state, &parent) else {
        end(state, child, End::CANCELED);
        return;
    };
    dialling.joined = Some(now);
    let (limit, records) = (dialling.verb.number("timeLimit", 14_400), records(&dialling.verb, false));
    let verb = dialling.verb.clone();
    outbound::up(state, &parent);
    note(state, &parent, "joined", json!({ "with": to, "call_sid": child }));
    note(state, child, "joined", json!({ "call_sid": parent }));
    if records && let Some(leg) = state.voice.calls.get(&parent).cloned() {
        let recorded = recording::start(state, &parent, wish(&leg, &verb));
        if let Some(dialling) = self::dialling(state, &parent) {
            dialling.recording = Some(recorded);
        }
    }
    let token = state.voice.calls.get(&parent).map(|call| call.token).unwrap_or_default();
    in_time(state, seconds(limit), &parent, What::JoinedLongEnough(token));
}

/// `timeLimit`.
pub(super) fn time_is_up(state: &mut State, parent: &str) {
    hang_up_the_other(state, parent);
}

/// Ends the leg that is joined with this one; the document goes on.
pub(super) fn hang_up_the_other(state: &mut State, parent: &str) {
    if let Some(winner) = dialling(state, parent).and_then(|dialling| dialling.winner.clone()) {
        end(state, &winner, End::COMPLETED);
    }
}

/// `*` ends the conversation, where the document says so.
pub(super) fn ends_on_star(dialling: &Dialling) -> bool {
    dialling.joined.is_some() && dialling.verb.flag("hangupOnStar", false)
}

/// A leg is over; the dial is too, if it was the one that counts or the last.
pub(super) fn child_ended(state: &mut State, parent: &str, child: &str) {
    let Some(found) = dialling(state, parent).cloned() else { return };
    let status = match &found.winner {
        Some(winner) if winner == child => "completed",
        Some(_) => return,
        None => match together(state, &found) {
            Some(status) => status,
            None => return,
        },
    };
    if let Some(call) = state.voice.calls.get_mut(parent) {
        call.turn_to(Doing::Waiting);
    }
    if matches!(after_the_dial(state, parent, &found, status, false), Flow::Next) {
        run::proceed(state, parent);
    }
}

/// What came of legs that nobody answered; `None` while one of them rings.
fn together(state: &State, dialling: &Dialling) -> Option<&'static str> {
    let ends: Vec<Status> = dialling
        .children
        .iter()
        .filter_map(|child| state.voice.calls.get(child))
        .map(|child| child.status)
        .collect();
    if ends.iter().any(|status| !status.is_final()) {
        return None;
    }
    let best = [Status::NoAnswer, Status::Busy, Status::Canceled];
    Some(best.into_iter().find(|status| ends.contains(status)).unwrap_or(Status::Failed).as_str())
}

/// The calling leg is over.
pub(super) fn is_left(state: &mut State, sid: &str, dialling: &Dialling) {
    interrupted(state, dialling);
    let status = if dialling.winner.is_some() { "completed" } else { "canceled" };
    after_the_dial(state, sid, dialling, status, true);
}

/// Another document came, or the calling leg is over.
pub(super) fn interrupted(state: &mut State, dialling: &Dialling) {
    for child in &dialling.children {
        let up = state.voice.calls.get(child).is_some_and(|child| child.answered.is_some());
        end(state, child, if up { End::COMPLETED } else { End::CANCELED });
    }
    if let Some(recorded) = &dialling.recording {
        recording::stop(state, recorded);
    }
}

/// The action is told how it went; without one the document goes on.
fn after_the_dial(state: &mut State, sid: &str, dialling: &Dialling, status: &str, late: bool) -> Flow {
    let now = state.now();
    if let Some(recorded) = &dialling.recording {
        recording::stop(state, recorded);
    }
    let counts = dialling.winner.as_ref().or(dialling.children.last());
    let seconds = dialling.winner.as_ref().and_then(|child| state.voice.calls.get(child)?.seconds(now));
    note(
        state,
        sid,
        "dial_ended",
        json!({ "status": status, "call_sid": counts, "seconds": seconds, "joined": dialling.joined.is_some() }),
    );
    let Some(call) = state.voice.calls.get(sid) else { return Flow::Waits };
    let Some(action) = dialling.verb.get("action") else { return Flow::Next };
    let mut extra = vec![("DialCallStatus".to_owned(), status.to_owned())];
    let mut add = |name: &str, value: String| extra.push((name.to_owned(), value));
    if let Some(child) = counts {
        add("DialCallSid", child.clone());
    }
    if let Some(seconds) = seconds {
        add("DialCallDuration", seconds.to_string());
    }
    if call.provider == Provider::Twilio {
        add("DialBridged", dialling.joined.is_some().to_string());
    }
    if let Some(recorded) = &dialling.recording {
        add("RecordingUrl", recording::url(state, recorded));
    }
    let method = dialling.verb.get("method");
    let target = match late {
        true => run::target(call, Some(action), method),
        false => run::address(state, sid, Some(action), method),
    };
    if let Some(target) = target {
        let request = Request::document(target, extra);
        fetch::soon(state, sid, if late { request.late() } else { request });
    }
    Flow::Waits
}
