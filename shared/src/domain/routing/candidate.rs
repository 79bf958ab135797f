//! What the router chooses among.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::request::Capability;
use crate::domain::ids::AccountId;
use crate::domain::money::Micros;
use crate::domain::phone::E164;
use crate::domain::timestamp::Timestamp;
use crate::provider::ProviderId;

/// Whose account it is, as the tenant sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The platform's: every tenant may use it.
    #[default]
    Platform,
    /// The tenant's own.
    Own,
    /// Another tenant's.
    Foreign,
}

impl Scope {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_platform(&self) -> bool {
        *self == Self::Platform
    }
}

/// The state of a provider account. Says nothing secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountState {
    /// There are credentials for it.
    #[serde(skip_serializing_if = "is_true")]
    pub configured: bool,
    /// It is switched on.
    #[serde(skip_serializing_if = "is_true")]
    pub active: bool,
    /// Lower goes first.
    pub priority: u32,
    /// Whose it is.
    #[serde(skip_serializing_if = "Scope::is_platform")]
    pub scope: Scope,
}

impl AccountState {
    /// The priority of an account to which nobody gave one.
    pub const USUAL_PRIORITY: u32 = 100;

    /// An account that nobody knows.
    pub const UNKNOWN: Self =
        Self { configured: false, active: false, priority: Self::USUAL_PRIORITY, scope: Scope::Platform };

    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for AccountState {
    /// One of the platform's, configured and active, with the usual priority.
    fn default() -> Self {
        Self { configured: true, active: true, priority: Self::USUAL_PRIORITY, scope: Scope::Platform }
    }
}

/// A number that a tenant holds, bound for one channel. No two candidates of a decision have the same
/// number. Stored with every decision, hence the short names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The number.
    #[serde(rename = "n")]
    pub number: E164,
    /// The provider of the channel.
    #[serde(rename = "p")]
    pub provider: ProviderId,
    /// The account of the channel.
    #[serde(rename = "a")]
    pub account: AccountId,
    /// What the number and its provider can both do.
    #[serde(rename = "c", with = "letters")]
    pub can: BTreeSet<Capability>,
    /// May send.
    #[serde(rename = "on", default = "yes", skip_serializing_if = "is_true")]
    pub active: bool,
    /// The tenant's primary number.
    #[serde(rename = "pr", default, skip_serializing_if = "std::ops::Not::not")]
    pub primary: bool,
    /// The state of the account.
    #[serde(rename = "as", default, skip_serializing_if = "AccountState::is_usual")]
    pub state: AccountState,
    /// What one part is expected to cost, where a source says so.
    #[serde(rename = "co", default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Micros>,
    /// Since when it is held.
    #[serde(rename = "at", with = "millis")]
    pub created_at: Timestamp,
}

/// Capabilities as one letter each: three candidates fit into 1 KB, which is what a write is billed by.
mod letters {
    use std::collections::BTreeSet;

    use serde::{Deserialize, Deserializer, Serializer};

    use crate::domain::routing::Capability;

    const fn letter(capability: Capability) -> char {
        match capability {
            Capability::Voice => 'v',
            Capability::Sms => 's',
            Capability::Mms => 'm',
            Capability::Rvm => 'r',
            Capability::Shaken => 'k',
        }
    }

    pub(super) fn serialize<S: Serializer>(
        can: &BTreeSet<Capability>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&can.iter().copied().map(letter).collect::<String>())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeSet<Capability>, D::Error> {
        let letters = String::deserialize(deserializer)?;
        Ok(Capability::ALL.into_iter().filter(|capability| letters.contains(letter(*capability))).collect())
    }
}

mod millis {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::domain::timestamp::Timestamp;

    pub(super) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(at.millis())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        i64::deserialize(deserializer).map(Timestamp::from_millis)
    }
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_true(value: &bool) -> bool {
    *value
}
