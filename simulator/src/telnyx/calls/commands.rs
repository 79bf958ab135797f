//! Commands on a leg: `POST /v2/calls/{call_control_id}/actions/{command}`.

use serde_json::{Value, json};
use time::Duration;

use super::{
    super::{
        data,
        errors::{about, missing, not_found, problem},
    },
    Command, Leg, LegState,
    dial::{Outgoing, client_state, ring},
    emit,
    ending::{End, end},
    gather, recordings,
    script::{answer, bridge, sound_ends, start_sound},
};
use crate::{
    app::Settings,
    json_api::{Answered, Call, Reply},
    state::State,
};

/// How long a `command_id` is remembered (telnyx.md, trap 9).
const REMEMBERED: Duration = Duration::seconds(60);

/// Any command that is posted.
pub(in crate::telnyx) fn run(state: &mut State, _: &Settings, call: &Call) -> Answered {
    if call.arg(1) == "client_state_update" {
        return Err(not_found());
    }
    checked(state, call)
}

/// Checked, done and written down.
fn checked(state: &mut State, call: &Call) -> Answered {
    let (id, name) = (call.arg(0).to_owned(), call.arg(1).to_owned());
    let known = state.telnyx.calls.get(&id).is_some_and(|leg| leg.account == call.account());
    if !known {
        return Err(problem(422, 90015, "The provided call_control_id was not valid."));
    }
    let duplicate = is_duplicate(state, &id, call);
    let outcome = if duplicate { Ok(Value::Null) } else { act(state, call, &id, &name) };
    let reply = match outcome {
        Ok(more) => {
            let mut result = json!({ "result": "ok" });
            if let (Value::Object(more), Some(result)) = (more, result.as_object_mut()) {
                result.extend(more);
            }
            Reply::new(200, data(result))
        }
        Err(refusal) => refusal,
    };
    let (at, instant) = (state.timestamp(), state.now());
    if let Some(leg) = state.telnyx.calls.get_mut(&id) {
        leg.commands.push(Command {
            at,
            command: name,
            params: Value::Object(call.body.clone()),
            duplicate,
            status: reply.status,
            instant,
        });
    }
    if duplicate { Ok(reply.warning("duplicate command_id")) } else { Ok(reply) }
}

/// `PUT …/actions/client_state_update`: the one command that is not posted.
pub(in crate::telnyx) fn update_client_state(state: &mut State, _: &Settings, call: &Call) -> Answered {
    if call.arg(1) != "client_state_update" {
        return Err(not_found());
    }
    if !call.body.contains_key("client_state") {
        return Err(missing("/client_state"));
    }
    checked(state, call)
}

fn is_duplicate(state: &State, id: &str, call: &Call) -> bool {
    let now = state.now();
    let Some(wanted) = call.text("command_id") else { return false };
    state.telnyx.calls.get(id).is_some_and(|leg| {
        leg.commands.iter().any(|earlier| {
            // A refused command may be tried again.
            earlier.status == 200
                && now - earlier.instant < REMEMBERED
                && earlier.params.get("command_id").and_then(Value::as_str) == Some(wanted)
        })
    })
}

/// Does it; what `result` has beside `ok` comes back.
fn act(state: &mut State, call: &Call, id: &str, name: &str) -> Result<Value, Reply> {
    let given = client_state(&call.body)?.map(str::to_owned);
    let leg = leg(state, id)?;
    if leg.state == LegState::Ended {
        return Err(problem(422, 90018, "This call is no longer active and can't receive commands."));
    }
    let needs_answer = !matches!(name, "answer" | "hangup" | "reject" | "transfer" | "client_state_update");
    if needs_answer && leg.state != LegState::Answered {
        let detail = "This call can't receive this command because it has not been answered yet.";
        return Err(problem(422, 90034, detail));
    }
    check(call, name)?;
    if let Some(leg) = state.telnyx.calls.get_mut(id) {
        leg.commanded = true;
        // It travels in all later events.
        if given.is_some() {
            leg.client_state = given;
        }
    }
    perform(state, call, id, name)
}

fn leg<'a>(state: &'a State, id: &str) -> Result<&'a Leg, Reply> {
    state
        .telnyx
        .calls
        .get(id)
        .ok_or_else(|| problem(422, 90015, "The provided call_control_id was not valid."))
}

/// What a command cannot be without (spec3, the `required` members).
fn check(call: &Call, name: &str) -> Result<(), Reply> {
    let required: &[&str] = match name {
        "reject" => &["cause"],
        "bridge" => &["call_control_id"],
        "transfer" => &["to"],
        "speak" | "gather_using_speak" => &["payload", "voice"],
        "record_start" => &["format", "channels"],
        "send_dtmf" => &["digits"],
        _ => &[],
    };
    for member in required {
        if call.text(member).is_none() {
            return Err(missing(&format!("/{member}")));
        }
    }
    let one_of = |member: &str, values: &[&str], code: u32| match call.text(member) {
        Some(value) if !values.contains(&value) => {
            let detail = format!("'{member}' must be one of {}.", values.join(", "));
            Err(about(422, code, &format!("/{member}"), &detail))
        }
        _ => Ok(()),
    };
    match name {
        "reject" => one_of("cause", &["CALL_REJECTED", "USER_BUSY"], 10032),
        "record_start" => {
            one_of("format", &["wav", "mp3"], 90000)?;
            one_of("channels", &["single", "dual"], 90001)
        }
        "speak" | "gather_using_speak"
            if call.text("payload").is_some_and(|text| text.chars().count() > 5000) =>
        {
            let detail = "The 'payload' parameter should contain between 1 and 5000 characters.";
            Err(about(422, 90010, "/payload", detail))
        }
        "send_dtmf" => {
            let fits = |c: char| c.is_ascii_digit() || "ABCDabcdwW*#".contains(c);
            if call.text("digits").is_some_and(|digits| digits.chars().all(fits)) {
                return Ok(());
            }
            Err(about(422, 90014, "/digits", "The 'digits' parameter has characters that are no digits."))
        }
        "playback_start"
            if ["audio_url", "media_name", "playback_content"].iter().all(|m| call.text(m).is_none()) =>
        {
            Err(missing("/audio_url"))
        }
        _ => Ok(()),
    }
}

