//! `DELETE /api/numbers/{id}/release`: the provider first, then the inventory, where the record stays.
//!
//! ```text
//! active, suspended, pending → releasing → released
//! ```
//!
//! Only a number that this stack bought is given back at its provider. One that was imported or entered by
//! hand is taken out of the inventory and stays where it is. Nothing is refunded.

use std::sync::Arc;
use std::time::Duration;

use super::accounts::{Reach, account, holdings};
use super::give_back::{Given, first_return, give_back};
use crate::app::problem::{Code, Problem};
use crate::app::provider_accounts::Actor;
use crate::app::provider_accounts::desk::Desk;
use crate::app::provider_problem;
use crate::domain::ids::{NumberId, TenantId};
use crate::domain::number::{Holding, NumberStatus, PhoneNumber};
use crate::domain::timestamp::Timestamp;
use crate::ports::{AccountBook, Clock, Inventory, NumberChange, Returns, StockNumber, StoreError};
use crate::provider::error::ProviderError;

/// Before this nobody else goes on with a release that was begun.
const FIRST_WAIT: Duration = Duration::from_secs(60);
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// Releases numbers.
pub struct Release {
    /// The numbers.
    pub inventory: Arc<dyn Inventory>,
    /// Those that a provider does not take back.
    pub returns: Arc<dyn Returns>,
    /// The accounts.
    pub book: Arc<dyn AccountBook>,
    /// The providers.
    pub desk: Arc<dyn Desk>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// What became of a release.
#[derive(Debug)]
enum Ended {
    /// It is released.
    Done(PhoneNumber),
    /// The provider has not decided; it goes on.
    Going(PhoneNumber),
    /// The provider of the tenant's own account decided against it. It is in use again.
    Kept(ProviderError),
    /// Somebody else is at work on it.
    Changed,
}

impl Release {
    /// Releases a number. Repeating it changes nothing. The answer is the number, and whether it is
    /// released by now.
    ///
    /// # Errors
    /// A problem of the contract.
    pub async fn release(&self, actor: &Actor, id: &str) -> Result<PhoneNumber, Problem> {
        if !actor.admin && !actor.tenant_admin {
            return Err(Problem::new(Code::Forbidden).with_detail("This needs the role tenant-admin."));
        }
        let id: NumberId = id.parse().map_err(|_| Problem::new(Code::NotFound))?;
        let number = self.inventory.number(&actor.tenant, id).await?;
        let number = number.ok_or_else(|| Problem::new(Code::NotFound))?;
        let ended = match number.status {
            NumberStatus::Released => Ended::Done(number),
            NumberStatus::Releasing => self.go_on(number).await?,
            NumberStatus::Moving => return Err(moving()),
            // What was parked during a move that came to nothing is still handed on.
            _ if number.holding.moving.is_some() => return Err(moving()),
            NumberStatus::Pending | NumberStatus::Active | NumberStatus::Suspended => {
                if number.is_primary {
                    return Err(Problem::new(Code::PrimaryNumberDelete)
                        .with_detail("Make another number the primary one first."));
                }
                self.begin(number).await?
            }
        };
        match ended {
            Ended::Done(number) | Ended::Going(number) => Ok(number),
            Ended::Kept(error) => Err(provider_problem::problem(&error, "The release")),
            Ended::Changed => {
                // Whoever was faster has the last word.
                let number = self.inventory.number(&actor.tenant, id).await?;
                let number = number.ok_or_else(|| Problem::new(Code::NotFound))?;
                match number.status {
                    NumberStatus::Releasing | NumberStatus::Released => Ok(number),
                    _ => Err(Problem::new(Code::InProgress).with_detail("The number is being changed.")),
                }
            }
        }
    }

    /// Goes on with a release that is due. False: there is nothing to do.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn resume(&self, tenant: &TenantId, id: NumberId) -> Result<bool, StoreError> {
        match self.inventory.number(tenant, id).await? {
            Some(number) if number.status == NumberStatus::Releasing => {
                self.go_on(number).await.map(|_| true)
            }
            Some(_) | None => Ok(false),
        }
    }

    async fn begin(&self, number: PhoneNumber) -> Result<Ended, StoreError> {
        let now = self.clock.now();
        // Nothing is asked of a provider that sold us nothing.
        if !number.is_managed() {
            return self.released(number).await;
        }
        let after = PhoneNumber {
            status: NumberStatus::Releasing,
            holding: Holding {
                due: Some(now.plus(FIRST_WAIT)),
                updated_at: Some(now),
                ..number.holding.clone()
            },
            ..number.clone()
        };
        match self.change(&number, after).await? {
            Some(releasing) => self.go_on(releasing).await,
            None => Ok(Ended::Changed),
        }
    }

