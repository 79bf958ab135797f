//! One run over accounts, for as long as a request may take.

use super::cursor::{Place, foreign};
use super::reason::{reason, shown};
use super::{WebhookRepair, is_ours};
use crate::api::repair::{DriftBody, RepairAnswer, ResourceBody};
use crate::app::problem::Problem;
use crate::domain::account::AccountRecord;
use crate::domain::number::PhoneNumber;
use crate::domain::timestamp::Timestamp;
use crate::ports::StoreError;
use crate::provider::audit::{Drift, Subject, Wanted, WebhookAudit};
use crate::provider::error::{Effect, ErrorKind, ProviderError};

/// Why an account was not gone through.
pub(super) enum Ended {
    /// The provider fails: the next account may be better off.
    Provider(ProviderError),
    /// Nothing goes on.
    Problem(Problem),
}

impl From<ProviderError> for Ended {
    fn from(error: ProviderError) -> Self {
        Self::Provider(error)
    }
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self::Problem(error.into())
    }
}

/// What a list of numbers fails with. A page that is refused before anybody is asked for it is none of
/// the provider's: somebody made the cursor up.
fn unlisted(error: ProviderError, page: Option<&str>) -> Ended {
    let made_up = (error.kind(), error.effect()) == (ErrorKind::InvalidRequest, Effect::NotSent);
    if made_up && page.is_some() { Ended::Problem(foreign()) } else { Ended::Provider(error) }
}

/// A run, and what it has come to.
pub(super) struct Run<'r> {
    repair: &'r WebhookRepair,
    dry_run: bool,
    until: Timestamp,
    /// Something was looked at: a run that ends with nothing done would never end.
    begun: bool,
    pub(super) answer: RepairAnswer,
}

/// An account under audit.
struct Audited<'r> {
    record: &'r AccountRecord,
    audit: Box<dyn WebhookAudit>,
}

impl<'r> Run<'r> {
    pub(super) fn new(repair: &'r WebhookRepair, dry_run: bool, until: Timestamp) -> Self {
        Self { repair, dry_run, until, begun: false, answer: RepairAnswer::default() }
    }

    fn is_over(&self) -> bool {
        self.begun && self.repair.clock.now() >= self.until
    }

    /// Goes through one account. `Some`: time was up here.
    pub(super) async fn account(
        &mut self,
        record: &'r AccountRecord,
        place: Place,
    ) -> Result<Option<Place>, Ended> {
        if self.is_over() {
            return Ok(Some(place));
        }
        let account = record.account();
        let audit = match self.repair.desk.webhook_audit(&account) {
            Some(audit) => audit?,
            None => return Ok(None),
        };
        let audited = Audited { record, audit };
        let (page, after) = match place {
            Place::Start => {
                for subject in audited.audit.shared().await? {
                    self.shared(&audited, subject).await?;
                }
                self.begun = true;
                (None, None)
            }
            Place::Numbers(page, after) => (page, after),
        };
        self.numbers(&audited, page, after).await
    }

    async fn numbers(
        &mut self,
        audited: &Audited<'_>,
        mut page: Option<String>,
        mut after: Option<String>,
    ) -> Result<Option<Place>, Ended> {
        loop {
            if self.is_over() {
                return Ok(Some(Place::Numbers(page, after)));
            }
            let got = audited.audit.numbers(page.as_deref()).await;
            let got = got.map_err(|error| unlisted(error, page.as_deref()))?;
            // If that number is gone, the page is gone through again: what is mended stays mended.
            let done = after.as_ref().and_then(|after| got.items.iter().position(|one| one.id == *after));
            let mut last = after.take();
            for subject in got.items.into_iter().skip(done.map_or(0, |at| at + 1)) {
                if self.is_over() {
                    return Ok(Some(Place::Numbers(page, last)));
                }
                let id = subject.id.clone();
                self.number(audited, subject).await?;
                last = Some(id);
                self.begun = true;
            }
            match got.next {
                Some(next) => page = Some(next),
                None => return Ok(None),
            }
        }
    }

    async fn number(&mut self, audited: &Audited<'_>, subject: Subject) -> Result<(), Ended> {
        let Some(record) = self.record(audited, &subject).await? else {
            self.answer.unmanaged += 1;
            return Ok(());
        };
        // Released since the list was read.
        let Some(subject) = audited.audit.complete(subject).await? else { return Ok(()) };
        self.answer.checked += 1;
        let wanted = self.wanted(audited.record, &record);
        let ours = self.is_ours(audited, Some(&record), &subject);
        self.settle(audited, &subject, &wanted, ours).await
    }

