//! Waiting for the person at the phone: `<Gather>` and `<Record>`.

use serde_json::json;

use super::{
    dial,
    document::Element,
    fetch::{self, Request},
    leg::{Doing, Watch, note, round_up},
    phone::{What, after, in_time, seconds},
    recording::{self, Wish},
    run::{self, SOUND_STEPS},
};
use crate::{call_script::Moment, model::Provider, state::State};

/// Digits that are waited for.
#[derive(Debug, Clone)]
pub(super) struct Gather {
    verb: Element,
    digits: String,
}

/// Seconds of silence that end a recording, unless it says so. SignalWire documents no default; Twilio's stands in.
const SILENCE: u32 = 5;

/// The prompts are heard, and one listens; the phone responds one step later.
pub(super) fn gather(state: &mut State, sid: &str, verb: Element) {
    for prompt in &verb.children {
        run::sound(state, sid, prompt);
    }
    let keys = verb.words("input", "dtmf").iter().any(|input| input == "dtmf");
    note(state, sid, "asked", json!({ "input": verb.get("input").unwrap_or("dtmf") }));
    let prompts = i32::try_from(verb.children.len()).unwrap_or(0) * SOUND_STEPS;
    let patience = seconds(verb.number("timeout", 5)) + state.step * prompts;
    let Some(call) = state.voice.calls.get_mut(sid) else { return };
    let responds = if keys { call.script.digits.is_some() } else { call.script.speech.is_some() };
    let token = call.turn_to(Doing::Gathering(Gather { verb, digits: String::new() }));
    if responds {
        after(state, 1, sid, What::Responds(token));
    }
    in_time(state, patience, sid, What::GatherTimesOut(token));
}

/// The phone does what its script says when it is asked.
pub(super) fn responds(state: &mut State, sid: &str) {
    let Some(call) = state.voice.calls.get(sid) else { return };
    let Doing::Gathering(gather) = &call.doing else { return };
    let keys = gather.verb.words("input", "dtmf").iter().any(|input| input == "dtmf");
    match (keys, call.script.digits.clone(), call.script.speech.clone()) {
        (true, Some(digits), _) => {
            press(state, sid, &digits);
        }
        (_, _, Some(speech)) => {
            note(state, sid, "spoke", json!({ "text": speech }));
            let extra = [("SpeechResult", speech.as_str()), ("Confidence", "0.9")];
            finish(state, sid, &extra);
        }
        _ => {}
    }
}

/// The phone presses keys; false where there is no such call.
pub(crate) fn press(state: &mut State, sid: &str, digits: &str) -> bool {
    if state.voice.calls.get(sid).is_none() {
        return false;
    }
    note(state, sid, "pressed", json!({ "digits": digits }));
    for digit in digits.chars() {
        let Some(call) = state.voice.calls.get_mut(sid) else { return true };
        match &mut call.doing {
            Doing::Gathering(gather) => {
                let ends = gather.verb.given("finishOnKey").unwrap_or("#").contains(digit);
                if !ends {
                    gather.digits.push(digit);
                }
                let most = gather.verb.number("numDigits", u32::MAX);
                let full = u32::try_from(gather.digits.len()).is_ok_and(|length| length >= most);
                if ends || full {
                    let digits = gather.digits.clone();
                    let key = if ends { digit.to_string() } else { String::new() };
                    gathered(state, sid, &digits, &key);
                }
            }
            Doing::Dialling(dialling) if digit == '*' && dial::ends_on_star(dialling) => {
                dial::hang_up_the_other(state, sid);
            }
            Doing::Recording { verb, .. } if ends_recording(verb, digit) => {
                record_ends(state, sid, Some(digit));
            }
            _ => {}
        }
    }
    true
}

pub(super) fn times_out(state: &mut State, sid: &str) {
    let Some(call) = state.voice.calls.get(sid) else { return };
    let Doing::Gathering(gather) = &call.doing else { return };
    let digits = gather.digits.clone();
    // Nothing was pressed: the document goes on, unless it wants to know even that.
    if digits.is_empty() && !gather.verb.flag("actionOnEmptyResult", false) {
        run::proceed(state, sid);
    } else {
        gathered(state, sid, &digits, "");
    }
}

fn gathered(state: &mut State, sid: &str, digits: &str, key: &str) {
    let twilio = state.voice.calls.get(sid).is_some_and(|call| call.provider == Provider::Twilio);
    let mut extra = vec![("Digits", digits)];
    if twilio {
        extra.push(("FinishedOnKey", key));
    }
    finish(state, sid, &extra);
}

fn finish(state: &mut State, sid: &str, extra: &[(&str, &str)]) {
    let Some(call) = state.voice.calls.get_mut(sid) else { return };
    let Doing::Gathering(gather) = std::mem::replace(&mut call.doing, Doing::Waiting) else { return };
    let (action, method) = (gather.verb.get("action"), gather.verb.get("method"));
    if let Some(target) = run::address(state, sid, action, method) {
        let extra = extra.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        fetch::soon(state, sid, Request::document(target, extra));
    }
}

