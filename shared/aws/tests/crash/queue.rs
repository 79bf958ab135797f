//! The queue, the clock and randomness, none of which moves by itself.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{Clock, Job, Queue, Random, StoreError};

/// The queue's visibility timeout, as in the template.
const VISIBILITY: Duration = Duration::from_secs(360);
/// SQS cuts a longer delay.
const LONGEST_DELAY: Duration = Duration::from_secs(900);

/// A clock that the test moves.
pub struct FakeClock(AtomicI64);

impl FakeClock {
    pub fn new(at: Timestamp) -> Self {
        Self(AtomicI64::new(at.millis()))
    }

    /// Moves on; never back.
    pub fn reach(&self, at: Timestamp) {
        self.0.fetch_max(at.millis(), Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Ids that count, and the middle of every range.
#[derive(Default)]
pub struct Counting(AtomicU64);

impl Counting {
    /// For a world beside others, whose ids are to differ from theirs.
    pub fn beginning(at: u64) -> Self {
        Self(AtomicU64::new(at))
    }
}

impl Random for Counting {
    fn ulid(&self, now: Timestamp) -> u128 {
        let time = u128::try_from(now.millis()).unwrap() << 80;
        time | u128::from(self.0.fetch_add(1, Ordering::SeqCst)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }

    fn up_to(&self, max: Duration) -> Duration {
        max / 2
    }
}

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
