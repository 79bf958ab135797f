//! Giving the numbers back, and stopping the account.

use std::time::Duration;

use super::{Next, Subscriptions, own_account};
use crate::app::problem::Problem;
use crate::domain::number::{NumberStatus, PhoneNumber};
use crate::domain::subscription::{Subscription, SubscriptionState};
use crate::domain::timestamp::Timestamp;
use crate::ports::{NumberChange, PageRequest, StoreError};

/// What a provider decides later is looked at again after this.
const WAIT: Duration = Duration::from_secs(120);

/// What became of the numbers.
enum Cleared {
    /// There is none any more.
    All,
    /// Some are still being given back.
    NotYet,
}

impl Subscriptions {
    /// Everything that is left to do, in order: no purchase under way, no number, no account that acts.
    pub(super) async fn cancel_step(&self, mine: Subscription, until: Timestamp) -> Result<Next, StoreError> {
        if let Some(order) = mine.order.as_ref().filter(|_| mine.number.is_none()) {
            // What the provider may have sold is known only when the purchase has ended. `None`: it was
            // never begun, and will not be.
            let purchase = self.buyer.resume(&mine.tenant, order.purchase, until).await?;
            if purchase.is_some_and(|purchase| !purchase.state.is_final()) {
                return self.later(mine, WAIT).await;
            }
        }
        match self.clear(&mine).await {
            Ok(Cleared::All) => {}
            Ok(Cleared::NotYet) => return self.later(mine, WAIT).await,
            Err(problem) => return self.troubled(mine, &problem).await,
        }
        if let Err(problem) = self.accounts.close_below(&own_account(&mine)).await {
            return self.troubled(mine, &problem).await;
        }
        tracing::info!(tenant = %mine.tenant, account = %mine.account, "Subscription canceled");
        let after = Subscription {
            state: SubscriptionState::Canceled,
            trouble: None,
            tries: 0,
            busy_until: None,
            due: None,
            ..mine.clone()
        };
        self.settle(&mine, after).await
    }

    /// Gives back every number of its account, the tenant's later ones too: without the account none of
    /// them works.
    async fn clear(&self, mine: &Subscription) -> Result<Cleared, Problem> {
        let mut cleared = Cleared::All;
        for number in self.accounts.numbers.of_tenant(&mine.tenant).await? {
            if number.account != mine.account {
                continue;
            }
            // The last one of all has nobody to be primary before.
            let number = if number.is_primary { self.demoted(number).await? } else { number };
            let left = match number.status {
                NumberStatus::Moving => number,
                _ => self.releaser.release(&mine.tenant, number.id).await?,
            };
            if left.status != NumberStatus::Released {
                cleared = Cleared::NotYet;
            }
        }
        // What the provider did not take back is tried again, with this account.
        let one = PageRequest { limit: 1, cursor: None };
        if !self.accounts.stock.stock(&mine.account, &one).await?.items.is_empty() {
            cleared = Cleared::NotYet;
        }
        Ok(cleared)
    }

    async fn demoted(&self, number: PhoneNumber) -> Result<PhoneNumber, Problem> {
        let mut after = PhoneNumber { is_primary: false, ..number.clone() };
        after.holding.updated_at = Some(self.now());
        let change = NumberChange { before: number, after };
        // When it was changed in between, the release refuses and is tried again.
        self.accounts.inventory.change_numbers(std::slice::from_ref(&change)).await?;
        Ok(change.after)
    }
}
