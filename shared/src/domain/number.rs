//! Phone numbers that tenants hold.

use serde::{Deserialize, Serialize};

use super::ids::{
    AccountId, AgentId, BusinessId, NumberId, ProviderSid, PurchaseId, TemplateId, TenantId, UserId,
};
use super::money::Micros;
use super::moving::{CameFrom, Move, MoveRefused};
use super::phone::E164;
use super::rent::Rent;
use super::timestamp::Timestamp;
use super::voice::line_up::AgentRoute;
use crate::provider::ProviderId;
use crate::provider::numbers::NumberKind;

/// A phone number held by a tenant: the binding of its channels, whom it is assigned to, and what the
/// inventory knows of it besides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneNumber {
    /// Our id of this holding.
    pub id: NumberId,
    /// The holder.
    pub tenant: TenantId,
    /// The number.
    pub phone: E164,
    /// The provider that carries its messages.
    pub provider: ProviderId,
    /// The provider account that carries its messages.
    pub account: AccountId,
    /// The provider's id of the holding, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<ProviderSid>,
    /// The account is the tenant's own, so that its use is not charged.
    #[serde(default)]
    pub own_account: bool,
    /// Another account that carries its calls, because a trunk leads there. `None`: this one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice_via: Option<VoiceBinding>,
    /// The user it is assigned to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The agent that answers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// Several agents, where there is more than one: who takes which call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<AgentRoute>,
    /// The template that answers inbound texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_answer: Option<TemplateId>,
    /// What the tenant calls it.
    pub display_name: String,
    /// Where it stands in its life.
    #[serde(default)]
    pub status: NumberStatus,
    /// Switched on by the tenant. A number that is switched off still receives, so that nothing is lost.
    pub is_active: bool,
    /// The number that sends when nothing else decides.
    pub is_primary: bool,
    /// Carries calls.
    #[serde(default = "yes")]
    pub voice: bool,
    /// Carries SMS.
    pub sms: bool,
    /// Carries MMS.
    pub mms: bool,
    /// What only the inventory shows.
    #[serde(default)]
    pub holding: Holding,
    /// Counts changes, so that none is made over another.
    #[serde(default)]
    pub version: u32,
    /// Since when it is held.
    pub created_at: Timestamp,
}

impl PhoneNumber {
    /// It may send and call.
    pub const fn may_send(&self) -> bool {
        self.is_active && matches!(self.status, NumberStatus::Active)
    }

    /// Whoever calls it gets through to somebody. What is suspended still receives.
    pub const fn takes_calls(&self) -> bool {
        self.is_active
            && self.voice
            && matches!(self.status, NumberStatus::Active | NumberStatus::Suspended | NumberStatus::Releasing)
    }

    /// The provider's webhooks find it: it has a route.
    pub const fn is_routed(&self) -> bool {
        !matches!(self.status, NumberStatus::Pending | NumberStatus::Released)
    }

    /// The word of the contract for its kind, where it is known.
    pub const fn kind_word(&self) -> Option<&'static str> {
        match (self.holding.entered_as, self.holding.kind) {
            (Some(EnteredKind::International), _) => Some("international"),
            (Some(EnteredKind::Vanity), _) => Some("vanity"),
            (None, Some(NumberKind::Local)) => Some("local"),
            (None, Some(NumberKind::TollFree)) => Some("tollFree"),
            (None, Some(NumberKind::Mobile)) => Some("mobile"),
            (None, None) => None,
        }
    }

    /// This stack bought it, and may release and repair it.
    pub const fn is_managed(&self) -> bool {
        self.holding.mark.is_some()
    }
}

/// Where a number stands in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NumberStatus {
    /// Entered by hand; its account has not yet proven that it holds it. Nothing is routed.
    Pending,
    /// In use.
    #[default]
    Active,
    /// Its rental is owed. It receives and does not send.
    Suspended,
    /// On its way to another tenant or account: what comes in is parked.
    Moving,
    /// Being given back. It receives until the provider has taken it.
    Releasing,
    /// Given back. The record stays.
    Released,
}

impl NumberStatus {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Active, Self::Suspended, Self::Moving, Self::Releasing, Self::Released];

    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Moving => "moving",
            Self::Releasing => "releasing",
            Self::Released => "released",
        }
    }
}

/// What only the inventory shows of a number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// The business that it is assigned to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business: Option<BusinessId>,
    /// ISO 3166.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Which kind of number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<NumberKind>,
    /// What the tenant calls its kind, where that is none that anybody sells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered_as: Option<EnteredKind>,
    /// What the tenant is charged a month. `None`: nothing (its own account, or not bought here).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monthly_charge: Option<Micros>,
    /// The mark that this stack wrote at the provider. `None`: it was not bought here, and is not ours to
    /// release or to repair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// The purchase that brought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase: Option<PurchaseId>,
    /// For people to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Since when it is rented, and until when that is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rent: Option<Rent>,
    /// It is on its way, or was until a moment ago.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moving: Option<Box<Move>>,
    /// Why the last move came to nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub move_refused: Option<MoveRefused>,
    /// From whom it came, when it was moved here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came_from: Option<CameFrom>,
    /// When the reconciler is to look at it next: for its rent, its release or its move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// When it was bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchased_at: Option<Timestamp>,
    /// When it was given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_at: Option<Timestamp>,
    /// When it last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
}

/// A kind that exists in the words of whoever enters a number by hand only: no provider sells by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EnteredKind {
    /// Of another country than the tenant's others.
    International,
    /// One that spells a word.
    Vanity,
}

/// The account that carries a number's calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoiceBinding {
    /// The provider.
    pub provider: ProviderId,
    /// The account.
    pub account: AccountId,
    /// The provider's id of the number there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<ProviderSid>,
}

fn yes() -> bool {
    true
}
