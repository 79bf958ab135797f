//! Comparing accounts with their providers, both ways: numbers that a purchase of ours brought and that
//! nobody has are given back; numbers of ours that an account does not hold any more are reported, and never
//! removed. What carries no mark is nobody's business.
//!
//! Every account is compared: the platform's, those that tenants brought along, and subaccounts. A purchase
//! leaves its mark wherever it is made, and a lost answer may show its number a day later.
//!
//! A mark of this stack whose purchase is not on record is reported as well: another stack of the same name
//! may share the account, or the table is an older copy, and a number that is given back is gone for good.
//!
//! A run takes the accounts that have waited longest, so many of them and so much of each; what it has no
//! time for the next one goes on with.

mod compare;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use self::compare::{Compared, Stopped, Subject};
use crate::app::numbers::accounts::{Reach, holdings};
use crate::app::provider_accounts::desk::Desk;
use crate::domain::account::{AccountRecord, Owner};
use crate::domain::ids::AccountId;
use crate::domain::mark::Marker;
use crate::domain::timestamp::Timestamp;
use crate::ports::{
    AccountBook, AccountList, Clock, Inventory, NumberStock, Purchases, Returns, StoreError, SweepState,
    Sweeps,
};
use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::{ProviderId, registry};

/// So often an account is compared.
const EVERY: Duration = Duration::from_secs(3600);
/// After a failure that may pass it is tried again.
const AGAIN: Duration = Duration::from_secs(600);
/// The most accounts of one run: 720 of them are compared within [`EVERY`], by a run a minute.
const ACCOUNTS: usize = 12;
/// The most questions about one account in one run, a page of a list or a number each.
const QUESTIONS: u32 = 60;

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
    /// Accounts of tenants that could not be read. Theirs to mend, so that they are no failures.
    pub unread: u64,
}

/// Compares accounts with their providers.
pub struct InventorySweep {
    /// The accounts.
    pub book: Arc<dyn AccountBook>,
    /// Which there are.
    pub accounts: Arc<dyn AccountList>,
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

/// An account that is due.
struct Due {
    provider: ProviderId,
    owner: Owner,
    id: AccountId,
    state: SweepState,
}

/// Whether somebody here has to look at a failure. What a tenant's credentials do not open, any more or
/// yet, is the tenant's to mend, and what was switched off is meant not to work.
fn is_ours_to_mend(record: &AccountRecord, error: &ProviderError) -> bool {
    let closed = matches!(error.kind(), ErrorKind::Authentication | ErrorKind::Config | ErrorKind::NotFound);
    match record.owner {
        Owner::Platform => record.is_usable() || !closed,
        // A subaccount is ours to look after while it is open.
        Owner::Tenant(_) => record.parent.is_some() && !closed,
    }
}

impl InventorySweep {
    /// Compares accounts that are due. No page is begun after `until`. One that fails stops no other.
    pub async fn run(&self, until: Timestamp, swept: &mut Swept, failures: &mut u64) {
        let due = match self.due().await {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(%error, "The accounts could not be read");
                *failures += 1;
                return;
            }
        };
        for due in due {
            if self.clock.now() >= until {
                return;
            }
            let (provider, account) = (due.provider, due.id.clone());
            match self.account(due, until, swept).await {
                Ok(true) => {}
                Ok(false) => swept.unread += 1,
                Err(error) => {
                    tracing::error!(
                        %provider, %account, %error, "An account could not be compared with its provider"
                    );
                    *failures += 1;
                }
            }
        }
    }

    /// The accounts that are due, those first that have waited longest.
    async fn due(&self) -> Result<Vec<Due>, StoreError> {
        let now = self.clock.now();
        let states = self.sweeps.sweep_states().await?;
        let mut states: BTreeMap<AccountId, SweepState> = states.into_iter().collect();
        let sellers: Vec<ProviderId> = ProviderId::ALL
            .into_iter()
            .filter(|provider| registry::held_numbers(*provider).is_some())
            .collect();
        let mut due = Vec::new();
        for (provider, owner, id) in self.accounts.everyones_at(&sellers).await? {
            let new = SweepState { page: None, after: None, unmanaged: 0, next: Timestamp::from_millis(0) };
            let state = states.remove(&id).unwrap_or(new);
            if state.next <= now {
                due.push(Due { provider, owner, id, state });
            }
        }
        due.sort_by(|a, b| (a.state.next, &a.id).cmp(&(b.state.next, &b.id)));
        due.truncate(ACCOUNTS);
        Ok(due)
    }

    /// Compares one account, and notes how far that came. False: it cannot be read, and that is nothing to
    /// be mended here.
    async fn account(&self, due: Due, until: Timestamp, swept: &mut Swept) -> Result<bool, StoreError> {
        let Due { owner, id, mut state, .. } = due;
        let now = self.clock.now();
        let (ended, again) = match self.book.find(&owner, &id).await {
            // Removed since the index was written.
            Ok(None) => return Ok(true),
            Ok(Some(record)) => {
                let ended = self.compare(&record, &mut state, until, swept).await;
                self.outcome(&record, ended)
            }
            Err(error) => (Err(error), AGAIN),
        };
        match &ended {
            Ok(Compared::Whole) => {
                tracing::info!(
                    provider = %due.provider, account = %id, unmanaged = state.unmanaged,
                    "Account compared with its provider"
                );
                swept.accounts += 1;
                swept.unmanaged += u64::from(state.unmanaged);
                state = SweepState { page: None, after: None, unmanaged: 0, next: now.plus(EVERY) };
            }
            // After all that have waited longer.
            Ok(Compared::Partly) => state.next = now,
            Ok(Compared::Not) | Err(_) => state.next = now.plus(again),
        }
        self.sweeps.put_sweep_state(&id, &state).await?;
        ended.map(|ended| ended != Compared::Not)
    }

    async fn compare(
        &self,
        record: &AccountRecord,
        state: &mut SweepState,
        until: Timestamp,
        swept: &mut Swept,
    ) -> Result<Compared, Stopped> {
        match holdings(self.desk.as_ref(), Some(record)) {
            Reach::Yes(held) => {
                let mut subject = Subject { record, held, seen: BTreeSet::new(), questions: QUESTIONS };
                self.pages(&mut subject, state, until, swept).await
            }
            Reach::Broken(error) => Err(error.into()),
            Reach::No => Ok(Compared::Not),
        }
    }

    /// What a comparison comes to, and after how long it is tried again where it failed.
    fn outcome(
        &self,
        record: &AccountRecord,
        ended: Result<Compared, Stopped>,
    ) -> (Result<Compared, StoreError>, Duration) {
        match ended {
            Ok(compared) => (Ok(compared), EVERY),
            Err(Stopped::Store(error)) => (Err(error), AGAIN),
            Err(Stopped::Provider(error)) if is_ours_to_mend(record, &error) => {
                (Err(StoreError::Unavailable(error.to_string())), AGAIN)
            }
            Err(Stopped::Provider(error)) => {
                tracing::warn!(
                    provider = %record.provider, account = %record.id, %error,
                    "An account that is not ours to mend cannot be compared with its provider"
                );
                (Ok(Compared::Not), EVERY)
            }
        }
    }
}
