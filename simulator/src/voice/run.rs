//! Doing what a document says, one verb after the other.

use serde_json::json;
use url::Url;

use super::{
    dial,
    document::{self, Bad, Element, Setting},
    ending::{End, end},
    fetch::{self, Request},
    leg::{Call, Doing, Target, note},
    listen, outbound,
    phone::{What, after, in_time, seconds},
    stream,
};
use crate::{
    model::Provider,
    phones::{self, Arrival},
    state::State,
};

/// Steps that anything audible takes.
pub(super) const SOUND_STEPS: i32 = 2;

/// Whether the next verb follows at once.
pub(super) enum Flow {
    Next,
    Waits,
}

/// A document begins; what the one before was at is over.
pub(super) fn start(state: &mut State, sid: &str, verbs: Vec<Element>, source: Option<Target>) {
    let Some(call) = state.voice.calls.get_mut(sid) else { return };
    call.source = source;
    call.program = verbs.into();
    call.turn_to(Doing::Waiting);
    proceed(state, sid);
}

/// A document that came with a request of the API.
pub(super) fn inline(state: &mut State, sid: &str, text: &str) {
    let Some(call) = state.voice.calls.get_mut(sid) else { return };
    let setting = Setting { provider: call.provider, has_base: false, screening: false };
    call.source = None;
    match document::parse(setting, text) {
        Ok(verbs) => start(state, sid, verbs, None),
        Err(bad) => {
            fetch::report(state, sid, None, &bad, true);
            fetch::give_up(state, sid);
        }
    }
}

/// The API gives a call that is up another document. What it was doing ends without its action.
pub(crate) fn redirect(state: &mut State, sid: &str, to: Result<Target, &str>) {
    let Some(call) = state.voice.calls.get_mut(sid) else { return };
    let doing = std::mem::replace(&mut call.doing, Doing::Waiting);
    call.token += 1;
    call.program.clear();
    match doing {
        Doing::Dialling(dialling) => dial::interrupted(state, &dialling),
        Doing::Recording { sid: recorded, .. } => super::recording::stop(state, &recorded),
        Doing::Streaming { stream, .. } => stream::over(state, sid, &stream, None),
        Doing::Waiting | Doing::Sounding | Doing::Gathering(_) | Doing::Joined => {}
    }
    match to {
        Ok(target) => fetch::soon(state, sid, Request::document(target, Vec::new())),
        Err(document) => inline(state, sid, document),
    }
}

/// The next verb, and those after it, as far as they take no time.
pub(super) fn proceed(state: &mut State, sid: &str) {
    loop {
        let Some(call) = state.voice.calls.get_mut(sid).filter(|call| call.is_live()) else { return };
        call.turn_to(Doing::Waiting);
        let Some(verb) = call.program.pop_front() else {
            match call.screening {
                true => dial::join(state, sid),
                false => end(state, sid, End::COMPLETED),
            }
            return;
        };
        // These leave the caller ringing.
        let quiet = matches!(verb.name, "Reject" | "Pause" | "Redirect" | "Start" | "Stop")
            || (verb.name == "Dial" && verb.flag("answerOnBridge", false));
        if !quiet {
            outbound::up(state, sid);
        }
        match perform(state, sid, verb) {
            Flow::Next => {}
            Flow::Waits => return,
        }
    }
}

fn perform(state: &mut State, sid: &str, verb: Element) -> Flow {
    match verb.name {
        "Say" | "Play" => {
            sound(state, sid, &verb);
            // Zero: again and again, until somebody hangs up.
            if verb.get("loop") != Some("0") {
                wait(state, sid, None);
            }
        }
        "Pause" => {
            note(state, sid, "paused", json!({ "seconds": verb.number("length", 1) }));
            wait(state, sid, Some(verb.number("length", 1)));
        }
        "Gather" => listen::gather(state, sid, verb),
        "Record" => listen::record(state, sid, verb),
        "Dial" => return dial::start(state, sid, verb),
        "Redirect" => {
            if let Some(target) = address(state, sid, Some(&verb.text), verb.get("method")) {
                fetch::soon(state, sid, Request::document(target, Vec::new()));
            }
        }
        "Hangup" => {
            note(state, sid, "hung_up", json!({ "by": "document" }));
            end(state, sid, End::COMPLETED);
        }
        "Reject" => reject(state, sid, &verb),
        "Connect" => stream::connect(state, sid, verb),
        "Start" => return stream::start(state, sid, &verb),
        "Stop" => return stream::stop(state, sid, &verb),
        "Sms" => {
            text(state, sid, &verb);
            return Flow::Next;
        }
        _ => return Flow::Next,
    }
    Flow::Waits
}

