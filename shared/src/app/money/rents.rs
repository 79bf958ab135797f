//! Monthly rental: charged when it is due, once for each number and month; what becomes of a number
//! whose rental is not paid.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::ids::{NumberId, TenantId};
use crate::domain::money::Micros;
use crate::domain::number::{NumberStatus, PhoneNumber};
use crate::domain::rent::{Rent, RentPolicy};
use crate::domain::timestamp::Timestamp;
use crate::ports::{Inventory, MonthCharged, NumberChange, RentBook, StoreError, Task, TaskKind, Tasks};

/// A number whose rental is owed is looked at so often: so long a deposit may wait to be seen.
const LOOK_AGAIN: Duration = Duration::from_secs(3600);
/// The most months of one number in one run; the next run goes on.
const MOST_MONTHS: u32 = 120;
/// How often a race for one number is lost before it is left to the next run.
const MOST_RACES: u32 = 5;

/// Charges rents.
pub struct Rents {
    /// What is due.
    pub tasks: Arc<dyn Tasks>,
    /// Numbers.
    pub inventory: Arc<dyn Inventory>,
    /// Where months are charged.
    pub book: Arc<dyn RentBook>,
    /// What becomes of a number whose rental is not paid.
    pub policy: RentPolicy,
}

/// What there is to do about a number's rental.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// Nothing, and not here.
    NotOurs,
    /// It is paid until then, or not charged at all.
    Next(Option<Timestamp>),
    /// A month is owed.
    Charge(Rent, Micros),
}

impl Rents {
    /// Looks after the numbers that are due, at most `limit` of each shard, and returns how many. One
    /// that fails stays due and does not keep the others waiting.
    ///
    /// # Errors
    /// The last failure, once all have been looked at; the next run goes on.
    pub async fn run_due(&self, now: Timestamp, limit: u32) -> Result<usize, StoreError> {
        let mut done = 0_usize;
        let mut failed = None;
        for (task, _) in self.tasks.due_tasks(TaskKind::Number, now, limit).await? {
            let Task::Number(tenant, id) = task else { continue };
            match self.look_after(&tenant, id, now).await {
                Ok(looked_after) => done = done.saturating_add(usize::from(looked_after)),
                Err(error) => {
                    tracing::error!(%tenant, number_id = %id, %error, "A number's rental could not be looked after");
                    failed = Some(error);
                }
            }
        }
        failed.map_or(Ok(done), Err)
    }

    /// Looks after one number. False: its rental is nothing that is due.
    async fn look_after(&self, tenant: &TenantId, id: NumberId, now: Timestamp) -> Result<bool, StoreError> {
        let (mut months, mut races) = (0_u32, 0_u32);
        while months < MOST_MONTHS && races < MOST_RACES {
            let Some(number) = self.inventory.number(tenant, id).await? else { return Ok(months > 0) };
            races = races.saturating_add(1);
            match step(&number, now) {
                Step::NotOurs => return Ok(months > 0),
                Step::Next(due) => {
                    if number.holding.due == due || self.put(&number, |after| after.holding.due = due).await?
                    {
                        return Ok(true);
                    }
                }
                Step::Charge(rent, amount) => {
                    let after = paid(&number, &rent, now);
                    match self.book.charge_month(&number, &after, amount, now).await? {
                        MonthCharged::Paid => {
                            (months, races) = (months.saturating_add(1), 0);
                            tracing::info!(
                                %tenant, number_id = %id, month = rent.paid_until().month(), "Rental paid"
                            );
                        }
                        MonthCharged::Changed => {}
                        MonthCharged::Insufficient => {
                            if self.owed(&number, rent, now).await? {
                                return Ok(true);
                            }
                        }
                    }
                }
            }
        }
        if races < MOST_RACES { Ok(true) } else { Err(StoreError::Contended) }
    }

    /// The wallet cannot pay: notes it the first time, and after that goes one step further for each time
    /// that ran out. However late the schedule runs, nobody loses a number without a time of grace.
    async fn owed(&self, number: &PhoneNumber, mut rent: Rent, now: Timestamp) -> Result<bool, StoreError> {
        let (id, tenant) = (number.id, &number.tenant);
        let since = *rent.owed_since.get_or_insert(now);
        let owed_for = now.since(since);
        let out_of_time = self.policy.release_after.is_some_and(|after| owed_for >= after);
        let (status, due) = match number.status {
            NumberStatus::Active if owed_for >= self.policy.grace => {
                (NumberStatus::Suspended, now.plus(LOOK_AGAIN))
            }
            // What does not carry our mark is not ours to give back.
            NumberStatus::Suspended if out_of_time && number.is_managed() => (NumberStatus::Releasing, now),
            status => (status, now.plus(LOOK_AGAIN)),
        };
        let changed = self
            .put(number, |after| {
                if after.status != status {
                    after.status = status;
                    after.holding.updated_at = Some(now);
                }
                after.holding.due = Some(due);
                after.holding.rent = Some(rent);
            })
            .await?;
        if changed && status != number.status {
            tracing::warn!(
                %tenant, number_id = %id, owed_days = owed_for.as_secs() / 86_400, status = status.as_str(),
                "A number's rental is not paid"
            );
        }
        Ok(changed)
    }

    async fn put(
        &self,
        number: &PhoneNumber,
        change: impl FnOnce(&mut PhoneNumber),
    ) -> Result<bool, StoreError> {
        let mut after = number.clone();
        change(&mut after);
        self.inventory.change_numbers(&[NumberChange { before: number.clone(), after }]).await
    }
}

/// What there is to do about a number's rental, from nothing but its record and the time.
fn step(number: &PhoneNumber, now: Timestamp) -> Step {
    // A move that has just come to nothing has its own time to be looked after; a month can wait for it.
    if number.holding.moving.is_some() {
        return Step::NotOurs;
    }
    match number.status {
        NumberStatus::Active | NumberStatus::Suspended => {}
        // Whoever moves it or gives it back has the word; what is not held owes nothing.
        NumberStatus::Pending | NumberStatus::Moving | NumberStatus::Releasing | NumberStatus::Released => {
            return Step::NotOurs;
        }
    }
    let charge = number.holding.monthly_charge.filter(|_| !number.own_account);
    let (Some(rent), Some(amount)) = (&number.holding.rent, charge) else { return Step::Next(None) };
    let until = rent.paid_until();
    if until > now { Step::Next(Some(until)) } else { Step::Charge(rent.clone(), amount) }
}

/// The number once the month is paid that begins where it was paid until. It works again when nothing is
/// owed any more.
fn paid(number: &PhoneNumber, rent: &Rent, now: Timestamp) -> PhoneNumber {
    let rent = Rent { months_paid: rent.months_paid.saturating_add(1), owed_since: None, ..rent.clone() };
    let until = rent.paid_until();
    let mut after = number.clone();
    if until > now {
        after.status = NumberStatus::Active;
    }
    after.holding.due = Some(until);
    after.holding.rent = Some(rent);
    after.holding.updated_at = Some(now);
    after
}
