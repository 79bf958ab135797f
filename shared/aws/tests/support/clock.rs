//! A clock and randomness that do not move by themselves.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use telephony::domain::timestamp::Timestamp;
use telephony::ports::{Clock, Random};

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
