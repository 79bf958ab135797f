//! Numbers that somebody else holds and Retell answers, connected by a SIP trunk.

use serde_json::{Map, Value, json};

use super::{listing::pages, millis, problem, unknown_asset};
use crate::{
    app::Settings,
    json_api::{Answered, Call, Reply},
    model::{Capabilities, Number, Provider},
    number_text,
    state::State,
};

/// The members that are kept, as JSON texts among the number's settings.
const KEPT: [&str; 12] = [
    "inbound_agents",
    "outbound_agents",
    "inbound_sms_agents",
    "outbound_sms_agents",
    "nickname",
    "inbound_webhook_url",
    "inbound_sms_webhook_url",
    "allowed_inbound_country_list",
    "allowed_outbound_country_list",
    "fallback_number",
    "termination_uri",
    "transport",
];

/// A number that the control API plants: its settings become JSON texts.
pub(crate) fn connect_seeded(number: &mut Number) {
    for (single, list) in [("inbound_agent_id", "inbound_agents"), ("outbound_agent_id", "outbound_agents")] {
        if let Some(agent) = number.settings.remove(single) {
            number.settings.insert(list.to_owned(), only(&agent).to_string());
        }
    }
    if let Some(url) = number.settings.remove("inbound_webhook_url") {
        number.settings.insert("inbound_webhook_url".to_owned(), json!(url).to_string());
    }
}

fn only(agent: &str) -> Value {
    json!([{ "agent_id": agent, "weight": 1 }])
}

pub(super) fn kept(number: &Number, name: &str) -> Option<Value> {
    let value: Value = serde_json::from_str(number.setting(name)?).ok()?;
    (!value.is_null()).then_some(value)
}

/// The first of the agents that are bound; with several, one would be picked by weight.
pub(super) fn bound_agent(number: &Number, list: &str) -> Option<String> {
    kept(number, list)?.get(0)?.get("agent_id")?.as_str().map(str::to_owned)
}

fn show(number: &Number) -> Value {
    let mut shown = Map::new();
    let mut add = |name: &str, value: Value| {
        shown.insert(name.to_owned(), value);
    };
    add("phone_number", json!(number.phone_number));
    add("phone_number_type", json!("custom"));
    if let Some(rest) = number.phone_number.strip_prefix("+1") {
        add("phone_number_pretty", json!(format!("+1 {}", number_text::national(&number.phone_number))));
        if let Some(code) = rest.get(..3).and_then(|code| code.parse::<u32>().ok()) {
            add("area_code", json!(code));
        }
    }
    for name in KEPT {
        if let (Some(value), false) = (kept(number, name), matches!(name, "termination_uri" | "transport")) {
            add(name, value);
        }
    }
    add("last_modification_timestamp", json!(millis(number.updated)));
    // Without the password.
    let mut trunk = Map::new();
    for (member, name) in [
        ("termination_uri", "termination_uri"),
        ("auth_username", "sip_trunk_auth_username"),
        ("transport", "transport"),
    ] {
        if let Some(value) = kept(number, name) {
            trunk.insert(member.to_owned(), value);
        }
    }
    if !trunk.is_empty() {
        add("sip_outbound_trunk_config", Value::Object(trunk));
    }
    Value::Object(shown)
}

/// Weights add up to 1, and the agents exist.
fn check_agents(state: &State, call: &Call) -> Result<(), Reply> {
    for name in ["inbound_agents", "outbound_agents"] {
        let Some(list) = call.body.get(name).and_then(Value::as_array) else { continue };
        let weight: f64 = list.iter().filter_map(|agent| agent.get("weight")?.as_f64()).sum();
        if !list.is_empty() && (weight - 1.0).abs() > 1e-6 {
            return Err(problem(400, &format!("{name}: total weights must add up to 1")));
        }
        for agent in list {
            let id = agent.get("agent_id").and_then(Value::as_str).unwrap_or_default();
            state.retell.agents.get(call.account(), id).ok_or_else(unknown_asset)?;
        }
    }
    Ok(())
}

