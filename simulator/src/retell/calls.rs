//! Calls, and asking for them.

use serde::Serialize;
use serde_json::{Map, Value};
use time::{Duration, OffsetDateTime};

use super::{
    life::{self, Timer, What},
    numbers, problem, unknown_asset, variables,
};
use crate::{
    app::Settings,
    call_script::CallScript,
    ids,
    json_api::{Answered, Call, Reply},
    model::Provider,
    number_text,
    state::State,
};

/// How long a registered call waits to be dialled (retell.md, trap 7).
const REGISTERED_FOR: Duration = Duration::minutes(5);

/// An event or a command, for the control API.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Happened {
    pub(super) at: String,
    pub(super) event: String,
    pub(super) payload: Value,
}

#[derive(Debug, Clone)]
pub(super) struct PhoneCall {
    pub(super) order: usize,
    pub(super) account: String,
    pub(super) id: String,
    pub(super) agent: String,
    pub(super) agent_name: Option<String>,
    pub(super) inbound: bool,
    pub(super) from: String,
    pub(super) to: String,
    /// `registered`, `not_connected`, `ongoing`, `ended` or `error`.
    pub(super) status: &'static str,
    pub(super) metadata: Option<Value>,
    pub(super) variables: Option<Value>,
    pub(super) sip_headers: Option<Value>,
    pub(super) created: OffsetDateTime,
    pub(super) started: Option<OffsetDateTime>,
    pub(super) ended: Option<OffsetDateTime>,
    pub(super) reason: Option<&'static str>,
    pub(super) recording_url: Option<String>,
    pub(super) analysed: bool,
    pub(super) script: CallScript,
    pub(super) commands: Vec<Happened>,
    pub(super) events: Vec<Happened>,
}

impl PhoneCall {
    pub(super) fn is_live(&self) -> bool {
        matches!(self.status, "registered" | "ongoing")
    }
}

/// What a new call is made of.
pub(super) struct New<'a> {
    pub(super) account: &'a str,
    pub(super) agent: &'a str,
    pub(super) inbound: bool,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) metadata: Option<Value>,
    pub(super) variables: Option<Value>,
    pub(super) sip_headers: Option<Value>,
    pub(super) script: CallScript,
}

/// Registers the call; returns its id.
pub(super) fn add(state: &mut State, new: New<'_>) -> String {
    let id = format!("call_{}", ids::hex64().get(..27).unwrap_or_default());
    let agent_name = state
        .retell
        .agents
        .get(new.account, new.agent)
        .and_then(|agent| agent.text("agent_name").map(str::to_owned));
    let call = PhoneCall {
        order: state.retell.calls.len(),
        account: new.account.to_owned(),
        id: id.clone(),
        agent: new.agent.to_owned(),
        agent_name,
        inbound: new.inbound,
        from: new.from.to_owned(),
        to: new.to.to_owned(),
        status: "registered",
        metadata: new.metadata,
        variables: new.variables,
        sip_headers: new.sip_headers,
        created: state.now(),
        started: None,
        ended: None,
        reason: None,
        recording_url: None,
        analysed: false,
        script: new.script,
        commands: Vec::new(),
        events: Vec::new(),
    };
    state.retell.calls.insert(id.clone(), call);
    id
}

fn object(body: &Map<String, Value>, name: &str) -> Option<Value> {
    body.get(name).filter(|value| value.is_object()).cloned()
}

fn money(state: &State, call: &Call) -> Result<(), Reply> {
    if state.accounts.get(call.account()).is_some_and(|account| account.balance_micros <= 0) {
        return Err(problem(402, "Trial has ended, please add payment method."));
    }
    Ok(())
}

/// `POST /v2/create-phone-call`
pub(super) fn create(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let from = call.text("from_number").ok_or_else(|| problem(400, "from_number is required"))?;
    let to = call.text("to_number").ok_or_else(|| problem(400, "to_number is required"))?;
    let given = variables(&call.body, "retell_llm_dynamic_variables")?;
    let strict = !call.flag("ignore_e164_validation", false);
    if strict && !(to.starts_with('+') && number_text::normalised(to).is_some()) {
        return Err(problem(400, "to_number must be in E.164 format"));
    }
    money(state, call)?;
    let number = state
        .numbers
        .get(&(Provider::Retell, from.to_owned()))
        .filter(|number| number.account == call.account())
        .ok_or_else(unknown_asset)?;
    let agent = call
        .text("override_agent_id")
        .map(str::to_owned)
        .or_else(|| numbers::bound_agent(number, "outbound_agents"))
        .ok_or_else(|| problem(400, "No outbound agent id set up for phone number."))?;
    state.retell.agents.get(call.account(), &agent).ok_or_else(unknown_asset)?;
    let script = state.phones.get(to).and_then(|phone| phone.call.clone()).unwrap_or_default();
    let steps = 1 + i32::from(script.after_steps);
    let new = New {
        account: call.account(),
        agent: &agent,
        inbound: false,
        from,
        to,
        metadata: object(&call.body, "metadata"),
        variables: given,
        sip_headers: object(&call.body, "custom_sip_headers"),
        script,
    };
    let id = add(state, new);
    life::after(state, steps, Timer { call: id.clone(), what: What::PickUp });
    shown(state, &id, 201)
}

fn shown(state: &State, id: &str, status: u16) -> Answered {
    let call = state.retell.calls.get(id).ok_or_else(unknown_asset)?;
    Ok(Reply::new(status, call.show()).creating(id))
}

/// `POST /v2/register-phone-call`: to be dialled as `sip:{call_id}@sip.retellai.com`.
pub(super) fn register(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let agent = call.text("agent_id").ok_or_else(|| problem(400, "agent_id is required"))?;
    state.retell.agents.get(call.account(), agent).ok_or_else(unknown_asset)?;
    money(state, call)?;
    let new = New {
        account: call.account(),
        agent,
        inbound: call.text("direction") != Some("outbound"),
        from: call.text("from_number").unwrap_or_default(),
        to: call.text("to_number").unwrap_or_default(),
        metadata: object(&call.body, "metadata"),
        variables: variables(&call.body, "retell_llm_dynamic_variables")?,
        sip_headers: None,
        script: CallScript::default(),
    };
    let id = add(state, new);
    life::in_time(state, REGISTERED_FOR, Timer { call: id.clone(), what: What::NeverDialled });
    shown(state, &id, 201)
}

/// `GET /v2/get-call/{id}`
pub(super) fn fetch(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let found = state.retell.calls.get(call.arg(0)).filter(|found| found.account == call.account());
    Ok(Reply::new(200, found.ok_or_else(unknown_asset)?.show()))
}

/// `POST /v2/stop-call/{id}`
pub(super) fn stop(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let at = state.timestamp();
    let found = state
        .retell
        .calls
        .get_mut(call.arg(0))
        .filter(|found| found.account == call.account())
        .ok_or_else(unknown_asset)?;
    let live = found.is_live();
    found.commands.push(Happened { at, event: "stop".to_owned(), payload: Value::Null });
    if !live {
        return Err(problem(400, "Call is not ongoing."));
    }
    let id = found.id.clone();
    life::end(state, &id, "manual_stopped");
    Ok(Reply::no_content())
}
