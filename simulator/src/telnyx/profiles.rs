//! Messaging profiles: where the webhooks of a number go, and where its messages may go.

use serde_json::{Map, Value, json};

use super::{
    data,
    errors::{about, missing, not_found},
    page::page,
    stamp,
};
use crate::{
    app::Settings,
    ids,
    json_api::{Answered, Call, Reply},
    resource::Resource,
    state::State,
};

/// Set by Telnyx, not by a request.
const FIXED: [&str; 6] = ["id", "record_type", "created_at", "updated_at", "organization_id", "v1_secret"];

/// A profile with every member at its default (spec3, MessagingProfile).
pub(super) fn new_profile(state: &State, account: &str, name: &str) -> Resource {
    let id = ids::uuid();
    let now = stamp(state.now());
    let body = json!({
        "record_type": "messaging_profile",
        "id": id,
        "name": name,
        "enabled": true,
        "webhook_url": "",
        "webhook_failover_url": "",
        "webhook_api_version": "2",
        "health_webhook_url": null,
        "whitelisted_destinations": [],
        "number_pool_settings": null,
        "url_shortener_settings": null,
        "alpha_sender": null,
        "daily_spend_limit": "0",
        "daily_spend_limit_enabled": false,
        "mms_fall_back_to_sms": false,
        "mms_transcoding": false,
        "mobile_only": false,
        "smart_encoding": false,
        "redaction_enabled": false,
        "redaction_level": 2,
        "resource_group_id": null,
        "ai_assistant_id": null,
        "organization_id": account,
        "v1_secret": ids::hex32(),
        "created_at": now,
        "updated_at": now,
    });
    let body = match body {
        Value::Object(body) => body,
        _ => Map::new(),
    };
    Resource { id, account: account.to_owned(), body }
}

fn check(call: &Call) -> Result<(), Reply> {
    if let Some(list) = call.body.get("whitelisted_destinations") {
        let country = |code: &Value| {
            code.as_str().is_some_and(|code| {
                code == "*" || (code.len() == 2 && code.chars().all(|c| c.is_ascii_uppercase()))
            })
        };
        let fits = list.as_array().is_some_and(|list| list.iter().all(country));
        if !fits {
            let detail = "whitelisted_destinations must be a list of country codes.";
            return Err(about(422, 40331, "/whitelisted_destinations", detail));
        }
    }
    if let Some(version) = call.text("webhook_api_version")
        && !matches!(version, "1" | "2" | "2010-04-01")
    {
        return Err(about(422, 10032, "/webhook_api_version", "The value must be one of 1, 2, 2010-04-01"));
    }
    Ok(())
}

/// `POST /v2/messaging_profiles`
pub(super) fn create(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let name = call.text("name").ok_or_else(|| missing("/name"))?;
    if !call.body.contains_key("whitelisted_destinations") {
        return Err(missing("/whitelisted_destinations"));
    }
    check(call)?;
    let mut profile = new_profile(state, call.account(), name);
    let unknown = profile.take_over(&call.body, &FIXED);
    let (id, shown) = (profile.id.clone(), profile.json());
    state.telnyx.profiles.add(profile);
    Ok(noting(Reply::new(200, data(shown)).creating(&id), &unknown))
}

pub(super) fn noting(reply: Reply, unknown: &[String]) -> Reply {
    if unknown.is_empty() {
        return reply;
    }
    reply.warning(&format!("unknown parameters: {}", unknown.join(", ")))
}

/// `GET /v2/messaging_profiles`
pub(super) fn list(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let name = |profile: &&Resource, filter: &str, fits: fn(&str, &str) -> bool| {
        let wanted = call.query(filter);
        wanted.is_none_or(|wanted| profile.text("name").is_some_and(|name| fits(name, wanted)))
    };
    let found = state
        .telnyx
        .profiles
        .of(call.account())
        .filter(|profile| name(profile, "filter[name]", |name, wanted| name == wanted))
        .filter(|profile| name(profile, "filter[name][eq]", |name, wanted| name == wanted))
        .filter(|profile| name(profile, "filter[name][contains]", |name, wanted| name.contains(wanted)))
        .map(Resource::json)
        .collect();
    page(call, found, 250)
}

/// `GET /v2/messaging_profiles/{id}`
pub(super) fn fetch(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let profile = state.telnyx.profiles.get(call.account(), call.arg(0)).ok_or_else(not_found)?;
    Ok(Reply::new(200, data(profile.json())))
}

/// `PATCH /v2/messaging_profiles/{id}`
pub(super) fn update(state: &mut State, _: &Settings, call: &Call) -> Answered {
    check(call)?;
    let now = stamp(state.now());
    let profile = state.telnyx.profiles.get_mut(call.account(), call.arg(0)).ok_or_else(not_found)?;
    let unknown = profile.take_over(&call.body, &FIXED);
    profile.body.insert("updated_at".to_owned(), json!(now));
    Ok(noting(Reply::new(200, data(profile.json())), &unknown))
}

/// `DELETE /v2/messaging_profiles/{id}`
pub(super) fn delete(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let profile = state.telnyx.profiles.remove(call.account(), call.arg(0)).ok_or_else(not_found)?;
    for number in state.numbers.values_mut().filter(|number| number.account == call.account()) {
        if number.setting("messaging_profile_id") == Some(profile.id.as_str()) {
            number.settings.remove("messaging_profile_id");
        }
    }
    Ok(Reply::new(200, data(profile.json())))
}
