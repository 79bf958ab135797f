//! Calling somebody.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{
    super::{
        data,
        errors::{about, missing},
        stamp_z,
    },
    Leg, LegState, emit, new_control_id,
    script::{Timer, What, after},
};
use crate::{
    app::Settings,
    ids,
    json_api::{Answered, Call, Reply},
    model::Provider,
    number_text,
    state::State,
};

/// What a leg going out is made of; `body` is the request that dials or transfers.
pub(super) struct Outgoing<'a> {
    pub(super) account: &'a str,
    pub(super) connection: &'a str,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) session: Option<String>,
    pub(super) transfer_of: Option<String>,
    pub(super) client_state: Option<&'a str>,
    pub(super) body: &'a Map<String, Value>,
}

pub(super) fn client_state(body: &Map<String, Value>) -> Result<Option<&str>, Reply> {
    match body.get("client_state") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if STANDARD.decode(text).is_ok() => Ok(Some(text)),
        Some(_) => Err(about(
            422,
            90017,
            "/client_state",
            "The 'client_state' parameter must be a valid base64 string.",
        )),
    }
}

/// Makes the leg ring; returns its control id.
pub(super) fn ring(state: &mut State, out: Outgoing<'_>) -> String {
    let now = state.now();
    let text = |name: &str| out.body.get(name).and_then(Value::as_str).map(str::to_owned);
    let number = |name: &str, default: u64| out.body.get(name).and_then(Value::as_u64).unwrap_or(default);
    let event_urls: BTreeMap<String, String> = out
        .body
        .get("webhook_urls")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(event, url)| Some((event.clone(), url.as_str()?.to_owned())))
        .collect();
    let record = text("record").map(|_| {
        let format = text("record_format").unwrap_or_else(|| "mp3".to_owned());
        (format, text("record_channels").unwrap_or_else(|| "dual".to_owned()))
    });
    let id = new_control_id();
    let leg = Leg {
        order: state.telnyx.calls.len(),
        account: out.account.to_owned(),
        control_id: id.clone(),
        leg_id: ids::uuid(),
        session_id: out.session.unwrap_or_else(ids::uuid),
        connection: out.connection.to_owned(),
        incoming: false,
        from: out.from.to_owned(),
        to: out.to.to_owned(),
        state: LegState::Ringing,
        client_state: out.client_state.map(str::to_owned),
        own_url: text("webhook_url"),
        event_urls,
        created: now,
        answered: None,
        ended: None,
        hangup_cause: None,
        detection: text("answering_machine_detection").unwrap_or_else(|| "disabled".to_owned()),
        record,
        audio_url: text("audio_url"),
        timeout_secs: number("timeout_secs", 30),
        time_limit_secs: number("time_limit_secs", 14_400),
        script: state.phones.get(out.to).and_then(|phone| phone.call.clone()).unwrap_or_default(),
        commanded: true,
        commands: Vec::new(),
        events: Vec::new(),
        sound: None,
        gather: None,
        recording: None,
        stream: None,
        bridged: None,
        transfer_of: out.transfer_of,
        sent_digits: String::new(),
    };
    let steps = 1 + i32::from(leg.script.after_steps);
    state.telnyx.calls.insert(id.clone(), leg);
    let own = state.numbers.contains_key(&(Provider::Telnyx, out.from.to_owned()));
    let initiated = json!({
        "direction": "outgoing",
        "state": "bridging",
        "start_time": stamp_z(now),
        // A where the calling number is one's own (telnyx.md, section 8).
        "shaken_stir_attestation": if own { "A" } else { "B" },
        "shaken_stir_validated": own,
    });
    emit::emit(state, &id, "call.initiated", initiated, 1);
    after(state, steps, Timer { leg: id.clone(), what: What::PickUp });
    id
}

/// `POST /v2/calls`
pub(in crate::telnyx) fn create(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let to = match call.body.get("to") {
        Some(Value::String(to)) => Some(to.as_str()),
        Some(Value::Array(list)) => list.first().and_then(Value::as_str),
        _ => None,
    };
    let to = to.ok_or_else(|| missing("/to"))?;
    let from = call.text("from").ok_or_else(|| missing("/from"))?;
    let connection = call.text("connection_id").ok_or_else(|| missing("/connection_id"))?;
    let state_given = client_state(&call.body)?;
    for (pointer, number) in [("/to", to), ("/from", from)] {
        let is_number = number.starts_with('+') && number_text::normalised(number).is_some();
        if !is_number && !number.starts_with("sip:") {
            let detail = "The specified phone number parameter must be in +E.164 format.";
            return Err(about(422, 10016, pointer, detail));
        }
    }
    if state.telnyx.applications.get(call.account(), connection).is_none() {
        let detail = "The requested connection_id (Call Control App ID) is either invalid or does not exist.";
        return Err(about(422, 10015, "/connection_id", detail));
    }
    // One `command_id` dials once.
    if let Some(command) = call.text("command_id") {
        let now = state.now();
        let recent = state.telnyx.dialled.get(&(call.account().to_owned(), command.to_owned()));
        let earlier = recent.filter(|(_, at)| now - *at < time::Duration::MINUTE);
        if let Some(leg) = earlier.and_then(|(id, _)| state.telnyx.calls.get(id)) {
            return Ok(Reply::new(200, data(leg.show(now))).warning("duplicate command_id"));
        }
    }
    let owned = state.numbers.get(&(Provider::Telnyx, from.to_owned()));
    let foreign = owned.is_none_or(|number| number.account != call.account());
    let out = Outgoing {
        account: call.account(),
        connection,
        from,
        to,
        session: None,
        transfer_of: None,
        client_state: state_given,
        body: &call.body,
    };
    let id = ring(state, out);
    if let Some(command) = call.text("command_id") {
        let key = (call.account().to_owned(), command.to_owned());
        let now = state.now();
        state.telnyx.dialled.insert(key, (id.clone(), now));
    }
    let now = state.now();
    let shown = state.telnyx.calls.get(&id).map(|leg| leg.show(now)).unwrap_or_default();
    let reply = Reply::new(200, data(shown)).creating(&id);
    Ok(if foreign { reply.warning("from is not a number of the account") } else { reply })
}

/// `GET /v2/calls/{call_control_id}`
pub(in crate::telnyx) fn fetch(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let leg = state.telnyx.calls.get(call.arg(0)).filter(|leg| leg.account == call.account());
    let leg = leg.ok_or_else(super::super::errors::not_found)?;
    Ok(Reply::new(200, data(leg.show(state.now()))))
}
