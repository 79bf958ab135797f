//! Comparing the platform's accounts with their providers, both ways: numbers that a purchase of ours brought
//! and that nobody has are given back; numbers of ours that an account does not hold any more are reported,
//! and never removed. What carries no mark is nobody's business.
//!
//! A mark of this stack whose purchase is not on record is reported as well: another stack of the same name
//! may share the account, or the table is an older copy, and a number that is given back is gone for good.
//!
//! An account is read page by page; what a run has no time for the next one goes on with.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::app::numbers::accounts::{Reach, holdings};
use crate::app::numbers::give_back::first_return;
use crate::app::provider_accounts::desk::Desk;
use crate::domain::account::{AccountRecord, Owner};
use crate::domain::mark::Marker;
use crate::domain::number::NumberStatus;
use crate::domain::phone::E164;
use crate::domain::purchase::Purchase;
use crate::domain::timestamp::Timestamp;
use crate::ports::{
    AccountBook, Clock, Inventory, NumberStock, PageRequest, Purchases, Returns, StockNumber, StoreError,
    SweepState, Sweeps,
};
use crate::provider::error::{Effect, ProviderError};
use crate::provider::numbers::{HeldNumbers, RemoteNumber};

/// So often an account is compared.
const EVERY: Duration = Duration::from_secs(3600);
/// After a failure it is tried again.
const AGAIN: Duration = Duration::from_secs(600);
/// How many numbers of ours a page of the second half looks for.
const PAGE: u32 = 100;

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Marked numbers that nobody knew and that were given back.
    pub orphans: u64,
    /// The same, not taken back: they are kept until they are.
    pub kept: u64,
    /// Numbers of ours that their accounts do not hold.
    pub missing: u64,
    /// Numbers with a mark of this stack whose purchase is not on record.
    pub unknown: u64,
    /// Numbers without our mark that no tenant has.
    pub unmanaged: u64,
    /// Accounts that were read to the end.
    pub accounts: u64,
}

/// Compares accounts with their providers.
pub struct InventorySweep {
    /// The accounts.
    pub book: Arc<dyn AccountBook>,
    /// The providers.
    pub desk: Arc<dyn Desk>,
    /// The purchases.
    pub purchases: Arc<dyn Purchases>,
    /// The numbers that they brought.
    pub inventory: Arc<dyn Inventory>,
    /// The stock.
    pub stock: Arc<dyn NumberStock>,
    /// Numbers on their way back.
    pub returns: Arc<dyn Returns>,
    /// How far it has come.
    pub sweeps: Arc<dyn Sweeps>,
    /// Reads the marks of this stack.
    pub marker: Marker,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// Why an account could not be compared.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

/// An account that is being compared.
struct Subject<'a> {
    record: &'a AccountRecord,
    held: Box<dyn HeldNumbers>,
    /// Numbers that the provider listed in this run.
    seen: BTreeSet<E164>,
}

impl InventorySweep {
    /// Compares the accounts that are due. No page is begun after `until`.
    pub async fn run(&self, until: Timestamp, swept: &mut Swept, failures: &mut u64) {
        let records = match self.book.list(&Owner::Platform).await {
            Ok(records) => records,
            Err(error) => {
                tracing::error!(%error, "The accounts could not be read");
                *failures += 1;
                return;
            }
        };
        for record in &records {
            let Reach::Yes(held) = holdings(self.desk.as_ref(), Some(record)) else { continue };
            let subject = Subject { record, held, seen: BTreeSet::new() };
            if let Err(error) = self.account(subject, until, swept).await {
                tracing::error!(
                    provider = %record.provider, account = %record.id, %error,
                    "An account could not be compared with its provider"
                );
                *failures += 1;
            }
        }
    }

    async fn account(
        &self,
        mut subject: Subject<'_>,
        until: Timestamp,
        swept: &mut Swept,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let id = &subject.record.id;
        let state = self.sweeps.sweep_state(id).await?;
        let begun = SweepState { page: None, after: None, unmanaged: 0, next: now };
        let mut state = state.unwrap_or(begun);
        if state.next > now || now >= until {
            return Ok(());
        }
        let ended = self.pages(&mut subject, &mut state, until, swept).await;
        match &ended {
            Ok(true) => {
                tracing::info!(
                    provider = %subject.record.provider, account = %id, unmanaged = state.unmanaged,
                    "Account compared with its provider"
                );
                swept.accounts += 1;
                swept.unmanaged += u64::from(state.unmanaged);
                state = SweepState { page: None, after: None, unmanaged: 0, next: now.plus(EVERY) };
            }
            Ok(false) => {}
            Err(_) => state.next = now.plus(AGAIN),
        }
        self.sweeps.put_sweep_state(id, &state).await?;
        match ended {
            Ok(_) => Ok(()),
            Err(Stopped::Store(error)) => Err(error),
            Err(Stopped::Provider(error)) => Err(StoreError::Unavailable(error.to_string())),
        }
    }

