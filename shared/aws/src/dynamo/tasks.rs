//! What is due, from the sparse index.

use async_trait::async_trait;
use futures_util::future::try_join_all;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{StoreError, Task, TaskKind, Tasks};

use super::Store;
use crate::item::corrupt;
use crate::keys::{self, GSI2SK, SHARDS};

impl Store {
    async fn tasks_in(
        &self,
        kind: TaskKind,
        shard: u32,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(Task, Timestamp)>, StoreError> {
        let read = |due: String| keys::read_task(kind, &due).ok_or_else(|| corrupt(GSI2SK));
        self.past(&keys::tasks(kind, shard), now, limit).await?.into_iter().map(read).collect()
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
