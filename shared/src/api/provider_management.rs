//! Provider management in JSON. Its members are in snake case: their names come from its users.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::domain::secret::Secret;
use crate::provider::capabilities::Capabilities;
use crate::provider::numbers::NumberCapabilities;
use crate::provider::registry::Features;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The accounts that the tenant may use, and the providers that are not configured.
    ListProviders,
    /// A new account: `provider_type` and `config`.
    AddProvider,
    /// Changed settings of `provider_id`: what `config` does not name stays.
    UpdateProvider,
    /// No account `provider_id` any more.
    DeleteProvider,
    /// One authenticated question to the provider.
    TestConnection,
    /// The numbers that are stored for an account, or for all.
    ListNumbers,
    /// One number that the account holds at the provider.
    ImportNumber,
    /// All numbers that the account holds at the provider.
    SyncNumbers,
}

impl Action {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ListProviders => "list_providers",
            Self::AddProvider => "add_provider",
            Self::UpdateProvider => "update_provider",
            Self::DeleteProvider => "delete_provider",
            Self::TestConnection => "test_connection",
            Self::ListNumbers => "list_numbers",
            Self::ImportNumber => "import_number",
            Self::SyncNumbers => "sync_numbers",
        }
    }
}

/// What `POST /api/provider-management` reads.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderRequest {
    /// What is to be done. Each action takes some of the other members and refuses the rest.
    pub action: Action,
    /// `twilio`, `signalwire`, `telnyx` or `retell`; the best account of this provider is meant.
    pub provider_type: Option<String>,
    /// An account.
    pub provider_id: Option<String>,
    /// Settings.
    #[schemars(with = "Option<ConfigMembers>")]
    pub config: Option<ConfigBody>,
    /// `tenant` (default), or `platform` (`admin`): whose a new account is.
    pub scope: Option<String>,
    /// Another tenant than the caller's own (`admin`).
    pub tenant_id: Option<String>,
    /// A number in E.164 form.
    pub number: Option<String>,
    /// How the number reaches this provider from the one that holds it; in `import_number` only.
    pub trunk: Option<TrunkBody>,
    /// At most this many, 1 to 100.
    pub limit: Option<u32>,
    /// The `nextCursor` of the answer before.
    pub cursor: Option<String>,
}

/// A SIP trunk, at the provider that holds the number.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrunkBody {
    /// Its address (`name.pstn.twilio.com`).
    pub termination_uri: String,
    /// Its user.
    #[schemars(with = "Option<String>")]
    pub username: Option<Secret>,
    /// Its password.
    #[schemars(with = "Option<String>")]
    pub password: Option<Secret>,
    /// The agent that answers calls.
    pub agent_id: Option<String>,
    /// The agent that places calls.
    pub outbound_agent_id: Option<String>,
}

/// One value of a configuration.
#[derive(Clone, Debug)]
pub enum ConfigValue {
    /// A text. Any of them may be a secret.
    Text(Secret),
    /// A number.
    Number(i64),
    /// True or false.
    Flag(bool),
    /// `null`: to be taken away, as an empty text.
    Nothing,
}

impl<'de> Deserialize<'de> for ConfigValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Values;
        impl Visitor<'_> for Values {
            type Value = ConfigValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a whole number, true, false or null")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ConfigValue, E> {
                Ok(ConfigValue::Text(Secret::new(text)))
            }

            fn visit_bool<E: serde::de::Error>(self, flag: bool) -> Result<ConfigValue, E> {
                Ok(ConfigValue::Flag(flag))
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<ConfigValue, E> {
                Ok(ConfigValue::Number(number))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<ConfigValue, E> {
                // Larger than any that is allowed is as good as any other that is not.
                Ok(ConfigValue::Number(i64::try_from(number).unwrap_or(i64::MAX)))
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<ConfigValue, E> {
                Ok(ConfigValue::Nothing)
            }
        }
        deserializer.deserialize_any(Values)
    }
}

/// The settings of a request, in no particular order. Which there are depends on the provider.
#[derive(Clone, Debug, Default)]
pub struct ConfigBody(pub BTreeMap<String, ConfigValue>);

