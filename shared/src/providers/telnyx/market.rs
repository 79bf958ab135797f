//! Numbers for sale: a number is found by a search, ordered, and held some time later.

use std::sync::Arc;

use async_trait::async_trait;
use form_urlencoded::Serializer;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Client, data, strange, unsupported};
use super::config::Config;
use super::control::segment;
use super::error::{NOT_SEARCHED, is_code};
use super::numbers::Numbers;
use super::paging;
use super::wire::cost;
use crate::domain::ids::ProviderSid;
use crate::domain::phone::E164;
use crate::provider::Environment;
use crate::provider::account::ProviderAccount;
use crate::provider::error::{Effect, ProviderError};
use crate::provider::numbers::{
    HeldNumbers, NumberCapabilities, NumberKind, NumberMarket, NumberOffer, NumberOrder, NumberSearch,
    Ordered,
};
use crate::provider::transport::HttpTransport;

/// NumberMarket of one account.
///
/// # Errors
/// [`crate::provider::error::ErrorKind::Config`] when the account's settings cannot be used.
pub fn number_market(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn NumberMarket>, ProviderError> {
    let config = Config::of(account, environment)?;
    Ok(Box::new(Market {
        client: Client::new(&config.base, &config.authorization, transport.clone()),
        connection: config.connection_id.clone(),
        profile: config.messaging_profile_id.clone(),
        held: Numbers::of(config, transport),
    }))
}

struct Market {
    client: Client,
    connection: Option<String>,
    profile: Option<String>,
    held: Numbers,
}

/// OpenAPI, AvailablePhoneNumber.
#[derive(Deserialize)]
struct WireOffer {
    phone_number: String,
    best_effort: Option<bool>,
    #[serde(default)]
    region_information: Vec<WireRegion>,
    cost_information: Option<WirePrice>,
    #[serde(default)]
    features: Vec<WireFeature>,
}

/// OpenAPI, RegionInformation.
#[derive(Deserialize)]
struct WireRegion {
    region_type: Option<String>,
    region_name: Option<String>,
}

/// OpenAPI, CostInformation.
#[derive(Deserialize)]
struct WirePrice {
    monthly_cost: Option<String>,
    currency: Option<String>,
}

/// OpenAPI, Feature.
#[derive(Deserialize)]
struct WireFeature {
    name: Option<String>,
}

/// OpenAPI, NumberOrderWithPhoneNumbers.
#[derive(Deserialize)]
struct WireOrder {
    id: String,
    status: Option<String>,
    #[serde(default)]
    phone_numbers: Vec<WireOrdered>,
}

/// OpenAPI, NumberOrderPhoneNumber.
#[derive(Deserialize)]
struct WireOrdered {
    phone_number: String,
    status: Option<String>,
    requirements_status: Option<String>,
    requirements_met: Option<bool>,
}

/// OpenAPI, NumberOrder.
#[derive(Deserialize)]
struct WireListed {
    id: String,
    customer_reference: Option<String>,
}

#[async_trait]
impl NumberMarket for Market {
    async fn search(&self, search: &NumberSearch) -> Result<Vec<NumberOffer>, ProviderError> {
        const OPERATION: &str = "search";
        let path = format!("/available_phone_numbers?{}", filter(search));
        let list: Vec<WireOffer> = self.client.get(OPERATION, &path).await?;
        let exact = list.into_iter().filter(|wire| wire.best_effort != Some(true));
        let offers = exact.map(|wire| offer(&wire).ok_or_else(|| strange(OPERATION)));
        let mut offers = offers.collect::<Result<Vec<_>, _>>()?;
        offers.retain(|offer| search.fits(offer));
        offers.truncate(usize::try_from(search.limit).unwrap_or(usize::MAX));
        Ok(offers)
    }

    /// A number that was not searched for is not sold (85000): then it is searched for, and ordered once
    /// more. The first order was refused, so that it is still one purchase.
    async fn order(&self, order: &NumberOrder) -> Result<Ordered, ProviderError> {
        const OPERATION: &str = "order";
        let papers = &order.papers;
        // An address and other documents are parts of the group.
        if [&papers.address, &papers.bundle, &papers.identity].into_iter().any(Option::is_some) {
            return Err(unsupported(OPERATION, Effect::NotSent));
        }
        let body = self.body(order);
        let first = self.client.call(OPERATION, Method::POST, "/number_orders", Some(&body)).await?;
        let wire: WireOrder = match data(OPERATION, &first) {
            Err(error) if error.effect() == Effect::Refused && is_code(&error, NOT_SEARCHED) => {
                // A search that fails changes nothing about the order, which was refused.
                self.look_for(&order.phone).await.map_err(|_| error)?;
                self.client.send(OPERATION, Method::POST, "/number_orders", &body).await?
            }
            other => other?,
        };
        self.outcome(OPERATION, wire).await
    }

    /// By the mark, which the order has as its reference (OpenAPI, GET /number_orders,
    /// `filter[customer_reference]`). Without an order of ours, whoever holds the number got it otherwise.
    async fn find_order(&self, order: &NumberOrder) -> Result<Option<Ordered>, ProviderError> {
        const OPERATION: &str = "find_order";
        let Some(mark) = &order.settings.mark else { return Ok(None) };
        let query = Serializer::new(String::new()).append_pair("filter[customer_reference]", mark).finish();
        let orders: Vec<WireListed> = paging::all(&self.client, OPERATION, "/number_orders", &query).await?;
        let mut failed = None;
        for listed in orders.into_iter().filter(|listed| listed.customer_reference.as_ref() == Some(mark)) {
            // What the list says of its numbers is less than what the order says itself.
            let id = listed.id.parse().map_err(|_| strange(OPERATION))?;
            match self.order_state(&id).await? {
                Ordered::Failed { reason, papers } => failed = Some(Ordered::Failed { reason, papers }),
                found => return Ok(Some(found)),
            }
        }
        if failed.is_some() {
            return Ok(failed);
        }
        Ok(self.held.find(&order.phone).await?.map(|number| {
            if number.mark.as_ref() == Some(mark) {
                Ordered::Held(number)
            } else {
                Ordered::Failed { reason: "held under another reference".into(), papers: false }
            }
        }))
    }

    async fn order_state(&self, order: &ProviderSid) -> Result<Ordered, ProviderError> {
        const OPERATION: &str = "order_state";
        let path = format!("/number_orders/{}", segment(order.as_str()));
        let wire: WireOrder = self.client.get(OPERATION, &path).await?;
        self.outcome(OPERATION, wire).await
    }
}

impl Market {
    fn body(&self, order: &NumberOrder) -> Value {
        let mut number = json!({ "phone_number": order.phone.expose() });
        if let (Some(group), Value::Object(members)) = (&order.papers.requirement_group, &mut number) {
            members.insert("requirement_group_id".to_owned(), json!(group));
        }
        let mut body = json!({ "phone_numbers": [number] });
        if let Value::Object(members) = &mut body {
            if order.settings.webhooks.is_some() {
                if let Some(connection) = &self.connection {
                    members.insert("connection_id".to_owned(), json!(connection));
                }
                if let Some(profile) = &self.profile {
                    members.insert("messaging_profile_id".to_owned(), json!(profile));
                }
            }
            if let Some(mark) = &order.settings.mark {
                members.insert("customer_reference".to_owned(), json!(mark));
            }
        }
        body
    }

    /// Searches for this one number, for the search's own sake.
    async fn look_for(&self, phone: &E164) -> Result<(), ProviderError> {
        let path = format!("/available_phone_numbers?{}", filter_for(phone));
        // Whether it was found, the second order tells.
        let _: Vec<Value> = self.client.get("order", &path).await?;
        Ok(())
    }

    /// An order is done when its one number is, and then the number can be looked up. A lookup that
    /// comes too early leaves the order pending.
    async fn outcome(&self, operation: &'static str, wire: WireOrder) -> Result<Ordered, ProviderError> {
        let order: ProviderSid = wire.id.parse().map_err(|_| strange(operation))?;
        let number = wire.phone_numbers.into_iter().next();
        let word = number.as_ref().and_then(|number| number.status.as_deref()).or(wire.status.as_deref());
        match (word, &number) {
            (Some("failure"), number) => {
                let detail = number.as_ref().and_then(|number| number.requirements_status.clone());
                // OpenAPI, NumberOrderPhoneNumber: requirements are met, or were not asked for.
                let met = number.as_ref().and_then(|number| number.requirements_met);
                let papers = met == Some(false);
                Ok(Ordered::Failed { reason: detail.unwrap_or_else(|| "failure".to_owned()), papers })
            }
            (Some("success"), Some(number)) => {
                let phone: E164 = number.phone_number.parse().map_err(|_| strange(operation))?;
                // The order went through whatever becomes of this question.
                match self.held.find(&phone).await {
                    Ok(Some(held)) => Ok(Ordered::Held(held)),
                    Ok(None) | Err(_) => Ok(Ordered::Pending { order }),
                }
            }
            // `pending`, or a word that this version does not know: it is asked for again.
            (Some(_) | None, _) => Ok(Ordered::Pending { order }),
        }
    }
}

/// The filters of a search (OpenAPI, GET /available_phone_numbers).
fn filter(search: &NumberSearch) -> String {
    let mut filter = Serializer::new(String::new());
    filter
        .append_pair("filter[country_code]", &search.country)
        .append_pair("filter[phone_number_type]", kind_word(search.kind))
        .append_pair("filter[limit]", &search.asked(true).to_string());
    // Or numbers of other places are offered in place of what was asked for. There is no such filter
    // elsewhere.
    if matches!(search.country.as_str(), "US" | "CA") {
        filter.append_pair("filter[best_effort]", "false");
    }
    if let Some(area) = &search.area_code {
        filter.append_pair("filter[national_destination_code]", area);
    }
    if let Some(pattern) = &search.contains {
        // It documents no wildcards.
        filter.append_pair("filter[phone_number][contains]", pattern.longest_run());
    }
    for (wanted, feature) in features(search.capabilities) {
        if wanted {
            filter.append_pair("filter[features][]", feature);
        }
    }
    filter.finish()
}

/// The filters that find one number.
fn filter_for(phone: &E164) -> String {
    let mut filter = Serializer::new(String::new());
    if let Some(country) = phone.country() {
        filter.append_pair("filter[country_code]", country);
    }
    // Seven digits are a whole subscriber's number in North America; elsewhere they narrow enough.
    let digits = phone.expose();
    let tail = digits.len().checked_sub(7).and_then(|at| digits.get(at..)).unwrap_or(digits);
    filter.append_pair("filter[phone_number][ends_with]", tail);
    if let Some(area) = digits.strip_prefix("+1").and_then(|rest| rest.get(..3)) {
        filter.append_pair("filter[national_destination_code]", area);
    }
    filter.finish()
}

/// OpenAPI, GET /available_phone_numbers, `phone_number_type`.
const fn kind_word(kind: NumberKind) -> &'static str {
    match kind {
        NumberKind::Local => "local",
        NumberKind::TollFree => "toll_free",
        NumberKind::Mobile => "mobile",
    }
}

/// The words of the filter (OpenAPI, `features`), and whether they are asked for.
const fn features(wanted: NumberCapabilities) -> [(bool, &'static str); 3] {
    [(wanted.voice, "voice"), (wanted.sms, "sms"), (wanted.mms, "mms")]
}

fn offer(wire: &WireOffer) -> Option<NumberOffer> {
    let has = |name: &str| wire.features.iter().any(|feature| feature.name.as_deref() == Some(name));
    let region = |kind: &str| {
        let found = wire.region_information.iter().find(|region| region.region_type.as_deref() == Some(kind));
        found.and_then(|region| region.region_name.clone())
    };
    let price = wire.cost_information.as_ref();
    Some(NumberOffer {
        phone: wire.phone_number.parse().ok()?,
        capabilities: NumberCapabilities { voice: has("voice"), sms: has("sms"), mms: has("mms") },
        locality: region("location").or_else(|| region("rate_center")),
        region: region("state"),
        monthly: price.and_then(|price| cost(price.monthly_cost.as_deref()?, price.currency.as_deref()?)),
        // The search does not say; the order does, by its requirements.
        address_required: false,
    })
}
