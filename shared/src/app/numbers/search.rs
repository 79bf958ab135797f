//! `POST /api/numbers/search`: numbers for sale, of all providers at once.

mod wanted;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::join_all;

use self::wanted::Wanted;
use crate::api::money::Dollars;
use crate::api::numbers::search::{OfferBody, SearchAnswer, SearchRequest, UnavailableBody};
use crate::app::problem::{Code, Problem};
use crate::app::provider_accounts::desk::Desk;
use crate::app::provider_accounts::reach::{is_charged, within_reach};
use crate::app::provider_problem;
use crate::domain::account::AccountRecord;
use crate::domain::ids::TenantId;
use crate::domain::money::{Cost, Micros};
use crate::domain::price::PriceTable;
use crate::ports::AccountBook;
use crate::provider::ProviderId;
use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::numbers::{NumberMarket, NumberOffer};
use crate::provider::registry;

/// The currency of charges.
const DOLLARS: &str = "USD";

/// Searches for numbers.
pub struct SearchNumbers {
    /// The accounts that they would be bought with.
    pub book: Arc<dyn AccountBook>,
    /// The providers. Each search is one request, whose time limit is the transport's: that of one
    /// provider takes nothing from another's.
    pub desk: Arc<dyn Desk>,
    /// What they are charged.
    pub prices: &'static PriceTable,
}

/// An account that is asked.
struct Target {
    record: AccountRecord,
    /// What a number is charged a month; `None`: nothing, the tenant has the provider's bill.
    charge: Option<Micros>,
    market: Box<dyn NumberMarket>,
}

impl SearchNumbers {
    /// The numbers that fit, of one account a provider: the first by priority that can be used.
    ///
    /// # Errors
    /// A problem that names the member; `*_NOT_CONFIGURED` when there is nobody to ask.
    pub async fn search(&self, tenant: &TenantId, request: &SearchRequest) -> Result<SearchAnswer, Problem> {
        let wanted = Wanted::read(request)?;
        let targets = self.targets(tenant, &wanted).await?;
        let answers = join_all(targets.iter().map(|target| target.market.search(&wanted.search))).await;
        let (mut lists, mut unavailable) = (Vec::new(), Vec::new());
        let mut by_provider = BTreeMap::new();
        for (target, answer) in targets.iter().zip(answers) {
            match answer {
                Ok(offers) => {
                    by_provider.insert(target.record.provider.as_str(), Vec::new());
                    lists.push(target.shown(offers));
                }
                Err(error) => unavailable.push(target.failed(&error)),
            }
        }
        let numbers = merged(lists, |offer| offer.phone_number.clone(), wanted.limit);
        for offer in &numbers {
            by_provider.entry(offer.provider).or_default().push(offer.clone());
        }
        Ok(SearchAnswer { numbers, by_provider, unavailable })
    }

    async fn targets(&self, tenant: &TenantId, wanted: &Wanted) -> Result<Vec<Target>, Problem> {
        let known = within_reach(self.book.as_ref(), tenant).await?;
        let named = wanted.named(&known)?;
        let provider = named.map(|record| record.provider).or(wanted.provider);
        if let Some(provider) = provider
            && !registry::features(provider).number_market
        {
            let field = if wanted.provider.is_some() { "provider" } else { "providerAccountId" };
            return Err(Problem::new(Code::CapabilityMissing).and_field(field, "sells no numbers"));
        }
        let charge = self.prices.number_charge(&wanted.search.country, wanted.search.kind);
        let mut targets: Vec<Target> = Vec::new();
        let mut priceless = false;
        let candidates = known.iter().filter(|record| {
            record.is_usable()
                && provider.is_none_or(|provider| record.provider == provider)
                && named.is_none_or(|named| record.id == named.id)
        });
        for record in candidates {
            if targets.iter().any(|target| target.record.provider == record.provider) {
                continue;
            }
            // Without credentials it is as if it were not there.
            let Some(Ok(market)) = self.desk.number_market(&record.account()) else { continue };
            let charge = match (is_charged(record, &known), charge) {
                (true, None) => {
                    priceless = true;
                    continue;
                }
                (true, charge) => charge,
                (false, _) => None,
            };
            targets.push(Target { record: record.clone(), charge, market });
        }
        if targets.is_empty() {
            let not_configured = Problem::new(Code::ProviderNotConfigured(provider));
            return Err(if priceless { wanted.without_price(self.prices) } else { not_configured });
        }
        Ok(targets)
    }
}

