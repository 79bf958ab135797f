//! What the projector derives from the stream.

use std::time::Duration;

use async_trait::async_trait;
use telephony::domain::ids::{ConversationId, MessageId, TenantId};
use telephony::domain::message::{Attempt, AttemptRef, Message, MessageView};
use telephony::domain::status::MessageStatus;
use telephony::domain::timestamp::Timestamp;
use telephony::domain::wallet::{HoldState, Subject};
use telephony::ports::{PendingKind, Projection, StoreError};

use super::Store;
use super::fold::{self, Takeover};
use super::message_item::Whole;
use super::money;
use super::requests::Transacted;
use super::tries::Tries;
use super::write::Write;
use crate::item::{keyed, millis, number, text};
use crate::keys::{self, GSI2PK, GSI2SK, TTL};

/// What moves with a status: what the attempt knows about it, or a code of ours.
#[derive(Clone, Copy, Debug)]
pub(super) enum Because<'a> {
    /// The attempt that it is of.
    Attempt(&'a Attempt),
    /// A code and its words.
    Code(&'a str, &'a str),
}

/// The update of a message that is still as it was read.
fn message_write(
    whole: &Whole,
    status: MessageStatus,
    because: Option<Because<'_>>,
    now: Timestamp,
) -> Write {
    let (message, before) = (&whole.view.message, &whole.view.progress);
    let write = Write::update(keys::message(&message.tenant, message.id))
        .set("ua", millis(now))
        .when("#rk = :was AND #at = :attempt")
        .with("was", number(before.status.rank()))
        .with("attempt", number(before.attempt));
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
        let mut writes = vec![message_write(whole, status, because, now)];
        if let (MessageStatus::Failed, Some(Because::Attempt(attempt))) = (status, because) {
            // Whether a failure is the message's is decided once: here, or by `supersede`.
            let key = AttemptRef { tenant: message.tenant.clone(), message: message.id, n: attempt.n };
            writes.push(Write::check(keys::attempt(&key)).when("attribute_not_exists(#sup)"));
        }
        let to = HoldState::of(status);
        if let Some((hold, moves)) = whole.hold.and_then(|hold| hold.moves(to).map(|moves| (hold, moves))) {
            let wallet = self.read_wallet(&message.tenant).await?.unwrap_or_default();
            writes.extend(money::settle(
                &message.tenant,
                Subject::Message(message.id),
                hold,
                moves,
                wallet,
                now,
            )?);
        }
        Ok(matches!(self.transact(writes).await?, Transacted::Done))
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
            match fold::takeover(&whole.view.progress, newest) {
                Takeover::Nothing => return Ok(None),
                Takeover::Sid => {
                    let write = Write::update(keys::message(&attempt.tenant, attempt.message))
                        .set("sid", text(newest.sid.as_ref().map(|sid| sid.as_str()).unwrap_or_default()))
                        .when("#at = :n AND attribute_not_exists(#sid)")
                        .with("n", number(attempt.n));
                    self.wrote(write).await?;
                    return Ok(None);
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
        let mut tries = Tries::default();
        loop {
            let failed = Write::update(keys::attempt(attempt))
                .set("sup", aws_sdk_dynamodb::types::AttributeValue::Bool(true))
                .when("attribute_exists(#sa) AND #st = :failed")
                .with("failed", text(MessageStatus::Failed.as_str()));
            let open = Write::check(keys::message(&attempt.tenant, attempt.message))
                .when("#rk < :settled AND #at <= :n")
                .with("settled", number(MessageStatus::Canceled.rank()))
                .with("n", number(attempt.n));
            match self.transact(vec![failed, open]).await? {
                Transacted::Done => return Ok(true),
                Transacted::Refused(_) => return Ok(false),
                Transacted::Conflict => tries.again().await?,
            }
        }
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
