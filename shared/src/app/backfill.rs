//! The net under the webhooks: providers list what they have received, and what no webhook brought is stored
//! as if one had.
//!
//! Providers try a webhook again less often than one hopes (Twilio once, and only when it could not
//! connect, unless the URL asks for more). So for every account there is a watermark: everything that was
//! received before it has been looked at. A run reads on from a while before it, so that what the list was
//! slow to show is seen as well, until a few minutes ago, because the newest minutes belong to the webhooks
//! and their retries. A text that is stored already is known by its id, which follows from the provider's.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};

use super::receive_message::{consent_change, message, message_id, park};
use crate::domain::account::{AccountRecord, Owner};
use crate::domain::ids::{AccountId, MessageId, ProviderSid};
use crate::domain::number::{NumberStatus, PhoneNumber};
use crate::domain::timestamp::Timestamp;
use crate::ports::{
    AccountBook, AccountList, Clock, Inbox, Messages, Numbers, Recorded, StoreError, Watermark, Watermarks,
    Window,
};
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::history::{InboundHistory, RemoteInbound};
use crate::provider::transport::HttpTransport;
use crate::provider::webhooks::InboundMedia;
use crate::provider::{Environment, ProviderId, registry};

/// The newest minutes are left to the webhooks.
pub const MARGIN: Duration = Duration::from_secs(5 * 60);
/// So much before the watermark is read once more.
pub const OVERLAP: Duration = Duration::from_secs(10 * 60);
/// An account is asked again when there is at least so much to ask for. A little less than the time between
/// two runs, so that none is left out because it began a moment early.
const STEP: Duration = Duration::from_secs(4 * 60);
/// Nothing older is fetched, however long nobody has asked.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How many pages of one account a run reads.
const PAGES: usize = 10;
/// How many accounts are read at once.
const AT_ONCE: usize = 4;
/// How many texts of a page are looked up at once.
const LOOKED_UP: usize = 8;

/// Stores what no webhook brought.
pub struct Backfill {
    /// Which accounts there are.
    pub accounts: Arc<dyn AccountList>,
    /// The accounts.
    pub book: Arc<dyn AccountBook>,
    /// The way to the providers.
    pub transport: Arc<dyn HttpTransport>,
    /// Where this process runs.
    pub environment: Environment,
    /// How far their lists have been read.
    pub watermarks: Arc<dyn Watermarks>,
    /// Who holds which number.
    pub numbers: Arc<dyn Numbers>,
    /// What is stored already.
    pub messages: Arc<dyn Messages>,
    /// Where messages are stored.
    pub inbox: Arc<dyn Inbox>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backfilled {
    /// Texts that no webhook had brought, by provider. Each is a webhook that was lost.
    pub stored: BTreeMap<ProviderId, u64>,
    /// Texts to numbers that nobody held when they came, through the account that lists them.
    pub unknown: u64,
    /// Accounts whose lists were read up to now.
    pub accounts: u64,
    /// Accounts that could not be read, or not to the end.
    pub failures: u64,
    /// Accounts that the next run goes on with, because this one has no time left.
    pub left: u64,
}

/// Why reading a list stopped.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

/// What one account came to.
#[derive(Debug, Default)]
struct Read {
    stored: u64,
    unknown: u64,
    done: bool,
    left: bool,
    failed: bool,
}

/// What became of one text of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looked {
    Known,
    Stored,
    Unknown,
}

/// An account that is to be read.
struct Due {
    provider: ProviderId,
    owner: Owner,
    mark: Watermark,
}

impl Backfill {
    /// One run, as of `now`; no page is begun after `until`. Whoever fails stops nobody else.
    ///
    /// A `now` ahead of the clock counts for [`OVERLAP`] at most: what comes until then is read again by
    /// the next run, so that whoever starts a run by hand makes none forget a text.
    ///
    /// # Errors
    /// When the watermarks cannot be read, so that nothing was done.
    pub async fn run(&self, now: Timestamp, until: Timestamp) -> Result<Backfilled, StoreError> {
        let now = now.min(self.clock.now().plus(OVERLAP));
        let mut run = Backfilled::default();
        let due = self.due(now, &mut run).await?;
        let mut reading = stream::iter(due)
            .map(|due| async move { (due.provider, self.account(due, now, until).await) })
            .buffer_unordered(AT_ONCE);
        while let Some((provider, read)) = reading.next().await {
            if read.stored > 0 {
                *run.stored.entry(provider).or_default() += read.stored;
            }
            run.unknown += read.unknown;
            run.accounts += u64::from(read.done);
            run.failures += u64::from(read.failed);
            run.left += u64::from(read.left);
        }
        Ok(run)
    }

