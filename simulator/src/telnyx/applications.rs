//! Call control applications: where the events of calls go.

use serde_json::{Map, Value, json};
use url::Url;

use super::{
    data,
    errors::{about, missing, not_found},
    page::page,
    profiles::noting,
    stamp_z,
};
use crate::{
    app::Settings,
    ids,
    json_api::{Answered, Call, Reply},
    resource::Resource,
    state::State,
};

const FIXED: [&str; 4] = ["id", "record_type", "created_at", "updated_at"];

/// An application with every member at its default (spec3, CallControlApplication); the default version of its
/// webhooks is the legacy one.
pub(super) fn new_application(state: &State, account: &str, name: &str, url: &str) -> Resource {
    let id = ids::digits();
    let now = stamp_z(state.now());
    let body = json!({
        "record_type": "call_control_application",
        "id": id,
        "application_name": name,
        "active": true,
        "anchorsite_override": "Latency",
        "dtmf_type": "RFC 2833",
        "first_command_timeout": false,
        "first_command_timeout_secs": 30,
        "inbound": {
            "channel_limit": 10,
            "shaken_stir_enabled": false,
            "sip_subdomain": "",
            "sip_subdomain_receive_settings": "from_anyone",
        },
        "outbound": { "channel_limit": 10, "outbound_voice_profile_id": "" },
        "tags": [],
        "webhook_api_version": "1",
        "webhook_event_url": url,
        "webhook_event_failover_url": "",
        "webhook_timeout_secs": null,
        "call_cost_in_webhooks": false,
        "redact_dtmf_debug_logging": false,
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
    if let Some(version) = call.text("webhook_api_version")
        && !matches!(version, "1" | "2")
    {
        return Err(about(422, 10032, "/webhook_api_version", "The value must be one of 1, 2"));
    }
    for name in ["webhook_event_url", "webhook_event_failover_url"] {
        if call.text(name).is_some_and(|url| Url::parse(url).is_err()) {
            return Err(about(422, 10003, &format!("/{name}"), "The URL provided was invalid."));
        }
    }
    let seconds = call.body.get("webhook_timeout_secs").filter(|value| !value.is_null());
    if seconds.is_some_and(|value| value.as_u64().is_none_or(|seconds| seconds > 30)) {
        return Err(about(422, 10033, "/webhook_timeout_secs", "The value is outside of 0 to 30"));
    }
    Ok(())
}

/// `POST /v2/call_control_applications`
pub(super) fn create(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let name = call.text("application_name").ok_or_else(|| missing("/application_name"))?;
    let url = call.text("webhook_event_url").ok_or_else(|| missing("/webhook_event_url"))?;
    check(call)?;
    let mut application = new_application(state, call.account(), name, url);
    let unknown = application.take_over(&call.body, &FIXED);
    let (id, shown) = (application.id.clone(), application.json());
    state.telnyx.applications.add(application);
    Ok(noting(Reply::new(201, data(shown)).creating(&id), &unknown))
}

/// `GET /v2/call_control_applications`
pub(super) fn list(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let wanted = call.query("filter[application_name][contains]").or(call.query("filter[application_name]"));
    let found = state
        .telnyx
        .applications
        .of(call.account())
        .filter(|found| {
            wanted.is_none_or(|w| found.text("application_name").is_some_and(|name| name.contains(w)))
        })
        .map(Resource::json)
        .collect();
    page(call, found, 250)
}

/// `GET /v2/call_control_applications/{id}`
pub(super) fn fetch(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let application = state.telnyx.applications.get(call.account(), call.arg(0)).ok_or_else(not_found)?;
    Ok(Reply::new(200, data(application.json())))
}

/// `PATCH /v2/call_control_applications/{id}`
pub(super) fn update(state: &mut State, _: &Settings, call: &Call) -> Answered {
    check(call)?;
    let now = stamp_z(state.now());
    let application = state.telnyx.applications.get_mut(call.account(), call.arg(0)).ok_or_else(not_found)?;
    let unknown = application.take_over(&call.body, &FIXED);
    application.body.insert("updated_at".to_owned(), json!(now));
    Ok(noting(Reply::new(200, data(application.json())), &unknown))
}

/// `DELETE /v2/call_control_applications/{id}`
pub(super) fn delete(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let application = state.telnyx.applications.remove(call.account(), call.arg(0)).ok_or_else(not_found)?;
    Ok(Reply::new(200, data(application.json())))
}
