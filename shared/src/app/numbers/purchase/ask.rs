//! Asking the provider: to sell, once; and what became of that, as often as it takes.

use std::time::Duration;

use super::failure::Failure;
use super::saga::{LEASE, LOOKED_FOR, Next, PurchaseSaga, lacking};
use crate::app::numbers::accounts::{Reach, holdings};
use crate::domain::account::AccountRecord;
use crate::domain::purchase::{Purchase, PurchaseFailure, PurchaseState};
use crate::ports::StoreError;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::numbers::{NumberMarket, Ordered, RemoteNumber};

/// When the note that the provider is being asked took longer than this, it is not asked: somebody may
/// believe by then that this process is dead.
const PROMPT: Duration = Duration::from_secs(20);
/// How often an order may fail to reach the provider, with certainty, before that is told.
const MOST_TRIES: u32 = 4;

/// An account and what it sells.
struct Seller {
    record: AccountRecord,
    market: Box<dyn NumberMarket>,
}

impl PurchaseSaga {
    /// The account of a purchase, if it is still there and sells.
    async fn seller(&self, purchase: &Purchase) -> Result<Reach<Seller>, StoreError> {
        let Some(record) = self.account(purchase).await? else { return Ok(Reach::No) };
        Ok(match self.desk.number_market(&record.account()) {
            Some(Ok(market)) => Reach::Yes(Box::new(Seller { record, market })),
            Some(Err(error)) => Reach::Broken(error),
            None => Reach::No,
        })
    }

    /// The one place where a number is ordered.
    pub(super) async fn ask(&self, purchase: &Purchase) -> Result<Next, StoreError> {
        let seller = match self.seller(purchase).await? {
            Reach::Yes(seller) if seller.record.is_usable() => seller,
            Reach::Broken(error) => return self.fail(purchase, (&error).into(), None).await,
            Reach::Yes(_) | Reach::No => {
                return self.fail(purchase, PurchaseFailure::NotConfigured.into(), None).await;
            }
        };
        let now = self.clock.now();
        let asking = Purchase {
            state: PurchaseState::Buying,
            asked_at: Some(now),
            updated_at: now,
            ..purchase.clone()
        };
        let Some(asking) = self.purchases.advance(purchase, &asking, now.plus(LEASE)).await? else {
            return Ok(Next::Lost);
        };
        if self.clock.now().since(now) >= PROMPT {
            return Ok(Next::Wait(asking));
        }
        match seller.market.order(&self.order(&asking)).await {
            Ok(ordered) => self.ordered(&asking, &seller, ordered).await,
            Err(error) => {
                tracing::warn!(
                    provider = %asking.provider, purchase = %asking.id, kind = ?error.kind(),
                    effect = ?error.effect(), %error, "The order did not go through"
                );
                self.not_ordered(&asking, &seller, &error).await
            }
        }
    }

    async fn not_ordered(
        &self,
        asked: &Purchase,
        seller: &Seller,
        error: &ProviderError,
    ) -> Result<Next, StoreError> {
        match error.effect() {
            // The order is not with the provider, so that it may be placed again.
            Effect::NotSent if error.is_retryable() && asked.tries < MOST_TRIES => {
                let again = Purchase { state: PurchaseState::Reserved, asked_at: None, ..asked.clone() };
                self.wait(&again, "the provider was not reached").await
            }
            Effect::NotSent | Effect::Refused => self.fail(asked, error.into(), None).await,
            // This process has its answer, lost as it is, so that it need not wait for itself.
            Effect::Unknown => self.look_at(asked, seller).await,
        }
    }

    /// What became of an order whose answer was lost.
    pub(super) async fn look(&self, purchase: &Purchase) -> Result<Next, StoreError> {
        match self.seller(purchase).await? {
            Reach::Yes(seller) => self.look_at(purchase, &seller).await,
            Reach::Broken(_) => self.wait(purchase, "no way to the account").await,
            Reach::No => {
                tracing::error!(
                    provider = %purchase.provider, account = %purchase.account, purchase = %purchase.id,
                    "The account of an order whose answer was lost is gone"
                );
                self.fail(purchase, PurchaseFailure::NotConfigured.into(), None).await
            }
        }
    }

    async fn look_at(&self, purchase: &Purchase, seller: &Seller) -> Result<Next, StoreError> {
        let Some(asked_at) = purchase.asked_at else { return Err(lacking("asked_at")) };
        match seller.market.find_order(&self.order(purchase)).await {
            Ok(Some(ordered)) => self.ordered(purchase, seller, ordered).await,
            // Should it appear later all the same, it carries the mark of a purchase that failed.
            Ok(None) if self.clock.now().since(asked_at) >= LOOKED_FOR => {
                self.fail(purchase, PurchaseFailure::ProviderUnavailable.into(), None).await
            }
            Ok(None) => self.wait(purchase, "not to be seen yet").await,
            Err(error) => {
                tracing::warn!(provider = %purchase.provider, purchase = %purchase.id, %error, "Not looked for yet");
                self.wait(purchase, "the provider does not tell").await
            }
        }
    }

    /// What became of an order that the provider has taken.
    pub(super) async fn ask_about_order(&self, purchase: &Purchase) -> Result<Next, StoreError> {
        let Some(order) = &purchase.order else { return Err(lacking("order")) };
        let seller = match self.seller(purchase).await? {
            Reach::Yes(seller) => seller,
            Reach::Broken(_) => return self.wait(purchase, "no way to the account").await,
            Reach::No => return self.fail(purchase, PurchaseFailure::NotConfigured.into(), None).await,
        };
        match seller.market.order_state(order).await {
            Ok(ordered) => self.ordered(purchase, &seller, ordered).await,
            // It does not know the order any more: the number may be there.
            Err(error) if error.kind() == ErrorKind::NotFound => self.look_at(purchase, &seller).await,
            Err(error) => {
                tracing::warn!(provider = %purchase.provider, purchase = %purchase.id, %error, "The order is not told");
                self.wait(purchase, "the provider does not tell").await
            }
        }
    }

    /// What the provider says of the order.
    async fn ordered(
        &self,
        purchase: &Purchase,
        seller: &Seller,
        ordered: Ordered,
    ) -> Result<Next, StoreError> {
        match ordered {
            Ordered::Held(remote) => self.held(purchase, seller, remote).await,
            Ordered::Pending { order } => {
                let pending =
                    Purchase { state: PurchaseState::Ordered, order: Some(order), ..purchase.clone() };
                // Counted from the first time that the order was seen.
                let tries = if purchase.state == PurchaseState::Ordered { purchase.tries } else { 0 };
                self.wait(&Purchase { tries, ..pending }, "the order is pending").await
            }
            Ordered::Failed { reason, papers } => {
                let why =
                    if papers { PurchaseFailure::AddressRequired } else { PurchaseFailure::Unavailable };
                let failure = Failure { why, code: None, message: Some(reason) };
                self.fail(purchase, failure, None).await
            }
        }
    }

    async fn held(
        &self,
        purchase: &Purchase,
        seller: &Seller,
        remote: RemoteNumber,
    ) -> Result<Next, StoreError> {
        let held = holdings(self.desk.as_ref(), Some(&seller.record));
        let shown = matches!(held, Reach::Yes(held) if held.shows(&remote, &self.settings(purchase)));
        let state = if shown { PurchaseState::Configured } else { PurchaseState::Bought };
        let after = Purchase { sid: Some(remote.sid), capabilities: remote.capabilities, ..purchase.clone() };
        self.on(purchase, after, state).await
    }
}
