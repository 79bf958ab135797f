//! The state to start with, in the shapes of the control API.

use std::{collections::BTreeMap, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::{
    model::{Account, AccountStatus, ApiKey, Capabilities, Number, Provider},
    number_text,
    phones::Phone,
    retell, sign,
    state::State,
    telnyx,
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
    /// Telnyx: base64 of 32 bytes; derived from the sid unless given.
    #[serde(default)]
    signing_seed: Option<String>,
    #[serde(default)]
    webhook_url: Option<String>,
    #[serde(default)]
    email: Option<String>,
}

impl NewAccount {
    /// An account below another one, with a key of its own.
    pub(crate) fn child(provider: Provider, sid: &str, owner: &str, name: &str, email: &str) -> Self {
        Self {
            provider,
            sid: Some(sid.to_owned()),
            auth_token: None,
            signing_key: None,
            owner_sid: Some(owner.to_owned()),
            friendly_name: Some(name.to_owned()),
            status: None,
            api_keys: Vec::new(),
            balance_micros: None,
            media_protection: false,
            signing_seed: None,
            webhook_url: None,
            email: Some(email.to_owned()),
        }
    }
}

/// A new key for an account's webhooks; what is not given is made up, if it is the key that signs.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotation {
    #[serde(default)]
    signing_seed: Option<String>,
    #[serde(default)]
    signing_key: Option<String>,
    #[serde(default)]
    auth_token: Option<String>,
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
    /// The provider's word for what state it is in; in use unless said.
    #[serde(default)]
    status: Option<String>,
    /// Telnyx; `sms_url` and `voice_url` make a profile and an application of the number's own.
    #[serde(default)]
    messaging_profile_id: Option<String>,
    #[serde(default)]
    connection_id: Option<String>,
    /// Retell.
    #[serde(default)]
    inbound_agent_id: Option<String>,
    #[serde(default)]
    outbound_agent_id: Option<String>,
    #[serde(default)]
    inbound_webhook_url: Option<String>,
}

/// A thousand dollars: enough for any scenario that is not about running out.
pub(crate) const OPENING_BALANCE_MICROS: i64 = 1_000_000_000;

pub(crate) fn read(path: &Path) -> Result<Seed, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

pub(crate) fn plant(state: &mut State, seed: &Seed) -> Result<(), String> {
    for account in &seed.accounts {
        add_account(state, account.clone())?;
    }
    for number in &seed.numbers {
        add_number(state, number.clone())?;
    }
    state.phones.extend(seed.phones.clone());
    state.origins.extend(seed.origins.clone());
    Ok(())
}

/// Adds an account, or replaces the one with the same sid.
pub(crate) fn add_account(state: &mut State, new: NewAccount) -> Result<Account, String> {
    let sid = new.sid.unwrap_or_else(|| new.provider.new_sid("AC"));
    let now = state.now();
    let (signing_seed, public_key) = match new.provider {
        Provider::Telnyx => {
            let seed = new.signing_seed.unwrap_or_else(|| STANDARD.encode(Sha256::digest(sid.as_bytes())));
            let public = public_key(&seed)?;
            (Some(seed), Some(public))
        }
        _ => (None, None),
    };
    let account = Account {
        provider: new.provider,
        auth_token: new.auth_token.unwrap_or_else(|| new_token(new.provider)),
        signing_key: match new.provider {
            Provider::Twilio | Provider::Telnyx => None,
            Provider::Retell => new.signing_key,
            Provider::SignalWire => Some(new.signing_key.unwrap_or_else(new_signing_key)),
        },
        signing_seed,
        public_key,
        webhook_url: new.webhook_url,
        email: new.email,
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
    Ok(account)
}

fn public_key(seed: &str) -> Result<String, String> {
    sign::telnyx_public_key(seed).ok_or_else(|| "signing_seed: base64 of 32 bytes".to_owned())
}

/// From now on webhooks are signed with another key.
pub(crate) fn rotate(account: &mut Account, new: Rotation) -> Result<(), String> {
    let nothing_given = new.signing_seed.is_none() && new.signing_key.is_none() && new.auth_token.is_none();
    match account.provider {
        Provider::Telnyx => {
            let made = nothing_given.then(|| STANDARD.encode(Sha256::digest(crate::ids::hex64())));
            if let Some(seed) = new.signing_seed.or(made) {
                account.public_key = Some(public_key(&seed)?);
                account.signing_seed = Some(seed);
            }
        }
        Provider::SignalWire => {
            let made = nothing_given.then(new_signing_key);
            account.signing_key = new.signing_key.or(made).or(account.signing_key.take());
        }
        Provider::Retell => {
            let made = nothing_given.then(|| new_token(Provider::Retell));
            account.signing_key = new.signing_key.or(made).or(account.signing_key.take());
        }
        Provider::Twilio if nothing_given => account.auth_token = new_token(Provider::Twilio),
        Provider::Twilio => {}
    }
    if let Some(token) = new.auth_token {
        account.auth_token = token;
    }
    Ok(())
}

pub(crate) fn new_token(provider: Provider) -> String {
    match provider {
        Provider::Twilio => crate::ids::hex32(),
        // `KEY` + hex + `_` + a second part; `key_` + hex.
        Provider::Telnyx => format!("KEY{}_{}", crate::ids::hex32().to_uppercase(), &crate::ids::hex32()),
        Provider::Retell => format!("key_{}", crate::ids::hex32()),
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
        ("status", new.status),
        ("messaging_profile_id", new.messaging_profile_id),
        ("connection_id", new.connection_id),
        ("inbound_agent_id", new.inbound_agent_id),
        ("outbound_agent_id", new.outbound_agent_id),
        ("inbound_webhook_url", new.inbound_webhook_url),
    ];
    let mut number = Number {
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
    if number.provider == Provider::Telnyx {
        telnyx::connect_seeded(state, &mut number);
    }
    if number.provider == Provider::Retell {
        retell::connect_seeded(&mut number);
    }
    state.numbers.insert((number.provider, number.phone_number.clone()), number.clone());
    Ok(number)
}