    fn is_ours(&self, audited: &Audited<'_>, record: Option<&PhoneNumber>, subject: &Subject) -> bool {
        is_ours(&audited.record.owner, record, subject.mark.as_deref(), &self.repair.marker)
    }

    /// A tenant's number, as it is held through this account.
    async fn record(
        &self,
        audited: &Audited<'_>,
        subject: &Subject,
    ) -> Result<Option<PhoneNumber>, StoreError> {
        match &subject.phone {
            Some(phone) => self.repair.numbers.by_account(&audited.record.id, phone).await,
            None => Ok(None),
        }
    }

    /// A number's texts and calls may go through different accounts: where a trunk leads its calls to
    /// another provider, its calls' settings here are the trunk's business.
    fn wanted(&self, account: &AccountRecord, number: &PhoneNumber) -> Wanted {
        let calls_through = number.voice_via.as_ref().map_or(&number.account, |via| &via.account);
        Wanted {
            base: self.repair.public_base_url.clone(),
            messaging: number.account == account.id && (number.sms || number.mms),
            voice: *calls_through == account.id && number.voice,
        }
    }

    /// What numbers share is known here when the account's settings name it, or a number of a tenant
    /// does. While a number that nobody here knows names it too, it is not ours alone.
    async fn shared(&mut self, audited: &Audited<'_>, subject: Subject) -> Result<(), Ended> {
        let mut known = subject.used_by.is_empty();
        let mut alone = true;
        for phone in &subject.used_by {
            let held = self.repair.numbers.by_account(&audited.record.id, phone).await?.is_some();
            known |= held;
            alone &= held;
        }
        if !known {
            return Ok(());
        }
        let wanted = Wanted { base: self.repair.public_base_url.clone(), messaging: true, voice: true };
        let ours = alone && self.is_ours(audited, None, &subject);
        self.settle(audited, &subject, &wanted, ours).await
    }

    /// Compares, writes what is ours to write, and looks again.
    async fn settle(
        &mut self,
        audited: &Audited<'_>,
        subject: &Subject,
        wanted: &Wanted,
        ours: bool,
    ) -> Result<(), Ended> {
        let drifts = audited.audit.drifts(subject, wanted);
        let writable: Vec<Drift> = drifts.iter().filter(|drift| ours && drift.writable).cloned().collect();
        let (left, ended) = if self.dry_run || writable.is_empty() {
            (None, Ok(()))
        } else {
            mend(audited, subject, wanted, &writable).await
        };
        for drift in drifts {
            let repairable = ours && drift.writable;
            let still = left.as_ref().is_none_or(|left| left.iter().any(|one| one.field == drift.field));
            self.answer.drifted.push(DriftBody {
                phone_number: subject.phone.as_ref().map(|phone| phone.expose().to_owned()),
                provider: audited.record.provider.as_str(),
                provider_account_id: audited.record.id.to_string(),
                resource: ResourceBody { kind: subject.kind, id: subject.id.clone() },
                field: drift.field,
                reason: reason(&drift.expected, &drift.found),
                expected: shown(&drift.expected),
                found: shown(&drift.found),
                repairable,
                repaired: repairable && !still,
            });
        }
        ended.map_err(Ended::Provider)
    }
}

/// Writes, and reads what is there then. `None`: nobody knows what is there.
async fn mend(
    audited: &Audited<'_>,
    subject: &Subject,
    wanted: &Wanted,
    drifts: &[Drift],
) -> (Option<Vec<Drift>>, Result<(), ProviderError>) {
    let fields: Vec<&str> = drifts.iter().map(|drift| drift.field).collect();
    let written = audited.audit.repair(subject, drifts).await;
    if let Err(error) = &written {
        tracing::warn!(
            provider = %audited.record.provider, account = %audited.record.id, resource = subject.kind,
            ?fields, error = %error, "Settings could not be written"
        );
        // Who cannot be written to now will not be the next time either.
        if error.effect() == Effect::NotSent {
            return (None, written);
        }
    }
    match audited.audit.read(subject).await {
        Ok(read) => {
            let left = read.map(|read| audited.audit.drifts(&read, wanted));
            tracing::info!(
                provider = %audited.record.provider, account = %audited.record.id, resource = subject.kind,
                ?fields, left = left.as_ref().map(Vec::len), "Settings written"
            );
            // A refusal concerns this one alone, and what was lost was looked for.
            (left, Ok(()))
        }
        Err(error) => (None, Err(error)),
    }
}
