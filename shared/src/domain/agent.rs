//! Agents: who answers a number instead of a person.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::endpoint::Sealed;
use super::ids::{AccountId, AgentId, TenantId};
use super::phone::E164;
use super::timestamp::Timestamp;
use crate::provider::ProviderId;

/// An agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Its name in numbers' `agentId`.
    pub id: AgentId,
    /// Whose.
    pub tenant: TenantId,
    /// What the tenant calls it.
    pub name: String,
    /// How it takes calls. `None`: it takes none.
    pub line: Option<AgentLine>,
    /// What it is, for whoever speaks for it.
    pub character: Character,
    /// What happens to a caller whom it does not take. `None`: what the number's user wants.
    pub fallback: Option<Fallback>,
    /// Where texts go that it is to answer.
    pub sms_url: Option<String>,
    /// The secret that signs what is posted there.
    pub secret: Option<Sealed>,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// How an agent takes calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum AgentLine {
    /// Over a WebSocket.
    Stream {
        /// `wss://…`, without a query: Twilio drops it.
        url: String,
        /// What it is told when a stream begins.
        #[serde(default)]
        parameters: BTreeMap<String, String>,
    },
    /// It is rung.
    #[serde(with = "as_number")]
    Number(E164),
    /// It is rung at a SIP URI.
    #[serde(with = "as_uri")]
    Sip(String),
    /// It lives at a provider.
    Remote(RemoteLine),
}

/// An agent that lives at a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteLine {
    /// Which provider.
    pub provider: ProviderId,
    /// The provider's id of the agent.
    pub agent: String,
    /// A version of it; `None`: the published one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The account that it lives in; `None`: the platform's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
}

/// What a voice server asks about an agent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Character {
    /// What it is told to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// How it sounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// What it thinks with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// What happens to a caller whom an agent does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fallback {
    /// The caller leaves a message.
    Voicemail,
    /// The caller is told that nobody takes the call.
    Apology,
}

/// Variants that hold one value cannot be tagged by serde: it stands in a member of its own.
macro_rules! tagged_value {
    ($module:ident, $kind:ty, $member:literal) => {
        mod $module {
            use super::*;
            use serde::{Deserializer, Serializer};

            #[derive(Serialize, Deserialize)]
            struct Wire<T> {
                #[serde(rename = $member)]
                value: T,
            }

            pub(super) fn serialize<S: Serializer>(value: &$kind, serializer: S) -> Result<S::Ok, S::Error> {
                Wire { value }.serialize(serializer)
            }

            pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$kind, D::Error> {
                Wire::deserialize(deserializer).map(|wire| wire.value)
            }
        }
    };
}

tagged_value!(as_number, E164, "number");
tagged_value!(as_uri, String, "uri");