    /// The accounts that there is something to ask of, the one first that was tried longest ago.
    async fn due(&self, now: Timestamp, run: &mut Backfilled) -> Result<Vec<Due>, StoreError> {
        let marks = self.watermarks.watermarks().await?;
        let mut marks: HashMap<AccountId, Watermark> =
            marks.into_iter().map(|mark| (mark.account.clone(), mark)).collect();
        let newest = now.minus(MARGIN);
        let mut all = Vec::new();
        for provider in ProviderId::ALL.into_iter().filter(|id| registry::inbound_history(*id).is_some()) {
            match self.accounts.everyones(provider).await {
                Ok(accounts) => all.extend(accounts.into_iter().map(|account| (provider, account))),
                Err(error) => {
                    tracing::error!(%provider, %error, "The accounts of a provider could not be read");
                    run.failures += 1;
                }
            }
        }
        let mut due = Vec::new();
        for (provider, (owner, account)) in all {
            // An account that is new here begins now: what came before is nobody's here.
            let new = || Watermark {
                account: account.clone(),
                until: newest,
                window: None,
                tried_at: now,
                version: 0,
            };
            let mark = marks.remove(&account).unwrap_or_else(new);
            if mark.version == 0 || mark.window.is_some() || newest.since(mark.until) >= STEP {
                due.push(Due { provider, owner, mark });
            }
        }
        due.sort_by_key(|due| (due.mark.version > 0, due.mark.tried_at));
        Ok(due)
    }

    async fn account(&self, due: Due, now: Timestamp, until: Timestamp) -> Read {
        let mut read = Read::default();
        let account = due.mark.account.clone();
        if let Err(error) = self.read(due, now, until, &mut read).await {
            tracing::error!(%account, %error, "What an account has received could not be read to the end");
            read.failed = true;
        }
        read
    }

    async fn read(&self, due: Due, now: Timestamp, until: Timestamp, read: &mut Read) -> Result<(), Stopped> {
        if self.clock.now() >= until {
            read.left = true;
            return Ok(());
        }
        let Some(record) = self.book.find(&due.owner, &due.mark.account).await? else { return Ok(()) };
        if !record.is_usable() {
            return Ok(());
        }
        let Some(open) = registry::inbound_history(record.provider) else { return Ok(()) };
        let history = open(&record.account(), &self.environment, self.transport.clone());
        let mut mark = due.mark;
        let mut window = mark.window.take().unwrap_or_else(|| next_window(&mark, now));
        let outcome = self.pages(&record, history, &mut window, until, read).await;
        match &outcome {
            Ok(true) => mark.until = mark.until.max(window.until),
            // The next run goes on where this one stopped.
            Ok(false) | Err(Stopped::Provider(_)) => mark.window = Some(window),
            // Nobody knows what is stored: the same again.
            Err(Stopped::Store(_)) => return outcome.map(drop),
        }
        mark.tried_at = now;
        if !self.watermarks.set_watermark(&mark, self.clock.now()).await? {
            tracing::info!(account = %mark.account, "Another run has moved the watermark");
        }
        (read.done, read.left) = (matches!(outcome, Ok(true)), matches!(outcome, Ok(false)));
        outcome.map(drop)
    }

    /// Reads pages of a window. False: there are more of them than there is time for.
    async fn pages(
        &self,
        record: &AccountRecord,
        history: Result<Box<dyn InboundHistory>, ProviderError>,
        window: &mut Window,
        until: Timestamp,
        read: &mut Read,
    ) -> Result<bool, Stopped> {
        let history = history?;
        for _ in 0..PAGES {
            let page = history.received(window.since, window.until, window.page.as_deref()).await;
            let page = page.inspect_err(|error| {
                if forgets_page(error) {
                    window.page = None;
                }
            })?;
            let looked = stream::iter(page.items)
                .map(|found| self.look_at(record, history.as_ref(), found))
                .buffer_unordered(LOOKED_UP);
            // All of them, whatever happens to one: what is stored counts.
            let looked: Vec<Result<Looked, Stopped>> = looked.collect().await;
            for one in looked.iter().flatten() {
                read.stored += u64::from(*one == Looked::Stored);
                read.unknown += u64::from(*one == Looked::Unknown);
            }
            looked.into_iter().collect::<Result<Vec<_>, _>>()?;
            window.page = page.next;
            if window.page.is_none() {
                return Ok(true);
            }
            if self.clock.now() >= until {
                break;
            }
        }
        Ok(false)
    }

