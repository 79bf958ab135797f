//! Retell AI: agents, numbers that are connected by SIP, and calls.

mod agents;
mod call_json;
mod calls;
mod inbound;
mod life;
mod listing;
mod numbers;
mod webhooks;

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

pub(crate) use self::{
    inbound::{Arrival, announce, decide},
    life::{Timer, dialled, happen, person_hangs_up},
    numbers::connect_seeded,
};
use crate::{
    app::Settings,
    exchange::Refusal,
    json_api::{Answered, Call, Reply, Route},
    resource::Shelf,
    state::State,
};

/// What exists only here.
#[derive(Default)]
pub(crate) struct World {
    agents: Shelf,
    /// By call id.
    calls: BTreeMap<String, calls::PhoneCall>,
}

/// All calls, the oldest first.
pub(crate) fn journal(state: &State) -> Vec<Value> {
    let mut calls: Vec<&calls::PhoneCall> = state.retell.calls.values().collect();
    calls.sort_by_key(|call| call.order);
    calls.into_iter().map(calls::PhoneCall::journal).collect()
}

macro_rules! route {
    ($method:ident $path:literal $operation:literal $handler:path) => {
        Route { method: Method::$method, path: $path, operation: $operation, handler: $handler }
    };
}

pub(crate) const ROUTES: &[Route] = &[
    route!(GET "get-concurrency" "concurrency.fetch" concurrency),
    route!(GET "list-phone-numbers" "numbers.list" numbers::list),
    route!(GET "v2/list-phone-numbers" "numbers.list" numbers::list_pages),
    route!(GET "get-phone-number/{}" "numbers.fetch" numbers::fetch),
    route!(POST "import-phone-number" "numbers.import" numbers::import),
    route!(PATCH "update-phone-number/{}" "numbers.update" numbers::update),
    route!(DELETE "delete-phone-number/{}" "numbers.release" numbers::delete),
    route!(POST "create-agent" "agents.create" agents::create),
    route!(GET "get-agent/{}" "agents.fetch" agents::fetch),
    route!(PATCH "update-agent/{}" "agents.update" agents::update),
    route!(DELETE "delete-agent/{}" "agents.delete" agents::delete),
    route!(GET "list-agents" "agents.list" agents::list),
    route!(POST "v2/list-agents" "agents.list" agents::list_pages),
    route!(POST "v2/create-phone-call" "calls.create" calls::create),
    route!(POST "v2/register-phone-call" "calls.register" calls::register),
    route!(GET "v2/get-call/{}" "calls.fetch" calls::fetch),
    route!(POST "v2/stop-call/{}" "calls.command" calls::stop),
    route!(POST "v3/list-calls" "calls.list" listing::calls),
];

/// Errors have two members and no code (retell.md, section 1).
fn problem(status: u16, message: &str) -> Reply {
    Reply::new(status, json!({ "status": "error", "message": message }))
}

/// What is not there is 422 (retell.md, section 1).
fn unknown_asset() -> Reply {
    problem(422, "Cannot find requested asset under given api key.")
}

pub(crate) fn not_found() -> Reply {
    problem(404, "The requested resource was not found.")
}

pub(crate) fn refusal(refusal: &Refusal) -> Reply {
    let message = match refusal.status {
        429 => "Account rate limited, please throttle your requests.",
        _ => &refusal.message,
    };
    problem(refusal.status, message)
}

pub(crate) fn check(_: &State, call: &Call) -> Result<(), Reply> {
    if call.account.is_none() {
        return Err(problem(401, "API key is missing or invalid."));
    }
    match &call.bad_body {
        Some(error) => Err(problem(400, &format!("Invalid request format: {error}"))),
        None => Ok(()),
    }
}

/// Milliseconds since the epoch.
fn millis(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or_default()
}

/// Variables have texts as values (retell.md, trap 8).
fn variables(body: &Map<String, Value>, name: &str) -> Result<Option<Value>, Reply> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(map)) if map.values().all(Value::is_string) => Ok(Some(json!(map))),
        Some(_) => Err(problem(400, &format!("{name} must be an object of strings"))),
    }
}

/// How many calls at once a new account may have.
const CONCURRENCY: usize = 20;

fn concurrency(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let current =
        state.retell.calls.values().filter(|found| found.account == call.account() && found.is_live());
    Ok(Reply::new(
        200,
        json!({
            "current_concurrency": current.count(),
            "concurrency_limit": CONCURRENCY,
            "base_concurrency": CONCURRENCY,
            "purchased_concurrency": 0,
            "concurrency_purchase_limit": 100,
            "remaining_purchase_limit": 100,
            "concurrency_burst_enabled": false,
            "concurrency_burst_limit": 0,
        }),
    ))
}
