//! The reconciler: finishes or undoes what was left half done, and compares what we hold with what the
//! providers say.
//!
//! Its parts are apart: one that fails, or one purchase that cannot be gone on with, stops nothing else.
//! What it did is counted by [`Report`], which the Lambda wall turns into metrics.

pub mod sweep;

use std::sync::Arc;

use self::sweep::{InventorySweep, Swept};
use crate::app::numbers::give_back::{GiveBack, Returned};
use crate::app::numbers::purchase::saga::PurchaseSaga;
use crate::app::numbers::release::Release;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Clock, StoreError, Task, TaskKind, Tasks};

/// How many tasks of a kind and shard one run looks after.
const BATCH: u32 = 50;

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Purchases that were gone on with.
    pub purchases: u64,
    /// Releases that were gone on with.
    pub releases: u64,
    /// Numbers that a provider still does not take back.
    pub kept: u64,
    /// What the comparison with the providers found.
    pub swept: Swept,
    /// Tasks and accounts that failed.
    pub failures: u64,
    /// Tasks that were left for the next run, because this one has no time left.
    pub left: u64,
}

/// The reconciler's work on numbers.
pub struct Reconcile {
    /// What is due.
    pub tasks: Arc<dyn Tasks>,
    /// Purchases.
    pub saga: PurchaseSaga,
    /// Releases.
    pub release: Release,
    /// Numbers on their way back.
    pub give_back: GiveBack,
    /// Comparing with the providers.
    pub sweep: InventorySweep,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl Reconcile {
    /// One run. Nothing is begun after `until`.
    pub async fn run(&self, until: Timestamp) -> Report {
        let mut report = Report::default();
        for kind in [TaskKind::Purchase, TaskKind::Number, TaskKind::Stock] {
            self.tasks(kind, until, &mut report).await;
        }
        // Half of what is left: rents, subscriptions and lost texts come after it.
        let now = self.clock.now();
        let until = now.plus(until.since(now) / 2);
        self.sweep.run(until, &mut report.swept, &mut report.failures).await;
        report
    }

    async fn tasks(&self, kind: TaskKind, until: Timestamp, report: &mut Report) {
        let due = match self.tasks.due_tasks(kind, self.clock.now(), BATCH).await {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(?kind, %error, "What is due could not be read");
                report.failures += 1;
                return;
            }
        };
        for (task, _) in due {
            if self.clock.now() >= until {
                report.left += 1;
                continue;
            }
            if let Err(error) = self.look_after(&task, until, report).await {
                tracing::error!(?kind, %error, "A task failed, and comes again");
                report.failures += 1;
            }
        }
    }

    async fn look_after(&self, task: &Task, until: Timestamp, report: &mut Report) -> Result<(), StoreError> {
        match task {
            Task::Purchase(tenant, id) => {
                if self.saga.resume(tenant, *id, until).await?.is_some() {
                    report.purchases += 1;
                }
            }
            // What is due for another reason than its release is the rents' to look after.
            Task::Number(tenant, id) => {
                report.releases += u64::from(self.release.resume(tenant, *id).await?);
            }
            Task::Stock(account, phone) => {
                let returned = self.give_back.resume(account, phone).await?;
                report.kept += u64::from(returned == Returned::Refused);
            }
            Task::Subscription(..) => {}
        }
        Ok(())
    }
}
