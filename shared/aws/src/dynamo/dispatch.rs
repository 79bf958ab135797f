//! What the sending worker needs.

use async_trait::async_trait;
use telephony::domain::address::Address;
use telephony::domain::consent::ContactConsent;
use telephony::domain::ids::{AccountId, MessageId, ProviderSid, TenantId};
use telephony::domain::message::{Attempt, AttemptRef, Lane, MessageView};
use telephony::domain::status::MessageStatus;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{AttemptEnd, Dispatch, PendingKind, StoreError};

use super::Store;
use super::attempt_item::{self, COST, SEGMENTS, set_status};
use super::message_item::Whole;
use super::outbox::not_opted_out;
use super::projection::Because;
use super::reports::delivered_at;
use super::requests::{Transacted, Written};
use super::tries::Tries;
use super::write::Write;
use crate::item::{ENTITY, Fields, corrupt, json, millis, number, text, word};
use crate::keys::{self, GSI2PK, GSI2SK};

/// What stands where the attempt is to be begun.
enum Stub {
    /// Nothing, or a status that is no higher than ours.
    Lower,
    /// A report of ours that is higher: it stays.
    Higher,
    /// What another account left. It never was about this attempt, and is overwritten.
    Foreign(String),
}

/// The attempt as it is begun. `mine` tells our own write from somebody else's, should its answer be
/// lost.
fn begun(key: &AttemptRef, attempt: &Attempt, mine: i64, stub: &Stub) -> Result<Write, StoreError> {
    let write = Write::update(keys::attempt(key))
        .set(ENTITY, text(attempt_item::ENTITY))
        .set("acct", text(attempt.account.as_str()))
        .set("prov", text(attempt.provider.as_str()))
        .set_some("from", attempt.from.as_ref().map(json).transpose()?)
        .set_some("sa", attempt.started_at.map(millis))
        .set_some("lu", attempt.lease_until.map(millis))
        .set("asked", number(attempt.asked))
        .set("mine", number(mine))
        .when("attribute_not_exists(#sa)");
    let ours = "attribute_not_exists(#acct) OR #acct = :acct";
    Ok(match stub {
        Stub::Lower => set_status(write, attempt.status, None, None)
            .when(ours)
            .when("attribute_not_exists(#rk) OR #rk <= :rk"),
        Stub::Higher => write.when(ours).when("#rk > :begun").with("begun", number(attempt.status.rank())),
        Stub::Foreign(account) => set_status(write, attempt.status, None, None)
            .remove("sid")
            .remove("da")
            .remove(SEGMENTS.0)
            .remove(SEGMENTS.1)
            .remove(COST.0)
            .remove(COST.1)
            .when("#acct = :stranger")
            .with("stranger", text(account.clone())),
    })
}

/// The message moves on to the attempt. Its status is never lowered, so the status is written by a
/// second form when it is already `unknown`.
fn moved_on(key: &AttemptRef, attempt: &Attempt, keep_status: bool) -> Write {
    let sending = MessageStatus::Sending;
    let write = Write::update(keys::message(&key.tenant, key.message))
        .set("at", number(attempt.n))
        .set_some("ua", attempt.started_at.map(millis))
        .set_some(GSI2SK, attempt.lease_until.map(|lease| text(keys::due(lease, &key.tenant, key.message))))
        .set(GSI2PK, text(keys::pending(PendingKind::Send, keys::shard(key.message))))
        .remove("sid")
        .remove("ec")
        .remove("em")
        .when("attribute_exists(#PK) AND #at < :at")
        .with("sending", number(sending.rank()));
    if keep_status {
        write.when("#rk > :sending AND #rk < :sent").with("sent", number(MessageStatus::Sent.rank()))
    } else {
        write.set("st", text(sending.as_str())).set("rk", number(sending.rank())).when("#rk <= :sending")
    }
}

/// An attempt of the message is under way, or has ended as the message's own end.
fn is_under_way(whole: &Whole) -> bool {
    let current = whole.view.attempts.iter().find(|attempt| attempt.n == whole.view.progress.attempt);
    current.is_some_and(|attempt| attempt.status != MessageStatus::Failed)
}

#[async_trait]
impl Dispatch for Store {
    async fn load(&self, tenant: &TenantId, id: MessageId) -> Result<Option<MessageView>, StoreError> {
        Ok(self.read_whole(tenant, id).await?.map(|whole| whole.view))
    }

    async fn consent(
        &self,
        tenant: &TenantId,
        contact: &Address,
    ) -> Result<Option<ContactConsent>, StoreError> {
        self.read_consent(tenant, contact).await
    }

