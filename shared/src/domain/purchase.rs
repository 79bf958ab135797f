//! The purchase of one number: what is written down before and after each step, so that whoever comes
//! after a crash knows what may have happened and what cannot.
//!
//! ```text
//! reserved → buying → (ordered →) bought → configured → done
//!     │         │          │         └──→ undoing → failed
//!     └─────────┴──────────┴──→ failed
//! ```
//!
//! A provider is asked to sell at most once for each purchase: `buying` is written before that, and who
//! finds it only looks whether the number is held. From `bought` on the number is ours: it ends with a
//! record, or is given back, or is kept as the platform's stock until its release succeeds.

use serde::{Deserialize, Serialize};

use super::ids::{
    AccountId, AgentId, BusinessId, NumberId, ProviderSid, PurchaseId, SubscriptionId, TenantId, UserId,
};
use super::money::{Cost, Micros};
use super::phone::E164;
use super::timestamp::Timestamp;
use crate::provider::ProviderId;
use crate::provider::numbers::{NumberCapabilities, NumberKind};

/// How far a purchase has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PurchaseState {
    /// The money is held and the number is ours to try for. Nobody was asked to sell.
    Reserved,
    /// The provider is being asked, or was and the answer is lost.
    Buying,
    /// The provider has taken the order and will say later.
    Ordered,
    /// The provider has sold the number to us.
    Bought,
    /// Its events come to us.
    Configured,
    /// It is in the inventory and paid for.
    Done,
    /// It is being given back, because a later step was refused.
    Undoing,
    /// It ended without a number.
    Failed,
}

impl PurchaseState {
    /// Nothing more happens.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed)
    }

    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Buying => "buying",
            Self::Ordered => "ordered",
            Self::Bought => "bought",
            Self::Configured => "configured",
            Self::Done => "done",
            Self::Undoing => "undoing",
            Self::Failed => "failed",
        }
    }
}

/// Why a purchase ended without a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PurchaseFailure {
    /// Somebody else has it, or it is not sold any more.
    Unavailable,
    /// It is sold only against an address or documents.
    AddressRequired,
    /// The provider does not offer it so.
    Unsupported,
    /// The provider decided against it.
    Rejected,
    /// The provider cannot be reached, or sells nothing to us now.
    ProviderUnavailable,
    /// The account lacks credentials, or is gone.
    NotConfigured,
}

/// Documents that are registered at the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Papers {
    /// An address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// A bundle of documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bundle: Option<String>,
    /// An identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// A group of requirements (Telnyx).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requirement_group: Option<String>,
}

/// A purchase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    /// Its id, which is also in the number's mark.
    pub id: PurchaseId,
    /// Who buys.
    pub tenant: TenantId,
    /// Who asked for it.
    pub requested_by: UserId,
    /// Which number.
    pub phone: E164,
    /// Where.
    pub provider: ProviderId,
    /// Through which account.
    pub account: AccountId,
    /// The account is the tenant's own, so that nothing is charged.
    pub own_account: bool,
    /// ISO 3166.
    pub country: String,
    /// Which kind of number.
    pub kind: NumberKind,
    /// What it is to be called.
    pub display_name: String,
    /// The business that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business: Option<BusinessId>,
    /// The user that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The agent that is to answer it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// The subscription that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<SubscriptionId>,
    /// Documents.
    #[serde(default)]
    pub papers: Papers,
    /// What is held for the first month. `None`: nothing is charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge: Option<Micros>,
    /// What the provider bills a month, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// What is written at the provider.
    pub mark: String,
    /// How far it has come.
    pub state: PurchaseState,
    /// When the provider was asked to sell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
    /// The provider's id of the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<ProviderSid>,
    /// The provider's id of the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<ProviderSid>,
    /// What the number carries, once it is bought.
    #[serde(default)]
    pub capabilities: NumberCapabilities,
    /// The number, once it is in the inventory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<NumberId>,
    /// Why it failed, or is being undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<PurchaseFailure>,
    /// The provider's code of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_code: Option<String>,
    /// The provider's words of that, for the customer's eyes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_message: Option<String>,
    /// How often a step was tried in vain; it spaces the tries.
    #[serde(default)]
    pub tries: u32,
    /// Counts changes.
    pub version: u32,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
