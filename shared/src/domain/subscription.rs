//! A subscription: a subaccount of its own, and a first number in it, for a customer of the platform.
//!
//! ```text
//! opening → buying → active
//!     └────────┴────────┴──→ canceling → canceled
//! ```
//!
//! Each step is written down before it is taken, so that whoever comes after a crash takes it again and
//! gets what there is already: the subaccount is found by its name, the purchase by its id.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ids::{AccountId, NumberId, PurchaseId, SubscriptionId, TenantId, UserId};
use super::phone::E164;
use super::timestamp::Timestamp;
use crate::provider::ProviderId;

/// The wait after the first failure; each further one doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(60);
/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// How many numbers that could not be had are remembered.
const REMEMBERED: usize = 20;

/// Who pays for the first number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Billing {
    /// The tenant's wallet.
    #[default]
    Wallet,
    /// The platform: it is part of what the subscription costs.
    Included,
}

impl Billing {
    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wallet => "wallet",
            Self::Included => "included",
        }
    }
}

/// What was asked for. The same subscription with another wish is another request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Whose number it becomes.
    pub user: UserId,
    /// The caller's own name of the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Where the number is to be of, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area_code: Option<String>,
    /// At which provider. `None`: the platform decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderId>,
    /// Who pays.
    #[serde(default)]
    pub billing: Billing,
}

/// How far a subscription has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubscriptionState {
    /// Its subaccount is being opened.
    Opening,
    /// Its number is being looked for, bought and pointed at us.
    Buying,
    /// Everything is there.
    Active,
    /// Its numbers are being given back, and its subaccount is to be stopped.
    Canceling,
    /// Nothing of it works any more. The records stay.
    Canceled,
}

impl SubscriptionState {
    /// Nothing more happens by itself.
    pub const fn is_at_rest(self) -> bool {
        matches!(self, Self::Active | Self::Canceled)
    }

    /// It was canceled, or is being.
    pub const fn is_canceled(self) -> bool {
        matches!(self, Self::Canceling | Self::Canceled)
    }
}

/// The purchase that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstNumber {
    /// Its id, which follows from the subscription and the count of its purchases.
    pub purchase: PurchaseId,
    /// Which number.
    pub phone: E164,
    /// What the provider said that it carries.
    #[serde(default)]
    pub capabilities: crate::provider::numbers::NumberCapabilities,
    /// What the provider bills for it a month, where the search told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<super::money::Cost>,
}

/// Why it does not get on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// The code of the contract.
    pub code: String,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// The caller's own name for it.
    pub id: SubscriptionId,
    /// Whose.
    pub tenant: TenantId,
    /// Who asked for it.
    pub requested_by: UserId,
    /// What was asked for.
    pub wish: Wish,
    /// At which provider.
    pub provider: ProviderId,
    /// The platform's account below which its own is opened.
    pub parent: AccountId,
    /// Its own account: our id of it, chosen before it exists.
    pub account: AccountId,
    /// How far it has come.
    pub state: SubscriptionState,
    /// The purchase that is under way, or, once it is active, the one that brought the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<FirstNumber>,
    /// How many purchases were begun before that one; all of them have failed.
    #[serde(default)]
    pub purchases: u32,
    /// Numbers that could not be had, and are not tried again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<E164>,
    /// The number, once it is in the inventory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<NumberId>,
    /// Why it does not get on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// How often a step was tried in vain; it spaces the tries.
    #[serde(default)]
    pub tries: u32,
    /// Until then nobody else takes a step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy_until: Option<Timestamp>,
    /// When the reconciler is to go on with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// Counts changes.
    #[serde(default)]
    pub version: u32,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Subscription {
    /// The id of its next purchase: always the same for the same count, and, like any other id, with the
    /// time in front.
    pub fn next_purchase(&self) -> PurchaseId {
        let count = self.purchases.to_string();
        let parts = ["subscription", self.tenant.as_str(), self.id.as_str(), &count];
        PurchaseId::derived_at(self.created_at, &parts)
    }

    /// Somebody is at work on it.
    pub fn is_busy(&self, now: Timestamp) -> bool {
        self.busy_until.is_some_and(|until| now < until)
    }

    /// How long to wait before the next try.
    pub fn wait(&self) -> Duration {
        FIRST_WAIT.saturating_mul(1 << self.tries.min(6)).min(LONGEST_WAIT)
    }

    /// The purchase that is under way has failed. `gone`: its number is not to be had.
    pub fn without_order(mut self, gone: bool) -> Self {
        if let Some(order) = self.order.take() {
            self.purchases = self.purchases.saturating_add(1);
            if gone {
                self.tried.push(order.phone);
                let surplus = self.tried.len().saturating_sub(REMEMBERED);
                self.tried.drain(..surplus);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::{FirstNumber, Subscription};
    use crate::domain::ids::PurchaseId;
    use crate::domain::timestamp::Timestamp;
    use serde_json::json;

    fn subscription(id: &str) -> Subscription {
        let at = Timestamp::from_millis(1_763_700_000_000);
        serde_json::from_value(json!({
            "id": id, "tenant": "demo", "requested_by": "u", "wish": {"user": "u"}, "provider": "twilio",
            "parent": "platform-twilio", "account": "twilio-1", "state": "buying", "created_at": at, "updated_at": at,
        }))
        .unwrap()
    }

    #[test]
    fn each_purchase_has_an_id_of_its_own_that_sorts_by_time() {
        let first = subscription("s-1");
        assert_eq!(first.next_purchase(), subscription("s-1").next_purchase());
        assert_ne!(first.next_purchase(), subscription("s-2").next_purchase());
        let order = FirstNumber {
            purchase: first.next_purchase(),
            phone: "+14155550100".parse().unwrap(),
            capabilities: crate::provider::numbers::NumberCapabilities::default(),
            cost: None,
        };
        let second = Subscription { order: Some(order), ..first.clone() }.without_order(true);
        assert_ne!(first.next_purchase(), second.next_purchase());
        assert_eq!((second.purchases, second.tried.len()), (1, 1));
        assert_eq!(second.clone().without_order(true), second, "there is none any more");
        let later = PurchaseId::from_bits(1_763_700_000_001_u128 << 80);
        assert!(first.next_purchase() < later);
    }

    #[test]
    fn waits_grow_to_an_hour() {
        let waits: Vec<u64> =
            (0..9).map(|tries| Subscription { tries, ..subscription("s") }.wait().as_secs()).collect();
        assert_eq!(waits, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
    }
}
