//! The clock, randomness, pages, and how a store fails.

use crate::domain::timestamp::Timestamp;
use std::time::Duration;

/// Why a store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, is throttled, or did not answer in time. Trying again may help; whether
    /// the write took effect is unknown, which is why every write can be repeated.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// Too many writers at once, after several tries.
    #[error("too many writers at once")]
    Contended,
    /// What is stored cannot be read. Ours to mend.
    #[error("a stored item cannot be read: {0}")]
    Corrupt(String),
    /// A cursor that this list did not give out.
    #[error("not a cursor of this list")]
    BadCursor,
}

/// The clock.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Randomness: ids and jitter.
pub trait Random: Send + Sync {
    /// 128 bits of a ULID: 48 of `now`, 80 random.
    fn ulid(&self, now: Timestamp) -> u128;

    /// A duration drawn evenly from zero up to `max` (full jitter).
    fn up_to(&self, max: Duration) -> Duration;
}

/// One page of a list, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where to go on; opaque to the caller. `None`: this was the last page.
    pub next: Option<String>,
}

/// What page is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// At most this many, 1 to 100.
    pub limit: u32,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}
