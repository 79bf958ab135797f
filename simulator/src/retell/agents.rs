//! Agents: kept as they were given.

use serde_json::{Map, Value, json};

use super::{listing::pages, millis, problem, unknown_asset};
use crate::{
    app::Settings,
    ids,
    json_api::{Answered, Call, Reply},
    resource::Resource,
    state::State,
};

/// Set by Retell, not by a request.
const FIXED: [&str; 4] = ["agent_id", "version", "is_published", "last_modification_timestamp"];

/// What of a request belongs to the agent.
fn given(call: &Call) -> Map<String, Value> {
    let own = call.body.iter().filter(|(name, _)| !FIXED.contains(&name.as_str()));
    own.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// `POST /create-agent`
pub(super) fn create(state: &mut State, _: &Settings, call: &Call) -> Answered {
    if !call.body.get("response_engine").is_some_and(Value::is_object) {
        return Err(problem(400, "response_engine is required"));
    }
    if call.text("voice_id").is_none() {
        return Err(problem(400, "voice_id is required"));
    }
    let id = format!("agent_{}", ids::hex64().get(..26).unwrap_or_default());
    let mut body = given(call);
    for (name, value) in [
        ("agent_id", json!(id)),
        ("version", json!(0)),
        ("is_published", json!(false)),
        ("last_modification_timestamp", json!(millis(state.now()))),
    ] {
        body.insert(name.to_owned(), value);
    }
    let agent = Resource { id: id.clone(), account: call.account().to_owned(), body };
    let shown = agent.json();
    state.retell.agents.add(agent);
    Ok(Reply::new(201, shown).creating(&id))
}

/// `GET /get-agent/{id}`
pub(super) fn fetch(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let agent = state.retell.agents.get(call.account(), call.arg(0)).ok_or_else(unknown_asset)?;
    // There is one version.
    match call.query("version") {
        None | Some("0" | "latest") => Ok(Reply::new(200, agent.json())),
        Some(_) => Err(unknown_asset()),
    }
}

/// `PATCH /update-agent/{id}`
pub(super) fn update(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let now = millis(state.now());
    let agent = state.retell.agents.get_mut(call.account(), call.arg(0)).ok_or_else(unknown_asset)?;
    agent.body.extend(given(call));
    agent.body.insert("last_modification_timestamp".to_owned(), json!(now));
    Ok(Reply::new(200, agent.json()))
}

/// `DELETE /delete-agent/{id}`
pub(super) fn delete(state: &mut State, _: &Settings, call: &Call) -> Answered {
    state.retell.agents.remove(call.account(), call.arg(0)).ok_or_else(unknown_asset)?;
    Ok(Reply::no_content())
}

/// `GET /list-agents`
pub(super) fn list(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let agents: Vec<Value> = state.retell.agents.of(call.account()).map(Resource::json).collect();
    Ok(Reply::new(200, json!(agents)))
}

/// `POST /v2/list-agents`: short entries (retell-python `types/agent_list_response.py`).
pub(super) fn list_pages(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let mut agents: Vec<Value> = state
        .retell
        .agents
        .of(call.account())
        .map(|agent| {
            json!({
                "agent_id": agent.id,
                "agent_name": agent.text("agent_name").unwrap_or_default(),
                "channel": "voice",
                "is_suspended": false,
                "is_transfer_agent": false,
                "tags": {},
                "user_modified_timestamp": agent.body.get("last_modification_timestamp"),
            })
        })
        .collect();
    if call.text("sort_order") != Some("ascending") {
        agents.reverse();
    }
    Ok(pages(call, agents, "agent_id"))
}