/// Notes what is heard.
pub(super) fn sound(state: &mut State, sid: &str, verb: &Element) {
    match verb.name {
        "Say" => {
            // SignalWire's default is another one (signalwire.md, section 3).
            let twilio = state.voice.calls.get(sid).is_some_and(|call| call.provider == Provider::Twilio);
            let voice = verb.get("voice").unwrap_or(if twilio { "man" } else { "woman" });
            let language = verb.get("language").unwrap_or("en-US");
            note(state, sid, "said", json!({ "text": verb.text, "voice": voice, "language": language }));
        }
        "Play" => {
            let url = (!verb.text.is_empty()).then_some(&verb.text);
            note(state, sid, "played", json!({ "url": url, "digits": verb.get("digits") }));
        }
        _ => note(state, sid, "paused", json!({ "seconds": verb.number("length", 1) })),
    }
}

fn wait(state: &mut State, sid: &str, length: Option<u32>) {
    let Some(call) = state.voice.calls.get_mut(sid) else { return };
    let token = call.turn_to(Doing::Sounding);
    match length {
        Some(length) => in_time(state, seconds(length), sid, What::Next(token)),
        None => after(state, SOUND_STEPS, sid, What::Next(token)),
    }
}

fn reject(state: &mut State, sid: &str, verb: &Element) {
    let answered = state.voice.calls.get(sid).is_some_and(|call| call.answered.is_some());
    if answered {
        state.violation("document", format!("{sid}: <Reject> in a call that is answered"));
        end(state, sid, End::COMPLETED);
        return;
    }
    let reason = verb.get("reason").unwrap_or("rejected");
    note(state, sid, "rejected", json!({ "reason": reason }));
    end(state, sid, if reason == "busy" { End::BUSY } else { End::TURNED_AWAY });
}

/// The text appears on the phone; there is no message resource for it.
fn text(state: &mut State, sid: &str, verb: &Element) {
    let Some(call) = state.voice.calls.get(sid) else { return };
    let (theirs, ours) = sides(call);
    let arrival = Arrival {
        provider: call.provider,
        account: call.account.clone(),
        from: verb.get("from").map_or(ours, str::to_owned),
        to: verb.get("to").map_or(theirs, str::to_owned),
        body: verb.text.clone(),
        media: Vec::new(),
        kind: "message",
        message_sid: None,
    };
    note(state, sid, "texted", json!({ "to": arrival.to, "from": arrival.from, "text": arrival.body }));
    phones::deliver(state, arrival);
}

/// The other side's number, and ours.
fn sides(call: &Call) -> (String, String) {
    match call.direction {
        super::leg::Direction::Inbound => (call.from.clone(), call.to.clone()),
        _ => (call.to.clone(), call.from.clone()),
    }
}

/// Where a verb goes on: the address that it names, or that of the present document. A document that came with the
/// request has none: the call fails.
pub(super) fn address(
    state: &mut State,
    sid: &str,
    named: Option<&str>,
    method: Option<&str>,
) -> Option<Target> {
    let call = state.voice.calls.get(sid)?;
    match target(call, named, method) {
        Some(target) => Some(target),
        None => {
            let bad = Bad::new(11_100, "a document that came with the request has no address to go on at");
            fetch::report(state, sid, None, &bad, true);
            fetch::give_up(state, sid);
            None
        }
    }
}

pub(super) fn target(call: &Call, named: Option<&str>, method: Option<&str>) -> Option<Target> {
    match (named, &call.source) {
        (Some(named), _) if Url::parse(named).is_ok() => Some(Target::new(named, method)),
        (Some(named), Some(source)) => {
            Url::parse(&source.url).ok()?.join(named).ok().map(|url| Target::new(url.as_str(), method))
        }
        (None, Some(source)) => Some(Target::new(&source.url, method)),
        (_, None) => None,
    }
}
