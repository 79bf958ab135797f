//! Telnyx: messaging, numbers and voice, API v2.

mod applications;
mod calls;
mod detail_records;
mod errors;
mod events;
mod inbound;
mod inventory;
mod life;
mod managed;
mod message_json;
mod messages;
mod number_json;
mod numbers;
mod orders;
mod page;
mod profiles;

mod routes;
mod sending;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};
use time::{OffsetDateTime, macros::format_description};

pub(crate) use self::{
    calls::{
        inbound::arrive as call_arrives,
        script::{Timer, happen, sip_ends},
    },
    errors::{not_found, refusal},
    events::status_webhook,
    inbound::accept,
    life::step,
    numbers::connect_seeded,
    orders::{ORDER_STEPS, OrderEnd, OrderScript, settle as settle_order},
    routes::ROUTES,
};
use crate::{
    app::Settings,
    json_api::{Answered, Call, Reply},
    model::AccountStatus,
    resource::Shelf,
    state::State,
};

/// What exists only here.
#[derive(Default)]
pub(crate) struct World {
    profiles: Shelf,
    /// Call control applications.
    applications: Shelf,
    orders: BTreeMap<String, orders::Order>,
    /// E.164 → how an order of it ends.
    pub(crate) order_scripts: BTreeMap<String, OrderScript>,
    /// (account, number): what a search has shown and may be ordered (85000).
    searched: BTreeSet<(String, String)>,
    /// By control id.
    calls: BTreeMap<String, calls::Leg>,
    /// (account, command id) → the call that it dialled, and when.
    dialled: BTreeMap<(String, String), (String, OffsetDateTime)>,
    recordings: Vec<calls::recordings::Recording>,
    managed: Shelf,
}

/// All calls, the oldest first.
pub(crate) fn journal(state: &State) -> Vec<Value> {
    let mut legs: Vec<&calls::Leg> = state.telnyx.calls.values().collect();
    legs.sort_by_key(|leg| leg.order);
    legs.into_iter().map(calls::Leg::journal).collect()
}

/// Somebody at a phone presses digits; false where there is no such call.
pub(crate) fn press(state: &mut State, id: &str, digits: &str) -> bool {
    let known = state.telnyx.calls.contains_key(id);
    calls::inbound::press(state, id, digits);
    known
}

/// Somebody at a phone hangs up; false where there is no such call.
pub(crate) fn hang_up(state: &mut State, id: &str) -> bool {
    let known = state.telnyx.calls.contains_key(id);
    calls::inbound::hang_up(state, id);
    known
}

/// What Telnyx's messages have beyond the others'.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct MessageDetails {
    pub(crate) messaging_profile_id: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) webhook_url: Option<String>,
    pub(crate) webhook_failover_url: Option<String>,
    pub(crate) use_profile_webhooks: bool,
    /// What Telnyx answered by itself: STOP, START or HELP.
    pub(crate) autoresponse_type: Option<&'static str>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) completed: Option<OffsetDateTime>,
}

/// Who asks, and whether the body could be read.
pub(crate) fn check(state: &State, call: &Call) -> Result<(), Reply> {
    let Some(account) = call.account.as_ref().and_then(|sid| state.accounts.get(sid)) else {
        let detail = if call.has_key() {
            "The API key was not recognised."
        } else {
            "The required authentication headers were not included in the request."
        };
        return Err(errors::problem(401, 10009, detail));
    };
    if account.status != AccountStatus::Active {
        return Err(errors::problem(403, 20012, "The account has been deactivated."));
    }
    match &call.bad_body {
        Some(error) => Err(errors::problem(400, 10023, error)),
        None => Ok(()),
    }
}

/// `2024-01-15T20:16:07.588+00:00`, as messaging writes time.
fn stamp(at: OffsetDateTime) -> String {
    let format =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]+00:00");
    at.format(format).unwrap_or_default()
}

/// `2018-02-02T22:25:27.521992Z`, as voice and numbers write it.
fn stamp_z(at: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
    at.format(format).unwrap_or_default()
}

/// Micro-dollars as `0.0040`.
fn money(micros: i64, digits: usize) -> String {
    format!("{:.digits$}", micros as f64 / 1e6)
}

fn data(value: Value) -> Value {
    Value::Object([("data".to_owned(), value)].into_iter().collect())
}

fn balance(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let micros = state.accounts.get(call.account()).map(|account| account.balance_micros).unwrap_or_default();
    Ok(Reply::new(200, data(balance_json(micros))))
}

/// No credit limit, nothing pending.
fn balance_json(micros: i64) -> Value {
    json!({
        "record_type": "balance",
        "balance": money(micros, 2),
        "credit_limit": "0.00",
        "available_credit": money(micros, 2),
        "pending": "0.00",
        "currency": "USD",
    })
}
