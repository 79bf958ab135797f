//! When a delivery is tried again: Svix's schedule (<https://docs.svix.com/retries>), with jitter so that
//! the deliveries of an outage do not return in step.

use std::time::Duration;

use crate::domain::endpoint::Target;
use crate::ports::Random;

/// How long after each failed try the next one is: 8 tries in 27 hours and a half.
const WAITS: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(5 * 3600),
    Duration::from_secs(10 * 3600),
    Duration::from_secs(10 * 3600),
];

/// An answer to a text that comes later than that is none: tries at once, and after 5 seconds, 5 and 35
/// minutes, and a little more than two hours and a half.
const TRIES_OF_AN_AGENT: u32 = 5;

/// The longest that a queue holds a job back; what waits longer is found by the sweeper.
pub const LONGEST_QUEUED: Duration = Duration::from_secs(900);

/// The most tries.
pub fn most_tries(target: &Target) -> u32 {
    match target {
        Target::Endpoint(_) => u32::try_from(WAITS.len()).unwrap_or(0).saturating_add(1),
        Target::Agent(_) => TRIES_OF_AN_AGENT,
    }
}

/// How long to wait after failed try `n` (from 1), up to a tenth longer than the schedule says. `None`:
/// it was the last one.
pub fn wait_after(target: &Target, n: u32, random: &dyn Random) -> Option<Duration> {
    if n >= most_tries(target) {
        return None;
    }
    let wait = usize::try_from(n).ok().and_then(|n| WAITS.get(n.saturating_sub(1)))?;
    Some(wait.saturating_add(random.up_to(*wait / 10)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{most_tries, wait_after};
    use crate::domain::endpoint::Target;
    use crate::domain::ids::EndpointId;
    use crate::domain::timestamp::Timestamp;
    use crate::ports::Random;

    struct Share(u32);

    impl Random for Share {
        fn ulid(&self, _: Timestamp) -> u128 {
            0
        }
        fn up_to(&self, max: Duration) -> Duration {
            max * self.0 / 100
        }
    }

    fn total(target: &Target, share: u32) -> (u32, Duration) {
        let waits = (1..).map_while(|n| wait_after(target, n, &Share(share)));
        waits.fold((1, Duration::ZERO), |(tries, sum), wait| (tries + 1, sum + wait))
    }

    #[test]
    fn the_figures_are_those_of_the_document() {
        let endpoint = Target::Endpoint(EndpointId::from_bits(1));
        assert_eq!(total(&endpoint, 0), (8, Duration::from_secs(5 + 300 + 1800 + 7200 + 18_000 + 72_000)));
        let agent = Target::Agent("a".parse().unwrap());
        assert_eq!(total(&agent, 0), (5, Duration::from_secs(5 + 300 + 1800 + 7200)));
    }

    proptest! {
        #[test]
        fn jitter_lengthens_by_a_tenth_at_most_and_the_tries_end(n in 0_u32..100, share in 0_u32..=100) {
            let target = Target::Endpoint(EndpointId::from_bits(1));
            let plain = wait_after(&target, n.max(1), &Share(0));
            let drawn = wait_after(&target, n.max(1), &Share(share));
            prop_assert_eq!(plain.is_none(), n.max(1) >= most_tries(&target));
            if let (Some(plain), Some(drawn)) = (plain, drawn) {
                prop_assert!(drawn >= plain && drawn <= plain + plain / 10);
            }
        }
    }
}
