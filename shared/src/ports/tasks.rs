//! What is to be looked after at its time: sagas that go on, rents that fall due, releases to be tried
//! again. Whoever writes such a thing says in the same write when it is due.

use super::StoreError;
use crate::domain::ids::{AccountId, NumberId, PurchaseId, SubscriptionId, TenantId};
use crate::domain::phone::E164;
use crate::domain::timestamp::Timestamp;
use async_trait::async_trait;

/// Which kind of task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskKind {
    /// A purchase that is not final.
    Purchase,
    /// A number: its rent, or its release.
    Number,
    /// A subscription that is not provisioned, or not canceled, to the end.
    Subscription,
    /// A number that the platform holds at its own cost until its release succeeds.
    Stock,
}

impl TaskKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Purchase, Self::Number, Self::Subscription, Self::Stock];
}

/// Something to look after.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// A purchase.
    Purchase(TenantId, PurchaseId),
    /// A number.
    Number(TenantId, NumberId),
    /// A subscription.
    Subscription(TenantId, SubscriptionId),
    /// A number of the platform's stock.
    Stock(AccountId, E164),
}

impl Task {
    /// Its kind.
    pub const fn kind(&self) -> TaskKind {
        match self {
            Self::Purchase(..) => TaskKind::Purchase,
            Self::Number(..) => TaskKind::Number,
            Self::Subscription(..) => TaskKind::Subscription,
            Self::Stock(..) => TaskKind::Stock,
        }
    }
}

/// What is due.
#[async_trait]
pub trait Tasks: Send + Sync {
    /// Tasks of a kind that are due before `now`, the oldest first, at most `limit` of each shard. 1 query
    /// a shard of an index, so that a task may be missing, or be done already, for a moment: who looks
    /// after it reads it first.
    async fn due_tasks(
        &self,
        kind: TaskKind,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(Task, Timestamp)>, StoreError>;
}