    /// True: it was read to the end.
    async fn pages(
        &self,
        subject: &mut Subject<'_>,
        state: &mut SweepState,
        until: Timestamp,
        swept: &mut Swept,
    ) -> Result<bool, Stopped> {
        if state.after.is_none() {
            loop {
                let page = subject.held.list(state.page.as_deref()).await?;
                for remote in &page.items {
                    self.remote(subject, remote, state, swept).await?;
                    subject.seen.insert(remote.phone.clone());
                }
                state.page = page.next;
                if state.page.is_none() {
                    break;
                }
                if self.clock.now() >= until {
                    return Ok(false);
                }
            }
            state.after = Some(String::new());
        }
        self.missing(subject, state, until, swept).await
    }

    /// A number at the provider.
    async fn remote(
        &self,
        subject: &Subject<'_>,
        remote: &RemoteNumber,
        state: &mut SweepState,
        swept: &mut Swept,
    ) -> Result<(), Stopped> {
        let record = subject.record;
        let marked = remote.mark.as_deref().and_then(|mark| Some((mark, self.marker.read(mark)?)));
        let Some((mark, id)) = marked else {
            if self.sweeps.holder(&record.id, &remote.phone).await?.is_none() {
                state.unmanaged = state.unmanaged.saturating_add(1);
            }
            return Ok(());
        };
        let Some(purchase) = self.purchases.marked_purchase(id).await? else {
            tracing::error!(
                provider = %record.provider, account = %record.id, mark,
                "A number carries a mark of this stack whose purchase is not on record, and is left alone"
            );
            swept.unknown += 1;
            return Ok(());
        };
        if !purchase.state.is_final() || self.is_had(record, remote, &purchase).await? {
            return Ok(());
        }
        match subject.held.release(&remote.sid).await {
            Ok(()) => {
                tracing::error!(
                    provider = %record.provider, account = %record.id, mark,
                    "A number that carries our mark and that nobody knew was given back"
                );
                swept.orphans += 1;
                Ok(())
            }
            Err(error) if error.effect() == Effect::Refused => {
                tracing::error!(
                    provider = %record.provider, account = %record.id, mark, %error,
                    "A number that nobody knew is not taken back, and is kept at our cost until it is"
                );
                swept.kept += 1;
                self.returns.keep(&self.kept(record, remote, mark)).await?;
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Somebody has it, or it is in the stock. Asked after the purchase was read as final: the write that
    /// ends a purchase well is the one that makes its number's record.
    async fn is_had(
        &self,
        record: &AccountRecord,
        remote: &RemoteNumber,
        purchase: &Purchase,
    ) -> Result<bool, StoreError> {
        if self.sweeps.holder(&record.id, &remote.phone).await?.is_some()
            || self.stock.in_stock(&record.id, &remote.phone).await?.is_some()
        {
            return Ok(true);
        }
        // Through another account of ours that is the same one at the provider.
        let Some(id) = purchase.number else { return Ok(false) };
        let number = self.inventory.number(&purchase.tenant, id).await?;
        Ok(number.is_some_and(|number| number.status != NumberStatus::Released))
    }

    fn kept(&self, record: &AccountRecord, remote: &RemoteNumber, mark: &str) -> StockNumber {
        let now = self.clock.now();
        let has = remote.capabilities;
        StockNumber {
            phone: remote.phone.clone(),
            provider: record.provider,
            account: record.id.clone(),
            sid: Some(remote.sid.clone()),
            voice: has.voice,
            sms: has.sms,
            mms: has.mms,
            imported_at: now,
            release: Some(first_return(record.owner.tenant(), mark, now)),
        }
    }

    /// Numbers of ours that the provider did not list: each is asked for, because a list may have moved
    /// while it was read.
    async fn missing(
        &self,
        subject: &Subject<'_>,
        state: &mut SweepState,
        until: Timestamp,
        swept: &mut Swept,
    ) -> Result<bool, Stopped> {
        let id = &subject.record.id;
        let last = state.after.clone().unwrap_or_default();
        let mut page = PageRequest { limit: PAGE, cursor: None };
        loop {
            let assigned = self.stock.assigned(id, &page).await?;
            for phone in assigned.items {
                if phone.expose() <= last.as_str() || subject.seen.contains(&phone) {
                    continue;
                }
                if self.clock.now() >= until {
                    return Ok(false);
                }
                if subject.held.find(&phone).await?.is_none() {
                    self.report(subject.record, &phone, swept).await?;
                }
                state.after = Some(phone.expose().to_owned());
            }
            page.cursor = assigned.next;
            if page.cursor.is_none() {
                return Ok(true);
            }
        }
    }

    async fn report(
        &self,
        record: &AccountRecord,
        phone: &E164,
        swept: &mut Swept,
    ) -> Result<(), StoreError> {
        // The index may be behind, and what is being released or moved is on its way.
        let Some(number) = self.sweeps.holder(&record.id, phone).await? else { return Ok(()) };
        if matches!(number.status, NumberStatus::Releasing | NumberStatus::Moving) {
            return Ok(());
        }
        tracing::error!(
            provider = %record.provider, account = %record.id, tenant = %number.tenant, number = %number.id,
            "A number of a tenant is not held by its account any more"
        );
        swept.missing += 1;
        Ok(())
    }
}
