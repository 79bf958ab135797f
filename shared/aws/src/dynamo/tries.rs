//! Trying again when other writers were faster.

use std::time::Duration;

use telephony::ports::StoreError;

/// At most this many tries; under the profile of a webhook they end within its operation timeout.
const MOST: u32 = 8;
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_millis(400);

/// Counts tries, and waits between them with full jitter, so that writers that met once do not meet
/// again.
#[derive(Debug, Default)]
pub(crate) struct Tries(u32);

impl Tries {
    /// Nothing was tried before.
    pub(crate) const fn is_first(&self) -> bool {
        self.0 == 0
    }

    /// Waits before the next try.
    ///
    /// # Errors
    /// [`StoreError::Contended`] when there have been enough.
    pub(crate) async fn again(&mut self) -> Result<(), StoreError> {
        self.0 += 1;
        if self.0 >= MOST {
            return Err(StoreError::Contended);
        }
        let ceiling = FIRST_WAIT.saturating_mul(1 << self.0.min(5)).min(LONGEST_WAIT);
        tokio::time::sleep(ceiling.mul_f64(fastrand::f64())).await;
        Ok(())
    }
}
