//! The real clock and the real randomness, behind the ports.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::Rng;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{Clock, Random};

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The machine's randomness: a cryptographic generator, seeded by the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn ulid(&self, now: Timestamp) -> u128 {
        const TIME_BITS: u128 = (1 << 48) - 1;
        const RANDOM_BITS: u128 = (1 << 80) - 1;
        let millis = u128::try_from(now.millis()).unwrap_or(0) & TIME_BITS;
        (millis << 80) | (rand::rng().random::<u128>() & RANDOM_BITS)
    }

    fn up_to(&self, max: Duration) -> Duration {
        let nanos = u64::try_from(max.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(rand::rng().random_range(0..=nanos))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use telephony::domain::ids::MessageId;
    use telephony::domain::timestamp::Timestamp;
    use telephony::ports::{Clock, Random};

    use super::{SystemClock, SystemRandom};

    #[test]
    fn ulids_carry_their_time_sort_by_it_and_differ() {
        let at = Timestamp::from_millis(1_700_000_000_000);
        let (one, two) = (SystemRandom.ulid(at), SystemRandom.ulid(at));
        assert_ne!(one, two);
        assert_eq!(i64::try_from(one >> 80).unwrap(), at.millis());
        let later = SystemRandom.ulid(at.plus(Duration::from_millis(1)));
        assert!(MessageId::from_bits(one).to_string() < MessageId::from_bits(later).to_string());
    }

    #[test]
    fn jitter_stays_within_its_bound() {
        assert_eq!(SystemRandom.up_to(Duration::ZERO), Duration::ZERO);
        for _ in 0..100 {
            assert!(SystemRandom.up_to(Duration::from_millis(3)) <= Duration::from_millis(3));
        }
        assert!(SystemClock.now() > Timestamp::from_millis(1_700_000_000_000));
    }
}
