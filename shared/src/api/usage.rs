//! What was used, in JSON.

use schemars::JsonSchema;
use serde::Serialize;

use super::money::Money;
use crate::domain::usage::Usage;

/// How much of something, in two measures.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MessageUnits {
    /// Outbound messages that reached the carrier.
    pub count: i64,
    /// Their segments, as they are billed.
    pub segments: i64,
}

/// Calls.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CallUnits {
    /// Calls on which somebody was connected.
    pub count: i64,
    /// How long they were connected.
    pub seconds: i64,
}

/// Numbers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct NumberUnits {
    /// Months of numbers that were charged.
    pub months: i64,
}

/// What a provider bills, in its own currency.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BilledCost {
    /// A decimal of at most six places.
    pub amount: String,
    /// ISO 4217.
    pub currency: String,
}

/// Units, and what they came to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct UsageBody {
    /// Outbound messages.
    pub messages: MessageUnits,
    /// Calls.
    pub calls: CallUnits,
    /// Numbers.
    pub numbers: NumberUnits,
    /// What the customer pays: nothing for what goes through its own accounts.
    pub charge: Money,
    /// What the providers bill, as far as they say so.
    pub costs: Vec<BilledCost>,
}

impl From<&Usage> for UsageBody {
    fn from(usage: &Usage) -> Self {
        let costs = usage.costs.iter();
        Self {
            messages: MessageUnits { count: usage.messages, segments: usage.segments },
            calls: CallUnits { count: usage.calls, seconds: usage.seconds },
            numbers: NumberUnits { months: usage.months },
            charge: usage.charge.into(),
            costs: costs
                .map(|(currency, amount)| BilledCost {
                    amount: amount.to_string(),
                    currency: currency.clone(),
                })
                .collect(),
        }
    }
}

/// One group.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct UsageItem {
    /// The provider, our number, the user or the day; `null` for what nobody in particular did.
    pub key: Option<String>,
    /// What it used.
    #[serde(flatten)]
    pub usage: UsageBody,
}

/// What `GET /api/usage` answers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageReport {
    /// `provider`, `number`, `user` or `day`.
    pub group_by: &'static str,
    /// The first day, UTC.
    pub from: String,
    /// The last day, included.
    pub to: String,
    /// The groups in the order of their keys. A message or call is in the day on which it began.
    pub items: Vec<UsageItem>,
    /// All of them together.
    pub total: UsageBody,
}
