//! What the projector derives from the stream.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use telephony::domain::ids::{ConversationId, EntryId, MessageId, TenantId};
use telephony::domain::message::{Attempt, AttemptRef, Bill, Message, MessageView};
use telephony::domain::status::MessageStatus;
use telephony::domain::timestamp::Timestamp;
use telephony::domain::usage::{Usage, UsageLine, of_message};
use telephony::domain::wallet::{EntryKind, HoldState, Subject};
use telephony::ports::{PendingKind, Projection, StoreError};

use super::Store;
use super::fold::{self, Takeover};
use super::message_item::Whole;
use super::money::{self, Taking};
use super::requests::Transacted;
use super::tries::Tries;
use super::usage;
use super::write::Write;
use crate::item::{json, keyed, millis, number, text};
use crate::keys::{self, GSI2PK, GSI2SK, TTL};

/// What moves with a status: what the attempt knows about it, or a code of ours.
#[derive(Clone, Copy, Debug)]
pub(super) enum Because<'a> {
    /// The attempt that it is of.
    Attempt(&'a Attempt),
    /// A code and its words.
    Code(&'a str, &'a str),
}

/// A write of a message that is still as it was read.
fn unchanged(whole: &Whole) -> Write {
    let (message, before) = (&whole.view.message, &whole.view.progress);
    let write = Write::update(keys::message(&message.tenant, message.id))
        .when("#rk = :was AND #at = :attempt")
        .with("was", number(before.status.rank()))
        .with("attempt", number(before.attempt));
    match whole.booked {
        0 => write.when("attribute_not_exists(#bv)"),
        booked => write.when("#bv = :booked").with("booked", number(booked)),
    }
}

/// The update of a message that is still as it was read.
fn message_write(
    whole: &Whole,
    status: MessageStatus,
    because: Option<Because<'_>>,
    now: Timestamp,
) -> Write {
    let write = unchanged(whole).set("ua", millis(now));
    let (code, words) = match because {
        Some(Because::Attempt(attempt)) => (attempt.error_code.as_deref(), attempt.error_message.as_deref()),
        Some(Because::Code(code, words)) => (Some(code), Some(words)),
        None => (None, None),
    };
    let write = super::attempt_item::set_status(write, status, code, words);
    let write = match because {
        Some(Because::Attempt(attempt)) => write
            .set("at", number(attempt.n))
            .assign("sid", attempt.sid.as_ref().map(|sid| text(sid.as_str())))
            .assign("da", attempt.delivered_at.map(millis)),
        Some(Because::Code(..)) | None => write,
    };
    if status.is_settled() { write.remove(GSI2PK).remove(GSI2SK) } else { write }
}

impl Store {
    /// Moves a message that is still as it was read to a new status, and its money with it, in one
    /// transaction. False: it is no longer as it was read, or the wallet is not.
    pub(super) async fn move_message(
        &self,
        whole: &Whole,
        status: MessageStatus,
        because: Option<Because<'_>>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let message = &whole.view.message;
        let attempt = match because {
            Some(Because::Attempt(attempt)) => attempt.n,
            Some(Because::Code(..)) | None => whole.view.progress.attempt,
        };
        let booking = Booking::of(whole, status, attempt);
        let mut writes = vec![booking.noted(whole, message_write(whole, status, because, now))?];
        if let (MessageStatus::Failed, Some(Because::Attempt(attempt))) = (status, because) {
            // Whether a failure is the message's is decided once: here, or by `supersede`.
            let key = AttemptRef { tenant: message.tenant.clone(), message: message.id, n: attempt.n };
            writes.push(Write::check(keys::attempt(&key)).when("attribute_not_exists(#sup)"));
        }
        writes.extend(self.booked(whole, &booking, now).await?);
        Ok(matches!(self.transact(writes).await?, Transacted::Done))
    }

    /// Books what the providers bill for a message that is still as it was read, where that is news.
    /// False: it is no longer as it was read, or the wallet is not.
    async fn book(&self, whole: &Whole, now: Timestamp) -> Result<bool, StoreError> {
        let progress = &whole.view.progress;
        let booking = Booking::of(whole, progress.status, progress.attempt);
        if booking.bills.is_none() {
            return Ok(true);
        }
        let mut writes = vec![booking.noted(whole, unchanged(whole))?];
        writes.extend(self.booked(whole, &booking, now).await?);
        Ok(matches!(self.transact(writes).await?, Transacted::Done))
    }

    /// The writes of wallet, hold, ledger and books.
    async fn booked(
        &self,
        whole: &Whole,
        booking: &Booking,
        now: Timestamp,
    ) -> Result<Vec<Write>, StoreError> {
        let message = &whole.view.message;
        let (tenant, subject) = (&message.tenant, Subject::Message(message.id));
        let (taken, due) = (booking.before.charge, booking.after.charge);
        let moves = whole.hold.and_then(|hold| Some((hold, hold.moves_of(booking.to, taken, due)?)));
        let mut writes = Vec::new();
        if let Some((hold, moves)) = moves {
            let wallet = self.read_wallet(tenant).await?.unwrap_or_default();
            let (_, moved) = moves;
            if moved.kind == EntryKind::Correction {
                let (subject, turn) = (subject.to_string(), whole.booked.to_string());
                let taking = Taking {
                    tenant,
                    kind: moved.kind,
                    id: EntryId::derived(&["correction", tenant.as_str(), &subject, &turn]),
                    resource: subject,
                    amount: moved.balance.negated(),
                    day: hold.day,
                    at: now,
                };
                writes.extend(money::take(&taking, Some(wallet))?);
            } else {
                writes.extend(money::settle(tenant, subject, hold, moves, wallet, now)?);
            }
        }
        let added = booking.after.since(&booking.before);
        writes.extend(usage::write(&UsageLine::of_message(message), &added));
        Ok(writes)
    }
}