fn ends_recording(verb: &Element, digit: char) -> bool {
    verb.given("finishOnKey").unwrap_or("1234567890*#").contains(digit)
}

/// The recording of a `<Record>` begins. What ends it is known at once: the phone's script, silence, or its length.
pub(super) fn record(state: &mut State, sid: &str, verb: Element) {
    let Some(call) = state.voice.calls.get(sid) else { return };
    let tells = verb.get("recordingStatusCallback").and_then(|url| {
        let target = run::target(call, Some(url), verb.get("recordingStatusCallbackMethod"))?;
        let events = verb.words("recordingStatusCallbackEvent", "completed");
        Some(Watch { target, events, of_number: false })
    });
    let transcribed = verb.get("transcribeCallback");
    // Where the callback is missing nobody is told (twilio.md, section 3: no longer implicit).
    let transcription = verb
        .flag("transcribe", false)
        .then(|| transcribed.and_then(|url| run::target(call, Some(url), None)));
    let script = call.script.clone();
    let wish = Wish {
        source: "RecordVerb",
        channels: 1,
        track: "both".to_owned(),
        trim: verb.get("trim").unwrap_or("trim-silence") == "trim-silence",
        watch: tells,
        transcription: transcription.flatten(),
        speech: script.speech.clone(),
        spoken: script.speech_takes(),
    };
    let recorded = recording::start(state, sid, wish);
    if verb.flag("playBeep", true) {
        note(state, sid, "beeped", json!({}));
    }
    // Zero is 3600 at SignalWire, and no limit makes sense at Twilio either.
    let most = match verb.number("maxLength", if verb.flag("transcribe", false) { 120 } else { 3600 }) {
        0 => 3600,
        most => most,
    };
    let spoken = script.speech_takes();
    let silence = verb.number("timeout", SILENCE);
    let key = script.digits.as_deref().and_then(|digits| digits.chars().find(|c| ends_recording(&verb, *c)));
    let Some(call) = state.voice.calls.get_mut(sid) else { return };
    let token = call.turn_to(Doing::Recording { sid: recorded, verb });
    let within = |length: u32| seconds(length.min(most));
    match script.hang_up_when {
        Some(Moment::RecordingBegins) => after(state, 0, sid, What::HangsUpAtBeep(token)),
        Some(Moment::RecordingEnds) if spoken < most => {
            in_time(state, seconds(spoken.max(1)), sid, What::PhoneHangsUp);
        }
        _ if key.is_some() && spoken < most => {
            // A key that is pressed without a word still takes a moment.
            in_time(state, within(spoken.max(1)), sid, What::RecordingEnds(token, key));
        }
        _ => {
            // Silence that is never too long ends with the recording's length only.
            let ends = if silence == 0 { most } else { spoken.saturating_add(silence) };
            in_time(state, within(ends), sid, What::RecordingEnds(token, None));
        }
    }
}

/// By a key, by silence or by its length.
pub(super) fn record_ends(state: &mut State, sid: &str, key: Option<char>) {
    let Some(call) = state.voice.calls.get_mut(sid) else { return };
    let Doing::Recording { sid: recorded, verb } = std::mem::replace(&mut call.doing, Doing::Waiting) else {
        return;
    };
    call.token += 1;
    let pressed = key.map(String::from).unwrap_or_default();
    report(state, sid, &recorded, &verb, &pressed, false);
}

/// The leg is over while it is recorded.
pub(super) fn record_is_left(state: &mut State, sid: &str, recorded: &str, verb: &Element) {
    report(state, sid, recorded, verb, "hangup", true);
}

fn report(state: &mut State, sid: &str, recorded: &str, verb: &Element, digits: &str, late: bool) {
    recording::stop(state, recorded);
    let now = state.now();
    let Some(found) = state.voice.recordings.get(recorded) else { return };
    // Before anything is cut off (twilio.md, section 3).
    let length = round_up(found.stopped.unwrap_or(now) - found.started);
    let length = if found.is_kept() { length } else { 0 };
    note(state, sid, "recorded", json!({ "recording_sid": recorded, "seconds": length, "digits": digits }));
    let mut extra = vec![
        ("RecordingUrl".to_owned(), recording::url(state, recorded)),
        ("RecordingDuration".to_owned(), length.to_string()),
    ];
    if !digits.is_empty() {
        extra.push(("Digits".to_owned(), digits.to_owned()));
    }
    let target = match late {
        // Nobody hears that there is no way on.
        true => state
            .voice
            .calls
            .get(sid)
            .and_then(|call| run::target(call, verb.get("action"), verb.get("method"))),
        false => run::address(state, sid, verb.get("action"), verb.get("method")),
    };
    if let Some(target) = target {
        let request = Request::document(target, extra);
        fetch::soon(state, sid, if late { request.late() } else { request });
    }
}
