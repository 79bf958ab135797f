//! Buying, keeping and giving back numbers.

use super::{
    Answer,
    errors::ApiError,
    inventory::{self, Wanted},
    number_json,
    opt_out::is_toll_free,
    paging::page,
    request::{Incoming, Login},
};
use crate::{
    model::{Capabilities, Number, Provider},
    number_text,
    state::State,
};

/// The members that are kept and shown as they were given.
const SETTINGS: [&str; 22] = [
    "SmsApplicationSid",
    "SmsFallbackMethod",
    "SmsFallbackUrl",
    "SmsMethod",
    "SmsUrl",
    "StatusCallback",
    "StatusCallbackMethod",
    "VoiceApplicationSid",
    "VoiceCallerIdLookup",
    "VoiceFallbackMethod",
    "VoiceFallbackUrl",
    "VoiceMethod",
    "VoiceUrl",
    "VoiceReceiveMode",
    "EmergencyStatus",
    "EmergencyAddressSid",
    "TrunkSid",
    "IdentitySid",
    "AddressSid",
    "BundleSid",
    "ApiVersion",
    "SmsReceiveMode",
];

/// Micro-dollars a month; list prices of both providers are about these.
fn price(phone_number: &str) -> i64 {
    if is_toll_free(phone_number) { 2_150_000 } else { 1_150_000 }
}

pub(crate) fn buy(state: &mut State, incoming: &Incoming) -> Result<(String, Answer), ApiError> {
    let provider = incoming.provider;
    let (phone_number, country) = choose(state, incoming)?;
    let price = price(&phone_number);
    let address = incoming.filled("AddressSid").or(incoming.filled("BundleSid"));
    if provider == Provider::Twilio && address.is_none() && inventory::address_requirement(country) != "none"
    {
        return Err(ApiError::bad(
            21631,
            "Phone Number Requires an Address but the 'AddressSid' parameter was empty.",
        ));
    }
    let Some(account) = state.accounts.get_mut(incoming.account()) else {
        return Err(ApiError::not_found(&incoming.uri_path));
    };
    // Only SignalWire documents a code for an empty purse (4001).
    if provider == Provider::SignalWire && account.balance_micros < price {
        return Err(ApiError::bad(4001, "The fee for the operation costs more than the available balance"));
    }
    account.balance_micros -= price;
    let now = state.now();
    let mut number = Number {
        provider,
        sid: provider.new_sid("PN"),
        account: incoming.account().to_owned(),
        friendly_name: number_text::national(&phone_number),
        country: country.to_owned(),
        capabilities: Capabilities {
            mms: !is_toll_free(&phone_number) && matches!(country, "US" | "CA"),
            ..Capabilities::default()
        },
        settings: Default::default(),
        created: now,
        updated: now,
        phone_number,
    };
    configure(&mut number, incoming)?;
    let sid = number.sid.clone();
    let shown = number_json::number(&number);
    state.numbers.insert((provider, number.phone_number.clone()), number);
    Ok((sid, Answer::Json(201, shown)))
}

fn choose(state: &State, incoming: &Incoming) -> Result<(String, &'static str), ApiError> {
    let twilio = incoming.provider == Provider::Twilio;
    match (incoming.filled("PhoneNumber"), incoming.filled("AreaCode")) {
        (Some(wanted), _) => {
            // Twilio 21421 "phone number is invalid"; SignalWire 21401.
            let invalid = if twilio { 21421 } else { 21401 };
            let number = number_text::normalised(wanted)
                .ok_or_else(|| ApiError::bad(invalid, format!("{wanted} is not a valid number")))?;
            // Twilio 21422 "not available". SignalWire's list has no code for it; 20404 stands in.
            let gone = || match twilio {
                true => ApiError::bad(21422, format!("{number} is not available")),
                false => ApiError::new(404, 20404, format!("{number} is not available")),
            };
            if state.snatched.contains(&number) {
                return Err(gone());
            }
            inventory::find(state, incoming.provider, Wanted::Number(&number)).ok_or_else(gone)
        }
        (None, Some(area_code)) if twilio => {
            if area_code.len() != 3 || !area_code.chars().all(|c| c.is_ascii_digit()) {
                return Err(ApiError::bad(21451, "Invalid area code"));
            }
            inventory::find(state, incoming.provider, Wanted::InArea(area_code))
                .ok_or_else(|| ApiError::bad(21452, "No phone numbers found in area code"))
        }
        // The same number at both, with different words; SignalWire takes no area code, whatever the text says.
        _ if twilio => Err(ApiError::bad(21421, "A PhoneNumber or AreaCode is required")),
        _ => Err(ApiError::bad(21421, "An area code or number must be provided to purchase a number")),
    }
}