    async fn go_on(&self, number: PhoneNumber) -> Result<Ended, StoreError> {
        let Some(mark) = number.holding.mark.clone() else { return self.released(number).await };
        let (tenant, own) = (Some(&number.tenant), number.own_account);
        let record = account(self.book.as_ref(), tenant, &number.account, own).await?;
        let held = match holdings(self.desk.as_ref(), record.as_ref()) {
            Reach::Yes(held) => held,
            Reach::Broken(_) => return self.later(number).await,
            // Without the account nothing is ours at the provider.
            Reach::No => return self.released(number).await,
        };
        match give_back(held.as_ref(), &number.phone, &mark).await {
            Given::Back => self.released(number).await,
            Given::NotOurs => {
                tracing::warn!(
                    provider = %number.provider, account = %number.account, number = %number.id,
                    "A released number does not carry our mark any more, and stays at its provider"
                );
                self.released(number).await
            }
            Given::Refused(error) => self.refused(number, &mark, error).await,
            Given::Unsure(error) => {
                tracing::warn!(provider = %number.provider, number = %number.id, %error, "Not released yet");
                self.later(number).await
            }
        }
    }

    /// The platform keeps what it cannot give back, at its own cost; a tenant keeps what is in the tenant's
    /// own account.
    async fn refused(
        &self,
        number: PhoneNumber,
        mark: &str,
        error: ProviderError,
    ) -> Result<Ended, StoreError> {
        let now = self.clock.now();
        if number.own_account {
            let after = PhoneNumber {
                status: NumberStatus::Active,
                holding: Holding { due: None, updated_at: Some(now), ..number.holding.clone() },
                ..number.clone()
            };
            tracing::warn!(provider = %number.provider, number = %number.id, %error, "The release was refused");
            let kept = self.change(&number, after).await?;
            return Ok(kept.map_or(Ended::Changed, |_| Ended::Kept(error)));
        }
        tracing::error!(
            provider = %number.provider, account = %number.account, number = %number.id, %error,
            "A released number is not taken back, and is kept at our cost until it is"
        );
        let after = ended(&number, now);
        let kept = StockNumber {
            phone: number.phone.clone(),
            provider: number.provider,
            account: number.account.clone(),
            sid: number.sid.clone(),
            voice: number.voice,
            sms: number.sms,
            mms: number.mms,
            imported_at: now,
            release: Some(first_return(Some(&number.tenant), mark, now)),
        };
        let change = NumberChange { before: number, after };
        let taken = self.returns.take_back(&change, &kept).await?;
        Ok(if taken { Ended::Done(next(change)) } else { Ended::Changed })
    }

    async fn released(&self, number: PhoneNumber) -> Result<Ended, StoreError> {
        let after = ended(&number, self.clock.now());
        let released = self.change(&number, after).await?;
        if released.is_some() {
            tracing::info!(
                provider = %number.provider, account = %number.account, tenant = %number.tenant,
                number = %number.id, "Number released"
            );
        }
        Ok(released.map_or(Ended::Changed, Ended::Done))
    }

    /// It is due again, each time as much later as it has waited already.
    async fn later(&self, number: PhoneNumber) -> Result<Ended, StoreError> {
        let now = self.clock.now();
        let since = number.holding.updated_at.unwrap_or(now);
        let wait = now.since(since).clamp(FIRST_WAIT, LONGEST_WAIT);
        let holding = Holding { due: Some(now.plus(wait)), ..number.holding.clone() };
        let after = PhoneNumber { holding, ..number.clone() };
        Ok(self.change(&number, after).await?.map_or(Ended::Changed, Ended::Going))
    }

    async fn change(
        &self,
        before: &PhoneNumber,
        after: PhoneNumber,
    ) -> Result<Option<PhoneNumber>, StoreError> {
        let change = NumberChange { before: before.clone(), after };
        let done = self.inventory.change_numbers(std::slice::from_ref(&change)).await?;
        Ok(done.then(|| next(change)))
    }
}

fn moving() -> Problem {
    Problem::new(Code::InProgress).with_detail("The number is being moved.")
}

/// As it is stored after a change.
fn next(change: NumberChange) -> PhoneNumber {
    PhoneNumber { version: change.before.version.saturating_add(1), ..change.after }
}

/// The record that stays. Its rent ends with it.
fn ended(number: &PhoneNumber, now: Timestamp) -> PhoneNumber {
    PhoneNumber {
        status: NumberStatus::Released,
        is_primary: false,
        holding: Holding {
            due: None,
            released_at: Some(now),
            updated_at: Some(now),
            ..number.holding.clone()
        },
        ..number.clone()
    }
}
