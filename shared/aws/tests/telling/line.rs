//! The two queues, the clock and randomness, none of which moves by itself.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{Clock, Job, Queue, Random, StoreError};

const VISIBILITY: Duration = Duration::from_secs(360);
const LONGEST_DELAY: Duration = Duration::from_secs(900);
const SAME_WITHIN: Duration = Duration::from_secs(300);

pub struct FakeClock(AtomicI64);

impl FakeClock {
    pub fn new(at: Timestamp) -> Self {
        Self(AtomicI64::new(at.millis()))
    }

    pub fn reach(&self, at: Timestamp) {
        self.0.fetch_max(at.millis(), Ordering::SeqCst);
    }

    pub fn pass(&self, by: Duration) {
        self.reach(self.now().plus(by));
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

#[derive(Default)]
pub struct Counting(AtomicU64);

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

#[derive(Default)]
struct Entries {
    last: u64,
    waiting: Vec<Entry>,
    seen: Vec<(String, Timestamp)>,
}

/// A queue with an order for what is handed out, and none for later tries; both hand out at least once.
pub struct Line {
    clock: Arc<FakeClock>,
    entries: Mutex<Entries>,
}

fn ordered(job: &Job) -> bool {
    matches!(job, Job::HandOut { .. })
}

/// Another job of its group stands before it.
fn behind(n: usize, waiting: &[Entry]) -> bool {
    let same = |e: &Entry| ordered(&e.job) && e.job.group() == waiting[n].job.group();
    ordered(&waiting[n].job) && waiting[..n].iter().any(same)
}

impl Line {
    pub fn new(clock: Arc<FakeClock>) -> Self {
        Self { clock, entries: Mutex::default() }
    }

    /// The first visible job that no other one of its group stands before.
    pub fn receive(&self) -> Option<(u64, Job)> {
        let now = self.clock.now();
        let mut entries = self.entries.lock().unwrap();
        let waiting = &mut entries.waiting;
        let free = |n: usize, waiting: &[Entry]| waiting[n].visible <= now && !behind(n, waiting);
        let n = (0..waiting.len()).find(|n| free(*n, waiting))?;
        waiting[n].visible = now.plus(VISIBILITY);
        Some((waiting[n].receipt, waiting[n].job.clone()))
    }

    pub fn delete(&self, receipt: u64) {
        self.entries.lock().unwrap().waiting.retain(|entry| entry.receipt != receipt);
    }

    /// When the next job can be handed out.
    pub fn next(&self) -> Option<Timestamp> {
        let waiting = &self.entries.lock().unwrap().waiting;
        let free = waiting.iter().enumerate().filter(|(n, _)| !behind(*n, waiting));
        free.map(|(_, entry)| entry.visible).min()
    }

    /// Has what waits stand in the other order.
    pub fn reverse(&self) {
        self.entries.lock().unwrap().waiting.reverse();
    }
}

#[async_trait]
impl Queue for Line {
    async fn enqueue(&self, job: &Job, delay: Duration) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut entries = self.entries.lock().unwrap();
        // As the real one does: through its bytes.
        let job: Job = serde_json::from_str(&serde_json::to_string(job).unwrap()).unwrap();
        let mut visible = now.plus(delay.min(LONGEST_DELAY));
        if let Job::HandOut { event, .. } = &job {
            visible = now;
            let event = event.to_string();
            if entries.seen.iter().any(|(seen, at)| *seen == event && now.since(*at) < SAME_WITHIN) {
                return Ok(());
            }
            entries.seen.push((event, now));
        }
        entries.last += 1;
        let receipt = entries.last;
        entries.waiting.push(Entry { receipt, job, visible });
        Ok(())
    }
}
