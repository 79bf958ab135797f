//! Making an event of a call.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    super::events::{Envelope, event},
    Happened, Leg,
};
use crate::{delivery::Delivery, events::Event, state::State};

/// Makes the event and has it posted after so many steps.
pub(super) fn emit(state: &mut State, id: &str, name: &str, extra: Value, steps: i32) {
    if let Some(delivery) = make(state, id, name, extra) {
        let due = state.after_steps(steps);
        state.queue.push(due, Event::Deliver(Box::new(delivery)));
    }
}

/// Makes the event; `None` where nobody listens. An application with the legacy payload gets nothing: that it was
/// forgotten to be changed is what a test wants to know.
pub(super) fn make(state: &mut State, id: &str, name: &str, extra: Value) -> Option<Delivery> {
    let at = state.timestamp();
    let leg = state.telnyx.calls.get_mut(id)?;
    let payload = payload(leg, name, extra);
    leg.events.push(Happened { at, event: name.to_owned(), payload: payload.clone() });
    let leg = leg.clone();
    let application = state.telnyx.applications.get(&leg.account, &leg.connection);
    let text = |member: &str| application.and_then(|found| found.text(member)).map(str::to_owned);
    if application.is_some_and(|found| found.text("webhook_api_version") != Some("2")) {
        let detail = format!("{name} of {id}: application {} has webhook_api_version 1", leg.connection);
        state.violation("legacy_payload", detail);
        return None;
    }
    let own = leg.event_urls.get(name).or(leg.own_url.as_ref()).cloned();
    let urls = [own.or_else(|| text("webhook_event_url")), text("webhook_event_failover_url")];
    let seconds =
        application.and_then(|found| found.body.get("webhook_timeout_secs")?.as_u64()).filter(|s| *s > 0);
    let envelope = Envelope {
        account: &leg.account,
        kind: "call",
        event: name,
        about: &leg.control_id,
        status: None,
        last: name == "call.hangup",
        from: &leg.from,
        to: &leg.to,
        urls: urls.into_iter().flatten().collect(),
        timeout: seconds.map(Duration::from_secs),
    };
    event(state, envelope, &payload)
}

fn payload(leg: &Leg, name: &str, extra: Value) -> Value {
    let mut payload = json!({
        "call_leg_id": leg.leg_id,
        "call_session_id": leg.session_id,
        "connection_id": leg.connection,
        "client_state": leg.client_state,
    });
    if let (Some(payload), Value::Object(extra)) = (payload.as_object_mut(), extra) {
        // This one event names the leg only (telnyx.md, trap 5).
        if name != "call.recording.saved" {
            payload.insert("call_control_id".to_owned(), json!(leg.control_id));
            payload.insert("from".to_owned(), json!(leg.from));
            payload.insert("to".to_owned(), json!(leg.to));
        }
        payload.extend(extra);
    }
    payload
}
