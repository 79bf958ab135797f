//! Wallets in JSON.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::money::Dollars;
use crate::domain::spending::{Day, Spending};
use crate::domain::timestamp::Timestamp;
use crate::domain::wallet::{LedgerEntry, Wallet};

/// A wallet.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct WalletBody {
    /// What was paid in, less what was taken.
    pub balance: Dollars,
    /// What is reserved.
    pub held: Dollars,
    /// What may still be reserved.
    pub available: Dollars,
    /// ISO 4217.
    pub currency: &'static str,
}

impl From<Wallet> for WalletBody {
    fn from(wallet: Wallet) -> Self {
        Self {
            balance: wallet.balance.into(),
            held: wallet.held.into(),
            available: wallet.available.into(),
            currency: "USD",
        }
    }
}

/// An entry of the ledger.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    /// Its id.
    pub id: String,
    /// `deposit`, `hold`, `capture`, `release`, `rental`, `usage` or `correction`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What it adds to the balance: the amounts of all entries sum to the balance. A hold and a
    /// release leave the balance as it is.
    pub amount: Dollars,
    /// What it adds to what is held.
    pub held: Dollars,
    /// The balance after it.
    pub balance_after: Dollars,
    /// ISO 4217.
    pub currency: &'static str,
    /// What it is about, e.g. `message/01J…`.
    pub resource: Option<String>,
    /// The payer's reference.
    pub reference: Option<String>,
    /// When.
    pub created_at: String,
}

impl From<&LedgerEntry> for Transaction {
    fn from(entry: &LedgerEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            kind: entry.kind.as_str(),
            amount: entry.amount.into(),
            held: entry.held.into(),
            balance_after: entry.balance_after.into(),
            currency: "USD",
            resource: entry.resource.clone(),
            reference: entry.reference.clone(),
            created_at: entry.created_at.to_string(),
        }
    }
}

/// What `POST /api/wallet/deposit` reads.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DepositRequest {
    /// Dollars, more than zero, at most six places.
    pub amount: Dollars,
    /// The payer's own reference: the same one is deposited once.
    pub reference: String,
    /// Whose wallet; the caller's own tenant unless said.
    pub tenant_id: Option<String>,
}

/// What a tenant may spend, and what it has spent. Days and months are UTC.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SpendCapBody {
    /// What may be spent in a day; null: no limit.
    pub daily: Option<Dollars>,
    /// What may be spent in a month; null: no limit.
    pub monthly: Option<Dollars>,
    /// What is held and taken today: texts and purchases of numbers when they are accepted, calls that come
    /// in and rents when they are charged. What is given back is taken off the day that it was held on.
    pub spent_today: Dollars,
    /// The same in this month.
    pub spent_this_month: Dollars,
}

impl SpendCapBody {
    /// As it is now.
    pub fn of(spending: &Spending, now: Timestamp) -> Self {
        let (today, this_month) = spending.on(Day::of(now));
        Self {
            daily: spending.cap.daily.map(Into::into),
            monthly: spending.cap.monthly.map(Into::into),
            spent_today: today.into(),
            spent_this_month: this_month.into(),
        }
    }
}

/// A number or null that must be there.
fn nullable_dollars(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": ["number", "null"], "format": "double"})
}

/// What `PUT /api/wallet/spend-cap` reads. Both caps are given: one that is forgotten is not lifted.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpendCapRequest {
    /// Dollars, not negative, at most six places; null: no limit.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schemars(required, schema_with = "nullable_dollars")]
    pub daily: Option<Dollars>,
    /// The same for a month.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schemars(required, schema_with = "nullable_dollars")]
    pub monthly: Option<Dollars>,
    /// Whose wallet; the caller's own tenant unless said.
    pub tenant_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::SpendCapRequest;

    #[test]
    fn the_document_says_that_both_caps_are_given_and_may_be_null() {
        let schema = schemars::schema_for!(SpendCapRequest).to_value();
        assert_eq!(schema["required"], serde_json::json!(["daily", "monthly"]));
        for cap in ["daily", "monthly"] {
            assert_eq!(schema["properties"][cap]["type"], serde_json::json!(["number", "null"]), "{schema}");
        }
    }
}
