//! Accounts and subaccounts, and what they have left.

use serde_json::{Map, Value, json};

use super::{
    Answer,
    errors::ApiError,
    paging::page,
    request::{Incoming, Login},
};
use crate::{
    clock::rfc2822,
    ids,
    model::{Account, AccountStatus, Provider},
    seed,
    state::State,
};

pub(crate) fn create(
    state: &mut State,
    incoming: &Incoming,
    login: &Login,
) -> Result<(String, Answer), ApiError> {
    let provider = incoming.provider;
    let is_sub = state.accounts.get(&login.sid).is_some_and(|account| account.owner_sid.is_some());
    // Subaccounts have none of their own, and standard API keys do not manage accounts.
    if is_sub || login.by_key {
        return Err(ApiError::unauthenticated(provider));
    }
    let name = incoming.filled("FriendlyName");
    if provider == Provider::SignalWire && name.is_none() {
        // 20002 "the friendly name is missing"
        return Err(ApiError::bad(20002, "The friendly name is missing"));
    }
    // Twilio: 1000 subaccounts, then 21480.
    let subs =
        state.accounts.values().filter(|account| account.owner_sid.as_ref() == Some(&login.sid)).count();
    if provider == Provider::Twilio && subs >= 1000 {
        return Err(ApiError::bad(21480, "Reached maximum number of subaccounts"));
    }
    let now = state.now();
    let account = Account {
        provider,
        sid: provider.new_sid("AC"),
        auth_token: seed::new_token(provider),
        signing_key: (provider == Provider::SignalWire).then(seed::new_signing_key),
        signing_seed: None,
        public_key: None,
        webhook_url: None,
        email: None,
        owner_sid: Some(login.sid.clone()),
        friendly_name: name.map_or_else(|| format!("SubAccount Created at {}", rfc2822(now)), str::to_owned),
        status: AccountStatus::Active,
        api_keys: Vec::new(),
        tokens: Vec::new(),
        balance_micros: seed::OPENING_BALANCE_MICROS,
        media_protection: false,
        created: now,
        updated: now,
    };
    let sid = account.sid.clone();
    // The signing key is shown once, here.
    let shown = account_json(&account, true);
    state.accounts.insert(sid.clone(), account);
    Ok((sid, Answer::Json(201, shown)))
}

pub(crate) fn list(state: &State, incoming: &Incoming, login: &Login) -> Result<Answer, ApiError> {
    let (name, status) = (incoming.filled("FriendlyName"), incoming.filled("Status"));
    let mut accounts: Vec<&Account> = state
        .accounts
        .values()
        .filter(|account| account.sid == login.sid || account.owner_sid.as_ref() == Some(&login.sid))
        .filter(|account| {
            name.is_none_or(|name| account.friendly_name == name)
                && status.is_none_or(|status| account.status.as_str() == status)
        })
        .collect();
    accounts.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.sid.cmp(&b.sid)));
    page(
        incoming,
        accounts.into_iter(),
        |account| &account.sid,
        |account| account_json(account, false),
        "accounts",
    )
}

pub(crate) fn fetch(state: &State, incoming: &Incoming) -> Result<Answer, ApiError> {
    let account = state.accounts.get(incoming.account());
    let account = account.ok_or_else(|| ApiError::not_found(&incoming.uri_path))?;
    Ok(Answer::Json(200, account_json(account, false)))
}

pub(crate) fn update(state: &mut State, incoming: &Incoming, login: &Login) -> Result<Answer, ApiError> {
    if login.by_key {
        return Err(ApiError::unauthenticated(incoming.provider));
    }
    let now = state.now();
    let account =
        state.accounts.get_mut(incoming.account()).ok_or_else(|| ApiError::not_found(&incoming.uri_path))?;
    if incoming.provider == Provider::Twilio
        && let Some(status) = incoming.filled("Status")
    {
        account.status = new_status(account, status)?;
    }
    if let Some(name) = incoming.filled("FriendlyName") {
        account.friendly_name = name.to_owned();
    }
    account.updated = now;
    Ok(Answer::Json(200, account_json(account, false)))
}

/// 21475 to 21479 (twilio-error-codes).
fn new_status(account: &Account, status: &str) -> Result<AccountStatus, ApiError> {
    let wanted = match status {
        "active" => AccountStatus::Active,
        "suspended" => AccountStatus::Suspended,
        "closed" => AccountStatus::Closed,
        _ => return Err(ApiError::bad(21475, "Unable to update Status, invalid Status.")),
    };
    if account.owner_sid.is_none() {
        return Err(ApiError::bad(21477, "Unable to update Status for parent accounts"));
    }
    if account.status == AccountStatus::Closed {
        return Err(ApiError::bad(
            21479,
            "Unable to update Status for subaccount, subaccount has been closed.",
        ));
    }
    Ok(wanted)
}

