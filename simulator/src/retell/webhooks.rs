//! Telling the customer.

use std::time::Duration;

use serde_json::{Value, json};

use super::{calls::Happened, millis};
use crate::{
    delivery::{Body, Delivery},
    events::Event,
    model::Provider,
    state::State,
};

/// What an agent sends unless it says otherwise (retell.md, section 5).
const USUAL: [&str; 3] = ["call_started", "call_ended", "call_analyzed"];

/// Makes the event and has it posted after so many steps: to the agent's address, else to the account's.
pub(super) fn emit(state: &mut State, id: &str, event: &str, steps: i32) {
    let at = state.timestamp();
    let Some(call) = state.retell.calls.get_mut(id) else { return };
    let payload = call.show();
    call.events.push(Happened { at, event: event.to_owned(), payload: payload.clone() });
    let call = call.clone();
    let agent = state.retell.agents.get(&call.account, &call.agent);
    let wanted = match agent.and_then(|agent| agent.body.get("webhook_events")?.as_array()) {
        Some(events) => events.iter().any(|wanted| wanted == event),
        None => USUAL.contains(&event),
    };
    let of_agent = agent.and_then(|agent| agent.text("webhook_url").map(str::to_owned));
    let of_account = state.accounts.get(&call.account).and_then(|account| account.webhook_url.clone());
    let patience = agent.and_then(|agent| agent.body.get("webhook_timeout_ms")?.as_u64());
    let Some(url) = of_agent.or(of_account).filter(|_| wanted) else { return };
    let delivery = Delivery {
        provider: Provider::Retell,
        account: call.account,
        kind: "call",
        message_sid: call.id,
        status: None,
        event: Some(event.to_owned()),
        last: event == "call_analyzed",
        from: call.from,
        to: call.to,
        method: "POST".to_owned(),
        url,
        fallbacks: Vec::new(),
        body: Body::Json(json!({ "event": event, "call": payload }).to_string()),
        token: String::new(),
        timeout: patience.map(Duration::from_millis),
        faulted: false,
        redelivery_of: None,
    };
    let due = state.after_steps(steps);
    state.queue.push(due, Event::Deliver(Box::new(delivery)));
}

/// The question to a number's `inbound_webhook_url`: who shall answer?
pub(super) fn question(
    state: &State,
    account: &str,
    url: String,
    agent: Option<&str>,
    (from, to): (&str, &str),
) -> Delivery {
    let mut inbound = json!({ "from_number": from, "to_number": to, "custom_sip_headers": {} });
    if let (Some(agent), Some(inbound)) = (agent, inbound.as_object_mut()) {
        inbound.insert("agent_id".to_owned(), json!(agent));
        inbound.insert("agent_version".to_owned(), json!(0));
    }
    let body: Value = json!({
        "event": "call_inbound",
        "event_timestamp": millis(state.now()),
        "call_inbound": inbound,
    });
    Delivery {
        provider: Provider::Retell,
        account: account.to_owned(),
        kind: "inbound_call",
        message_sid: String::new(),
        status: None,
        event: Some("call_inbound".to_owned()),
        last: true,
        from: from.to_owned(),
        to: to.to_owned(),
        method: "POST".to_owned(),
        url,
        fallbacks: Vec::new(),
        body: Body::Json(body.to_string()),
        token: String::new(),
        timeout: None,
        faulted: false,
        redelivery_of: None,
    }
}
