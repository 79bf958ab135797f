//! Somebody calls a number that is connected to Retell.

use serde_json::{Value, json};

use super::{
    calls::{New, add},
    life::{Timer, What, after},
    numbers, variables, webhooks,
};
use crate::{call_script::CallScript, delivery::Delivery, model::Number, state::State};

/// A call that rings.
pub(crate) struct Arrival {
    pub(crate) number: Number,
    pub(crate) from: String,
    pub(crate) script: CallScript,
}

/// The question to the customer who shall answer; `None` where the number has no webhook.
pub(crate) fn announce(state: &State, arrival: &Arrival) -> Option<Delivery> {
    let number = &arrival.number;
    let url = numbers::kept(number, "inbound_webhook_url")?.as_str()?.to_owned();
    let agent = numbers::bound_agent(number, "inbound_agents");
    let ends = (arrival.from.as_str(), number.phone_number.as_str());
    Some(webhooks::question(state, &number.account, url, agent.as_deref(), ends))
}

/// What becomes of the call: `answer` is the body of a 2xx answer to the question. Without one the number's own agent
/// answers.
pub(crate) fn decide(state: &mut State, arrival: &Arrival, answer: Option<&str>) -> Value {
    let number = &arrival.number;
    let answer: Value = answer.and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
    let said = answer.get("call_inbound").and_then(Value::as_object).cloned().unwrap_or_default();
    let outcome = |outcome: &str| json!({ "provider": "retell", "account": number.account, "id": null, "outcome": outcome });
    if said.get("reject").and_then(Value::as_bool) == Some(true) {
        return outcome("rejected");
    }
    let named = said.get("override_agent_id").and_then(Value::as_str).map(str::to_owned);
    let agent = named.or_else(|| numbers::bound_agent(number, "inbound_agents"));
    let known = agent.filter(|id| state.retell.agents.get(&number.account, id).is_some());
    let Some(agent) = known else { return outcome("no_agent") };
    // Variables that are not all texts are ignored.
    let given = variables(&said, "dynamic_variables").unwrap_or_default();
    let new = New {
        account: &number.account,
        agent: &agent,
        inbound: true,
        from: &arrival.from,
        to: &number.phone_number,
        metadata: said.get("metadata").filter(|metadata| metadata.is_object()).cloned(),
        variables: given,
        sip_headers: None,
        script: arrival.script.clone(),
    };
    let id = add(state, new);
    after(state, 1, Timer { call: id.clone(), what: What::PickUp });
    json!({
        "provider": "retell",
        "account": number.account,
        "id": id,
        "call_id": id,
        "agent_id": agent,
        "outcome": "answered",
    })
}
