//! A bounded cache of what was asked for: fresh for minutes, and stale for as long as the store fails.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use telephony::ports::StoreError;
use tokio::time::Instant;

/// A rotated key is accepted for at most this long (decisions.md, 19).
pub(crate) const FRESH: Duration = Duration::from_secs(300);
/// How long it is believed that there is nothing: an account that was just written is soon found.
pub(crate) const FRESH_NOTHING: Duration = Duration::from_secs(5);
/// Bad signatures must not become calls to the stores.
pub(crate) const BETWEEN_REFRESHES: Duration = Duration::from_secs(10);

struct Entry<V> {
    value: V,
    fetched: Instant,
    /// Forgotten on request; it serves while the store fails.
    outdated: bool,
    /// The last failure to fetch it anew.
    failed: Option<Instant>,
}

/// What is known of many keys. Nothing is counted among what is found, so that strangers who ask for what
/// there is not cannot push out what there is.
pub(crate) struct Aged<K, V> {
    capacity: usize,
    found: HashMap<K, Entry<V>>,
    nothing: HashMap<K, (V, Instant)>,
}

/// What can be nothing.
pub(crate) trait Nothing {
    /// There is none.
    fn is_nothing(&self) -> bool;
}

impl<T> Nothing for Option<T> {
    fn is_nothing(&self) -> bool {
        self.is_none()
    }
}

impl<T> Nothing for Vec<T> {
    fn is_nothing(&self) -> bool {
        self.is_empty()
    }
}

