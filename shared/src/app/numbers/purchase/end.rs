//! How a purchase ends: in the inventory and paid for, or without a number and without a charge.

use super::failure::Failure;
use super::saga::{Next, PurchaseSaga, lacking};
use crate::app::numbers::accounts::{Reach, holdings};
use crate::app::numbers::give_back::first_return;
use crate::domain::ids::NumberId;
use crate::domain::number::{Holding, NumberStatus, PhoneNumber};
use crate::domain::purchase::{Purchase, PurchaseFailure, PurchaseState};
use crate::domain::rent::Rent;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Completed, StockNumber, StoreError};
use crate::provider::error::Effect;

impl PurchaseSaga {
    /// The number is the tenant's, and the money is taken.
    pub(super) async fn complete(&self, purchase: &Purchase) -> Result<Next, StoreError> {
        let now = self.clock.now();
        let number = number(purchase, now);
        let after = Purchase {
            state: PurchaseState::Done,
            number: Some(number.id),
            tries: 0,
            updated_at: now,
            ..purchase.clone()
        };
        match self.purchases.complete(purchase, &after, &number).await? {
            Completed::Done => {
                tracing::info!(
                    provider = %purchase.provider, account = %purchase.account, tenant = %purchase.tenant,
                    purchase = %purchase.id, number = %number.id, "Number bought"
                );
                Ok(Next::Over(after))
            }
            Completed::Changed => Ok(Next::Lost),
            // It was imported meanwhile, so that somebody has it by that record.
            Completed::Held => self.fail(purchase, PurchaseFailure::Unavailable.into(), None).await,
            Completed::Elsewhere => {
                let after = Failure::from(PurchaseFailure::Unavailable).onto(purchase);
                self.on(purchase, after, PurchaseState::Undoing).await
            }
        }
    }

    /// Gives back what was bought and cannot be kept. A provider that refuses that (SignalWire 22121, a
    /// lock at Telnyx) leaves the number with us, at our cost; the tenant is not charged.
    pub(super) async fn undo(&self, purchase: &Purchase) -> Result<Next, StoreError> {
        let Some(sid) = &purchase.sid else { return Err(lacking("sid")) };
        let failure = Failure {
            why: purchase.failure.unwrap_or(PurchaseFailure::Rejected),
            code: purchase.failure_code.clone(),
            message: purchase.failure_message.clone(),
        };
        let held = match holdings(self.desk.as_ref(), self.account(purchase).await?.as_ref()) {
            Reach::Yes(held) => held,
            Reach::Broken(_) | Reach::No => return self.wait(purchase, "no way to the account").await,
        };
        match held.release(sid).await {
            Ok(()) => self.fail(purchase, failure, None).await,
            Err(error) if error.effect() == Effect::Refused => {
                tracing::error!(
                    provider = %purchase.provider, account = %purchase.account, purchase = %purchase.id, %error,
                    "A number that nobody wants is not taken back, and is kept until it is"
                );
                let stock = stock(purchase, self.clock.now());
                self.fail(purchase, failure, Some(&stock)).await
            }
            Err(error) => {
                tracing::warn!(provider = %purchase.provider, purchase = %purchase.id, %error, "Not given back yet");
                self.wait(purchase, "not given back").await
            }
        }
    }

    /// It ends without a number.
    pub(super) async fn fail(
        &self,
        purchase: &Purchase,
        failure: Failure,
        kept: Option<&StockNumber>,
    ) -> Result<Next, StoreError> {
        let why = failure.why;
        let after = failure.onto(purchase);
        let after = Purchase { state: PurchaseState::Failed, updated_at: self.clock.now(), ..after };
        if !self.purchases.fail(purchase, &after, kept).await? {
            return Ok(Next::Lost);
        }
        tracing::info!(
            provider = %purchase.provider, account = %purchase.account, tenant = %purchase.tenant,
            purchase = %purchase.id, ?why, "Purchase failed"
        );
        Ok(Next::Over(after))
    }
}

/// The number of a purchase: the same one, however often the last step is taken.
fn number(purchase: &Purchase, now: Timestamp) -> PhoneNumber {
    let rent = purchase.charge.map(|_| Rent::begun(now));
    let has = purchase.capabilities;
    PhoneNumber {
        id: NumberId::derived_at(purchase.created_at, &["purchase", &purchase.id.to_string()]),
        tenant: purchase.tenant.clone(),
        phone: purchase.phone.clone(),
        provider: purchase.provider,
        account: purchase.account.clone(),
        sid: purchase.sid.clone(),
        own_account: purchase.own_account,
        voice_via: None,
        user: purchase.user.clone(),
        agent: purchase.agent.clone(),
        auto_answer: None,
        routes: Vec::new(),
        display_name: purchase.display_name.clone(),
        status: NumberStatus::Active,
        is_active: true,
        // The oldest of a tenant sends while none is primary.
        is_primary: false,
        voice: has.voice,
        sms: has.sms,
        mms: has.mms,
        holding: Holding {
            business: purchase.business.clone(),
            country: Some(purchase.country.clone()),
            kind: Some(purchase.kind),
            monthly_charge: purchase.charge,
            mark: Some(purchase.mark.clone()),
            purchase: Some(purchase.id),
            due: rent.as_ref().map(Rent::paid_until),
            rent,
            purchased_at: Some(now),
            updated_at: Some(now),
            ..Holding::default()
        },
        version: 0,
        created_at: now,
    }
}

fn stock(purchase: &Purchase, now: Timestamp) -> StockNumber {
    let has = purchase.capabilities;
    StockNumber {
        phone: purchase.phone.clone(),
        provider: purchase.provider,
        account: purchase.account.clone(),
        sid: purchase.sid.clone(),
        voice: has.voice,
        sms: has.sms,
        mms: has.mms,
        imported_at: now,
        release: Some(first_return(Some(&purchase.tenant), &purchase.mark, now)),
    }
}
