//! Waiting for digits.

use serde_json::json;
use time::Duration;

use super::{
    Gather, emit,
    script::{Timer, What, after, in_time},
};
use crate::{ids, json_api::Call, state::State};

/// A number that no two sounds or gathers share.
pub(super) fn token() -> u64 {
    u64::from_str_radix(ids::hex64().get(..15).unwrap_or_default(), 16).unwrap_or_default()
}

/// Starts to wait; the phone presses what its script says one step later.
pub(super) fn start(state: &mut State, id: &str, call: &Call) {
    let number = |name: &str, default: u64| call.number(name).unwrap_or(default);
    let size = |name: &str, default: u64| usize::try_from(number(name, default)).unwrap_or(128);
    let token = token();
    let gather = Gather {
        token,
        digits: String::new(),
        least: size("minimum_digits", 1),
        most: size("maximum_digits", 128),
        terminating: call.text("terminating_digit").unwrap_or("#").to_owned(),
        valid: call.text("valid_digits").unwrap_or("0123456789#*").to_owned(),
    };
    let wait = Duration::milliseconds(i64::try_from(number("timeout_millis", 60_000)).unwrap_or(60_000));
    let Some(leg) = state.telnyx.calls.get_mut(id) else { return };
    leg.gather = Some(gather);
    let scripted = leg.script.digits.is_some();
    let leg = id.to_owned();
    if scripted {
        after(state, 1, Timer { leg: leg.clone(), what: What::Press(token) });
    }
    in_time(state, wait, Timer { leg, what: What::GatherTimesOut(token) });
}

pub(super) fn press_scripted(state: &mut State, id: &str, token: u64) {
    let Some(leg) = state.telnyx.calls.get(id) else { return };
    if leg.gather.as_ref().is_none_or(|gather| gather.token != token) {
        return;
    }
    let digits = leg.script.digits.clone().unwrap_or_default();
    press(state, id, &digits);
}

/// The phone presses digits: an event for each, and the end of a gather that has enough.
pub(super) fn press(state: &mut State, id: &str, digits: &str) {
    for digit in digits.chars() {
        emit::emit(state, id, "call.dtmf.received", json!({ "digit": digit.to_string() }), 0);
        let Some(leg) = state.telnyx.calls.get_mut(id) else { return };
        let Some(gather) = &mut leg.gather else { continue };
        let terminates = gather.terminating.contains(digit);
        if !terminates && gather.valid.contains(digit) {
            gather.digits.push(digit);
        }
        if terminates || gather.digits.len() >= gather.most {
            let status = if gather.digits.len() >= gather.least { "valid" } else { "invalid" };
            ends(state, id, status);
        }
    }
}

pub(super) fn times_out(state: &mut State, id: &str, token: u64) {
    let Some(leg) = state.telnyx.calls.get(id) else { return };
    if let Some(gather) = leg.gather.as_ref().filter(|gather| gather.token == token) {
        // Digits without a terminating one: enough of them is still an answer.
        let enough = !gather.digits.is_empty() && gather.digits.len() >= gather.least;
        ends(state, id, if enough { "valid" } else { "timeout" });
    }
}

/// `call.gather.ended`, where digits were waited for.
pub(super) fn ends(state: &mut State, id: &str, status: &str) {
    let Some(gather) = state.telnyx.calls.get_mut(id).and_then(|leg| leg.gather.take()) else { return };
    let extra = json!({ "digits": gather.digits, "status": status });
    emit::emit(state, id, "call.gather.ended", extra, 0);
}
