//! The state to start with, in the shapes of the control API.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;

use crate::{
    model::{Account, AccountStatus, ApiKey, Capabilities, Number, Provider},
    phones::Phone,
    state::State,
    twilio_compat::number_text,
};

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seed {
    #[serde(default)]
    accounts: Vec<NewAccount>,
    #[serde(default)]
    numbers: Vec<NewNumber>,
    /// E.164 → script.
    #[serde(default)]
    phones: BTreeMap<String, Phone>,
    /// Public URL prefix → loopback prefix.
    #[serde(default)]
    origins: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAccount {
    provider: Provider,
    #[serde(default)]
    sid: Option<String>,
    #[serde(default)]
    auth_token: Option<String>,
    #[serde(default)]
    signing_key: Option<String>,
    #[serde(default)]
    owner_sid: Option<String>,
    #[serde(default)]
    friendly_name: Option<String>,
    #[serde(default)]
    status: Option<AccountStatus>,
    #[serde(default)]
    api_keys: Vec<ApiKey>,
    #[serde(default)]
    balance_micros: Option<i64>,
    #[serde(default)]
    media_protection: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewNumber {
    provider: Provider,
    account: String,
    phone_number: String,
    #[serde(default)]
    sid: Option<String>,
    #[serde(default)]
    friendly_name: Option<String>,
    #[serde(default)]
    capabilities: Capabilities,
    #[serde(default)]
    sms_url: Option<String>,
    #[serde(default)]
    sms_method: Option<String>,
    #[serde(default)]
    sms_fallback_url: Option<String>,
    #[serde(default)]
    voice_url: Option<String>,
    #[serde(default)]
    voice_method: Option<String>,
    #[serde(default)]
    voice_fallback_url: Option<String>,
    #[serde(default)]
    status_callback: Option<String>,
}

/// A thousand dollars: enough for any scenario that is not about running out.
pub(crate) const OPENING_BALANCE_MICROS: i64 = 1_000_000_000;

pub(crate) fn read(path: &Path) -> Result<Seed, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

pub(crate) fn plant(state: &mut State, seed: &Seed) -> Result<(), String> {
    for account in &seed.accounts {
        add_account(state, account.clone());
    }
    for number in &seed.numbers {
        add_number(state, number.clone())?;
    }
    state.phones.extend(seed.phones.clone());
    state.origins.extend(seed.origins.clone());
    Ok(())
}

/// Adds an account, or replaces the one with the same sid.
pub(crate) fn add_account(state: &mut State, new: NewAccount) -> Account {
    let sid = new.sid.unwrap_or_else(|| new.provider.new_sid("AC"));
    let now = state.now();
    let account = Account {
        provider: new.provider,
        auth_token: new.auth_token.unwrap_or_else(|| new_token(new.provider)),
        signing_key: match new.provider {
            Provider::Twilio => None,
            Provider::SignalWire => Some(new.signing_key.unwrap_or_else(new_signing_key)),
        },
        owner_sid: new.owner_sid,
        friendly_name: new.friendly_name.unwrap_or_else(|| "Simulated account".to_owned()),
        status: new.status.unwrap_or(AccountStatus::Active),
        api_keys: new.api_keys,
        tokens: Vec::new(),
        balance_micros: new.balance_micros.unwrap_or(OPENING_BALANCE_MICROS),
        media_protection: new.media_protection,
        created: now,
        updated: now,
        sid: sid.clone(),
    };
    state.accounts.insert(sid, account.clone());
    account
}

pub(crate) fn new_token(provider: Provider) -> String {
    match provider {
        Provider::Twilio => crate::ids::hex32(),
        Provider::SignalWire => format!("PT{}", crate::ids::hex64().get(..48).unwrap_or_default()),
    }
}

pub(crate) fn new_signing_key() -> String {
    format!("PSK_{}", crate::ids::hex32())
}

pub(crate) fn add_number(state: &mut State, new: NewNumber) -> Result<Number, String> {
    match state.accounts.get(&new.account) {
        Some(account) if account.provider == new.provider => {}
        _ => return Err(format!("no account {} at that provider", new.account)),
    }
    let now = state.now();
    let given = [
        ("SmsUrl", new.sms_url),
        ("SmsMethod", new.sms_method),
        ("SmsFallbackUrl", new.sms_fallback_url),
        ("VoiceUrl", new.voice_url),
        ("VoiceMethod", new.voice_method),
        ("VoiceFallbackUrl", new.voice_fallback_url),
        ("StatusCallback", new.status_callback),
    ];
    let number = Number {
        provider: new.provider,
        sid: new.sid.unwrap_or_else(|| new.provider.new_sid("PN")),
        account: new.account,
        friendly_name: new.friendly_name.unwrap_or_else(|| number_text::national(&new.phone_number)),
        country: number_text::country(&new.phone_number).to_owned(),
        capabilities: new.capabilities,
        settings: given
            .into_iter()
            .filter_map(|(name, value)| value.map(|value| (name.to_owned(), value)))
            .collect(),
        created: now,
        updated: now,
        phone_number: new.phone_number,
    };
    state.numbers.insert((number.provider, number.phone_number.clone()), number.clone());
    Ok(number)
}
