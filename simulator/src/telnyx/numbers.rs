//! The numbers that an account owns.

use serde_json::{Value, json};

use super::{
    applications::new_application,
    data,
    errors::{about, not_found, problem},
    number_json::{self, kept},
    page::page,
    profiles::{new_profile, noting},
};
use crate::{
    app::Settings,
    json_api::{Answered, Call, Reply},
    model::{Number, Provider},
    state::State,
};

/// What each `PATCH` may change (spec3, UpdatePhoneNumberRequest, …MessagingSettings, …VoiceSettings).
const NUMBER: &[&str] = &[
    "tags",
    "external_pin",
    "hd_voice_enabled",
    "customer_reference",
    "address_id",
    "connection_id",
    "billing_group_id",
    "deletion_lock_enabled",
];
const MESSAGING: &[&str] = &["messaging_profile_id", "messaging_product", "tags"];
const VOICE: &[&str] = &[
    "tech_prefix_enabled",
    "translated_number",
    "caller_id_name_enabled",
    "call_forwarding",
    "cnam_listing",
    "usage_payment_method",
    "media_features",
    "call_recording",
    "inbound_call_screening",
];

/// A number that the control API plants: its URLs become a profile and an application of its own.
pub(crate) fn connect_seeded(state: &mut State, number: &mut Number) {
    connect_voice(state, number);
    if let Some(url) = number.settings.remove("SmsUrl")
        && number.setting("messaging_profile_id").is_none()
    {
        let mut profile = new_profile(state, &number.account, &format!("Profile of {}", number.phone_number));
        profile.body.insert("whitelisted_destinations".to_owned(), json!(["*"]));
        profile.body.insert("webhook_url".to_owned(), json!(url));
        if let Some(url) = number.settings.remove("SmsFallbackUrl") {
            profile.body.insert("webhook_failover_url".to_owned(), json!(url));
        }
        number.settings.insert("messaging_profile_id".to_owned(), profile.id.clone());
        state.telnyx.profiles.add(profile);
    }
}

/// The same for calls: an application with the present payload.
fn connect_voice(state: &mut State, number: &mut Number) {
    if let Some(url) = number.settings.remove("VoiceUrl")
        && number.setting("connection_id").is_none()
    {
        let name = format!("Application of {}", number.phone_number);
        let mut application = new_application(state, &number.account, &name, &url);
        application.body.insert("webhook_api_version".to_owned(), json!("2"));
        if let Some(url) = number.settings.remove("VoiceFallbackUrl") {
            application.body.insert("webhook_event_failover_url".to_owned(), json!(url));
        }
        number.settings.insert("connection_id".to_owned(), application.id.clone());
        state.telnyx.applications.add(application);
    }
}

/// By id or, as the API also takes it, by the number itself.
fn key(state: &State, call: &Call) -> Result<(Provider, String), Reply> {
    state
        .numbers
        .values()
        .filter(|number| number.provider == Provider::Telnyx && number.account == call.account())
        .find(|number| number.sid == call.arg(0) || number.phone_number == call.arg(0))
        .map(|number| (Provider::Telnyx, number.phone_number.clone()))
        .ok_or_else(not_found)
}

fn find<'a>(state: &'a State, call: &Call) -> Result<&'a Number, Reply> {
    state.numbers.get(&key(state, call)?).ok_or_else(not_found)
}

/// `GET /v2/phone_numbers`
pub(super) fn list(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    if let Some(wanted) = call.query("filter[phone_number]")
        && digits(wanted).len() < 3
    {
        return Err(problem(400, 10031, "filter[phone_number] requires at least three digits."));
    }
    let same = |name: &str, value: Option<&str>| call.query(name).is_none_or(|wanted| value == Some(wanted));
    let mut owned: Vec<&Number> = state
        .numbers
        .values()
        .filter(|number| number.provider == Provider::Telnyx && number.account == call.account())
        .filter(|number| {
            call.query("filter[phone_number]")
                .is_none_or(|wanted| digits(&number.phone_number).contains(&digits(wanted)))
                && same("filter[status]", Some("active"))
                && same("filter[connection_id]", number.setting("connection_id"))
                && same("filter[country_iso_alpha2]", Some(&number.country))
                && same("filter[customer_reference]", number.setting("customer_reference"))
        })
        .collect();
    owned.sort_by_key(|number| number.created);
    let shown = owned.into_iter().map(|number| number_json::number(state, number)).collect();
    page(call, shown, 250)
}