    async fn begin(
        &self,
        tenant: &TenantId,
        id: MessageId,
        attempt: &Attempt,
        gate: Option<&Address>,
    ) -> Result<bool, StoreError> {
        let key = AttemptRef { tenant: tenant.clone(), message: id, n: attempt.n };
        let mine = fastrand::i64(..);
        let mut stub = Stub::Lower;
        let mut keep_status = false;
        let mut tries = Tries::default();
        loop {
            let mut writes = vec![begun(&key, attempt, mine, &stub)?, moved_on(&key, attempt, keep_status)];
            writes.extend(gate.map(|contact| not_opted_out(tenant, contact)));
            match self.transact(writes).await? {
                Transacted::Done => return Ok(true),
                Transacted::Refused(refusals) => {
                    if let Some(stored) = refusals.at(0) {
                        let stored = Fields(stored);
                        if stored.maybe_number("sa").is_some() {
                            return Ok(stored.maybe_number("mine") == Some(mine));
                        }
                        let rank = stored.maybe_number("rk").unwrap_or(0);
                        stub = match stored
                            .owned("acct")
                            .filter(|account| account != attempt.account.as_str())
                        {
                            Some(stranger) => Stub::Foreign(stranger),
                            None if rank > i64::from(attempt.status.rank()) => Stub::Higher,
                            None => Stub::Lower,
                        };
                    }
                    if refusals.at(2).is_some() {
                        return Ok(false);
                    }
                    if let Some(stored) = refusals.at(1) {
                        let stored = Fields(stored);
                        let rank = stored.maybe_number("rk").unwrap_or(i64::MAX);
                        let open = rank < i64::from(MessageStatus::Sent.rank());
                        if !open || stored.maybe_number("at").is_none_or(|at| at >= i64::from(attempt.n)) {
                            return Ok(false);
                        }
                        keep_status = rank > i64::from(MessageStatus::Sending.rank());
                    }
                }
                Transacted::Conflict => {}
            }
            tries.again().await?;
        }
    }

    async fn end(&self, attempt: &AttemptRef, end: &AttemptEnd) -> Result<(), StoreError> {
        let sid = end.sid.as_ref().map(|sid| text(sid.as_str()));
        let named = |write: Write| match &sid {
            Some(sid) => write.set_once("sid", sid.clone()),
            None => write,
        };
        let base = || named(Write::update(keys::attempt(attempt)).set("ua", millis(end.at)));
        // A beginning has written `sending` already: what is not above it has no news but the id.
        if end.status >= MessageStatus::Sending {
            let write =
                set_status(base(), end.status, end.error_code.as_deref(), end.error_message.as_deref());
            let write = match delivered_at(end.status, end.at) {
                Some(at) => write.set_once("da", at),
                None => write,
            };
            let write = write
                .assign("ek", end.error_kind.as_ref().map(word).transpose()?)
                .assign("ef", end.effect.as_ref().map(word).transpose()?)
                .set_some(
                    "sup",
                    end.superseded.then_some(aws_sdk_dynamodb::types::AttributeValue::Bool(true)),
                )
                // At the same rank our own answer owns the code, in whatever order the two came.
                .when("attribute_exists(#acct) AND #rk <= :rk");
            match self.write(write, false).await? {
                Written::Done(_) => return Ok(()),
                Written::Refused(stored) if stored.is_empty() => return Err(corrupt("attempt")),
                Written::Refused(_) => {}
            }
        }
        if sid.is_some() && !self.wrote(base().when("attribute_exists(#acct)")).await? {
            return Err(corrupt("attempt"));
        }
        Ok(())
    }

    async fn asked(&self, attempt: &AttemptRef) -> Result<u32, StoreError> {
        let write =
            Write::update(keys::attempt(attempt)).add("asked", number(1)).when("attribute_exists(#acct)");
        match self.write(write, true).await? {
            Written::Done(item) => Fields(&item).count("asked"),
            Written::Refused(_) => Err(corrupt("attempt")),
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

    async fn fail(
        &self,
        tenant: &TenantId,
        id: MessageId,
        code: &str,
        words: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tries = Tries::default();
        loop {
            let Some(whole) = self.read_whole(tenant, id).await? else { return Ok(()) };
            let status = whole.view.progress.status;
            if status.is_settled() || status >= MessageStatus::Sent || is_under_way(&whole) {
                return Ok(());
            }
            let because = Some(Because::Code(code, words));
            if self.move_message(&whole, MessageStatus::Failed, because, now).await? {
                return Ok(());
            }
            tries.again().await?;
        }
    }

    async fn lane(&self, lane: &Lane, now: Timestamp) -> Result<Option<AttemptRef>, StoreError> {
        self.lane_blocker(lane, now).await
    }

    async fn block_lane(&self, lane: &Lane, by: &AttemptRef, until: Timestamp) -> Result<(), StoreError> {
        self.lane_block(lane, by, until).await
    }

    async fn open_lane(&self, lane: &Lane, by: &AttemptRef) -> Result<(), StoreError> {
        self.lane_open(lane, by).await
    }

    async fn claim(
        &self,
        account: &AccountId,
        sid: &ProviderSid,
        by: &AttemptRef,
    ) -> Result<bool, StoreError> {
        self.claim_sid(account, sid, by).await
    }
}
