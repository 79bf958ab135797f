//! Phone numbers that tenants hold.

use serde::{Deserialize, Serialize};

use super::ids::{AccountId, AgentId, NumberId, ProviderSid, TemplateId, TenantId, UserId};
use super::phone::E164;
use super::timestamp::Timestamp;
use crate::provider::ProviderId;

/// A phone number held by a tenant, as much of it as messages need: the binding of its messaging
/// channel, and whom it is assigned to.
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
    /// The template that answers inbound texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_answer: Option<TemplateId>,
    /// What the tenant calls it.
    pub display_name: String,
    /// May send. An inactive number still receives, so that nothing is lost.
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
    /// Since when it is held.
    pub created_at: Timestamp,
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
