//! Which account buys a number, and what that is charged.

use futures_util::future::join_all;

use super::Buy;
use super::request::Wanted;
use crate::app::problem::{Code, Problem};
use crate::app::provider_accounts::reach::{is_charged, within_reach};
use crate::app::provider_problem;
use crate::domain::account::AccountRecord;
use crate::domain::ids::TenantId;
use crate::domain::money::{Cost, Micros};
use crate::domain::phone::E164;
use crate::provider::numbers::{NumberCapabilities, NumberMarket, NumberOffer, NumberSearch};
use crate::provider::registry;

/// The currency of charges.
const DOLLARS: &str = "USD";
/// Enough digits from the end that few numbers share them.
const TELLING: usize = 8;
/// So few that share them are looked at.
const ALIKE: u32 = 20;

/// The account that buys.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) record: AccountRecord,
    /// What is charged a month; `None`: nothing.
    pub(super) charge: Option<Micros>,
    /// What the provider bills a month, where that is known.
    pub(super) cost: Option<Cost>,
    pub(super) capabilities: NumberCapabilities,
}

/// An account that could buy.
struct Candidate {
    record: AccountRecord,
    charge: Option<Micros>,
    market: Box<dyn NumberMarket>,
}

impl Buy {
    /// The account that is named, or the first of the provider that is named; else the first, by priority,
    /// whose provider offers this very number.
    pub(super) async fn choose(&self, tenant: &TenantId, wanted: &Wanted) -> Result<Chosen, Problem> {
        let mut candidates = self.candidates(tenant, wanted).await?;
        let named = wanted.provider.is_some() || wanted.account.is_some();
        let (candidate, offer) = if named || candidates.len() == 1 {
            // Nobody else is asked, so that the order itself may tell.
            (candidates.swap_remove(0), None)
        } else {
            let (at, offer) = offered(&candidates, wanted).await?;
            (candidates.swap_remove(at), Some(offer))
        };
        let Candidate { record, charge, .. } = candidate;
        let billed = offer.as_ref().and_then(|offer| offer.monthly.clone());
        let listed = self.prices.number_cost(&wanted.country, wanted.kind);
        let cost = billed.or_else(|| listed.map(|amount| Cost { amount, currency: DOLLARS.to_owned() }));
        let capabilities = offer.map(|offer| offer.capabilities).unwrap_or_default();
        Ok(Chosen { record, charge, cost, capabilities })
    }

    /// One account for each provider, the first by priority that can be used.
    async fn candidates(&self, tenant: &TenantId, wanted: &Wanted) -> Result<Vec<Candidate>, Problem> {
        let known = within_reach(self.saga.book.as_ref(), tenant).await?;
        let named = match &wanted.account {
            Some(id) => Some(known.iter().find(|record| record.id == *id).ok_or_else(|| {
                Problem::new(Code::ProviderNotFound)
                    .and_field("providerAccountId", "names no account of yours")
            })?),
            None => None,
        };
        if let (Some(record), Some(provider)) = (named, wanted.provider)
            && record.provider != provider
        {
            return Err(Problem::field("provider", "is not the provider of this account"));
        }
        let provider = named.map(|record| record.provider).or(wanted.provider);
        if provider.is_some_and(|provider| !registry::features(provider).number_market) {
            let field = if wanted.provider.is_some() { "provider" } else { "providerAccountId" };
            return Err(Problem::new(Code::CapabilityMissing).and_field(field, "sells no numbers"));
        }
        let price = self.prices.number_charge(&wanted.country, wanted.kind);
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut priceless = false;
        for record in known.iter().filter(|record| {
            record.is_usable()
                && provider.is_none_or(|provider| record.provider == provider)
                && named.is_none_or(|named| record.id == named.id)
        }) {
            if candidates.iter().any(|candidate| candidate.record.provider == record.provider) {
                continue;
            }
            let Some(Ok(market)) = self.saga.desk.number_market(&record.account()) else { continue };
            let charge = match (is_charged(record, &known), price) {
                (true, None) => {
                    priceless = true;
                    continue;
                }
                (true, price) => price,
                (false, _) => None,
            };
            candidates.push(Candidate { record: record.clone(), charge, market });
        }
        match candidates.is_empty() {
            false => Ok(candidates),
            // Nothing is sold for which there is no price.
            true if priceless => Err(Problem::field("numberType", "has no price here for this country")),
            true => Err(Problem::new(Code::ProviderNotConfigured(provider))),
        }
    }
}

/// All are asked at once; the first by priority that offers it is taken. One that cannot answer is not
/// waited for, unless nobody offers it.
async fn offered(candidates: &[Candidate], wanted: &Wanted) -> Result<(usize, NumberOffer), Problem> {
    let search = NumberSearch {
        country: wanted.country.clone(),
        kind: wanted.kind,
        area_code: None,
        contains: tail(&wanted.phone).parse().ok(),
        capabilities: NumberCapabilities::default(),
        limit: ALIKE,
    };
    let answers = join_all(candidates.iter().map(|candidate| candidate.market.search(&search))).await;
    let mut failed = None;
    for (at, answer) in answers.into_iter().enumerate() {
        match answer {
            Ok(offers) => {
                let charge = candidates.get(at).and_then(|candidate| candidate.charge);
                let offer = offers.into_iter().find(|offer| offer.phone == wanted.phone);
                if let Some(offer) = offer.filter(|offer| !at_a_loss(offer, charge)) {
                    return Ok((at, offer));
                }
            }
            Err(error) => {
                tracing::warn!(provider = %error.provider(), %error, "A provider could not be searched");
                // A provider without this kind of number does not have this one.
                if provider_problem::problem(&error, "The search").code() != Code::CapabilityMissing {
                    failed.get_or_insert(error);
                }
            }
        }
    }
    Err(match failed {
        Some(error) => provider_problem::problem(&error, "Looking for the number"),
        None => Problem::new(Code::NumberUnavailable)
            .and_field("phoneNumber", "is not for sale at any provider of yours"),
    })
}

/// The provider asks more for it than the customer is charged.
fn at_a_loss(offer: &NumberOffer, charge: Option<Micros>) -> bool {
    let (Some(charge), Some(Cost { amount, currency })) = (charge, &offer.monthly) else { return false };
    currency != DOLLARS || *amount > charge
}

fn tail(phone: &E164) -> &str {
    let digits = phone.expose().trim_start_matches('+');
    digits.get(digits.len().saturating_sub(TELLING)..).unwrap_or(digits)
}