fn take_over(number: &mut Number, body: &Map<String, Value>) {
    for name in KEPT.iter().chain(&["sip_trunk_auth_username", "sip_trunk_auth_password"]) {
        // An update names the credentials differently.
        let value = body.get(*name).or_else(|| body.get(name.strip_prefix("sip_trunk_")?));
        match value {
            None => {}
            Some(Value::Null) => drop(number.settings.remove(*name)),
            Some(value) => drop(number.settings.insert((*name).to_owned(), value.to_string())),
        }
    }
    // The single agents of before.
    for (single, list) in [("inbound_agent_id", "inbound_agents"), ("outbound_agent_id", "outbound_agents")] {
        if let Some(agent) = body.get(single).and_then(Value::as_str) {
            number.settings.insert(list.to_owned(), only(agent).to_string());
        }
    }
}

/// `POST /import-phone-number`
pub(super) fn import(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let given = call.text("phone_number").ok_or_else(|| problem(400, "phone_number is required"))?;
    if call.text("termination_uri").is_none() {
        return Err(problem(400, "termination_uri is required"));
    }
    let strict = !call.flag("ignore_e164_validation", true);
    if strict && !(given.starts_with('+') && number_text::normalised(given).is_some()) {
        return Err(problem(400, "phone_number must be in E.164 format"));
    }
    let key = (Provider::Retell, given.to_owned());
    if state.numbers.contains_key(&key) {
        return Err(problem(400, "Phone number already exists."));
    }
    check_agents(state, call)?;
    let now = state.now();
    let mut number = Number {
        provider: Provider::Retell,
        sid: given.to_owned(),
        account: call.account().to_owned(),
        phone_number: given.to_owned(),
        friendly_name: call.text("nickname").unwrap_or_default().to_owned(),
        country: number_text::country(given).to_owned(),
        capabilities: Capabilities { voice: true, sms: false, mms: false, fax: false },
        settings: std::collections::BTreeMap::new(),
        created: now,
        updated: now,
    };
    take_over(&mut number, &call.body);
    let shown = show(&number);
    state.numbers.insert(key, number);
    Ok(Reply::new(201, shown).creating(given))
}

fn key(state: &State, call: &Call) -> Result<(Provider, String), Reply> {
    let key = (Provider::Retell, call.arg(0).to_owned());
    match state.numbers.get(&key) {
        Some(number) if number.account == call.account() => Ok(key),
        _ => Err(unknown_asset()),
    }
}

/// `GET /get-phone-number/{number}`
pub(super) fn fetch(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let key = key(state, call)?;
    let number = state.numbers.get(&key).ok_or_else(unknown_asset)?;
    Ok(Reply::new(200, show(number)))
}

/// `PATCH /update-phone-number/{number}`
pub(super) fn update(state: &mut State, settings: &Settings, call: &Call) -> Answered {
    let key = key(state, call)?;
    check_agents(state, call)?;
    let now = state.now();
    if let Some(number) = state.numbers.get_mut(&key) {
        take_over(number, &call.body);
        number.updated = now;
    }
    fetch(state, settings, call)
}

/// `DELETE /delete-phone-number/{number}`
pub(super) fn delete(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let key = key(state, call)?;
    state.numbers.remove(&key);
    Ok(Reply::no_content())
}

fn all(state: &State, call: &Call) -> Vec<Value> {
    let mine = |number: &&Number| number.provider == Provider::Retell && number.account == call.account();
    state.numbers.values().filter(mine).map(show).collect()
}

/// `GET /list-phone-numbers`
pub(super) fn list(state: &mut State, _: &Settings, call: &Call) -> Answered {
    Ok(Reply::new(200, json!(all(state, call))))
}

/// `GET /v2/list-phone-numbers`
pub(super) fn list_pages(state: &mut State, _: &Settings, call: &Call) -> Answered {
    Ok(pages(call, all(state, call), "phone_number"))
}
