//! A subaccount for somebody who keeps its id: opened once however often that is asked for, and stopped.

use super::ProviderAccounts;
use super::add::taken;
use super::opening::{LEASE, known, name};
use crate::app::problem::{Code, Problem};
use crate::app::provider_problem;
use crate::domain::account::{AccountRecord, AccountState};
use crate::ports::{AccountWrite, StoreError};
use crate::provider::error::ErrorKind;
use crate::provider::subaccounts::Subaccounts;

/// How often a change is laid over what somebody else wrote in between.
const TRIES: u32 = 4;

impl ProviderAccounts {
    /// The account `wanted`, below its parent, open: the one that there is, or a new one. `fresh`: its id
    /// was made just now, so that nobody can have asked the provider for it.
    ///
    /// # Errors
    /// A problem of the contract: `IN_PROGRESS` while another process asks the provider.
    pub async fn open_below(&self, wanted: &AccountRecord, fresh: bool) -> Result<AccountRecord, Problem> {
        let record = match fresh {
            true => None,
            false => self.book.find(&wanted.owner, &wanted.id).await?,
        };
        let open = match record {
            Some(record) if record.state == AccountState::Open => record,
            Some(record) => self.open(record, false).await?,
            None => self.begin(wanted, fresh).await?,
        };
        self.prepared(open).await
    }

    /// Writes the intent down and opens it.
    async fn begin(&self, wanted: &AccountRecord, fresh: bool) -> Result<AccountRecord, Problem> {
        let now = self.clock.now();
        let mut record = AccountRecord { state: AccountState::Opening, ..wanted.clone() };
        (record.created_at, record.updated_at) = (Some(now), Some(now));
        let caller = record.owner.tenant().ok_or_else(|| Problem::new(Code::Internal))?;
        match self.book.add(caller, &record, None, now).await? {
            AccountWrite::Done => {}
            // Somebody else has just begun.
            AccountWrite::Changed | AccountWrite::Replay(_) | AccountWrite::NameTaken(_) => {
                return Err(Problem::new(Code::InProgress).with_retry_after(Some(LEASE)));
            }
        }
        record.version = 1;
        if !fresh {
            // It may exist at the provider though it is not known here any more: it is looked for. The lease
            // of the write just made is this call's own.
            record.updated_at = Some(now.minus(LEASE));
        }
        self.open(record, fresh).await
    }

    /// What its numbers share is there.
    async fn prepared(&self, record: AccountRecord) -> Result<AccountRecord, Problem> {
        let config = record.config();
        let provider = self.below(&record).await?;
        let gained = provider.prepare(&config, &name(&record), &self.public_base_url).await;
        let gained = gained.map_err(|error| provider_problem::problem(&error, "Preparing the subaccount"))?;
        let mut after = record.clone();
        for (name, value) in gained.iter().filter(|(name, _)| config.get(name).is_none()) {
            after.own.set(name, value.clone());
        }
        if after.own == record.own {
            return Ok(record);
        }
        match self.book.replace(&record, &after, self.clock.now()).await? {
            AccountWrite::Done => Ok(AccountRecord { version: record.version + 1, ..after }),
            AccountWrite::NameTaken(other) => Err(taken(&other)),
            AccountWrite::Changed | AccountWrite::Replay(_) => Err(Problem::new(Code::InProgress)),
        }
    }

    /// The provider, as the account's parent speaks to it.
    async fn below(&self, record: &AccountRecord) -> Result<Box<dyn Subaccounts>, Problem> {
        let parent = record.parent.as_ref().ok_or_else(|| Problem::new(Code::Internal))?;
        let parent = self.parent_of(record, parent).await?;
        match self.desk.subaccounts(&parent.account()) {
            Some(Ok(provider)) => Ok(provider),
            Some(Err(error)) => Err(provider_problem::problem(&error, "Asking about the subaccount")),
            None => Err(Problem::new(Code::CapabilityMissing)),
        }
    }

    /// Stops what was opened: at the provider, where that can be done, and here. Repeating it changes
    /// nothing. What was never opened is forgotten.
    ///
    /// # Errors
    /// A problem of the contract: `IN_PROGRESS` while another process opens it.
    pub async fn close_below(&self, wanted: &AccountRecord) -> Result<(), Problem> {
        for _ in 0..TRIES {
            let Some(record) = self.book.find(&wanted.owner, &wanted.id).await? else {
                // Removed here, and perhaps not there.
                return self.stop(wanted).await.map(|_| ());
            };
            let opening = record.state == AccountState::Opening;
            // Whoever was opening it may still be waiting for the answer.
            let record = if opening { self.take_over(record).await? } else { record };
            let stopped = self.stop(&record).await?;
            if opening && stopped == 0 {
                if self.book.remove(&record).await? {
                    return Ok(());
                }
                continue;
            }
            if !record.active {
                return Ok(());
            }
            let after = AccountRecord { active: false, ..record.clone() };
            match self.book.replace(&record, &after, self.clock.now()).await? {
                AccountWrite::Done => {
                    tracing::info!(provider = %record.provider, account = %record.id, "Subaccount stopped");
                    return Ok(());
                }
                AccountWrite::Changed | AccountWrite::Replay(_) | AccountWrite::NameTaken(_) => {}
            }
        }
        Err(StoreError::Contended.into())
    }

    /// Stops a subaccount at its provider. The answer is how many there are.
    async fn stop(&self, record: &AccountRecord) -> Result<usize, Problem> {
        let provider = self.below(record).await?;
        let found = known(provider.as_ref(), &name(record)).await?;
        for account in &found {
            if !account.active {
                continue;
            }
            match provider.set_active(&account.remote_id, false).await {
                Ok(()) => {}
                // There it goes on to exist, and costs nothing without numbers.
                Err(error) if error.kind() == ErrorKind::Unsupported => {
                    tracing::info!(provider = %record.provider, account = %record.id, "Subaccounts cannot be stopped there");
                }
                Err(error) => return Err(provider_problem::problem(&error, "Stopping the subaccount")),
            }
        }
        Ok(found.len())
    }
}