impl<'de> Deserialize<'de> for ConfigBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = ConfigBody;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ConfigBody, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, ConfigValue>()? {
                    if members.contains_key(&name) {
                        return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
                    }
                    members.insert(name, value);
                }
                Ok(ConfigBody(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// The settings of all providers. An empty text or `null` takes one away.
#[derive(JsonSchema)]
#[schemars(rename = "ProviderConfig")]
#[expect(dead_code, reason = "its members are the schema; requests are read by name")]
struct ConfigMembers {
    /// What people call the account, at most 100 characters.
    display_name: Option<String>,
    /// Which of several accounts comes first: the lowest, 1 to 1000.
    priority: Option<u16>,
    /// May be used; its webhooks are accepted.
    active: Option<bool>,
    /// Another address of the provider's API; on a local stack only.
    api_base: Option<String>,
    /// Opens a subaccount below this account; in `add_provider` only.
    subaccount_of: Option<String>,
    /// Not supported yet.
    certificate_id: Option<String>,
    /// Twilio.
    account_sid: Option<String>,
    /// Twilio: the primary auth token, which signs webhooks.
    auth_token: Option<String>,
    /// Twilio: the token that a rotation is about to put in force.
    next_auth_token: Option<String>,
    /// Twilio: an API key's SID. Telnyx and Retell: the API key.
    api_key: Option<String>,
    /// Twilio: the API key's secret.
    api_secret: Option<String>,
    /// Twilio: a messaging service to send through.
    messaging_service_sid: Option<String>,
    /// SignalWire.
    project_id: Option<String>,
    /// SignalWire: the API token.
    token: Option<String>,
    /// SignalWire: `your-space.signalwire.com`.
    space_url: Option<String>,
    /// SignalWire: the key that signs webhooks.
    signing_key: Option<String>,
    /// SignalWire: the signing key that a rotation is about to put in force.
    next_signing_key: Option<String>,
    /// Telnyx: the public key that verifies webhooks.
    public_key: Option<String>,
    /// Telnyx.
    messaging_key: Option<String>,
    /// Telnyx: the organization.
    account_id: Option<String>,
    /// Telnyx: the connection of calls.
    connection_id: Option<String>,
    /// Telnyx: the messaging profile.
    messaging_profile_id: Option<String>,
}

/// How an account is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct HealthBody {
    /// `ok`, `problem`, `unknown` (never tested), `off` (not active) or `opening`.
    pub state: &'static str,
    /// When it was tested last.
    pub checked_at: Option<String>,
    /// `credentials`, `suspended`, `balance`, `network` or `provider`.
    pub problem: Option<String>,
    /// What limits it, in the provider's words.
    pub note: Option<String>,
}

/// What a provider can do here.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the members of `Capabilities` and `Features`, documented there")]
pub struct CapabilitiesBody {
    pub sms: bool,
    pub mms: bool,
    pub voice: bool,
    pub rvm: bool,
    pub shaken: bool,
    pub max_body: usize,
    pub max_media: usize,
    pub mms_receipts: bool,
    pub manages_opt_outs: bool,
    pub long_code_rate: Option<u32>,
    pub concurrent_calls: Option<u32>,
    pub webhook_patience: u32,
    pub messaging: bool,
    pub calling: bool,
    pub call_control: bool,
    pub recordings: bool,
    pub held_numbers: bool,
    pub number_market: bool,
    pub trunk_numbers: bool,
    pub agents: bool,
    pub subaccounts: bool,
}

impl CapabilitiesBody {
    /// From what the provider can do and what can be called.
    pub fn of(capabilities: &Capabilities, features: Features) -> Self {
        Self {
            sms: capabilities.sms,
            mms: capabilities.mms,
            voice: capabilities.voice,
            rvm: capabilities.rvm,
            shaken: capabilities.shaken,
            max_body: capabilities.max_body,
            max_media: capabilities.max_media,
            mms_receipts: capabilities.mms_receipts,
            manages_opt_outs: capabilities.manages_opt_outs,
            long_code_rate: capabilities.long_code_rate,
            concurrent_calls: capabilities.concurrent_calls,
            webhook_patience: capabilities.webhook_patience,
            messaging: features.messaging,
            calling: features.calling,
            call_control: features.call_control,
            recordings: features.recordings,
            held_numbers: features.held_numbers,
            number_market: features.number_market,
            trunk_numbers: features.trunk_numbers,
            agents: features.agents,
            subaccounts: features.subaccounts,
        }
    }
}

/// An account at a provider, or a provider without one.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ProviderBody {
    /// Its id; `null` where nothing is configured.
    pub id: Option<String>,
    /// The provider.
    pub provider_type: &'static str,
    /// There is an account.
    pub configured: bool,
    /// What people call it.
    pub display_name: String,
    /// `platform`, `tenant` or `subaccount`; `null` where nothing is configured.
    pub scope: Option<&'static str>,
    /// Which of several comes first: the lowest.
    pub priority: u16,
    /// May be used.
    pub active: bool,
    /// What the provider can do here.
    pub capabilities: CapabilitiesBody,
    /// What was left at the last test, where the provider tells; for those who manage the account.
    pub balance: Option<Balance>,
    /// How it is.
    pub health: Option<HealthBody>,
    /// `unverifiable`: there is no key, so every webhook is refused. `ready`: there is one.
    /// `verified`: one has been seen at work since a rotation began.
    pub webhooks: Option<&'static str>,
    /// The settings; of secrets the last four characters at most. For those who manage the account.
    pub config: Option<BTreeMap<String, String>>,
    /// Since when webhooks are signed with the next key: the old one can be retired.
    pub next_key_first_used_at: Option<String>,
    /// The account that it was opened below.
    pub parent_id: Option<String>,
    /// How many stored numbers it carries: the platform's accounts, the tenant's only.
    pub managed_numbers: Option<u64>,
    /// When it was written first.
    pub created_at: Option<String>,
    /// When it last changed.
    pub updated_at: Option<String>,
}