/// What a message comes to by a new state, beside what it had come to.
struct Booking {
    to: HoldState,
    before: Usage,
    after: Usage,
    /// What the providers bill by now, where that is news.
    bills: Option<BTreeMap<u32, Bill>>,
}

impl Booking {
    fn of(whole: &Whole, status: MessageStatus, attempt: u32) -> Self {
        let (message, progress) = (&whole.view.message, &whole.view.progress);
        // What was never begun is a stub, which any verified account can leave.
        let billed = whole.view.attempts.iter().filter(|attempt| attempt.started_at.is_some());
        let billed = billed.filter(|attempt| !attempt.bill.is_empty());
        let bills: BTreeMap<u32, Bill> = billed.map(|attempt| (attempt.n, attempt.bill.clone())).collect();
        Self {
            to: HoldState::of(status),
            before: of_message(message, progress.status, progress.attempt, &progress.bills),
            after: of_message(message, status, attempt, &bills),
            bills: (bills != progress.bills).then_some(bills),
        }
    }

    /// With the bills that are in the books then.
    fn noted(&self, whole: &Whole, write: Write) -> Result<Write, StoreError> {
        Ok(match &self.bills {
            Some(bills) => write.set("bill", json(bills)?).set("bv", number(whole.booked.saturating_add(1))),
            None => write,
        })
    }
}

#[async_trait]
impl Projection for Store {
    async fn load(&self, tenant: &TenantId, id: MessageId) -> Result<Option<MessageView>, StoreError> {
        Ok(self.read_whole(tenant, id).await?.map(|whole| whole.view))
    }

    async fn project(&self, message: &Message) -> Result<bool, StoreError> {
        self.add_to_conversation(message).await
    }

    async fn fold(
        &self,
        attempt: &AttemptRef,
        state: &Attempt,
        now: Timestamp,
    ) -> Result<Option<MessageStatus>, StoreError> {
        if !fold::is_news(state) {
            return Ok(None);
        }
        let mut tries = Tries::default();
        loop {
            let Some(whole) = self.read_whole(&attempt.tenant, attempt.message).await? else {
                return Ok(None);
            };
            // The stream tells what the attempt was; what it is by now is at least as high.
            let Some(newest) = whole.view.attempts.iter().find(|known| known.n == attempt.n) else {
                return Ok(None);
            };
            let before = whole.view.progress.status;
            let takeover = fold::takeover(&whole.view.progress, newest);
            if takeover == Takeover::Sid {
                let write = Write::update(keys::message(&attempt.tenant, attempt.message))
                    .set("sid", text(newest.sid.as_ref().map(|sid| sid.as_str()).unwrap_or_default()))
                    .when("#at = :n AND attribute_not_exists(#sid)")
                    .with("n", number(attempt.n));
                self.wrote(write).await?;
            }
            match takeover {
                Takeover::Nothing | Takeover::Sid => {
                    if self.book(&whole, now).await? {
                        return Ok(None);
                    }
                }
                Takeover::Status => {
                    let because = Some(Because::Attempt(newest));
                    if self.move_message(&whole, newest.status, because, now).await? {
                        return Ok(Some(before));
                    }
                }
            }
            tries.again().await?;
        }
    }

    async fn supersede(&self, attempt: &AttemptRef) -> Result<bool, StoreError> {
        let failed = Write::update(keys::attempt(attempt))
            .set("sup", aws_sdk_dynamodb::types::AttributeValue::Bool(true))
            .when("attribute_exists(#sa) AND #st = :failed")
            .with("failed", text(MessageStatus::Failed.as_str()));
        let open = Write::check(keys::message(&attempt.tenant, attempt.message))
            .when("#rk < :settled AND #at <= :n")
            .with("settled", number(MessageStatus::Canceled.rank()))
            .with("n", number(attempt.n));
        self.all_or_none(vec![failed, open]).await
    }

    async fn set_due(
        &self,
        tenant: &TenantId,
        id: MessageId,
        due: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.mark_due(PendingKind::Send, tenant, id, due).await
    }

    async fn may_auto_answer(
        &self,
        tenant: &TenantId,
        conversation: ConversationId,
        now: Timestamp,
        window: Duration,
    ) -> Result<bool, StoreError> {
        let mut item = keyed(&keys::auto_answer(tenant, conversation), "auto");
        item.insert("ua".into(), millis(now));
        item.insert(TTL.into(), number(now.plus(window).seconds() + 1));
        let write = Write::put(item)
            .when("attribute_not_exists(#PK) OR #ua <= :free")
            .with("free", millis(now.minus(window)));
        self.wrote(write).await
    }
}