fn configure(number: &mut Number, incoming: &Incoming) -> Result<(), ApiError> {
    for name in SETTINGS {
        let Some(value) = incoming.param(name) else { continue };
        if name.ends_with("Method") && !matches!(value, "GET" | "POST" | "") {
            // SignalWire 21209 "not GET or POST"; Twilio 21403 is "invalid method".
            let code = if incoming.provider == Provider::Twilio { 21403 } else { 21209 };
            return Err(ApiError::bad(code, format!("{name} must be GET or POST")));
        }
        let is_url = name.ends_with("Url") || name == "StatusCallback";
        if is_url && !value.is_empty() && !value.starts_with("http://") && !value.starts_with("https://") {
            // 21402 "invalid URL", the same at both.
            return Err(ApiError::bad(21402, format!("{name} is not a valid URL")));
        }
        number.settings.insert(name.to_owned(), value.to_owned());
        // twilio_api_v2010.json, TrunkSid: setting one of the two deletes the other.
        match name {
            "TrunkSid" if !value.is_empty() => drop(number.settings.remove("VoiceApplicationSid")),
            "VoiceApplicationSid" if !value.is_empty() => drop(number.settings.remove("TrunkSid")),
            _ => {}
        }
    }
    if let Some(name) = incoming.filled("FriendlyName") {
        number.friendly_name = name.to_owned();
    }
    Ok(())
}

pub(crate) fn list(state: &State, incoming: &Incoming) -> Result<Answer, ApiError> {
    let mut numbers: Vec<&Number> = state
        .numbers
        .values()
        .filter(|number| number.provider == incoming.provider && number.account == incoming.account())
        .filter(|number| {
            incoming
                .filled("PhoneNumber")
                .is_none_or(|pattern| matches_pattern(&number.phone_number, pattern))
                && incoming.filled("FriendlyName").is_none_or(|name| number.friendly_name == name)
                && match incoming.arg(0) {
                    "TollFree" => is_toll_free(&number.phone_number),
                    "Local" => !is_toll_free(&number.phone_number),
                    "Mobile" => number.phone_number.starts_with("+447"),
                    _ => true,
                }
        })
        .collect();
    numbers.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.phone_number.cmp(&b.phone_number)));
    page(incoming, numbers.into_iter(), |number| &number.sid, number_json::number, "incoming_phone_numbers")
}

/// `*` stands for any digits; a pattern without it may stand anywhere in the number (docs, partial match).
fn matches_pattern(number: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => {
            let end = end.trim_matches('*');
            number.strip_prefix(start).is_some_and(|rest| rest.ends_with(end))
        }
        None => number.contains(pattern),
    }
}

fn find(state: &State, incoming: &Incoming) -> Result<(Provider, String), ApiError> {
    state
        .numbers
        .iter()
        .find(|(_, number)| {
            number.provider == incoming.provider
                && number.sid == incoming.arg(0)
                && number.account == incoming.account()
        })
        .map(|(key, _)| key.clone())
        .ok_or_else(|| ApiError::not_found(&incoming.uri_path))
}

pub(crate) fn fetch(state: &State, incoming: &Incoming) -> Result<Answer, ApiError> {
    let key = find(state, incoming)?;
    let number = state.numbers.get(&key).ok_or_else(|| ApiError::not_found(&incoming.uri_path))?;
    Ok(Answer::Json(200, number_json::number(number)))
}

pub(crate) fn update(state: &mut State, incoming: &Incoming, login: &Login) -> Result<Answer, ApiError> {
    let key = find(state, incoming)?;
    let now = state.now();
    let mut number =
        state.numbers.get(&key).cloned().ok_or_else(|| ApiError::not_found(&incoming.uri_path))?;
    configure(&mut number, incoming)?;
    if let Some(target) = incoming.filled("AccountSid") {
        // Between a parent and its subaccounts, with the parent's credentials.
        let known = state.accounts.get(target).is_some_and(|account| {
            account.provider == incoming.provider
                && (account.sid == login.sid || account.owner_sid.as_ref() == Some(&login.sid))
        });
        if !known || login.by_key {
            return Err(ApiError::unauthenticated(incoming.provider));
        }
        number.account = target.to_owned();
    }
    number.updated = now;
    let shown = number_json::number(&number);
    state.numbers.insert(key, number);
    Ok(Answer::Json(200, shown))
}

pub(crate) fn release(state: &mut State, incoming: &Incoming) -> Result<Answer, ApiError> {
    let key = find(state, incoming)?;
    state.numbers.remove(&key);
    Ok(Answer::Empty)
}
