//! Subscriptions in JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::subscription::{Subscription, SubscriptionState};

/// What `POST /api/subscriptions` reads.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubscriptionRequest {
    /// Your own name for it: 1 to 128 letters, digits, dots, dashes, underscores or @.
    pub subscription_id: String,
    /// Whose number it becomes.
    pub user_id: String,
    /// Your own name of the plan; at most 100 characters.
    pub plan: Option<String>,
    /// Where the number is to be of; a number of anywhere in the country, where there is none.
    pub area_code: Option<String>,
    /// `twilio`, `signalwire` or `telnyx`; the first by priority unless said.
    pub provider: Option<String>,
    /// `wallet` (unless said): the tenant's wallet is charged for the number, at once and every month.
    /// `included`: nobody is.
    pub billing: Option<String>,
    /// For which tenant; your own unless said.
    pub tenant_id: Option<String>,
}

/// A subscription.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionBody {
    /// Your own name for it.
    pub id: String,
    /// The tenant.
    pub tenant_id: String,
    /// Whose number it is.
    pub user_id: String,
    /// Your own name of the plan.
    pub plan: Option<String>,
    /// `pending`, `active`, `canceling` or `canceled`.
    pub status: &'static str,
    /// What a pending one is at: `opening` its account, or `buying` its number.
    pub step: Option<&'static str>,
    /// The provider.
    pub provider: &'static str,
    /// Its own account there, below the platform's.
    pub provider_account_id: String,
    /// Of an active one: `unverifiable` when the account lacks the key that its webhooks are verified with, which
    /// `update_provider` sets; `ready` otherwise.
    pub webhooks: Option<&'static str>,
    /// Where the number was to be of.
    pub area_code: Option<String>,
    /// `wallet` or `included`.
    pub billing: &'static str,
    /// Its number's id.
    pub number_id: Option<String>,
    /// Its number.
    pub phone_number: Option<String>,
    /// Why it does not get on; it is tried again by itself.
    pub problem: Option<TroubleBody>,
    /// When it is tried again.
    pub next_at: Option<String>,
    /// When it was asked for.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
}

/// Why a subscription does not get on.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TroubleBody {
    /// A code of the contract.
    pub code: String,
    /// In words.
    pub detail: Option<String>,
}

impl SubscriptionBody {
    /// A subscription, with the word for its account's webhooks.
    pub fn new(subscription: &Subscription, webhooks: Option<&'static str>) -> Self {
        let (status, step) = match subscription.state {
            SubscriptionState::Opening => ("pending", Some("opening")),
            SubscriptionState::Buying => ("pending", Some("buying")),
            SubscriptionState::Active => ("active", None),
            SubscriptionState::Canceling => ("canceling", None),
            SubscriptionState::Canceled => ("canceled", None),
        };
        let order = subscription.order.as_ref().filter(|_| subscription.number.is_some());
        Self {
            id: subscription.id.to_string(),
            tenant_id: subscription.tenant.to_string(),
            user_id: subscription.wish.user.to_string(),
            plan: subscription.wish.plan.clone(),
            status,
            step,
            provider: subscription.provider.as_str(),
            provider_account_id: subscription.account.to_string(),
            webhooks,
            area_code: subscription.wish.area_code.clone(),
            billing: subscription.wish.billing.as_str(),
            number_id: subscription.number.map(|id| id.to_string()),
            phone_number: order.map(|order| order.phone.expose().to_owned()),
            problem: subscription
                .trouble
                .as_ref()
                .map(|trouble| TroubleBody { code: trouble.code.clone(), detail: trouble.detail.clone() }),
            next_at: subscription.due.map(|due| due.to_string()),
            created_at: subscription.created_at.to_string(),
            updated_at: subscription.updated_at.to_string(),
        }
    }
}
