//! When to try again: full jitter under a cap, the provider's own wish first.

use std::time::Duration;

use crate::domain::message::Purpose;
use crate::ports::Random;

/// The most attempts of one message.
pub const MAX_ATTEMPTS: u32 = 8;

const BASE: Duration = Duration::from_secs(2);
const CAP: Duration = Duration::from_secs(300);

/// How long to wait before the attempt that follows attempt `n`. What the provider asked for is
/// honoured in full, with jitter on top so that waiters do not return in step; otherwise a delay is
/// drawn evenly from zero to the doubling cap.
pub fn delay(random: &dyn Random, n: u32, retry_after: Option<Duration>) -> Duration {
    match retry_after {
        Some(wait) => wait.saturating_add(random.up_to(BASE)),
        None => {
            let doubled = BASE.saturating_mul(2_u32.saturating_pow(n.min(16)));
            random.up_to(doubled.min(CAP)).max(Duration::from_millis(500))
        }
    }
}

/// How long a send may wait to leave when the caller named no `sendBefore`.
pub const fn validity(purpose: Purpose) -> Duration {
    match purpose {
        Purpose::Otp => Duration::from_secs(10 * 60),
        Purpose::Transactional | Purpose::Conversation | Purpose::Marketing => Duration::from_secs(4 * 3600),
    }
}

/// How long a lost answer keeps the lane closed.
pub const fn lane_window(purpose: Purpose) -> Duration {
    match purpose {
        Purpose::Otp => Duration::from_secs(2 * 60),
        Purpose::Transactional | Purpose::Conversation | Purpose::Marketing => Duration::from_secs(15 * 60),
    }
}