/// SignalWire only: a further token for the project or one of its subprojects.
pub(crate) fn create_token(state: &mut State, incoming: &Incoming) -> Result<Answer, ApiError> {
    let name = incoming.filled("name").ok_or_else(|| ApiError::new(422, 20422, "name is missing"))?;
    let mut permissions = incoming.all("permissions[]");
    permissions.extend(incoming.all("permissions"));
    if permissions.is_empty() {
        return Err(ApiError::new(422, 10003, "The permissions contain invalid selections"));
    }
    let target = incoming.filled("subproject_id").unwrap_or(incoming.account());
    let token = seed::new_token(Provider::SignalWire);
    let account = state
        .accounts
        .get_mut(target)
        .filter(|account| {
            account.sid == incoming.account() || account.owner_sid.as_deref() == incoming.account.as_deref()
        })
        .ok_or_else(|| {
            ApiError::new(422, 10004, "The subproject does not belong to the project used to authenticate")
        })?;
    account.tokens.push(token.clone());
    let answer = json!({ "id": ids::uuid(), "name": name, "permissions": permissions, "token": token });
    Ok(Answer::Json(200, answer))
}

/// Twilio only, and the parent's only.
pub(crate) fn balance(state: &State, incoming: &Incoming) -> Result<Answer, ApiError> {
    let account = state
        .accounts
        .get(incoming.account())
        .filter(|account| account.owner_sid.is_none())
        .ok_or_else(|| ApiError::not_found(&incoming.uri_path))?;
    // What subaccounts spend, the parent pays.
    let spent: i64 = state
        .accounts
        .values()
        .filter(|sub| sub.owner_sid.as_ref() == Some(&account.sid))
        .map(|sub| seed::OPENING_BALANCE_MICROS - sub.balance_micros)
        .sum();
    let micros = account.balance_micros - spent;
    let sign = if micros < 0 { "-" } else { "" };
    let balance = format!("{sign}{}", super::message_json::decimal(micros));
    Ok(Answer::Json(200, json!({ "account_sid": account.sid, "balance": balance, "currency": "USD" })))
}

fn account_json(account: &Account, just_created: bool) -> Value {
    match account.provider {
        Provider::Twilio => twilio(account),
        _ => signalwire(account, just_created),
    }
}

fn twilio(account: &Account) -> Value {
    const BELOW: [(&str, &str); 20] = [
        ("addresses", "Addresses"),
        ("applications", "Applications"),
        ("authorized_connect_apps", "AuthorizedConnectApps"),
        ("available_phone_numbers", "AvailablePhoneNumbers"),
        ("balance", "Balance"),
        ("calls", "Calls"),
        ("conferences", "Conferences"),
        ("connect_apps", "ConnectApps"),
        ("incoming_phone_numbers", "IncomingPhoneNumbers"),
        ("keys", "Keys"),
        ("messages", "Messages"),
        ("notifications", "Notifications"),
        ("outgoing_caller_ids", "OutgoingCallerIds"),
        ("queues", "Queues"),
        ("recordings", "Recordings"),
        ("short_codes", "SMS/ShortCodes"),
        ("signing_keys", "SigningKeys"),
        ("sip", "SIP"),
        ("transcriptions", "Transcriptions"),
        ("usage", "Usage"),
    ];
    let base = format!("/2010-04-01/Accounts/{}", account.sid);
    let below: Map<String, Value> =
        BELOW.iter().map(|(name, path)| ((*name).to_owned(), json!(format!("{base}/{path}.json")))).collect();
    json!({
        "auth_token": account.auth_token,
        "date_created": rfc2822(account.created),
        "date_updated": rfc2822(account.updated),
        "friendly_name": account.friendly_name,
        "owner_account_sid": account.owner_sid.as_ref().unwrap_or(&account.sid),
        "sid": account.sid,
        "status": account.status,
        "subresource_uris": below,
        "type": "Full",
        "uri": format!("{base}.json"),
    })
}

/// compatibility-openapi.yaml, Account and SubresourceUris: what does not exist is null.
fn signalwire(account: &Account, just_created: bool) -> Value {
    let base = format!("/api/laml/2010-04-01/Accounts/{}", account.sid);
    let below = |path: &str| format!("{base}/{path}");
    json!({
        "sid": account.sid,
        "friendly_name": account.friendly_name,
        "status": "active",
        "auth_token": "redacted",
        "date_created": rfc2822(account.created),
        "date_updated": rfc2822(account.updated),
        "type": "Full",
        "owner_account_sid": account.owner_sid.as_ref().unwrap_or(&account.sid),
        "region_preference": "us-east",
        "uri": base,
        "subproject": account.owner_sid.is_some(),
        "signing_key": account.signing_key.as_ref().filter(|_| just_created),
        "subresource_uris": {
            "addresses": null,
            "available_phone_numbers": below("AvailablePhoneNumbers"),
            "applications": below("Applications"),
            "authorized_connect_apps": null,
            "calls": below("Calls"),
            "conferences": below("Conferences"),
            "connect_apps": null,
            "incoming_phone_numbers": below("IncomingPhoneNumbers"),
            "keys": null,
            "notifications": null,
            "outgoing_caller_ids": null,
            "queues": below("Queues"),
            "recordings": below("Recordings"),
            "sandbox": null,
            "sip": null,
            "short_codes": null,
            "messages": below("Messages"),
            "transcriptions": below("Transcriptions"),
            "usage": null,
        },
    })
}