impl<K: Clone + Eq + Hash, V: Clone + Nothing> Aged<K, V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, found: HashMap::new(), nothing: HashMap::new() }
    }

    /// What needs no call: it is fresh, or fetching it has just failed.
    fn at_hand(&self, key: &K) -> Option<V> {
        if let Some(entry) = self.found.get(key) {
            let fresh = !entry.outdated && entry.fetched.elapsed() < FRESH;
            let failing = entry.failed.is_some_and(|at| at.elapsed() < BETWEEN_REFRESHES);
            return (fresh || failing).then(|| entry.value.clone());
        }
        let (value, at) = self.nothing.get(key)?;
        (at.elapsed() < FRESH_NOTHING).then(|| value.clone())
    }

    fn put(&mut self, key: &K, value: &V) {
        self.found.remove(key);
        self.nothing.remove(key);
        if value.is_nothing() {
            if self.nothing.len() >= self.capacity {
                self.nothing.retain(|_, (_, at)| at.elapsed() < FRESH_NOTHING);
            }
            // A flood of strangers: what does not fit is asked for again.
            if self.nothing.len() < self.capacity {
                self.nothing.insert(key.clone(), (value.clone(), Instant::now()));
            }
            return;
        }
        if self.found.len() >= self.capacity {
            let oldest = self.found.iter().min_by_key(|(_, entry)| entry.fetched).map(|(key, _)| key.clone());
            oldest.and_then(|key| self.found.remove(&key));
        }
        let entry = Entry { value: value.clone(), fetched: Instant::now(), outdated: false, failed: None };
        self.found.insert(key.clone(), entry);
    }

    /// The last known value, after a failure.
    fn stale(&mut self, key: &K) -> Option<V> {
        let entry = self.found.get_mut(key)?;
        entry.failed = Some(Instant::now());
        Some(entry.value.clone())
    }

    /// Forgets what is older than 10 seconds: what was read since then is not read again.
    pub(crate) fn outdate(&mut self) {
        for entry in self.found.values_mut() {
            let failing = entry.failed.is_some_and(|at| at.elapsed() < BETWEEN_REFRESHES);
            entry.outdated |= !failing && entry.fetched.elapsed() >= BETWEEN_REFRESHES;
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A value from the cache, or by `fetch`, whose failure the last known value survives.
pub(crate) async fn through<K, V, F>(cache: &Mutex<Aged<K, V>>, key: K, fetch: F) -> Result<V, StoreError>
where
    K: Clone + Eq + Hash,
    V: Clone + Nothing,
    F: Future<Output = Result<V, StoreError>>,
{
    if let Some(value) = lock(cache).at_hand(&key) {
        return Ok(value);
    }
    match fetch.await {
        Ok(value) => {
            lock(cache).put(&key, &value);
            Ok(value)
        }
        Err(error) => {
            let stale = lock(cache).stale(&key).ok_or_else(|| error.clone())?;
            tracing::warn!(%error, "provider accounts cannot be read; the last known ones are used");
            Ok(stale)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use super::{Aged, lock, through};
    use telephony::ports::StoreError;
    use tokio::time::advance;

    type Cache = Mutex<Aged<u32, Option<u32>>>;

    /// What is known of a key when the store says this, and whether the store was asked.
    async fn ask(cache: &Cache, key: u32, store: Result<Option<u32>, ()>) -> (Option<Option<u32>>, bool) {
        let mut asked = false;
        let fetch = async {
            asked = true;
            store.map_err(|()| StoreError::Unavailable("down".into()))
        };
        (through(cache, key, fetch).await.ok(), asked)
    }

    #[tokio::test(start_paused = true)]
    async fn found_keeps_for_minutes_and_nothing_for_seconds() {
        let cache = Cache::new(Aged::new(4));
        assert_eq!(ask(&cache, 1, Ok(Some(1))).await, (Some(Some(1)), true));
        assert_eq!(ask(&cache, 2, Ok(None)).await, (Some(None), true));
        advance(Duration::from_secs(4)).await;
        assert_eq!(ask(&cache, 1, Err(())).await, (Some(Some(1)), false));
        assert_eq!(ask(&cache, 2, Err(())).await, (Some(None), false));
        advance(Duration::from_secs(1)).await;
        assert_eq!(ask(&cache, 2, Ok(Some(2))).await, (Some(Some(2)), true));
        advance(Duration::from_secs(296)).await;
        assert_eq!(ask(&cache, 1, Ok(Some(9))).await, (Some(Some(9)), true));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failing_store_is_survived_and_asked_rarely() {
        let cache = Cache::new(Aged::new(4));
        assert_eq!(ask(&cache, 1, Err(())).await, (None, true));
        ask(&cache, 1, Ok(Some(1))).await;
        advance(Duration::from_secs(301)).await;
        assert_eq!(ask(&cache, 1, Err(())).await, (Some(Some(1)), true));
        assert_eq!(ask(&cache, 1, Err(())).await, (Some(Some(1)), false));
        advance(Duration::from_secs(10)).await;
        assert_eq!(ask(&cache, 1, Ok(Some(2))).await, (Some(Some(2)), true));
    }

    #[tokio::test(start_paused = true)]
    async fn forgetting_on_request_has_a_rhythm() {
        let cache = Cache::new(Aged::new(4));
        ask(&cache, 1, Ok(Some(1))).await;
        lock(&cache).outdate();
        assert_eq!(ask(&cache, 1, Ok(Some(2))).await, (Some(Some(1)), false));
        advance(Duration::from_secs(10)).await;
        lock(&cache).outdate();
        assert_eq!(ask(&cache, 1, Ok(Some(2))).await, (Some(Some(2)), true));
        lock(&cache).outdate();
        assert_eq!(ask(&cache, 1, Ok(Some(3))).await, (Some(Some(2)), false));
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_bounded_and_strangers_push_nobody_out() {
        let cache = Cache::new(Aged::new(4));
        ask(&cache, 1, Ok(Some(1))).await;
        for stranger in 100..200 {
            ask(&cache, stranger, Ok(None)).await;
        }
        assert_eq!(ask(&cache, 1, Err(())).await, (Some(Some(1)), false));
        for other in 2..6 {
            advance(Duration::from_secs(1)).await;
            ask(&cache, other, Ok(Some(other))).await;
        }
        let kept = |cache: &Cache| {
            let kept = lock(cache);
            (kept.found.len(), kept.nothing.len())
        };
        assert_eq!(kept(&cache), (4, 4));
        assert_eq!(ask(&cache, 1, Ok(Some(7))).await, (Some(Some(7)), true));
    }
}