/// An amount in the account's own currency.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Balance {
    /// A decimal of at most six places.
    pub amount: String,
    /// ISO 4217.
    pub currency: String,
}

/// A number that is stored for an account.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ProviderNumberBody {
    /// The number.
    pub number: String,
    /// Its id; `null` while no tenant has it.
    pub id: Option<String>,
    /// The provider.
    pub provider_type: &'static str,
    /// The account.
    pub provider_id: String,
    /// What the provider calls it.
    pub provider_sid: Option<String>,
    /// `active`, `inactive`, or `unassigned`: the platform's, and nobody has it.
    pub status: &'static str,
    /// What people call it.
    pub display_name: Option<String>,
    /// What it carries.
    pub capabilities: ChannelsBody,
    /// Since when it is stored.
    pub created_at: String,
}

/// What a number carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the members of `NumberCapabilities`, documented there")]
pub struct ChannelsBody {
    pub voice: bool,
    pub sms: bool,
    pub mms: bool,
}

impl From<NumberCapabilities> for ChannelsBody {
    fn from(capabilities: NumberCapabilities) -> Self {
        Self { voice: capabilities.voice, sms: capabilities.sms, mms: capabilities.mms }
    }
}

/// A number that was not imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SkippedNumber {
    /// The number.
    pub number: String,
    /// `already_imported`, `held_by_another_tenant` or `held_through_another_account`.
    pub reason: &'static str,
}

/// What `POST /api/provider-management` answers: of these members, those that the action has.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct ProviderAnswer {
    /// `list_providers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub providers: Option<Vec<ProviderBody>>,
    /// `add_provider`, `update_provider`, `delete_provider` of an overlay, `test_connection`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderBody>,
    /// `list_numbers`; `sync_numbers`: those that were imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numbers: Option<Vec<ProviderNumberBody>>,
    /// `import_number`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<ProviderNumberBody>,
    /// `sync_numbers`: how many were imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imported: Option<u64>,
    /// `sync_numbers`: how many were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<u64>,
    /// `sync_numbers`: how many were removed, which is always none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed: Option<u64>,
    /// `sync_numbers`: those that were not imported, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped_numbers: Option<Vec<SkippedNumber>>,
    /// `sync_numbers`: stored numbers that the account does not hold any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Vec<String>>,
    /// `list_numbers` and `sync_numbers`: where to go on; `null` at the end.
    #[serde(rename = "nextCursor", skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<Option<String>>,
}
