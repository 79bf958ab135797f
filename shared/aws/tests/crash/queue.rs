//! The queue, which does not move by itself.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{Clock, Job, Queue, StoreError};

pub use crate::support::clock::{Counting, FakeClock};

/// The queue's visibility timeout, as in the template.
const VISIBILITY: Duration = Duration::from_secs(360);
/// SQS cuts a longer delay.
const LONGEST_DELAY: Duration = Duration::from_secs(900);

struct Entry {
    receipt: u64,
    job: Job,
    visible: Timestamp,
}

/// A queue that hands out at least once.
pub struct MemoryQueue {
    clock: std::sync::Arc<FakeClock>,
    entries: Mutex<(u64, Vec<Entry>)>,
}

impl MemoryQueue {
    pub fn new(clock: std::sync::Arc<FakeClock>) -> Self {
        Self { clock, entries: Mutex::default() }
    }

    /// Hands out the job that has been visible for longest, and hides it for a while.
    pub fn receive(&self) -> Option<(u64, Job)> {
        let now = self.clock.now();
        let mut entries = self.entries.lock().unwrap();
        let entry =
            entries.1.iter_mut().filter(|e| e.visible <= now).min_by_key(|e| (e.visible, e.receipt))?;
        entry.visible = now.plus(VISIBILITY);
        Some((entry.receipt, entry.job.clone()))
    }

    /// The job is done.
    pub fn delete(&self, receipt: u64) {
        self.entries.lock().unwrap().1.retain(|entry| entry.receipt != receipt);
    }

    /// When the next job is visible.
    pub fn next(&self) -> Option<Timestamp> {
        self.entries.lock().unwrap().1.iter().map(|entry| entry.visible).min()
    }
}

#[async_trait]
impl Queue for MemoryQueue {
    async fn enqueue(&self, job: &Job, delay: Duration) -> Result<(), StoreError> {
        let visible = self.clock.now().plus(delay.min(LONGEST_DELAY));
        let mut entries = self.entries.lock().unwrap();
        entries.0 += 1;
        let receipt = entries.0;
        entries.1.push(Entry { receipt, job: job.clone(), visible });
        Ok(())
    }
}
