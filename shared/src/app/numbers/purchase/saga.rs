//! The steps of a purchase. One function decides what comes next, whoever runs it: the request that
//! began it, or the reconciler after a crash.
//!
//! A provider is asked to sell once: [`PurchaseState::Buying`] is written first, under a condition that one
//! process wins, and who finds it later only looks.

use std::sync::Arc;
use std::time::Duration;

use super::failure::Failure;
use crate::app::numbers::accounts::{Reach, account, holdings};
use crate::app::provider_accounts::desk::Desk;
use crate::domain::account::AccountRecord;
use crate::domain::ids::{PurchaseId, TenantId};
use crate::domain::purchase::{Purchase, PurchaseFailure, PurchaseState};
use crate::domain::timestamp::Timestamp;
use crate::ports::{AccountBook, Clock, Purchases, StoreError};
use crate::provider::error::Effect;
use crate::provider::numbers::{NumberOrder, NumberSettings};

/// Past it, whoever was at work on a purchase is dead: longer than any function that buys may run (30 s).
pub const LEASE: Duration = Duration::from_secs(60);
/// A provider may show a number later than it sold it. So long it is looked for.
pub const LOOKED_FOR: Duration = Duration::from_secs(10 * 60);
/// Nobody was asked for so long: whoever wanted the number is gone.
const FORGOTTEN: Duration = Duration::from_secs(15 * 60);
/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// The steps of purchases.
pub struct PurchaseSaga {
    /// The accounts that buy.
    pub book: Arc<dyn AccountBook>,
    /// The purchases.
    pub purchases: Arc<dyn Purchases>,
    /// The providers.
    pub desk: Arc<dyn Desk>,
    /// What stands before `/api/` in our URLs, without a slash at the end.
    pub public_base_url: String,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// What a step has come to.
#[derive(Debug)]
pub(super) enum Next {
    /// The next one can be taken now.
    On(Purchase),
    /// Nothing can be done before it is due.
    Wait(Purchase),
    /// It has ended.
    Over(Purchase),
    /// Somebody else is at work on it.
    Lost,
}

impl PurchaseSaga {
    /// Takes steps until it has ended or has to wait, or `until`, after which none is begun. The answer is
    /// the purchase as it was left.
    ///
    /// # Errors
    /// When the store fails; whoever comes next goes on.
    pub async fn run(&self, purchase: Purchase, until: Timestamp) -> Result<Purchase, StoreError> {
        let mut purchase = purchase;
        loop {
            match self.step(&purchase).await? {
                Next::On(next) if self.clock.now() < until => purchase = next,
                Next::On(next) | Next::Wait(next) | Next::Over(next) => return Ok(next),
                Next::Lost => {
                    let now = self.purchases.purchase(&purchase.tenant, purchase.id).await?;
                    return Ok(now.unwrap_or(purchase));
                }
            }
        }
    }

    /// Goes on with a purchase that is due. `None`: there is no such purchase.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn resume(
        &self,
        tenant: &TenantId,
        id: PurchaseId,
        until: Timestamp,
    ) -> Result<Option<Purchase>, StoreError> {
        match self.purchases.purchase(tenant, id).await? {
            Some(purchase) => self.run(purchase, until).await.map(Some),
            None => Ok(None),
        }
    }

    async fn step(&self, purchase: &Purchase) -> Result<Next, StoreError> {
        let now = self.clock.now();
        match purchase.state {
            PurchaseState::Done | PurchaseState::Failed => Ok(Next::Over(purchase.clone())),
            PurchaseState::Reserved if now.since(purchase.created_at) >= FORGOTTEN => {
                self.fail(purchase, PurchaseFailure::ProviderUnavailable.into(), None).await
            }
            PurchaseState::Reserved => self.ask(purchase).await,
            PurchaseState::Buying if purchase.asked_at.is_some_and(|at| now < at.plus(LEASE)) => {
                // Whoever asks may still be waiting for the answer.
                Ok(Next::Wait(purchase.clone()))
            }
            PurchaseState::Buying => self.look(purchase).await,
            PurchaseState::Ordered => self.ask_about_order(purchase).await,
            PurchaseState::Bought => self.configure(purchase).await,
            PurchaseState::Configured => self.complete(purchase).await,
            PurchaseState::Undoing => self.undo(purchase).await,
        }
    }

