//! The net under the stream: what waits, and since when it should not.

use async_trait::async_trait;
use futures_util::future::try_join_all;
use telephony::domain::ids::{MessageId, TenantId};
use telephony::domain::status::MessageStatus;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{Pending, PendingKind, PendingMessage, StoreError};

use super::Store;
use super::failure::failure;
use super::requests::Written;
use super::write::Write;
use crate::item::{Fields, corrupt, number, text};
use crate::keys::{self, GSI2PK, GSI2SK, PENDING, SHARDS};

impl Store {
    /// Sets or clears the mark. What is settled is not marked again, and a media mark is for messages
    /// with media only.
    pub(super) async fn mark_due(
        &self,
        kind: PendingKind,
        tenant: &TenantId,
        id: MessageId,
        due: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let write = Write::update(keys::message(tenant, id));
        let write = match due {
            None => write.remove(GSI2PK).remove(GSI2SK).if_present(),
            Some(due) => {
                let write = write
                    .set(GSI2PK, text(keys::pending(kind, keys::shard(id))))
                    .set(GSI2SK, text(keys::due(due, tenant, id)));
                match kind {
                    PendingKind::Send => write
                        .when("attribute_exists(#PK) AND attribute_not_exists(#fp) AND #rk < :settled")
                        .with("settled", number(MessageStatus::Canceled.rank())),
                    PendingKind::Media => write.when("attribute_exists(#mn)"),
                }
            }
        };
        match self.write(write, false).await? {
            // The projector marks either kind: an inbound message waits for its media.
            Written::Refused(stored) if kind == PendingKind::Send && stored.contains_key("mn") => {
                Box::pin(self.mark_due(PendingKind::Media, tenant, id, due)).await
            }
            Written::Refused(_) | Written::Done(_) => Ok(()),
        }
    }

    async fn due_in(
        &self,
        kind: PendingKind,
        shard: u32,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<PendingMessage>, StoreError> {
        let read = |due: String| {
            let (due, tenant, id) = keys::read_due(&due).ok_or_else(|| corrupt(GSI2SK))?;
            Ok(PendingMessage { tenant, id, due })
        };
        self.past(&keys::pending(kind, shard), now, limit).await?.into_iter().map(read).collect()
    }

    /// What stands in a partition of the pending index with a time before `now`, the oldest first: its
    /// sort keys, which say all.
    pub(super) async fn past(
        &self,
        partition: &str,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let request = self.client.query().table_name(&*self.table).index_name(PENDING);
        let answer = request
            .key_condition_expression("#pk = :pk AND #sk < :now")
            .expression_attribute_names("#pk", GSI2PK)
            .expression_attribute_names("#sk", GSI2SK)
            .expression_attribute_values(":pk", text(partition))
            .expression_attribute_values(":now", text(now.to_string()))
            .limit(i32::try_from(limit.max(1)).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| failure(&error))?;
        let due = |item| Fields(item).text(GSI2SK).map(str::to_owned);
        answer.items.unwrap_or_default().iter().map(due).collect()
    }
}

#[async_trait]
impl Pending for Store {
    async fn due(
        &self,
        kind: PendingKind,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<PendingMessage>, StoreError> {
        let shards = try_join_all((0..SHARDS).map(|shard| self.due_in(kind, shard, now, limit))).await?;
        let mut all: Vec<PendingMessage> = shards.into_iter().flatten().collect();
        all.sort_by_key(|message| message.due);
        Ok(all)
    }

    async fn postpone(
        &self,
        kind: PendingKind,
        message: &PendingMessage,
        next: Timestamp,
    ) -> Result<bool, StoreError> {
        let write = Write::update(keys::message(&message.tenant, message.id))
            .set(GSI2SK, text(keys::due(next, &message.tenant, message.id)))
            .when("#GSI2PK = :shard AND #GSI2SK = :was")
            .with("shard", text(keys::pending(kind, keys::shard(message.id))))
            .with("was", text(keys::due(message.due, &message.tenant, message.id)));
        self.wrote(write).await
    }
}