/// `GET /v2/phone_numbers/{id}`
pub(super) fn fetch(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let number = find(state, call)?;
    Ok(Reply::new(200, data(number_json::number(state, number))))
}

/// `GET /v2/phone_numbers/{id}/messaging`
pub(super) fn messaging(state: &mut State, _: &Settings, call: &Call) -> Answered {
    Ok(Reply::new(200, data(number_json::messaging(find(state, call)?))))
}

/// `GET /v2/phone_numbers/{id}/voice`
pub(super) fn voice(state: &mut State, _: &Settings, call: &Call) -> Answered {
    Ok(Reply::new(200, data(number_json::voice(find(state, call)?))))
}

/// Keeps the members of the request that the resource has; an empty text takes a setting away.
fn take_over(state: &mut State, call: &Call, known: &[&str]) -> Result<Vec<String>, Reply> {
    let key = key(state, call)?;
    let now = state.now();
    let text = |name: &str| call.text(name).filter(|_| known.contains(&name));
    if let Some(id) = text("connection_id")
        && state.telnyx.applications.get(call.account(), id).is_none()
    {
        return Err(about(422, 85004, "/connection_id", "The connection id provided is invalid."));
    }
    if let Some(id) = text("messaging_profile_id")
        && state.telnyx.profiles.get(call.account(), id).is_none()
    {
        return Err(about(
            422,
            85005,
            "/messaging_profile_id",
            "The messaging profile id provided is invalid.",
        ));
    }
    let number = state.numbers.get_mut(&key).ok_or_else(not_found)?;
    let mut unknown = Vec::new();
    for (name, value) in &call.body {
        match value {
            _ if !known.contains(&name.as_str()) => unknown.push(name.clone()),
            Value::Null => drop(number.settings.remove(name)),
            Value::String(text) => drop(number.settings.insert(name.clone(), text.clone())),
            other => drop(number.settings.insert(name.clone(), other.to_string())),
        }
    }
    number.updated = now;
    Ok(unknown)
}

/// `PATCH /v2/phone_numbers/{id}`
pub(super) fn update(state: &mut State, settings: &Settings, call: &Call) -> Answered {
    let unknown = take_over(state, call, NUMBER)?;
    Ok(noting(fetch(state, settings, call)?, &unknown))
}

/// `PATCH /v2/phone_numbers/{id}/messaging`
pub(super) fn update_messaging(state: &mut State, settings: &Settings, call: &Call) -> Answered {
    let unknown = take_over(state, call, MESSAGING)?;
    Ok(noting(messaging(state, settings, call)?, &unknown))
}

/// `PATCH /v2/phone_numbers/{id}/voice`
pub(super) fn update_voice(state: &mut State, settings: &Settings, call: &Call) -> Answered {
    let unknown = take_over(state, call, VOICE)?;
    Ok(noting(voice(state, settings, call)?, &unknown))
}

/// `DELETE /v2/phone_numbers/{id}`
pub(super) fn release(state: &mut State, _: &Settings, call: &Call) -> Answered {
    let number = find(state, call)?;
    if kept(number, "deletion_lock_enabled", json!(false)) == true {
        return Err(problem(422, 10035, "The number has a deletion lock."));
    }
    let mut shown = number_json::number(state, number);
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("status".to_owned(), json!("deleted"));
        // The answer to this one request has no nulls (spec3, PhoneNumberDeletedDetailed).
        shown.retain(|_, value| !value.is_null());
    }
    let key = key(state, call)?;
    state.numbers.remove(&key);
    Ok(Reply::new(200, data(shown)))
}
