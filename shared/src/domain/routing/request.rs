//! What is asked of the router.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::candidate::Candidate;
use crate::domain::ids::AccountId;
use crate::domain::phone::E164;
use crate::provider::ProviderId;

/// Something that a number must be able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Capability {
    /// Calls.
    Voice,
    /// Texts.
    Sms,
    /// Texts with attachments.
    Mms,
    /// A message left in a mailbox.
    Rvm,
    /// Calls signed by STIR/SHAKEN.
    Shaken,
}

impl Capability {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Voice, Self::Sms, Self::Mms, Self::Rvm, Self::Shaken];

    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Voice => "voice",
            Self::Sms => "sms",
            Self::Mms => "mms",
            Self::Rvm => "rvm",
            Self::Shaken => "shaken",
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The word names no capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a capability")]
pub struct UnknownCapability;

impl FromStr for Capability {
    type Err = UnknownCapability;

    fn from_str(word: &str) -> Result<Self, UnknownCapability> {
        Self::ALL.into_iter().find(|capability| capability.as_str() == word).ok_or(UnknownCapability)
    }
}

/// A sender is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteRequest {
    /// The recipient.
    pub to: E164,
    /// Demands this number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<E164>,
    /// What the number must be able to do.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub needs: BTreeSet<Capability>,
    /// A number near the recipient is preferred.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub local_presence: bool,
    /// A number whose calls are signed is preferred.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub signed: bool,
    /// Demands this provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderId>,
    /// Demands this account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
}

/// What the caller demands by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// A number.
    From,
    /// A provider.
    Provider,
    /// An account.
    Account,
}

impl RouteRequest {
    /// A request that demands nothing by name, with local presence.
    pub fn new(to: E164, needs: impl IntoIterator<Item = Capability>) -> Self {
        let needs = needs.into_iter().collect();
        Self { to, from: None, needs, local_presence: true, signed: false, provider: None, account: None }
    }

    /// Something is demanded by name.
    pub fn overrides(&self) -> bool {
        self.from.is_some() || self.provider.is_some() || self.account.is_some()
    }

    /// The first demand that a candidate does not meet.
    pub fn unmet(&self, candidate: &Candidate) -> Option<Demand> {
        if self.from.as_ref().is_some_and(|from| *from != candidate.number) {
            return Some(Demand::From);
        }
        if self.provider.is_some_and(|provider| provider != candidate.provider) {
            return Some(Demand::Provider);
        }
        if self.account.as_ref().is_some_and(|account| *account != candidate.account) {
            return Some(Demand::Account);
        }
        None
    }
}

/// What is known besides, when it is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteContext {
    /// The number of ours that this conversation used last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<E164>,
    /// What the lot is drawn with: always the same for one contact, so that it keeps its number.
    pub seed: String,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_true(value: &bool) -> bool {
    *value
}
