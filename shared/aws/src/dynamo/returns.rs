//! Numbers on their way back, and how far the search for unknown ones has come.

use std::time::Duration;

use async_trait::async_trait;
use telephony::domain::ids::AccountId;
use telephony::domain::number::PhoneNumber;
use telephony::domain::phone::E164;
use telephony::ports::{NumberChange, Returns, StockNumber, StoreError, SweepState, Sweeps};

use super::Store;
use super::inventory::changing;
use super::requests::Written;
use super::stock::item;
use super::write::Write;
use crate::item::{Fields, corrupt, json, keyed, number as integer};
use crate::keys::{self, SK, TTL};

/// An account that was not compared for so long is gone.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// Only if it is on its way back as it was read: every try counts.
fn unchanged(write: Write, number: &StockNumber) -> Result<Write, StoreError> {
    let back = number.release.as_ref().ok_or_else(|| corrupt("number that is not on its way back"))?;
    Ok(write.when("#back = :tries").with("tries", integer(back.tries)))
}

#[async_trait]
impl Returns for Store {
    async fn keep(&self, number: &StockNumber) -> Result<bool, StoreError> {
        let route = keys::route(&number.account, &number.phone);
        let writes = vec![Write::put(item(number)?), Write::check(route).when("attribute_not_exists(#PK)")];
        self.all_or_none(writes).await
    }

    async fn take_back(&self, change: &NumberChange, kept: &StockNumber) -> Result<bool, StoreError> {
        let mut writes = changing(std::slice::from_ref(change))?;
        writes.push(Write::put(item(kept)?));
        self.all_or_none(writes).await
    }

    async fn retry_return(&self, before: &StockNumber, after: &StockNumber) -> Result<bool, StoreError> {
        let write = unchanged(Write::put(item(after)?), before)?;
        Ok(matches!(self.write(write, false).await?, Written::Done(_)))
    }

    async fn returned(&self, number: &StockNumber) -> Result<bool, StoreError> {
        let gone = Write::delete(keys::stocked(&number.account, &number.phone));
        Ok(matches!(self.write(unchanged(gone, number)?, false).await?, Written::Done(_)))
    }
}

#[async_trait]
impl Sweeps for Store {
    async fn sweep_states(&self) -> Result<Vec<(AccountId, SweepState)>, StoreError> {
        let items = self.read_partition(keys::SWEEPS, "").await?;
        items.iter().map(|item| Ok((Fields(item).parsed(SK)?, Fields(item).json("doc")?))).collect()
    }

    async fn put_sweep_state(&self, account: &AccountId, state: &SweepState) -> Result<(), StoreError> {
        let mut item = keyed(&keys::sweep(account), "swp");
        item.insert("doc".into(), json(state)?);
        item.insert(TTL.into(), integer(state.next.plus(KEPT).seconds()));
        self.write(Write::put(item), false).await.map(|_| ())
    }

    async fn holder(&self, account: &AccountId, phone: &E164) -> Result<Option<PhoneNumber>, StoreError> {
        self.read(&keys::route(account, phone), true).await?.as_ref().map(super::numbers::read).transpose()
    }
}
