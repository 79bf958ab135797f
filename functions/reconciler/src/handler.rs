//! One run of the reconciler. Its parts are apart: one that fails stops no other, and what it left is due
//! in the next run.

use std::sync::Arc;
use std::time::Duration;

use telephony::app::backfill::Backfill;
use telephony::app::money::rents::Rents;
use telephony::app::numbers::moving::saga::MoveSaga;
use telephony::app::reconcile::Reconcile;
use telephony::app::subscriptions::Subscriptions;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::Clock;
use telephony_lambda::Error;
use telephony_lambda::metrics::{Metric, count, count_alone};
use telephony_lambda::schedule::Invocation;

/// What the last step that was begun may take: two calls to a provider, and the writes.
const RESERVE: Duration = Duration::from_secs(25);
/// How many tasks of a kind and shard one run looks after.
const BATCH: u32 = 50;

pub(crate) struct Handler {
    pub(crate) reconcile: Reconcile,
    pub(crate) moves: MoveSaga,
    pub(crate) believes_named_time: bool,
    pub(crate) rents: Rents,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) backfill: Backfill,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Handler {
    pub(crate) async fn handle(&self, invocation: &Invocation) -> Result<(), Error> {
        let now = self.clock.now();
        let until = now.plus(invocation.remaining(now).saturating_sub(RESERVE));
        let report = self.reconcile.run(until).await;
        tracing::info!(?report, "Reconciled");
        let mut failures = report.failures;
        failures += self.moves(invocation).await;
        failures += self.rents().await;
        failures += self.provision().await;
        failures += self.backfill(invocation, until).await;
        let now = self.clock.now();
        for (metric, found) in [
            (Metric::NumbersKept, report.kept + report.swept.kept),
            (Metric::InventoryMismatch, report.swept.orphans + report.swept.missing + report.swept.unknown),
            (Metric::ReconcilerFailures, failures),
        ] {
            if found > 0 {
                count_alone(metric, found, now);
            }
        }
        Ok(())
    }

    /// Numbers that move. They go by the clock; a local stack may name a later time, so that nobody has to
    /// wait for a test.
    async fn moves(&self, invocation: &Invocation) -> u64 {
        let named = invocation.named_time.filter(|_| self.believes_named_time);
        let clock = self.clock.now();
        let now = named.map_or(clock, |named| named.max(clock));
        match self.moves.run_due(now, BATCH).await {
            Ok(run) => {
                if run.looked_after > 0 {
                    tracing::info!(?run, "Moves gone on with");
                }
                run.failures
            }
            Err(error) => {
                tracing::error!(%error, "Moves could not be read");
                1
            }
        }
    }

    /// Monthly rents. The answer of each part is how much of it failed.
    async fn rents(&self) -> u64 {
        match self.rents.run_due(self.clock.now(), BATCH).await {
            Ok(0) => 0,
            Ok(looked_after) => {
                tracing::info!(looked_after, "Rents looked after");
                0
            }
            Err(error) => {
                tracing::error!(%error, "Rents could not all be looked after");
                1
            }
        }
    }

    async fn provision(&self) -> u64 {
        match self.subscriptions.run_due(self.clock.now(), BATCH).await {
            Ok(swept) => {
                if swept.settled > 0 || swept.pending > 0 {
                    tracing::info!(?swept, "Subscriptions gone on with");
                }
                u64::from(swept.failed)
            }
            Err(error) => {
                tracing::error!(%error, "Subscriptions could not be read");
                1
            }
        }
    }

    /// Read as of the time that the schedule names, or of now.
    async fn backfill(&self, invocation: &Invocation, until: Timestamp) -> u64 {
        if self.clock.now() >= until {
            return 0;
        }
        let now = invocation.named_time.unwrap_or_else(|| self.clock.now());
        match self.backfill.run(now, until).await {
            Ok(run) => {
                for (provider, stored) in &run.stored {
                    tracing::warn!(%provider, stored, "Messages stored that no webhook brought");
                    count(Metric::MessagesBackfilled, *provider, *stored, self.clock.now());
                }
                run.failures
            }
            Err(error) => {
                tracing::error!(%error, "Received messages could not be listed");
                1
            }
        }
    }
}
