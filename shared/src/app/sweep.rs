//! The net under the stream: what should have been looked after and was not is handed out again.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::copy_recording;
use crate::domain::message::MediaCopy;
use crate::domain::timestamp::Timestamp;
use crate::ports::{
    Job, MediaRecords, OverdueDeliveries, OverdueDelivery, Pending, PendingKind, Queue, RecordingRecords,
    StoreError,
};

/// How long a message that was handed out is left alone, unless its worker says otherwise.
const LEAVE_ALONE: Duration = Duration::from_secs(300);
/// How many messages of each shard one sweep hands out.
const BATCH: u32 = 100;

/// How often more deliveries are asked for in one sweep.
const MOST_ROUNDS: usize = 5;
/// How many of them are handed out at once.
const AT_ONCE: usize = 16;

/// Hands out what waits.
pub struct Sweep {
    /// What waits.
    pub pending: Arc<dyn Pending>,
    /// Inbound messages, to know which of their attachments are missing.
    pub media: Arc<dyn MediaRecords>,
    /// Recordings that are to be copied.
    pub recordings: Arc<dyn RecordingRecords>,
    /// Events that are to be told.
    pub deliveries: Arc<dyn OverdueDeliveries>,
    /// Where work goes.
    pub queue: Arc<dyn Queue>,
}

impl Sweep {
    /// One sweep. Returns how many messages were handed out.
    ///
    /// The job is enqueued before the mark is moved: a crash in between hands it out twice, which
    /// the workers bear, and never loses it.
    ///
    /// # Errors
    /// When the store or the queue fails; the next sweep goes on.
    pub async fn sweep(&self, now: Timestamp) -> Result<usize, StoreError> {
        let mut handed_out = 0_usize;
        for kind in [PendingKind::Send, PendingKind::Media] {
            for waiting in self.pending.due(kind, now, BATCH).await? {
                let jobs = self.jobs(kind, &waiting).await?;
                if jobs.is_empty() {
                    // Its last attachment was settled by a worker that died before it said so.
                    self.media.set_due(&waiting.tenant, waiting.id, None).await?;
                    continue;
                }
                for job in jobs {
                    self.queue.enqueue(&job, Duration::ZERO).await?;
                }
                if self.pending.postpone(kind, &waiting, now.plus(LEAVE_ALONE)).await? {
                    handed_out += 1;
                    tracing::info!(
                        message_id = %waiting.id, tenant = %waiting.tenant,
                        waited_ms = u64::try_from(now.since(waiting.due).as_millis()).unwrap_or(u64::MAX),
                        "Pending message handed out"
                    );
                }
            }
        }
        let recordings = self.sweep_recordings(now).await?;
        Ok(handed_out.saturating_add(recordings).saturating_add(self.sweep_deliveries(now).await?))
    }

    async fn sweep_recordings(&self, now: Timestamp) -> Result<usize, StoreError> {
        let overdue = self.recordings.overdue_recordings(now, BATCH).await?;
        for waiting in &overdue {
            self.queue.enqueue(&copy_recording::job(&waiting.tenant, &waiting.id), Duration::ZERO).await?;
            // Nothing is marked that was copied meanwhile.
            let (tenant, id) = (&waiting.tenant, &waiting.id);
            self.recordings.set_recording_due(tenant, id, now.plus(LEAVE_ALONE)).await?;
            tracing::info!(recording_id = %id, %tenant, "Waiting recording handed out");
        }
        Ok(overdue.len())
    }

    /// All that waits longer than a queue can hold comes this way, so that there may be much of it.
    async fn sweep_deliveries(&self, now: Timestamp) -> Result<usize, StoreError> {
        let mut handed_out = 0_usize;
        for _ in 0..MOST_ROUNDS {
            let overdue = self.deliveries.overdue(now, BATCH).await?;
            let done = stream::iter(&overdue).map(|delivery| self.hand_out(delivery, now));
            let done: Vec<bool> = done.buffer_unordered(AT_ONCE).try_collect().await?;
            handed_out = handed_out.saturating_add(done.into_iter().filter(|moved| *moved).count());
            if overdue.len() < usize::try_from(BATCH).unwrap_or(usize::MAX) {
                break;
            }
        }
        if handed_out > 0 {
            tracing::info!(handed_out, "Deliveries handed out");
        }
        Ok(handed_out)
    }

    async fn hand_out(&self, delivery: &OverdueDelivery, now: Timestamp) -> Result<bool, StoreError> {
        self.queue.enqueue(&Job::redeliver(&delivery.key), Duration::ZERO).await?;
        self.deliveries.postpone_delivery(delivery, now.plus(LEAVE_ALONE)).await
    }

    async fn jobs(
        &self,
        kind: PendingKind,
        waiting: &crate::ports::PendingMessage,
    ) -> Result<Vec<Job>, StoreError> {
        match kind {
            PendingKind::Send => Ok(vec![Job::Send { tenant: waiting.tenant.clone(), message: waiting.id }]),
            PendingKind::Media => {
                let Some(view) = self.media.load(&waiting.tenant, waiting.id).await? else {
                    return Ok(Vec::new());
                };
                let missing = view.progress.copies.iter().enumerate();
                Ok(missing
                    .filter(|(_, copy)| **copy == MediaCopy::Pending)
                    .filter_map(|(index, _)| u32::try_from(index).ok())
                    .map(|index| Job::CopyMedia {
                        tenant: waiting.tenant.clone(),
                        message: waiting.id,
                        index,
                    })
                    .collect())
            }
        }
    }
}
