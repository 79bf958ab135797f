//! Giving numbers back to their providers: only what carries our mark, and again and again where a provider
//! refuses for now (SignalWire 22121 "purchased too recently", a deletion lock at Telnyx).

use std::sync::Arc;
use std::time::Duration;

use super::accounts::{Reach, account, holdings};
use crate::app::provider_accounts::desk::Desk;
use crate::domain::ids::{AccountId, TenantId};
use crate::domain::phone::E164;
use crate::domain::timestamp::Timestamp;
use crate::ports::{AccountBook, Clock, NumberStock, Return, Returns, StockNumber, StoreError};
use crate::provider::error::{Effect, ProviderError};
use crate::provider::numbers::HeldNumbers;

/// Between the first two tries; twice as long each time.
const FIRST_WAIT: Duration = Duration::from_secs(5 * 60);
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 3600);

/// What became of a number that was to be given back.
#[derive(Debug)]
pub(super) enum Given {
    /// The provider has it, or it was not there any more.
    Back,
    /// It carries another mark, or none: it is somebody else's by now.
    NotOurs,
    /// The provider decided against it. It may decide otherwise another day.
    Refused(ProviderError),
    /// Whether it took effect is not known, or it did not get there.
    Unsure(ProviderError),
}

/// Gives a number back, if it still carries this mark. Repeating it does no harm.
pub(super) async fn give_back(held: &dyn HeldNumbers, phone: &E164, mark: &str) -> Given {
    let remote = match held.find(phone).await {
        Ok(Some(remote)) => remote,
        Ok(None) => return Given::Back,
        // Only looked for, so that nothing can have happened.
        Err(error) => return Given::Unsure(error),
    };
    if remote.mark.as_deref() != Some(mark) {
        return Given::NotOurs;
    }
    match held.release(&remote.sid).await {
        Ok(()) => Given::Back,
        Err(error) if error.effect() == Effect::Refused => Given::Refused(error),
        Err(error) => Given::Unsure(error),
    }
}

/// The first try was refused just now.
pub(in crate::app) fn first_return(owner: Option<&TenantId>, mark: &str, now: Timestamp) -> Return {
    Return { owner: owner.cloned(), mark: mark.to_owned(), since: now, tries: 1, next: now.plus(FIRST_WAIT) }
}

/// What became of a number of the stock that is on its way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// It is gone.
    Gone,
    /// The provider still refuses.
    Refused,
    /// It could not be tried.
    Later,
    /// There is nothing to do.
    Nothing,
}

/// Gives back what waits for it in the stock.
pub struct GiveBack {
    /// The accounts.
    pub book: Arc<dyn AccountBook>,
    /// The providers.
    pub desk: Arc<dyn Desk>,
    /// The stock.
    pub stock: Arc<dyn NumberStock>,
    /// Its numbers on their way back.
    pub returns: Arc<dyn Returns>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl GiveBack {
    /// Tries one number that is due.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn resume(&self, id: &AccountId, phone: &E164) -> Result<Returned, StoreError> {
        let Some(number) = self.stock.in_stock(id, phone).await? else { return Ok(Returned::Nothing) };
        let now = self.clock.now();
        let Some(back) = number.release.as_ref().filter(|back| back.next <= now) else {
            return Ok(Returned::Nothing);
        };
        let record = account(self.book.as_ref(), back.owner.as_ref(), id, false).await?;
        let held = match holdings(self.desk.as_ref(), record.as_ref()) {
            Reach::Yes(held) => held,
            Reach::Broken(_) => return self.again(&number, back, Returned::Later).await,
            Reach::No => {
                tracing::error!(
                    provider = %number.provider, account = %id,
                    "The account of a number that was to be given back is gone"
                );
                return self.gone(&number).await;
            }
        };
        match give_back(held.as_ref(), phone, &back.mark).await {
            Given::Back => self.gone(&number).await,
            Given::NotOurs => {
                tracing::warn!(
                    provider = %number.provider, account = %id,
                    "A number that was to be given back does not carry our mark any more, and is left alone"
                );
                self.gone(&number).await
            }
            Given::Refused(error) => {
                tracing::error!(
                    provider = %number.provider, account = %id, tries = back.tries, since = %back.since, %error,
                    "A number is held at our cost, because the provider does not take it back"
                );
                self.again(&number, back, Returned::Refused).await
            }
            Given::Unsure(error) => {
                tracing::warn!(provider = %number.provider, account = %id, %error, "Not given back yet");
                self.again(&number, back, Returned::Later).await
            }
        }
    }

    async fn gone(&self, number: &StockNumber) -> Result<Returned, StoreError> {
        let gone = self.returns.returned(number).await?;
        Ok(if gone { Returned::Gone } else { Returned::Nothing })
    }

    async fn again(
        &self,
        number: &StockNumber,
        back: &Return,
        outcome: Returned,
    ) -> Result<Returned, StoreError> {
        let wait = FIRST_WAIT.saturating_mul(1 << back.tries.min(10)).min(LONGEST_WAIT);
        let back =
            Return { tries: back.tries.saturating_add(1), next: self.clock.now().plus(wait), ..back.clone() };
        let after = StockNumber { release: Some(back), ..number.clone() };
        let written = self.returns.retry_return(number, &after).await?;
        Ok(if written { outcome } else { Returned::Nothing })
    }
}
