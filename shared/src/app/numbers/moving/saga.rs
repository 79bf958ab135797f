//! A move goes on: a step at a time, each from what is stored and the time, each to be repeated by
//! whoever comes after a crash.

use std::sync::Arc;
use std::time::Duration;

use super::transfer::Transferred;
use crate::app::provider_accounts::desk::Desk;
use crate::domain::ids::{NumberId, ProviderSid, TenantId};
use crate::domain::moving::{CameFrom, Move, MoveRefused, PARKING_ENDS};
use crate::domain::number::{Holding, NumberStatus, PhoneNumber};
use crate::domain::timestamp::Timestamp;
use crate::ports::{
    AccountBook, Inbox, Inventory, Messages, Moves, NumberChange, StoreError, Task, TaskKind, Tasks,
};

/// What cannot be done now is tried again after this.
const AGAIN: Duration = Duration::from_secs(60);
/// A move that the provider has not made by then comes to nothing, where the old account still holds the
/// number or nobody was asked to move it.
pub(super) const GIVE_UP: Duration = Duration::from_secs(3600);
/// How many steps of one number follow each other in one run.
const MOST_STEPS: u32 = 6;

/// Goes on with moves.
pub struct MoveSaga {
    /// What is due.
    pub tasks: Arc<dyn Tasks>,
    /// The numbers.
    pub inventory: Arc<dyn Inventory>,
    /// Their moves.
    pub moves: Arc<dyn Moves>,
    /// What the old holder has received.
    pub messages: Arc<dyn Messages>,
    /// Where the new one receives.
    pub inbox: Arc<dyn Inbox>,
    /// The accounts.
    pub book: Arc<dyn AccountBook>,
    /// The providers.
    pub desk: Arc<dyn Desk>,
    /// What stands before `/api/` in our URLs, without a slash at the end.
    pub public_base_url: String,
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MovesRun {
    /// Numbers that were gone on with.
    pub looked_after: u64,
    /// Numbers that failed, and come again.
    pub failures: u64,
}

/// What a step led to.
enum Step {
    /// There is more to do now.
    On,
    /// There is nothing to do now.
    Rest,
}

impl MoveSaga {
    /// Goes on with the moves that are due as of `now`, at most `limit` of each shard.
    ///
    /// # Errors
    /// When what is due cannot be read.
    pub async fn run_due(&self, now: Timestamp, limit: u32) -> Result<MovesRun, StoreError> {
        let mut run = MovesRun::default();
        for (task, _) in self.tasks.due_tasks(TaskKind::Number, now, limit).await? {
            let Task::Number(tenant, id) = task else { continue };
            match self.resume(&tenant, id, now).await {
                Ok(true) => run.looked_after = run.looked_after.saturating_add(1),
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(%tenant, number_id = %id, %error, "A move failed, and comes again");
                    run.failures = run.failures.saturating_add(1);
                }
            }
        }
        Ok(run)
    }