impl Target {
    fn shown(&self, offers: Vec<NumberOffer>) -> Vec<OfferBody> {
        let found = offers.len();
        let sold: Vec<NumberOffer> = offers.into_iter().filter(|offer| !self.at_a_loss(offer)).collect();
        if sold.len() < found {
            // An operator who wants to sell them has to raise the charge.
            tracing::info!(
                provider = %self.record.provider, account = %self.record.id, count = found - sold.len(),
                "Numbers left out that cost more than the charge"
            );
        }
        sold.into_iter().map(|offer| self.body(offer)).collect()
    }

    /// The provider asks more for it than the customer is charged.
    fn at_a_loss(&self, offer: &NumberOffer) -> bool {
        let (Some(charge), Some(Cost { amount, currency })) = (self.charge, &offer.monthly) else {
            return false;
        };
        currency != DOLLARS || *amount > charge
    }

    fn body(&self, offer: NumberOffer) -> OfferBody {
        let told = offer.monthly.map(|cost| (cost.amount, cost.currency));
        let (amount, currency) = self.charge.map(|charge| (charge, DOLLARS.to_owned())).or(told).unzip();
        OfferBody {
            phone_number: offer.phone.expose().to_owned(),
            provider: self.record.provider.as_str(),
            provider_account_id: self.record.id.to_string(),
            monthly_cost: amount.map(Dollars::from),
            currency,
            charged: self.charge.is_some(),
            locality: offer.locality,
            region: offer.region,
            capabilities: offer.capabilities.into(),
            address_required: offer.address_required,
        }
    }

    fn failed(&self, error: &ProviderError) -> UnavailableBody {
        // That a provider has no such numbers is nothing to be told of.
        if error.kind() != ErrorKind::Unsupported {
            tracing::warn!(
                provider = %self.record.provider, account = %self.record.id, kind = ?error.kind(),
                error_code = error.code().map(tracing::field::display), http_status = error.status(),
                "Number search failed"
            );
        }
        let provider: ProviderId = self.record.provider;
        let code = provider_problem::problem(error, "The search").code().to_string();
        UnavailableBody { provider: provider.as_str(), code }
    }
}

/// One of each list in turn, as long as there are any; of what comes twice, the first. At most `limit`.
fn merged<T, K: Ord>(lists: Vec<Vec<T>>, key: impl Fn(&T) -> K, limit: usize) -> Vec<T> {
    let mut seen = BTreeSet::new();
    let mut merged = Vec::new();
    let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
    while !lists.is_empty() && merged.len() < limit {
        lists.retain_mut(|list| {
            let next = list.find(|item| seen.insert(key(item)));
            let more = next.is_some();
            merged.extend(next);
            more
        });
    }
    merged.truncate(limit);
    merged
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::merged;

    #[test]
    fn providers_take_turns() {
        let lists = vec![vec![1, 2, 3, 4], vec![10], vec![2, 20, 21]];
        assert_eq!(merged(lists.clone(), |n| *n, 25), [1, 10, 2, 3, 20, 4, 21]);
        assert_eq!(merged(lists, |n| *n, 4), [1, 10, 2, 3]);
        assert!(merged(Vec::<Vec<u8>>::new(), |n| *n, 4).is_empty());
    }

    proptest! {
        #[test]
        fn nothing_is_lost_doubled_or_preferred(
            lists in prop::collection::vec(prop::collection::vec(0_u16..60, 0..20), 0..4),
            limit in 1_usize..50,
        ) {
            let all = merged(lists.clone(), |n| *n, usize::MAX);
            let distinct: BTreeSet<u16> = lists.iter().flatten().copied().collect();
            prop_assert_eq!(all.len(), distinct.len(), "each once");
            prop_assert_eq!(&all.iter().copied().collect::<BTreeSet<_>>(), &distinct);
            // A smaller answer is the beginning of a larger one.
            let some = merged(lists.clone(), |n| *n, limit);
            prop_assert_eq!(&some[..], &all[..limit.min(all.len())]);
        }

        /// While all have numbers left, none is more than one ahead of another.
        #[test]
        fn none_is_ahead(sizes in prop::collection::vec(1_usize..20, 1..4), limit in 1_usize..50) {
            let lists: Vec<Vec<(usize, usize)>> =
                sizes.iter().enumerate().map(|(list, size)| (0..*size).map(|n| (list, n)).collect()).collect();
            let taken = merged(lists, |item| *item, limit);
            let of = |list: usize| taken.iter().filter(|(from, _)| *from == list).count();
            for list in 0..sizes.len() {
                for other in 0..sizes.len() {
                    prop_assert!(of(list) == sizes[list] || of(list) + 1 >= of(other));
                }
            }
        }
    }
}
