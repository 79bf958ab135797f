//! Calls and their legs.

use std::time::Duration;

use async_trait::async_trait;
use telephony::domain::call::{Call, CallRef, Leg};
use telephony::domain::ids::AccountId;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{CallRecords, LegChange, Merged, StoreError};

use super::requests::Written;
use super::write::Write;
use super::{Store, leg_item};
use crate::item::{Fields, json, keyed, millis, number};
use crate::keys::{self, TTL};

/// The value of `ent`.
const ENTITY: &str = "call";
/// How long a step that was taken is remembered.
const DONE_FOR: Duration = Duration::from_secs(24 * 3600);

#[async_trait]
impl CallRecords for Store {
    async fn open(&self, call: &Call) -> Result<(), StoreError> {
        let key = keys::call(&CallRef { tenant: call.tenant.clone(), call: call.id });
        let mut item = keyed(&key, ENTITY);
        item.insert("doc".into(), json(call)?);
        self.wrote(Write::put(item).if_absent()).await.map(|_| ())
    }

    async fn merge_leg(&self, call: &CallRef, change: &LegChange) -> Result<Merged, StoreError> {
        let leg = || Write::update(keys::leg(call, &change.sid));
        let whole = leg_item::status(leg_item::facts(leg(), change)?, change)?;
        let stored = match self.write(whole, false).await? {
            Written::Done(_) => return Ok(Merged::Applied),
            Written::Refused(stored) => stored,
        };
        let owner = Fields(&stored).maybe_text("acct");
        if owner.is_some_and(|owner| owner != change.account.as_str()) {
            return Ok(Merged::Foreign);
        }
        // Not higher; and yet it may be the first to tell when it was answered, or what it cost.
        match self.write(leg_item::facts(leg(), change)?, false).await? {
            Written::Done(_) => Ok(Merged::Stale),
            Written::Refused(_) => Ok(Merged::Foreign),
        }
    }

    async fn call(&self, call: &CallRef) -> Result<Option<(Call, Vec<Leg>)>, StoreError> {
        let mut found = None;
        let mut legs = Vec::new();
        for item in self.read_partition(&keys::call_partition(call), "").await? {
            match Fields(&item).entity() {
                ENTITY => found = Some(Fields(&item).json::<Call>("doc")?),
                leg_item::ENTITY => legs.push(leg_item::read(&item)?),
                _ => {}
            }
        }
        Ok(found.map(|call| (call, legs)))
    }

    async fn was_done(&self, account: &AccountId, step: &str) -> Result<bool, StoreError> {
        Ok(self.read(&keys::done(account, step), true).await?.is_some())
    }

    async fn done(&self, account: &AccountId, step: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut item = keyed(&keys::done(account, step), "done");
        item.insert("ua".into(), millis(now));
        item.insert(TTL.into(), number(now.plus(DONE_FOR).seconds()));
        self.wrote(Write::put(item)).await.map(|_| ())
    }
}
