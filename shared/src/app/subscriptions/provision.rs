//! Opening the account, and buying the number in it.

use std::time::Duration;

use super::{LEASE, Next, Subscriptions, own_account};
use crate::app::money::cap::cap_reached;
use crate::app::numbers::purchase::failure_problem;
use crate::app::problem::{Code, Problem};
use crate::app::provider_problem;
use crate::domain::account::{AccountRecord, Owner};
use crate::domain::money::Cost;
use crate::domain::purchase::{Papers, Purchase, PurchaseFailure, PurchaseState};
use crate::domain::subscription::{Billing, FirstNumber, Subscription, SubscriptionState};
use crate::domain::timestamp::Timestamp;
use crate::ports::{Begun, StoreError};
use crate::provider::numbers::{NumberCapabilities, NumberKind, NumberMarket, NumberOffer, NumberSearch};

/// How many numbers a search asks for: one is wanted, and some may be gone.
const ASKED: u32 = 20;
/// An order that the provider decides later is looked at again after this.
const ORDER_WAIT: Duration = Duration::from_secs(120);
/// The currency of charges.
const DOLLARS: &str = "USD";

impl Subscriptions {
    /// Opens its account. `fresh`: nobody can have tried before.
    pub(super) async fn open(&self, mine: Subscription, fresh: bool) -> Result<Next, StoreError> {
        match self.accounts.open_below(&own_account(&mine), fresh).await {
            Ok(_) => {
                let state = SubscriptionState::Buying;
                let after = Subscription { state, trouble: None, tries: 0, ..mine.clone() };
                self.settle(&mine, after).await
            }
            Err(problem) => self.troubled(mine, &problem).await,
        }
    }

    /// Picks a number and writes it down, or goes on with the purchase of the one that is.
    pub(super) async fn buy(&self, mine: Subscription, until: Timestamp) -> Result<Next, StoreError> {
        let Some(order) = mine.order.clone() else { return self.pick(mine).await };
        let resume = || self.buyer.resume(&mine.tenant, order.purchase, until);
        let purchase = match resume().await? {
            Some(purchase) => purchase,
            None => {
                let wanted = self.purchase(&mine, &order);
                match self.buyer.begin(&wanted, self.now().plus(LEASE)).await? {
                    Begun::New | Begun::Exists => {}
                    // Somebody else has it, or is about to.
                    Begun::Busy(_) | Begun::Held => {
                        return self.settle(&mine, mine.clone().without_order(true)).await;
                    }
                    Begun::InsufficientBalance => {
                        return self.troubled(mine, &Problem::new(Code::InsufficientBalance)).await;
                    }
                    Begun::SpendCapReached(reached) => {
                        return self.troubled(mine, &cap_reached(&reached)).await;
                    }
                    Begun::Replay(_) => {
                        return Err(StoreError::Corrupt("a purchase without a key".to_owned()));
                    }
                }
                let begun = resume().await?;
                begun.ok_or_else(|| StoreError::Corrupt("a purchase is gone".to_owned()))?
            }
        };
        match (purchase.state, purchase.number) {
            (PurchaseState::Done, Some(number)) => {
                tracing::info!(tenant = %mine.tenant, account = %mine.account, number_id = %number, "Subscription active");
                let after = Subscription {
                    state: SubscriptionState::Active,
                    number: Some(number),
                    trouble: None,
                    tries: 0,
                    busy_until: None,
                    due: None,
                    ..mine.clone()
                };
                self.settle(&mine, after).await
            }
            (PurchaseState::Failed, _) => self.failed(mine, &purchase).await,
            _ => self.later(mine, ORDER_WAIT).await,
        }
    }

    /// A purchase ended without a number. Another number is tried, at once where only this one is not to
    /// be had.
    async fn failed(&self, mine: Subscription, purchase: &Purchase) -> Result<Next, StoreError> {
        let gone = [PurchaseFailure::Unavailable, PurchaseFailure::AddressRequired];
        if purchase.failure.is_some_and(|failure| gone.contains(&failure)) {
            return self.settle(&mine, mine.clone().without_order(true)).await;
        }
        let problem = failure_problem(purchase);
        let after = mine.clone().without_order(false);
        match self.settle(&mine, after).await? {
            Next::On(mine) if mine.state == SubscriptionState::Buying => self.troubled(mine, &problem).await,
            other => Ok(other),
        }
    }

