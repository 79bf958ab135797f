//! What is due, from the sparse index.

use async_trait::async_trait;
use futures_util::future::try_join_all;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{StoreError, Task, TaskKind, Tasks};

use super::Store;
use super::failure::failure;
use crate::item::{Fields, corrupt, text};
use crate::keys::{self, GSI2PK, GSI2SK, PENDING, SHARDS};

impl Store {
    async fn tasks_in(
        &self,
        kind: TaskKind,
        shard: u32,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(Task, Timestamp)>, StoreError> {
        let request = self.client.query().table_name(&*self.table).index_name(PENDING);
        let answer = request
            .key_condition_expression("#pk = :pk AND #sk < :now")
            .expression_attribute_names("#pk", GSI2PK)
            .expression_attribute_names("#sk", GSI2SK)
            .expression_attribute_values(":pk", text(keys::tasks(kind, shard)))
            .expression_attribute_values(":now", text(now.to_string()))
            .limit(i32::try_from(limit.max(1)).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| failure(&error))?;
        let read = |item| keys::read_task(kind, Fields(item).text(GSI2SK)?).ok_or_else(|| corrupt(GSI2SK));
        answer.items.unwrap_or_default().iter().map(read).collect()
    }
}

#[async_trait]
impl Tasks for Store {
    async fn due_tasks(
        &self,
        kind: TaskKind,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(Task, Timestamp)>, StoreError> {
        let shards = try_join_all((0..SHARDS).map(|shard| self.tasks_in(kind, shard, now, limit))).await?;
        let mut all: Vec<_> = shards.into_iter().flatten().collect();
        all.sort_by_key(|(_, due)| *due);
        Ok(all)
    }
}
