//! One account, beside what its provider lists.

use std::collections::BTreeSet;

use super::{InventorySweep, Swept};
use crate::app::numbers::give_back::first_return;
use crate::domain::account::AccountRecord;
use crate::domain::number::NumberStatus;
use crate::domain::phone::E164;
use crate::domain::purchase::Purchase;
use crate::domain::timestamp::Timestamp;
use crate::ports::{PageRequest, StockNumber, StoreError, SweepState};
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::numbers::{HeldNumbers, RemoteNumber};

/// How many numbers of ours a page of the second half looks for.
const PAGE: u32 = 100;

/// How far an account was compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// To the end.
    Whole,
    /// The next run goes on.
    Partly,
    /// Not at all.
    Not,
}

/// Why an account could not be compared.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stopped {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

/// An account that is being compared.
pub(super) struct Subject<'a> {
    pub(super) record: &'a AccountRecord,
    pub(super) held: Box<dyn HeldNumbers>,
    /// Numbers that the provider listed in this run.
    pub(super) seen: BTreeSet<E164>,
    /// How much may be asked about it still.
    pub(super) questions: u32,
}

impl Subject<'_> {
    /// One more question. False: there is no more of them, or of the time.
    fn may_ask(&mut self, now: Timestamp, until: Timestamp) -> bool {
        let may = self.questions > 0 && now < until;
        self.questions = self.questions.saturating_sub(1);
        may
    }
}

/// The provider does not know the page any more, which may be of a run ago.
fn forgets_page(error: &ProviderError) -> bool {
    error.effect() == Effect::Refused || error.kind() == ErrorKind::InvalidRequest
}

impl InventorySweep {
    /// Reads the provider's list, and then looks for those of ours that were not in it.
    pub(super) async fn pages(
        &self,
        subject: &mut Subject<'_>,
        state: &mut SweepState,
        until: Timestamp,
        swept: &mut Swept,
    ) -> Result<Compared, Stopped> {
        while state.after.is_none() {
            if !subject.may_ask(self.clock.now(), until) {
                return Ok(Compared::Partly);
            }
            let page = subject.held.list(state.page.as_deref()).await.inspect_err(|error| {
                if forgets_page(error) {
                    (state.page, state.unmanaged) = (None, 0);
                }
            })?;
            for remote in &page.items {
                self.remote(subject, remote, state, swept).await?;
                subject.seen.insert(remote.phone.clone());
            }
            state.page = page.next;
            if state.page.is_none() {
                state.after = Some(String::new());
            }
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
        if record.owner.tenant().is_some_and(|tenant| *tenant != purchase.tenant) {
            // Whoever holds an account can write any mark there; it speaks for its own tenant only.
            tracing::warn!(
                provider = %record.provider, account = %record.id, mark,
                "A number in a tenant's account carries the mark of another tenant's purchase, and is left alone"
            );
            state.unmanaged = state.unmanaged.saturating_add(1);
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
        if purchase.account != record.id
            && self.stock.in_stock(&purchase.account, &remote.phone).await?.is_some()
        {
            return Ok(true);
        }
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
        subject: &mut Subject<'_>,
        state: &mut SweepState,
        until: Timestamp,
        swept: &mut Swept,
    ) -> Result<Compared, Stopped> {
        let id = &subject.record.id;
        let last = state.after.clone().unwrap_or_default();
        let mut page = PageRequest { limit: PAGE, cursor: None };
        loop {
            let assigned = self.stock.assigned(id, &page).await?;
            for phone in assigned.items {
                if phone.expose() <= last.as_str() || subject.seen.contains(&phone) {
                    continue;
                }
                if !subject.may_ask(self.clock.now(), until) {
                    return Ok(Compared::Partly);
                }
                if subject.held.find(&phone).await?.is_none() {
                    self.report(subject.record, &phone, swept).await?;
                }
                state.after = Some(phone.expose().to_owned());
            }
            page.cursor = assigned.next;
            if page.cursor.is_none() {
                return Ok(Compared::Whole);
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
