//! Opening a subaccount: the intent is stored, then the provider is asked, then the credentials are
//! stored. Whoever comes after a crash or a lost answer finds the subaccount by its name, which holds our
//! id, and never opens it twice.

use std::time::Duration;

use super::ProviderAccounts;
use super::add::taken;
use super::config::complete;
use crate::app::problem::{Code, Problem};
use crate::app::provider_problem;
use crate::domain::account::{AccountRecord, AccountState};
use crate::ports::AccountWrite;
use crate::provider::error::Effect;
use crate::provider::subaccounts::{Subaccount, Subaccounts};

/// Past it, whoever was asking the provider is dead: the function's timeout (30 s) and a margin.
pub(super) const LEASE: Duration = Duration::from_secs(60);

impl ProviderAccounts {
    /// Goes on with an account that is opening. `first`: the intent was written just now, by this call,
    /// so that nobody can have asked the provider before.
    pub(super) async fn open(&self, record: AccountRecord, first: bool) -> Result<AccountRecord, Problem> {
        let record = if first { record } else { self.take_over(record).await? };
        let parent = match &record.parent {
            Some(parent) => self.parent_of(&record, parent).await?,
            None => return Err(Problem::new(Code::Internal)),
        };
        let provider = match self.desk.subaccounts(&parent.account()) {
            Some(Ok(provider)) => provider,
            Some(Err(error)) => return Err(provider_problem::problem(&error, "Opening the subaccount")),
            None => return Err(Problem::new(Code::CapabilityMissing)),
        };
        let name = name(&record);
        // Locally it is at the same simulator.
        let base = parent.config().get("api_base").cloned();
        let found = if first { None } else { known(provider.as_ref(), &name).await?.into_iter().next() };
        let mut opened = match found {
            Some(found) => provider
                .regain(found)
                .await
                .map_err(|error| provider_problem::problem(&error, "Opening the subaccount"))?,
            None => match provider.open(&name).await {
                Ok(opened) => opened,
                Err(error) => {
                    let problem = provider_problem::problem(&error, "Opening the subaccount");
                    let (id, unsure) = (&record.id, error.effect() == Effect::Unknown);
                    tracing::warn!(account = %id, kind = ?error.kind(), effect = ?error.effect(), "Subaccount not opened");
                    let what = if unsure { "It may have been opened. " } else { "" };
                    let detail = problem.detail().unwrap_or_default().to_owned();
                    return Err(problem.with_detail(format!(
                        "{detail}. {what}Repeat the request with its Idempotency-Key, or update_provider {id}, in a \
                         minute: what exists is found by its name and not opened again."
                    )));
                }
            },
        };
        if let Some(base) = base {
            opened.config.set("api_base", base);
        }
        self.opened(record, opened).await
    }

    /// Only one process at a time asks the provider about a subaccount.
    pub(super) async fn take_over(&self, before: AccountRecord) -> Result<AccountRecord, Problem> {
        let now = self.clock.now();
        let busy = || {
            Problem::new(Code::InProgress)
                .with_detail("The subaccount is being opened.")
                .with_retry_after(Some(LEASE))
        };
        if before.updated_at.is_some_and(|at| now.since(at) < LEASE) {
            return Err(busy());
        }
        match self.book.replace(&before, &before, now).await? {
            AccountWrite::Done => {
                Ok(AccountRecord { version: before.version + 1, updated_at: Some(now), ..before })
            }
            AccountWrite::Changed | AccountWrite::Replay(_) | AccountWrite::NameTaken(_) => Err(busy()),
        }
    }

    pub(super) async fn parent_of(
        &self,
        record: &AccountRecord,
        parent: &crate::domain::ids::AccountId,
    ) -> Result<AccountRecord, Problem> {
        let gone = || {
            Problem::new(Code::ProviderNotFound).with_detail(format!(
                "The account {parent}, below which this is to be opened, is not active any more."
            ))
        };
        let found = match record.owner.tenant() {
            Some(tenant) => self.find(tenant, parent).await.map_err(|_| gone())?,
            None => self.book.find(&record.owner, parent).await?.ok_or_else(gone)?,
        };
        if found.is_usable() { Ok(found) } else { Err(gone()) }
    }

    /// Stores what the provider gave. Some tell a part of the credentials once only: what nothing works
    /// without must then be given by hand.
    async fn opened(&self, before: AccountRecord, opened: Subaccount) -> Result<AccountRecord, Problem> {
        let now = self.clock.now();
        let mut after = before.clone();
        for (name, value) in opened.config.iter() {
            after.own.set(name, value.clone());
        }
        after.active = before.active && opened.active;
        if complete(&after.config(), self.desk.settings(after.provider)).is_err() {
            // What was told is told never again.
            if after.own != before.own {
                after.active = before.active;
                self.book.replace(&before, &after, now).await?;
            }
            return Err(Problem::new(Code::ProviderRejected).with_detail(format!(
                "The subaccount exists at the provider as {}, and not all of its credentials could be had. Repeat the \
                 request with its Idempotency-Key in a minute, or take them from the provider's console and set them \
                 with update_provider {}.",
                opened.remote_id, before.id
            )));
        }
        after.state = AccountState::Open;
        match self.book.replace(&before, &after, now).await? {
            AccountWrite::Done => {
                tracing::info!(provider = %after.provider, account = %after.id, "Subaccount opened");
                Ok(AccountRecord {
                    version: before.version + 1,
                    updated_at: Some(now),
                    proven_at: before.proven_at,
                    ..after
                })
            }
            AccountWrite::NameTaken(other) => Err(taken(&other)),
            AccountWrite::Changed | AccountWrite::Replay(_) => Err(Problem::new(Code::InProgress)),
        }
    }

    /// What became of an opening account at the provider, for whoever wants to remove it.
    pub(super) async fn exists_at_provider(&self, record: &AccountRecord) -> Result<bool, Problem> {
        let Some(parent) = &record.parent else { return Ok(false) };
        let parent = self.parent_of(record, parent).await?;
        match self.desk.subaccounts(&parent.account()) {
            Some(Ok(provider)) => Ok(!known(provider.as_ref(), &name(record)).await?.is_empty()),
            Some(Err(error)) => Err(provider_problem::problem(&error, "Looking for the subaccount")),
            None => Ok(false),
        }
    }
}

/// Ours alone.
pub(super) fn name(record: &AccountRecord) -> String {
    format!("tandem {}", record.id)
}

/// The subaccounts of a name; there should be one at most.
pub(super) async fn known(provider: &dyn Subaccounts, name: &str) -> Result<Vec<Subaccount>, Problem> {
    let found = provider.find(name).await;
    let mut found = found.map_err(|error| provider_problem::problem(&error, "Looking for the subaccount"))?;
    if found.len() > 1 {
        tracing::error!(name, count = found.len(), "There are several subaccounts of one name");
    }
    // One that may act is more likely to be in use.
    found.sort_by_key(|account| !account.active);
    Ok(found)
}
