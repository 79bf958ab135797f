//! Managed accounts: tenants with a key and a state of their own.

use serde_json::{Map, Value, json};

use super::{
    balance_json, data,
    errors::{about, missing, not_found},
    page::page,
    stamp_z,
};
use crate::{
    app::Settings,
    ids,
    json_api::{Answered, Call, Reply},
    model::{AccountStatus, Provider},
    resource::Resource,
    seed::{self, NewAccount},
    state::State,
};

/// With its secrets, as every answer about a single one has them (spec3, ManagedAccount).
fn show(state: &State, found: &Resource) -> Value {
    let mut body = found.body.clone();
    if let Some(account) = state.accounts.get(&found.id) {
        body.insert("api_key".to_owned(), json!(account.auth_token));
        body.insert("balance".to_owned(), balance_json(account.balance_micros));
    }
    if let Some(balance) = body.get_mut("balance").and_then(Value::as_object_mut) {
        balance.remove("pending");
    }
    Value::Object(body)
}

fn find<'a>(state: &'a State, call: &Call) -> Result<&'a Resource, Reply> {
    state.telnyx.managed.get(call.account(), call.arg(0)).ok_or_else(not_found)
}

/// `POST /v2/managed_accounts`
pub(super) fn create(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let name = call.text("business_name").ok_or_else(|| missing("/business_name"))?;
    let id = ids::uuid();
    let email = call.text("email").map_or_else(|| format!("{id}@managed.example.com"), str::to_owned);
    if !email.contains('@') {
        return Err(about(422, 10019, "/email", "The 'email' parameter is not a valid email address."));
    }
    let taken = state.accounts.values().any(|account| account.email.as_ref() == Some(&email));
    if taken {
        return Err(about(422, 10012, "/email", "Resource is a duplicate."));
    }
    let new = NewAccount::child(Provider::Telnyx, &id, call.account(), name, &email);
    let account =
        seed::add_account(state, new).map_err(|error| about(422, 10027, "/business_name", &error))?;
    let now = stamp_z(state.now());
    let mut body = Map::new();
    for (member, value) in [
        ("record_type", json!("managed_account")),
        ("id", json!(id)),
        ("email", json!(email)),
        ("api_key", json!(account.auth_token)),
        ("api_user", json!(email)),
        ("api_token", json!(ids::hex32())),
        ("organization_name", json!(name)),
        ("manager_account_id", json!(call.account())),
        (
            "managed_account_allow_custom_pricing",
            json!(call.flag("managed_account_allow_custom_pricing", false)),
        ),
        ("rollup_billing", json!(call.flag("rollup_billing", false))),
        ("created_at", json!(now)),
        ("updated_at", json!(now)),
    ] {
        body.insert(member.to_owned(), value);
    }
    let created = Resource { id: id.clone(), account: call.account().to_owned(), body };
    let shown = show(state, &created);
    state.telnyx.managed.add(created);
    Ok(Reply::new(200, data(shown)).creating(&id))
}

/// `GET /v2/managed_accounts`: without the secrets.
pub(super) fn list(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let same = |found: &&Resource, filter: &str, member: &str, whole: bool| {
        call.query(filter).is_none_or(|wanted| {
            let value = found.text(member).unwrap_or_default();
            if whole { value == wanted } else { value.to_lowercase().contains(&wanted.to_lowercase()) }
        })
    };
    let found = state
        .telnyx
        .managed
        .of(call.account())
        .filter(|found| same(found, "filter[email][eq]", "email", true))
        .filter(|found| same(found, "filter[email][contains]", "email", false))
        .filter(|found| same(found, "filter[organization_name][eq]", "organization_name", true))
        .filter(|found| same(found, "filter[organization_name][contains]", "organization_name", false))
        .map(|found| {
            let mut body = found.body.clone();
            body.remove("api_key");
            body.remove("api_token");
            Value::Object(body)
        })
        .collect();
    page(call, found, 250)
}

/// `GET /v2/managed_accounts/{id}`
pub(super) fn fetch(state: &mut State, _: &Settings, call: &Call) -> Answered {
    Ok(Reply::new(200, data(show(state, find(state, call)?))))
}

/// `PATCH /v2/managed_accounts/{id}`: only whether it may have prices of its own.
pub(super) fn update(state: &mut State, settings: &Settings, call: &Call) -> Answered {
    let now = stamp_z(state.now());
    let found = state.telnyx.managed.get_mut(call.account(), call.arg(0)).ok_or_else(not_found)?;
    if let Some(value) = call.body.get("managed_account_allow_custom_pricing") {
        found.body.insert("managed_account_allow_custom_pricing".to_owned(), value.clone());
    }
    found.body.insert("updated_at".to_owned(), json!(now));
    fetch(state, settings, call)
}

fn switch(state: &mut State, settings: &Settings, call: &Call, status: AccountStatus) -> Answered {
    let id = find(state, call)?.id.clone();
    if let Some(account) = state.accounts.get_mut(&id) {
        account.status = status;
    }
    fetch(state, settings, call)
}

/// `POST /v2/managed_accounts/{id}/actions/disable`
pub(super) fn disable(state: &mut State, settings: &Settings, call: &Call) -> Answered {
    switch(state, settings, call, AccountStatus::Suspended)
}

/// `POST /v2/managed_accounts/{id}/actions/enable`
pub(super) fn enable(state: &mut State, settings: &Settings, call: &Call) -> Answered {
    switch(state, settings, call, AccountStatus::Active)
}
