//! What was used and what it came to, by day, provider, number and user.
//!
//! Law: what a line adds up to follows from what it is about and from nothing else. A message or a call
//! is in the line of the day on which it began, with what it has come to by now; what changes later
//! changes that line. The charges of all lines are what the ledger has taken.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ids::{TenantId, UserId};
use super::message::{Bill, Message};
use super::money::{Cost, Micros};
use super::status::MessageStatus;
use crate::provider::ProviderId;

/// Which line of the books.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsageLine {
    /// Whose.
    pub tenant: TenantId,
    /// The day in UTC, `2026-11-21`.
    pub day: String,
    /// The provider that carried it.
    pub provider: ProviderId,
    /// Our number, as messages and calls name it.
    pub number: String,
    /// The user.
    pub user: Option<UserId>,
}

/// Units, and what they came to; or the difference between two of these.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Outbound messages that reached the carrier.
    pub messages: i64,
    /// Their segments, as they are billed.
    pub segments: i64,
    /// Calls on which somebody was connected.
    pub calls: i64,
    /// How long their legs were connected.
    pub seconds: i64,
    /// Months of numbers.
    pub months: i64,
    /// What the customer pays.
    pub charge: Micros,
    /// What providers bill, by currency (ISO 4217), as far as they say so.
    pub costs: BTreeMap<String, Micros>,
}

impl Usage {
    /// With what a provider bills besides.
    #[must_use]
    pub fn with_cost(mut self, cost: Option<&Cost>) -> Self {
        if let Some(cost) = cost {
            add_cost(&mut self.costs, &cost.currency, cost.amount);
        }
        self
    }

    /// Both together.
    #[must_use]
    pub fn plus(mut self, other: &Self) -> Self {
        for (sum, part) in [
            (&mut self.messages, other.messages),
            (&mut self.segments, other.segments),
            (&mut self.calls, other.calls),
            (&mut self.seconds, other.seconds),
            (&mut self.months, other.months),
        ] {
            *sum = sum.saturating_add(part);
        }
        self.charge = Micros::new(self.charge.get().saturating_add(other.charge.get()));
        for (currency, amount) in &other.costs {
            add_cost(&mut self.costs, currency, *amount);
        }
        self
    }

    /// What has to be added to `before` to come to this.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let Self { messages, segments, calls, seconds, months, charge, costs } = before;
        let opposite = Self {
            messages: -messages,
            segments: -segments,
            calls: -calls,
            seconds: -seconds,
            months: -months,
            charge: charge.negated(),
            costs: costs.iter().map(|(currency, amount)| (currency.clone(), amount.negated())).collect(),
        };
        self.clone().plus(&opposite)
    }

    /// Nothing at all.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

fn add_cost(costs: &mut BTreeMap<String, Micros>, currency: &str, amount: Micros) {
    let sum = costs.entry(currency.to_owned()).or_default();
    *sum = Micros::new(sum.get().saturating_add(amount.get()));
    if *sum == Micros::ZERO {
        costs.remove(currency);
    }
}

impl UsageLine {
    /// The line that an outbound message is in.
    pub fn of_message(message: &Message) -> Self {
        Self {
            tenant: message.tenant.clone(),
            day: message.created_at.day(),
            provider: message.provider,
            number: message.own().as_str().to_owned(),
            user: message.user.clone(),
        }
    }
}

/// What an outbound message has come to: by its status, by the bill of the try that the status is of,
/// and by what all tries cost. The bill corrects the units and never the rate; one with attachments is
/// charged as one whatever it is made of.
pub fn of_message(
    message: &Message,
    status: MessageStatus,
    attempt: u32,
    bills: &BTreeMap<u32, Bill>,
) -> Usage {
    let mut usage = Usage::default();
    if status.is_billable() {
        let billed = bills.get(&attempt).and_then(|bill| bill.segments);
        let segments = billed.filter(|_| message.media.is_empty()).unwrap_or(message.segments);
        usage.messages = 1;
        usage.segments = i64::from(segments);
        usage.charge = message.charge_for(segments).unwrap_or_default();
    }
    bills.values().fold(usage, |usage, bill| usage.with_cost(bill.cost.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::{Micros, Usage};
    use crate::domain::money::Cost;
    use proptest::prelude::*;

    fn usage() -> impl Strategy<Value = Usage> {
        let costs = prop::collection::btree_map("[A-C]{3}", (1_i64..1000).prop_map(Micros::new), 0..3);
        let units = prop::array::uniform6(-1000_i64..1000);
        (units, costs).prop_map(|([messages, segments, calls, seconds, months, charge], costs)| Usage {
            messages,
            segments,
            calls,
            seconds,
            months,
            charge: Micros::new(charge),
            costs,
        })
    }

    proptest! {
        /// A sum of differences is the last state, whatever was between.
        #[test]
        fn differences_add_up(states in prop::collection::vec(usage(), 1..6)) {
            let mut sum = Usage::default();
            let mut before = Usage::default();
            for state in &states {
                sum = sum.plus(&state.since(&before));
                before = state.clone();
            }
            prop_assert_eq!(Some(&sum), states.last());
            prop_assert!(sum.since(&sum).is_nothing());
        }
    }

    #[test]
    fn costs_keep_their_currency() {
        let cost = |amount, currency: &str| Cost { amount: Micros::new(amount), currency: currency.into() };
        let usage = Usage::default().with_cost(Some(&cost(5, "USD"))).with_cost(Some(&cost(7, "EUR")));
        let usage = usage.with_cost(Some(&cost(1, "USD"))).with_cost(None);
        let costs: Vec<_> =
            usage.costs.iter().map(|(currency, amount)| (currency.as_str(), amount.get())).collect();
        assert_eq!(costs, [("EUR", 7), ("USD", 6)]);
    }
}
