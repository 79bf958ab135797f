//! Numbers for sale in JSON.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::money::Dollars;
use crate::api::provider_management::ChannelsBody;

/// What `POST /api/numbers/search` reads.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SearchRequest {
    /// The country of the number: ISO 3166, two letters.
    pub country_code: String,
    /// `local`, `tollFree` (or `toll_free`) or `mobile`.
    pub number_type: String,
    /// The digits with which the national number begins: three in the US and Canada; elsewhere 1 to 5,
    /// without the 0 that is dialled before them at home.
    pub area_code: Option<String>,
    /// 2 to 16 digits that stand together somewhere in the number, at least two of them in a row: `*` is
    /// any digit, and letters are the keys that they are on.
    pub contains: Option<String>,
    /// What the number must carry: `voice`, `sms`, `mms`.
    pub capabilities: Option<Vec<String>>,
    /// Asks this provider only.
    pub provider: Option<String>,
    /// Asks this provider account only.
    pub provider_account_id: Option<String>,
    /// At most this many numbers, 1 to 100; 25 unless said.
    pub limit: Option<u32>,
}

/// A number for sale.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OfferBody {
    /// The number, in E.164 form.
    pub phone_number: String,
    /// Who sells it.
    pub provider: &'static str,
    /// The account that it would be bought with.
    pub provider_account_id: String,
    /// What it costs a month, in dollars: the charge. Through an account of your own nothing is charged,
    /// and it is what the provider says that it bills you; `null` where it does not say.
    pub monthly_cost: Option<Dollars>,
    /// The currency of `monthlyCost`, ISO 4217; `null` without one.
    pub currency: Option<String>,
    /// The wallet pays for it; false: the provider bills you.
    pub charged: bool,
    /// The place.
    pub locality: Option<String>,
    /// The state or province.
    pub region: Option<String>,
    /// What it carries.
    pub capabilities: ChannelsBody,
    /// It is sold against an address or documents only. False where the provider does not say so in a
    /// search.
    pub address_required: bool,
}

/// A provider that could not be searched.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct UnavailableBody {
    /// Which one.
    pub provider: &'static str,
    /// Why, as the code of a problem: `PROVIDER_UNAVAILABLE`, `PROVIDER_REJECTED`, `CAPABILITY_MISSING` (it
    /// has no numbers of this type) or `TELNYX_NOT_CONFIGURED` and the like.
    pub code: String,
}

/// What `POST /api/numbers/search` answers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchAnswer {
    /// The numbers, one of each provider in turn, the provider with the first priority first. None comes
    /// twice.
    pub numbers: Vec<OfferBody>,
    /// The same numbers by provider; empty for one that has none.
    pub by_provider: BTreeMap<&'static str, Vec<OfferBody>>,
    /// Who could not be searched.
    pub unavailable: Vec<UnavailableBody>,
}