fn perform(state: &mut State, call: &Call, id: &str, name: &str) -> Result<Value, Reply> {
    let incoming = leg(state, id)?.incoming;
    let answered = leg(state, id)?.state == LegState::Answered;
    match name {
        "answer" => {
            if !incoming {
                let detail = "Call answer command cannot be issued for outbound calls.";
                return Err(problem(422, 90102, detail));
            }
            if let Some(leg) = state.telnyx.calls.get_mut(id).filter(|_| !answered) {
                leg.own_url = call.text("webhook_url").map(str::to_owned).or(leg.own_url.take());
                if call.text("record").is_some() {
                    let text = |name: &str, default: &str| call.text(name).unwrap_or(default).to_owned();
                    leg.record = Some((text("record_format", "mp3"), text("record_channels", "dual")));
                }
            }
            if !answered {
                answer(state, id);
            }
        }
        "hangup" => {
            let how = match (incoming, answered) {
                (true, true) => End::BY_CALLEE,
                (true, false) => End::REJECTED,
                (false, true) => End::BY_CALLER,
                (false, false) => End::ORIGINATOR_CANCEL,
            };
            end(state, id, how);
        }
        "reject" => {
            let busy = call.text("cause") == Some("USER_BUSY");
            end(state, id, if busy { End::BUSY } else { End::REJECTED });
        }
        "speak" => start_sound(state, id, "call.speak", json!({}), true),
        "playback_start" => {
            let about = match (call.text("audio_url"), call.text("media_name")) {
                (Some(url), _) => json!({ "media_url": url, "overlay": call.flag("overlay", false) }),
                (None, name) => json!({ "media_name": name, "overlay": call.flag("overlay", false) }),
            };
            let endless = call.text("loop") == Some("infinity");
            start_sound(state, id, "call.playback", about, !endless);
        }
        "playback_stop" => sound_ends(state, id, "cancelled"),
        "record_start" => {
            let text = |name: &str| call.text(name).unwrap_or_default().to_owned();
            recordings::start(state, id, &text("format"), &text("channels"));
            let running = leg(state, id)?.recording.as_ref().map(|running| running.id.clone());
            return Ok(json!({ "recording_id": running }));
        }
        "record_stop" => recordings::stop(state, id),
        "gather" | "gather_using_speak" | "gather_using_audio" => gather::start(state, id, call),
        "gather_stop" => gather::ends(state, id, "cancelled"),
        "send_dtmf" => {
            if let Some(leg) = state.telnyx.calls.get_mut(id) {
                leg.sent_digits.push_str(call.text("digits").unwrap_or_default());
            }
        }
        "transfer" => transfer(state, call, id)?,
        "bridge" => {
            let other = call.text("call_control_id").unwrap_or_default().to_owned();
            let alive = leg(state, &other)?.state != LegState::Ended;
            if !alive || other == id {
                return Err(about(422, 90018, "/call_control_id", "The other call is no longer active."));
            }
            bridge(state, id, &other);
        }
        "streaming_start" => {
            let url = call.text("stream_url").unwrap_or_default().to_owned();
            if let Some(leg) = state.telnyx.calls.get_mut(id) {
                leg.stream = Some(url.clone());
            }
            emit::emit(state, id, "streaming.started", json!({ "stream_url": url }), 1);
        }
        "streaming_stop" => {
            let url = state.telnyx.calls.get_mut(id).and_then(|leg| leg.stream.take());
            emit::emit(state, id, "streaming.stopped", json!({ "stream_url": url }), 1);
        }
        "client_state_update" => {}
        _ => return Err(not_found()),
    }
    Ok(Value::Null)
}

/// A second leg in the same session, bridged with this one once it is answered.
fn transfer(state: &mut State, call: &Call, id: &str) -> Result<(), Reply> {
    let this = leg(state, id)?.clone();
    let to = call.text("to").unwrap_or_default();
    let from = call.text("from").unwrap_or(if this.incoming { &this.to } else { &this.from });
    let target_state = call.text("target_leg_client_state");
    let out = Outgoing {
        account: &this.account,
        connection: &this.connection,
        from,
        to,
        session: Some(this.session_id.clone()),
        transfer_of: Some(id.to_owned()),
        client_state: target_state,
        body: &call.body,
    };
    ring(state, out);
    Ok(())
}
