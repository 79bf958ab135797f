//! Status reports.

use async_trait::async_trait;
use telephony::domain::message::AttemptRef;
use telephony::domain::status::MessageStatus;
use telephony::ports::{Merged, Reports, StatusChange, StoreError};

use super::Store;
use super::attempt_item::{self, set_status};
use super::requests::Written;
use super::write::Write;
use crate::item::{ENTITY, Fields, Item, millis, number, text};
use crate::keys;

/// When it was delivered, by a status that says so.
pub(super) fn delivered_at(
    status: MessageStatus,
    at: telephony::domain::timestamp::Timestamp,
) -> Option<aws_sdk_dynamodb::types::AttributeValue> {
    matches!(status, MessageStatus::Delivered | MessageStatus::Read).then(|| millis(at))
}

/// Why a report was refused, from the attempt as it is.
fn verdict(stored: &Item, change: &StatusChange) -> Merged {
    let stored = Fields(stored);
    let other_account = stored.maybe_text("acct").is_some_and(|account| account != change.account.as_str());
    let other_sid = match (stored.maybe_text("sid"), &change.sid) {
        (Some(stored), Some(sid)) => stored != sid.as_str(),
        (None, _) | (_, None) => false,
    };
    if other_account || other_sid { Merged::Foreign } else { Merged::Stale }
}

#[async_trait]
impl Reports for Store {
    async fn merge(&self, attempt: &AttemptRef, change: &StatusChange) -> Result<Merged, StoreError> {
        let rank = change.status.rank();
        let write = Write::update(keys::attempt(attempt))
            .set(ENTITY, text(attempt_item::ENTITY))
            .set("acct", text(change.account.as_str()))
            .set("prov", text(change.provider.as_str()))
            .set("ua", millis(change.at))
            .set_some("sid", change.sid.as_ref().map(|sid| text(sid.as_str())));
        let write = match delivered_at(change.status, change.at) {
            // Read after delivered: the time of delivery stays.
            Some(at) => write.set_once("da", at),
            None => write,
        };
        // What the worker knew about a failure is not about the status that beats it.
        let write =
            set_status(write, change.status, change.error_code.as_deref(), change.error_message.as_deref())
                .remove("ek")
                .remove("ef")
                .when("attribute_not_exists(#acct) OR #acct = :acct")
                .when("attribute_not_exists(#rk) OR #rk < :rk")
                .with("rk", number(rank));
        let mut write = match &change.sid {
            Some(_) => write.when("attribute_not_exists(#sid) OR #sid = :sid"),
            None => write,
        };
        for ((figure, rank_of), value) in attempt_item::billed(&change.bill)? {
            write = write.set(figure, value).set(rank_of, number(rank));
        }
        match self.write(write, false).await? {
            Written::Done(_) => Ok(Merged::Applied),
            Written::Refused(stored) => {
                let verdict = verdict(&stored, change);
                if verdict == Merged::Stale && !stored.contains_key("sid") {
                    self.bind_sid(attempt, change).await?;
                }
                if verdict == Merged::Stale {
                    self.note_bill(attempt, change, &stored).await?;
                }
                Ok(verdict)
            }
        }
    }
}

impl Store {
    /// A report that is not higher may still be the first to tell the provider's id: the only trace of
    /// a send whose answer was lost.
    async fn bind_sid(&self, attempt: &AttemptRef, change: &StatusChange) -> Result<(), StoreError> {
        let Some(sid) = &change.sid else { return Ok(()) };
        let write = Write::update(keys::attempt(attempt))
            .set("sid", text(sid.as_str()))
            .when("#acct = :account AND attribute_not_exists(#sid)")
            .with("account", text(change.account.as_str()));
        self.wrote(write).await.map(|_| ())
    }

    /// Nor need it be higher to be the first to tell what is billed, or the highest that does.
    async fn note_bill(
        &self,
        attempt: &AttemptRef,
        change: &StatusChange,
        stored: &Item,
    ) -> Result<(), StoreError> {
        let rank = i64::from(change.status.rank());
        for ((figure, rank_of), value) in attempt_item::billed(&change.bill)? {
            if Fields(stored).maybe_number(rank_of).is_some_and(|known| known >= rank) {
                continue;
            }
            let write = Write::update(keys::attempt(attempt))
                .set(figure, value)
                .set(rank_of, number(rank))
                .when("#acct = :account")
                .with("account", text(change.account.as_str()))
                .when(&format!("attribute_not_exists(#{rank_of}) OR #{rank_of} < :{rank_of}"));
            self.wrote(write).await?;
        }
        Ok(())
    }
}
