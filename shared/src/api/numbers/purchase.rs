//! Purchases of numbers in JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::number::NumberBody;
use crate::api::money::Dollars;
use crate::api::wallet::Transaction;
use crate::domain::purchase::{Papers, Purchase};

/// What `POST /api/numbers/purchase` reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PurchaseRequest {
    /// The number, in E.164 form.
    pub phone_number: String,
    /// The business that it is for: your own name of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business_id: Option<String>,
    /// What you call it: 1 to 100 characters.
    pub display_name: String,
    /// The country of the number: ISO 3166, two letters.
    pub country_code: String,
    /// `local`, `tollFree` (or `toll_free`) or `mobile`.
    pub number_type: String,
    /// The user that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Buys from this provider; otherwise from the first, by priority, that offers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Buys through this provider account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_account_id: Option<String>,
    /// The agent that answers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// Documents, where the number is sold only against them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regulatory: Option<RegulatoryBody>,
}

/// Documents that are registered at the provider, by the provider's ids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegulatoryBody {
    /// An address (Twilio).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_id: Option<String>,
    /// A bundle of documents (Twilio).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bundle_id: Option<String>,
    /// An identity (Twilio).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_id: Option<String>,
    /// A group of requirements (Telnyx), of which an address is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requirement_group_id: Option<String>,
}

impl From<&RegulatoryBody> for Papers {
    fn from(body: &RegulatoryBody) -> Self {
        Self {
            address: body.address_id.clone(),
            bundle: body.bundle_id.clone(),
            identity: body.identity_id.clone(),
            requirement_group: body.requirement_group_id.clone(),
        }
    }
}

/// A purchase.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PurchaseBody {
    /// Its id.
    pub id: String,
    /// `reserved`, `buying`, `ordered`, `bought`, `configured`, `undoing`, `done` or `failed`; the last two
    /// are final.
    pub state: &'static str,
    /// The number, in E.164.
    pub phone_number: String,
    /// Where it is bought.
    pub provider: &'static str,
    /// Through which account.
    pub provider_account_id: String,
    /// What is charged for the first month; `null`: nothing.
    pub monthly_cost: Option<Dollars>,
    /// The number in your inventory, once it is bought.
    pub number_id: Option<String>,
    /// Why it failed, as the code of a problem.
    pub code: Option<String>,
    /// The same in words.
    pub detail: Option<String>,
    /// When it was asked for.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
}

impl PurchaseBody {
    /// The purchase, with the code and the words of its failure.
    pub fn new(purchase: &Purchase, failure: Option<(String, Option<String>)>) -> Self {
        let (code, detail) = failure.map_or((None, None), |(code, detail)| (Some(code), detail));
        Self {
            id: purchase.id.to_string(),
            state: purchase.state.as_str(),
            phone_number: purchase.phone.expose().to_owned(),
            provider: purchase.provider.as_str(),
            provider_account_id: purchase.account.to_string(),
            monthly_cost: purchase.charge.map(Dollars::from),
            number_id: purchase.number.map(|id| id.to_string()),
            code,
            detail,
            created_at: purchase.created_at.to_string(),
            updated_at: purchase.updated_at.to_string(),
        }
    }
}

/// A number that was bought.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Purchased {
    /// It.
    pub number: NumberBody,
    /// The entry of the ledger by which it was paid; `null`: nothing was charged.
    pub transaction: Option<Transaction>,
    /// What is left in the wallet.
    pub balance: Dollars,
}
