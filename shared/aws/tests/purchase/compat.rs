//! IncomingPhoneNumbers and AvailablePhoneNumbers, as Twilio and SignalWire have them.

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use telephony::domain::timestamp::Timestamp;
use telephony::provider::ProviderId;

use crate::market::{Held, State, empty, json as answered, query};

fn capabilities(provider: ProviderId) -> Value {
    match provider {
        ProviderId::SignalWire => json!({"voice": true, "SMS": true, "MMS": true}),
        _ => json!({"voice": true, "sms": true, "mms": true}),
    }
}

fn shown(provider: ProviderId, phone: &str, held: &Held) -> Value {
    json!({
        "sid": held.sid, "phone_number": phone, "friendly_name": held.mark,
        "capabilities": capabilities(provider),
        "voice_url": held.voice, "sms_url": held.messaging, "status_callback": held.status_callback,
    })
}

fn refused(status: u16, code: u32) -> Response<Bytes> {
    answered(status, &json!({"code": code, "message": "no", "status": status}))
}

fn configure(held: &mut Held, form: &BTreeMap<String, String>) {
    for (name, member) in [
        ("FriendlyName", &mut held.mark),
        ("VoiceUrl", &mut held.voice),
        ("SmsUrl", &mut held.messaging),
        ("StatusCallback", &mut held.status_callback),
    ] {
        if let Some(value) = form.get(name) {
            member.clone_from(value);
        }
    }
}

pub fn answer(
    state: &mut State,
    provider: ProviderId,
    request: &Request<Bytes>,
    now: Timestamp,
) -> Response<Bytes> {
    let path = request.uri().path().trim_end_matches(".json").to_owned();
    let (_, rest) = path.split_once("/Accounts/").unwrap();
    let account = state.account(rest.split('/').next().unwrap_or_default());
    let rest: Vec<&str> = rest.split('/').skip(1).collect();
    if state.closed.contains(&account) {
        return refused(401, 20003);
    }
    let form: BTreeMap<String, String> = form_urlencoded::parse(request.body()).into_owned().collect();
    match (request.method(), rest.as_slice()) {
        (&Method::POST, ["IncomingPhoneNumbers"]) => buy(state, provider, account, &form, now),
        (&Method::GET, ["IncomingPhoneNumbers"]) => {
            let wanted = query(request).remove("PhoneNumber").unwrap_or_default();
            let all =
                state.shown(provider, &account, now).into_iter().filter(|(phone, _)| phone.contains(&wanted));
            let list: Vec<Value> = all.map(|(phone, held)| shown(provider, &phone, &held)).collect();
            answered(200, &json!({"incoming_phone_numbers": list, "next_page_uri": null}))
        }
        (&Method::GET, ["AvailablePhoneNumbers", ..]) => {
            let wanted = query(request).remove("Contains").unwrap_or_default();
            let found = state.for_sale.iter().filter(|phone| phone.contains(&wanted));
            let list: Vec<Value> = found
                .map(|phone| {
                    let capabilities = capabilities(provider);
                    json!({"phone_number": phone, "address_requirements": "none", "capabilities": capabilities})
                })
                .collect();
            answered(200, &json!({"available_phone_numbers": list}))
        }
        (&Method::POST, ["IncomingPhoneNumbers", sid]) => {
            let Some(key) = state.by_sid(provider, &account, sid) else { return refused(404, 20404) };
            if state.mood.refuses_settings {
                return refused(400, 21402);
            }
            if form.contains_key("AccountSid") && state.mood.refuses_moves {
                let code = if provider == ProviderId::Twilio { 20001 } else { 22121 };
                return refused(400, code);
            }
            let moved = form.get("AccountSid").map(|account| state.account(account));
            let held = state.held.get_mut(&key).unwrap();
            if let Some(account) = moved {
                held.account = account;
            }
            let before = held.mark.clone();
            configure(held, &form);
            let answer = shown(provider, &key.1, held);
            state.configured.push(before);
            answered(200, &answer)
        }
        (&Method::DELETE, ["IncomingPhoneNumbers", sid]) => {
            let Some(key) = state.by_sid(provider, &account, sid) else { return refused(404, 20404) };
            if state.mood.keeps_until.is_some_and(|until| now < until) {
                return refused(409, 22121);
            }
            state.take_back(&key);
            empty(204)
        }
        other => panic!("{other:?}"),
    }
}

fn buy(
    state: &mut State,
    provider: ProviderId,
    account: String,
    form: &BTreeMap<String, String>,
    now: Timestamp,
) -> Response<Bytes> {
    if let Some(code) = state.mood.refuses {
        return refused(400, code);
    }
    let phone = form["PhoneNumber"].clone();
    let mut held = Held { sid: format!("PN{:032x}", state.id()), account, ..Held::default() };
    configure(&mut held, form);
    if state.mood.forgets_settings {
        held = Held { sid: held.sid, mark: held.mark, account: held.account, ..Held::default() };
    }
    let answer = shown(provider, &phone, &held);
    if !state.sell(provider, &phone, held, now) {
        return if provider == ProviderId::Twilio { refused(400, 21422) } else { refused(404, 20404) };
    }
    answered(201, &answer)
}