    async fn pick(&self, mine: Subscription) -> Result<Next, StoreError> {
        let owner = Owner::Tenant(mine.tenant.clone());
        let record = self.accounts.book.find(&owner, &mine.account).await?;
        let offer = match record.filter(AccountRecord::is_usable) {
            Some(record) => self.offered(&mine, &record).await,
            None => Err(Problem::new(Code::ProviderNotConfigured(Some(mine.provider)))
                .with_detail("The subscription's own account was switched off or removed.")),
        };
        match offer {
            Ok(offer) => {
                let order = FirstNumber {
                    purchase: mine.next_purchase(),
                    phone: offer.phone,
                    capabilities: offer.capabilities,
                    cost: offer.monthly,
                };
                self.settle(&mine, Subscription { order: Some(order), ..mine.clone() }).await
            }
            Err(problem) => self.troubled(mine, &problem).await,
        }
    }

    /// The first number that fits: of the area code, or else of anywhere in the country.
    async fn offered(&self, mine: &Subscription, record: &AccountRecord) -> Result<NumberOffer, Problem> {
        let market = match self.accounts.desk.number_market(&record.account()) {
            Some(Ok(market)) => market,
            Some(Err(error)) => return Err(provider_problem::problem(&error, "Looking for a number")),
            None => return Err(Problem::new(Code::CapabilityMissing)),
        };
        if mine.wish.area_code.is_some()
            && let Some(offer) = self.of_area(mine, market.as_ref(), mine.wish.area_code.clone()).await?
        {
            return Ok(offer);
        }
        let anywhere = self.of_area(mine, market.as_ref(), None).await?;
        anywhere.ok_or_else(|| {
            Problem::new(Code::NumberUnavailable)
                .with_detail("No number of the country is for sale there now.")
        })
    }

    async fn of_area(
        &self,
        mine: &Subscription,
        market: &dyn NumberMarket,
        area_code: Option<String>,
    ) -> Result<Option<NumberOffer>, Problem> {
        let search = NumberSearch {
            country: self.country.clone(),
            kind: NumberKind::Local,
            area_code,
            contains: None,
            capabilities: NumberCapabilities { voice: true, sms: true, mms: false },
            limit: ASKED,
        };
        let offers = market.search(&search).await;
        let offers = offers.map_err(|error| provider_problem::problem(&error, "Looking for a number"))?;
        let charge = self.charge().filter(|_| mine.wish.billing == Billing::Wallet);
        Ok(offers.into_iter().find(|offer| {
            let at_a_loss = match (&offer.monthly, charge) {
                (Some(cost), Some(charge)) => cost.currency != DOLLARS || cost.amount > charge,
                (Some(_), None) | (None, _) => false,
            };
            !offer.address_required && !at_a_loss && !mine.tried.contains(&offer.phone)
        }))
    }

    /// The purchase that an order means, always the same.
    fn purchase(&self, mine: &Subscription, order: &FirstNumber) -> Purchase {
        let listed = self.prices.number_cost(&self.country, NumberKind::Local);
        let listed = listed.map(|amount| Cost { amount, currency: DOLLARS.to_owned() });
        Purchase {
            id: order.purchase,
            tenant: mine.tenant.clone(),
            requested_by: mine.requested_by.clone(),
            phone: order.phone.clone(),
            provider: mine.provider,
            account: mine.account.clone(),
            // The provider bills the platform for it.
            own_account: false,
            country: self.country.clone(),
            kind: NumberKind::Local,
            display_name: order.phone.expose().to_owned(),
            business: None,
            user: Some(mine.wish.user.clone()),
            agent: None,
            subscription: Some(mine.id.clone()),
            papers: Papers::default(),
            charge: self.charge().filter(|_| mine.wish.billing == Billing::Wallet),
            cost: order.cost.clone().or(listed),
            mark: self.marker.mark(order.purchase),
            state: PurchaseState::Reserved,
            asked_at: None,
            order: None,
            sid: None,
            capabilities: order.capabilities,
            number: None,
            failure: None,
            failure_code: None,
            failure_message: None,
            tries: 0,
            version: 0,
            created_at: self.now(),
            updated_at: self.now(),
        }
    }
}