    /// Stores one text if it is not there. The owner is found as at first contact: by the account that
    /// lists it and the number that it was sent to.
    async fn look_at(
        &self,
        record: &AccountRecord,
        history: &dyn InboundHistory,
        found: RemoteInbound,
    ) -> Result<Looked, Stopped> {
        let RemoteInbound { mut text, media, at } = found;
        let number = match text.to.phone() {
            Some(phone) => self.numbers.by_account(&record.id, phone).await?,
            None => None,
        };
        // What came before the number was this tenant's was for somebody else. Lists tell seconds.
        let since = |number: &PhoneNumber| {
            let moved = number.holding.came_from.as_ref().map(|from| from.since);
            moved.unwrap_or(number.created_at).seconds()
        };
        let Some(number) = number.filter(|number| at.seconds() >= since(number)) else {
            return Ok(Looked::Unknown);
        };
        if self.is_known(&number, message_id(&record.id, &text.sid), at).await? {
            return Ok(Looked::Known);
        }
        if media > 0 {
            text.media = attachments(history, &text.sid).await?;
        }
        let sid = text.sid.clone();
        let text_again = text.clone();
        let mut message = message(record.provider, &record.id, &number, text, at);
        message.found_at = Some(self.clock.now());
        if number.status == NumberStatus::Moving {
            let parked = park(self.inbox.as_ref(), &number, &message, text_again).await?;
            return Ok(if parked == Recorded::New { Looked::Stored } else { Looked::Known });
        }
        let consent = consent_change(&message);
        match self.inbox.record(&message, consent.as_ref()).await? {
            Recorded::New => {
                tracing::warn!(
                    provider = %record.provider, message_id = %message.id, provider_sid = %sid,
                    tenant = %message.tenant, received_at = %at, media = message.media.len(),
                    "Inbound message stored that no webhook brought"
                );
                Ok(Looked::Stored)
            }
            // Its webhook has come in between.
            Recorded::Replay | Recorded::Mismatch => Ok(Looked::Known),
        }
    }
}

impl Backfill {
    /// It is stored: with its holder, or, of the time of a move, with the one before.
    async fn is_known(&self, number: &PhoneNumber, id: MessageId, at: Timestamp) -> Result<bool, StoreError> {
        if self.messages.message(&number.tenant, id).await?.is_some() {
            return Ok(true);
        }
        match &number.holding.came_from {
            Some(from) if at.seconds() <= number.created_at.seconds() => {
                Ok(self.messages.message(&from.tenant, id).await?.is_some())
            }
            Some(_) | None => Ok(false),
        }
    }
}

/// The provider does not know the page any more, which may be of a run ago: from the beginning.
fn forgets_page(error: &ProviderError) -> bool {
    let refused = error.status().is_some_and(|status| (400..500).contains(&status));
    error.kind() == ErrorKind::InvalidRequest || (refused && error.kind() != ErrorKind::RateLimited)
}

/// What is asked for after a watermark.
fn next_window(mark: &Watermark, now: Timestamp) -> Window {
    let (since, oldest) = (mark.until.minus(OVERLAP), now.minus(LONGEST));
    if since < oldest {
        tracing::warn!(account = %mark.account, watermark = %mark.until, "What is older than a week is not fetched");
    }
    Window { since: since.max(oldest), until: now.minus(MARGIN), page: None }
}

/// The attachments of a text. One that has lost them is stored without.
async fn attachments(
    history: &dyn InboundHistory,
    sid: &ProviderSid,
) -> Result<Vec<InboundMedia>, ProviderError> {
    match history.media(sid).await {
        Err(error) if error.effect() == Effect::Refused => {
            tracing::warn!(provider_sid = %sid, %error, "The attachments of a text are not listed");
            Ok(Vec::new())
        }
        other => other,
    }
}
