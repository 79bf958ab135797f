//! `POST /api/numbers/repair-webhooks` in JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is to be looked at, and whether to mend it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RepairRequest {
    /// Only say what would be done; false unless said.
    pub dry_run: Option<bool>,
    /// Only this provider.
    pub provider: Option<String>,
    /// The accounts of this tenant; those of the platform unless said.
    pub tenant_id: Option<String>,
    /// Where the last answer stopped: its `nextCursor`.
    pub cursor: Option<String>,
}

/// What was found, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RepairAnswer {
    /// How many numbers of tenants were looked at.
    pub checked: u64,
    /// Every setting that is not as it should be.
    pub drifted: Vec<DriftBody>,
    /// How many numbers the accounts hold that no tenant has here. They are left alone.
    pub unmanaged: u64,
    /// Accounts that could not be looked at, or not to the end.
    pub unavailable: Vec<UnavailableBody>,
    /// Time was up: ask again with this cursor. `null`: that was all.
    pub next_cursor: Option<String>,
}

/// A setting that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DriftBody {
    /// The number; `null` for what numbers share.
    pub phone_number: Option<String>,
    /// The provider.
    pub provider: &'static str,
    /// Our id of the account at the provider.
    pub provider_account_id: String,
    /// What it is a setting of.
    pub resource: ResourceBody,
    /// The setting, by the provider's own name.
    pub field: &'static str,
    /// What it should be; `null`: not set.
    pub expected: Option<String>,
    /// What it is, without the password of a URL; `null`: not set.
    pub found: Option<String>,
    /// In one word, how it differs.
    pub reason: &'static str,
    /// It is ours to write, so that a repair writes it. The others are for a person.
    pub repairable: bool,
    /// It was written, and read back as it should be.
    pub repaired: bool,
}

/// What a setting belongs to at the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ResourceBody {
    /// `number`, or the provider's word: `messaging_service`, `call_control_application`,
    /// `messaging_profile`, `agent`.
    pub kind: &'static str,
    /// The provider's id of it.
    pub id: String,
}

/// An account that could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnavailableBody {
    /// The provider.
    pub provider: &'static str,
    /// Our id of the account.
    pub provider_account_id: String,
    /// The code of the contract that says why.
    pub code: String,
}
