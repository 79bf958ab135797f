//! `sync_numbers`: every number that an account holds, page by page, for as long as a request may take.

use std::collections::BTreeSet;
use std::time::Duration;

use super::cursor::{Cursor, foreign};
use super::import::{Imported, destination};
use super::{Actor, Asked, ProviderAccounts};
use crate::api::provider_management::{ProviderAnswer, ProviderNumberBody, ProviderRequest, SkippedNumber};
use crate::app::problem::Problem;
use crate::app::provider_problem;
use crate::domain::account::{AccountRecord, Owner};
use crate::domain::ids::TenantId;
use crate::domain::phone::E164;
use crate::domain::timestamp::Timestamp;
use crate::ports::PageRequest;
use crate::provider::numbers::{HeldNumbers, RemoteNumber};

/// An HTTP API gives up after 30 seconds, and a page may take 8. After this no page is begun.
const LONGEST: Duration = Duration::from_secs(20);
/// A page that came late is broken off after this.
const OVERTIME: Duration = Duration::from_secs(4);

/// What a run has come to.
#[derive(Default)]
struct Run {
    imported: Vec<ProviderNumberBody>,
    skipped: Vec<SkippedNumber>,
    missing: Vec<String>,
    /// Numbers that the provider listed in this run.
    seen: BTreeSet<E164>,
}

impl ProviderAccounts {
    pub(super) async fn sync_numbers(
        &self,
        actor: &Actor,
        asked: &Asked,
        request: &ProviderRequest,
    ) -> Result<ProviderAnswer, Problem> {
        let until = self.clock.now().plus(LONGEST);
        let record = self.meant(actor, asked, |record| actor.manages(&record.owner)).await?;
        let tenant = destination(&record, request.tenant_id.as_ref().map(|_| &asked.tenant));
        let holdings = self.holdings(&record)?;
        let mut run = Run::default();
        let next = match Cursor::read(request.cursor.as_deref())? {
            None => self.pages(&record, tenant, holdings.as_ref(), None, until, &mut run).await?,
            Some(Cursor::Page(account, page)) if account == record.id => {
                self.pages(&record, tenant, holdings.as_ref(), page, until, &mut run).await?
            }
            Some(Cursor::Missing(account, after)) if account == record.id => {
                self.missing(&record, tenant, holdings.as_ref(), after, until, &mut run).await?
            }
            Some(_) => return Err(foreign()),
        };
        tracing::info!(
            provider = %record.provider, account = %record.id, imported = run.imported.len(),
            skipped = run.skipped.len(), missing = run.missing.len(), done = next.is_none(), "Numbers imported"
        );
        let count = |n: usize| Some(u64::try_from(n).unwrap_or(u64::MAX));
        Ok(ProviderAnswer {
            imported: count(run.imported.len()),
            skipped: count(run.skipped.len()),
            removed: Some(0),
            numbers: Some(run.imported),
            skipped_numbers: Some(run.skipped),
            missing: Some(run.missing),
            next_cursor: Some(next.map(|next| next.text())),
            ..ProviderAnswer::default()
        })
    }

    /// The provider's list. A page that is broken off is begun again: what was imported is known then.
    async fn pages(
        &self,
        record: &AccountRecord,
        tenant: Option<&TenantId>,
        holdings: &dyn HeldNumbers,
        from: Option<String>,
        until: Timestamp,
        run: &mut Run,
    ) -> Result<Option<Cursor>, Problem> {
        let mut from = from;
        loop {
            let page = holdings.list(from.as_deref()).await;
            let page = page.map_err(|error| provider_problem::problem(&error, "Reading the numbers"))?;
            for remote in &page.items {
                if self.clock.now() >= until.plus(OVERTIME) && !run.seen.is_empty() {
                    return Ok(Some(Cursor::Page(record.id.clone(), from)));
                }
                self.one(record, tenant, remote, run).await?;
            }
            match page.next {
                Some(next) if self.clock.now() >= until => {
                    return Ok(Some(Cursor::Page(record.id.clone(), Some(next))));
                }
                Some(next) => from = Some(next),
                None => break,
            }
        }
        self.missing(record, tenant, holdings, String::new(), until, run).await
    }

    async fn one(
        &self,
        record: &AccountRecord,
        tenant: Option<&TenantId>,
        remote: &RemoteNumber,
        run: &mut Run,
    ) -> Result<(), Problem> {
        run.seen.insert(remote.phone.clone());
        let reason = match self.import(record, tenant, remote).await? {
            Imported::New(number) => {
                run.imported.push(number);
                return Ok(());
            }
            Imported::Known(_) => "already_imported",
            // Whose it is, is the platform's business only where the platform asks.
            Imported::OfAnother => "held_by_another_tenant",
            Imported::Elsewhere => "held_through_another_account",
        };
        run.skipped.push(SkippedNumber { number: remote.phone.expose().to_owned(), reason });
        Ok(())
    }

    /// Stored numbers that the account does not hold any more. Each that was not listed is asked for: a
    /// list may have moved while it was read, and an earlier run saw a part of it. They are only
    /// reported: what removes a number is a person.
    async fn missing(
        &self,
        record: &AccountRecord,
        tenant: Option<&TenantId>,
        holdings: &dyn HeldNumbers,
        after: String,
        until: Timestamp,
        run: &mut Run,
    ) -> Result<Option<Cursor>, Problem> {
        let mut last = after;
        for phone in self.stored(record, tenant).await? {
            if phone.expose() <= last.as_str() || run.seen.contains(&phone) {
                continue;
            }
            if self.clock.now() >= until {
                return Ok(Some(Cursor::Missing(record.id.clone(), last)));
            }
            let found = holdings.find(&phone).await;
            let found = found.map_err(|error| provider_problem::problem(&error, "Reading the number"))?;
            if found.is_none() {
                run.missing.push(phone.expose().to_owned());
            }
            last = phone.expose().to_owned();
        }
        Ok(None)
    }

    /// The numbers that are stored for an account, in order.
    async fn stored(
        &self,
        record: &AccountRecord,
        tenant: Option<&TenantId>,
    ) -> Result<BTreeSet<E164>, Problem> {
        let mut stored = BTreeSet::new();
        match (&record.owner, tenant) {
            (Owner::Tenant(tenant), _) | (Owner::Platform, Some(tenant)) => {
                let numbers = self.numbers.of_tenant(tenant).await?;
                stored.extend(numbers.into_iter().filter(|n| n.account == record.id).map(|n| n.phone));
            }
            (Owner::Platform, None) => {
                let mut page = PageRequest { limit: 100, cursor: None };
                loop {
                    let numbers = self.stock.assigned(&record.id, &page).await?;
                    stored.extend(numbers.items);
                    page.cursor = numbers.next;
                    if page.cursor.is_none() {
                        break;
                    }
                }
                loop {
                    let numbers = self.stock.stock(&record.id, &page).await?;
                    stored.extend(numbers.items.into_iter().map(|number| number.phone));
                    page.cursor = numbers.next;
                    if page.cursor.is_none() {
                        break;
                    }
                }
            }
        }
        Ok(stored)
    }
}
