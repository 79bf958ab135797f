//! Somebody calls one of the numbers.

use serde_json::{Value, json};
use time::Duration;

use super::{
    super::stamp_z,
    Leg, LegState, emit,
    ending::{End, end},
    gather, new_control_id,
    script::{Timer, What, in_time},
};
use crate::{call_script::CallScript, delivery::Delivery, ids, model::Number, state::State};

/// Nobody lets it ring for longer.
const CALLERS_PATIENCE: Duration = Duration::seconds(60);

/// The call is parked; returns its ids and the webhook that says so.
pub(crate) fn arrive(
    state: &mut State,
    number: &Number,
    from: &str,
    attestation: Option<&str>,
    script: CallScript,
) -> Result<(Value, Option<Delivery>), String> {
    let connection = number.setting("connection_id").unwrap_or_default().to_owned();
    let application = state
        .telnyx
        .applications
        .get(&number.account, &connection)
        .ok_or_else(|| format!("{} has no call control application", number.phone_number))?;
    let first = application
        .flag("first_command_timeout")
        .then(|| application.body.get("first_command_timeout_secs").and_then(Value::as_i64).unwrap_or(30));
    let now = state.now();
    let id = new_control_id();
    let leg = Leg {
        order: state.telnyx.calls.len(),
        account: number.account.clone(),
        control_id: id.clone(),
        leg_id: ids::uuid(),
        session_id: ids::uuid(),
        connection,
        incoming: true,
        from: from.to_owned(),
        to: number.phone_number.clone(),
        state: LegState::Parked,
        client_state: None,
        own_url: None,
        event_urls: std::collections::BTreeMap::new(),
        created: now,
        answered: None,
        ended: None,
        hangup_cause: None,
        detection: "disabled".to_owned(),
        record: None,
        audio_url: None,
        timeout_secs: 30,
        time_limit_secs: 14_400,
        script,
        commanded: false,
        commands: Vec::new(),
        events: Vec::new(),
        sound: None,
        gather: None,
        recording: None,
        stream: None,
        bridged: None,
        transfer_of: None,
        sent_digits: String::new(),
    };
    let ids = json!({
        "provider": "telnyx",
        "account": leg.account,
        "id": leg.control_id,
        "call_control_id": leg.control_id,
        "call_leg_id": leg.leg_id,
        "call_session_id": leg.session_id,
    });
    state.telnyx.calls.insert(id.clone(), leg);
    let mut initiated = json!({
        "direction": "incoming",
        "state": "parked",
        "start_time": stamp_z(now),
        "caller_id_name": from,
        "connection_codecs": "PCMU,PCMA",
        "offered_codecs": "PCMU,PCMA",
    });
    if let (Some(level), Some(initiated)) = (attestation, initiated.as_object_mut()) {
        initiated.insert("shaken_stir_attestation".to_owned(), json!(level));
        initiated.insert("shaken_stir_validated".to_owned(), json!(true));
    }
    if let Some(seconds) = first {
        let timer = Timer { leg: id.clone(), what: What::FirstCommandTimeout };
        in_time(state, Duration::seconds(seconds), timer);
    }
    in_time(state, CALLERS_PATIENCE, Timer { leg: id.clone(), what: What::RingingEnds });
    Ok((ids, emit::make(state, &id, "call.initiated", initiated)))
}

/// The person at the phone presses digits.
pub(crate) fn press(state: &mut State, id: &str, digits: &str) {
    gather::press(state, id, digits);
}

/// The person at the phone hangs up.
pub(crate) fn hang_up(state: &mut State, id: &str) {
    let Some(leg) = state.telnyx.calls.get(id) else { return };
    let how = match (leg.incoming, leg.state) {
        (true, LegState::Parked) => End::ORIGINATOR_CANCEL,
        (true, _) => End::BY_CALLER,
        (false, LegState::Ringing) => End::REJECTED,
        (false, _) => End::BY_CALLEE,
    };
    end(state, id, how);
}