    /// Goes on with one move. False: there is nothing to do.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn resume(&self, tenant: &TenantId, id: NumberId, now: Timestamp) -> Result<bool, StoreError> {
        for step in 0..MOST_STEPS {
            let Some(number) = self.inventory.number(tenant, id).await? else { return Ok(step > 0) };
            let Some(moving) = number.holding.moving.clone() else { return Ok(step > 0) };
            let done = match moving.ended_at {
                None if number.status == NumberStatus::Moving => self.go_on(&number, &moving, now).await?,
                None => Step::Rest,
                Some(ended) => self.settle(&number, &moving, ended, now).await?,
            };
            match done {
                Step::On => {}
                Step::Rest => break,
            }
        }
        Ok(true)
    }

    async fn go_on(&self, number: &PhoneNumber, moving: &Move, now: Timestamp) -> Result<Step, StoreError> {
        // However early it is looked at: somebody may still remember who held it.
        if now < moving.ripe_at() {
            return self.wait(number, moving.ripe_at()).await;
        }
        let Some(above) = &moving.above else { return self.hand_over(number, moving, None, now).await };
        match self.transfer(number, moving, above, now).await? {
            Transferred::Yes(remote) => self.hand_over(number, moving, Some(remote.sid.clone()), now).await,
            Transferred::Refused(reason) => self.give_up(number, moving, reason, now).await,
            // An intent is written before a provider is asked.
            Transferred::NotAsked => {
                let asked = Some(Box::new(Move { asked: true, ..moving.clone() }));
                let due = Some(now.plus(AGAIN));
                let holding = Holding { moving: asked, due, ..number.holding.clone() };
                self.put(number, PhoneNumber { holding, ..number.clone() }).await?;
                Ok(Step::On)
            }
            Transferred::Later(why) => {
                let long = now.since(moving.ripe_at()) >= GIVE_UP;
                if long && !moving.asked {
                    return self.give_up(number, moving, why, now).await;
                }
                if long {
                    tracing::error!(
                        provider = %number.provider, number = %number.id, why,
                        "A number has been moving for too long; it goes on"
                    );
                } else {
                    tracing::warn!(provider = %number.provider, number = %number.id, why, "Not moved yet");
                }
                self.wait(number, now.plus(AGAIN)).await
            }
        }
    }

    /// The number is the new holder's, or in its new account, from now on. Nothing is charged: the next
    /// month begins where the old holder has paid until.
    async fn hand_over(
        &self,
        number: &PhoneNumber,
        moving: &Move,
        sid: Option<ProviderSid>,
        now: Timestamp,
    ) -> Result<Step, StoreError> {
        let over = Move { ended_at: Some(now), ..moving.clone() };
        let held = held(number, moving, sid, now);
        let done = if moving.tenant == number.tenant {
            let holding = Holding { moving: Some(Box::new(over)), due: Some(now), ..held.holding };
            let held = PhoneNumber { holding, ..held };
            self.moves.hand_over(number, None, &held).await?
        } else {
            let left = PhoneNumber {
                status: NumberStatus::Released,
                is_primary: false,
                holding: Holding {
                    moving: Some(Box::new(over)),
                    due: Some(now),
                    released_at: Some(now),
                    updated_at: Some(now),
                    ..number.holding.clone()
                },
                ..number.clone()
            };
            self.moves.hand_over(number, Some(&left), &held).await?
        };
        if done {
            tracing::info!(
                provider = %number.provider, number = %number.id, tenant = %number.tenant, to = %moving.tenant,
                account = %moving.account, "Number moved"
            );
        }
        // When somebody was faster, what is stored by now says how it goes on.
        Ok(Step::On)
    }

    /// Nothing has changed at the provider: the number is the old holder's as before, and says why.
    async fn give_up(
        &self,
        number: &PhoneNumber,
        moving: &Move,
        reason: String,
        now: Timestamp,
    ) -> Result<Step, StoreError> {
        tracing::error!(provider = %number.provider, number = %number.id, reason, "A number's move was refused");
        let over = Move { ended_at: Some(now), refused: true, ..moving.clone() };
        let after = PhoneNumber {
            status: NumberStatus::Active,
            holding: Holding {
                moving: Some(Box::new(over)),
                move_refused: Some(MoveRefused { reason, at: now }),
                due: Some(now),
                updated_at: Some(now),
                ..number.holding.clone()
            },
            ..number.clone()
        };
        self.put(number, after).await?;
        Ok(Step::On)
    }

    /// It is over. What was parked is handed on, until nobody can park any more.
    async fn settle(
        &self,
        number: &PhoneNumber,
        moving: &Move,
        ended: Timestamp,
        now: Timestamp,
    ) -> Result<Step, StoreError> {
        self.hand_on(number, moving, now).await?;
        let end = ended.plus(PARKING_ENDS);
        if now < end {
            return self.wait(number, end).await;
        }
        let due = (number.status != NumberStatus::Released).then(|| rent_due(number)).flatten();
        let holding = Holding { moving: None, due, ..number.holding.clone() };
        self.put(number, PhoneNumber { holding, ..number.clone() }).await?;
        Ok(Step::Rest)
    }

    async fn wait(&self, number: &PhoneNumber, due: Timestamp) -> Result<Step, StoreError> {
        if number.holding.due != Some(due) {
            let holding = Holding { due: Some(due), ..number.holding.clone() };
            self.put(number, PhoneNumber { holding, ..number.clone() }).await?;
        }
        Ok(Step::Rest)
    }

    /// Whoever changed it in between left something from which it goes on.
    async fn put(&self, before: &PhoneNumber, after: PhoneNumber) -> Result<(), StoreError> {
        let change = NumberChange { before: before.clone(), after };
        self.inventory.change_numbers(std::slice::from_ref(&change)).await.map(drop)
    }
}

/// When its next month begins.
fn rent_due(number: &PhoneNumber) -> Option<Timestamp> {
    let charged = number.holding.monthly_charge.is_some() && !number.own_account;
    number.holding.rent.as_ref().filter(|_| charged).map(crate::domain::rent::Rent::paid_until)
}

/// The number as it is had after its move. To another tenant go the number, what it can do, our mark and
/// the calendar of its rent; what the old holder called it, said of it and had it do stays behind.
fn held(number: &PhoneNumber, moving: &Move, sid: Option<ProviderSid>, now: Timestamp) -> PhoneNumber {
    let own = moving.own_account;
    let same = moving.tenant == number.tenant;
    let old = &number.holding;
    let holding = Holding {
        business: moving.business.clone(),
        country: old.country.clone(),
        kind: old.kind,
        entered_as: old.entered_as,
        monthly_charge: old.monthly_charge.filter(|_| !own),
        mark: old.mark.clone(),
        purchase: old.purchase.filter(|_| same),
        notes: old.notes.clone().filter(|_| same),
        rent: old.rent.clone().filter(|_| !own),
        moving: None,
        move_refused: None,
        came_from: match same {
            true => old.came_from.clone(),
            false => Some(CameFrom { tenant: number.tenant.clone(), since: moving.since }),
        },
        due: None,
        purchased_at: old.purchased_at.filter(|_| same),
        released_at: None,
        updated_at: Some(now),
    };
    let mut held = PhoneNumber {
        id: moving.number,
        tenant: moving.tenant.clone(),
        account: moving.account.clone(),
        sid: sid.or_else(|| number.sid.clone()),
        own_account: own,
        user: moving.user.clone(),
        agent: number.agent.clone().filter(|_| same),
        auto_answer: number.auto_answer.clone().filter(|_| same),
        display_name: if same { number.display_name.clone() } else { number.phone.expose().to_owned() },
        status: NumberStatus::Active,
        is_active: number.is_active || !same,
        is_primary: number.is_primary && same && moving.business == old.business,
        holding,
        version: if same { number.version } else { 0 },
        created_at: if same { number.created_at } else { now },
        ..number.clone()
    };
    held.holding.due = rent_due(&held);
    held
}