    /// Its events come to us, if its provider has not set that with the order.
    async fn configure(&self, purchase: &Purchase) -> Result<Next, StoreError> {
        let Some(sid) = &purchase.sid else { return Err(lacking("sid")) };
        let held = match holdings(self.desk.as_ref(), self.account(purchase).await?.as_ref()) {
            Reach::Yes(held) => held,
            Reach::Broken(_) | Reach::No => return self.wait(purchase, "no way to the account").await,
        };
        match held.configure(sid, &self.settings(purchase)).await {
            Ok(remote) => {
                let after = Purchase { capabilities: remote.capabilities, ..purchase.clone() };
                self.on(purchase, after, PurchaseState::Configured).await
            }
            Err(error) if error.effect() == Effect::Refused => {
                tracing::warn!(
                    provider = %purchase.provider, purchase = %purchase.id, %error,
                    "A bought number cannot be configured and is given back"
                );
                let after = Failure::from(&error).onto(purchase);
                self.on(purchase, after, PurchaseState::Undoing).await
            }
            Err(error) => {
                tracing::warn!(provider = %purchase.provider, purchase = %purchase.id, %error, "Not configured yet");
                self.wait(purchase, "not configured").await
            }
        }
    }

    pub(super) async fn account(&self, purchase: &Purchase) -> Result<Option<AccountRecord>, StoreError> {
        account(self.book.as_ref(), Some(&purchase.tenant), &purchase.account, purchase.own_account).await
    }

    pub(super) fn settings(&self, purchase: &Purchase) -> NumberSettings {
        NumberSettings { webhooks: Some(self.public_base_url.clone()), mark: Some(purchase.mark.clone()) }
    }

    pub(super) fn order(&self, purchase: &Purchase) -> NumberOrder {
        NumberOrder {
            phone: purchase.phone.clone(),
            settings: self.settings(purchase),
            papers: purchase.papers.clone(),
        }
    }

    /// Writes a state after which the next step can be taken at once.
    pub(super) async fn on(
        &self,
        before: &Purchase,
        after: Purchase,
        state: PurchaseState,
    ) -> Result<Next, StoreError> {
        let now = self.clock.now();
        let after = Purchase { state, tries: 0, updated_at: now, ..after };
        let written = self.purchases.advance(before, &after, now.plus(LEASE)).await?;
        Ok(written.map_or(Next::Lost, Next::On))
    }

    /// Nothing has come of this try: it is due again, each time later.
    pub(super) async fn wait(&self, purchase: &Purchase, why: &'static str) -> Result<Next, StoreError> {
        let now = self.clock.now();
        let tries = purchase.tries.saturating_add(1);
        let after = Purchase { tries, updated_at: now, ..purchase.clone() };
        tracing::info!(purchase = %purchase.id, state = purchase.state.as_str(), tries, why, "Purchase waits");
        let written = self.purchases.advance(purchase, &after, now.plus(spaced(tries))).await?;
        Ok(written.map_or(Next::Lost, Next::Wait))
    }
}

/// What every purchase in this state has, and this one lacks.
pub(super) fn lacking(member: &str) -> StoreError {
    StoreError::Corrupt(format!("purchase without {member}"))
}

/// 1, 2, 5, and then every 15 minutes.
pub(super) fn spaced(tries: u32) -> Duration {
    let minutes = match tries {
        0 | 1 => 1,
        2 => 2,
        3 => 5,
        _ => return LONGEST_WAIT,
    };
    Duration::from_secs(minutes * 60)
}
