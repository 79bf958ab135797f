//! What happened, and what became of telling it.

use async_trait::async_trait;

use super::{Page, PageRequest, StoreError};
use crate::domain::endpoint::{Delivery, DeliveryRef, DeliveryState};
use crate::domain::event::{Event, NewEvent, Thread};
use crate::domain::ids::{EndpointId, EventId, ReplayId, TenantId};
use crate::domain::timestamp::Timestamp;

/// Events by their threads.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Records an event under the next number of its thread, in one transaction: whatever is repeated
    /// or happens at once, an event has one number and no number is left out. False: it was recorded
    /// before.
    async fn record_event(&self, event: &NewEvent) -> Result<bool, StoreError>;

    /// The first events of a thread that were not handed out, in their order, at most `limit`.
    async fn not_handed_out(
        &self,
        tenant: &TenantId,
        thread: Thread,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError>;

    /// Everything in the thread up to `sequence` was handed out.
    async fn handed_out(&self, tenant: &TenantId, thread: Thread, sequence: u64) -> Result<(), StoreError>;

    /// One event. 2 reads.
    async fn event(&self, tenant: &TenantId, id: EventId) -> Result<Option<Event>, StoreError>;

    /// The event of this number. 1 read.
    async fn numbered(
        &self,
        tenant: &TenantId,
        thread: Thread,
        sequence: u64,
    ) -> Result<Option<Event>, StoreError>;

    /// A tenant's events from `since` on, oldest first. `cursor` is the one of the page before.
    async fn since(
        &self,
        tenant: &TenantId,
        since: Timestamp,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Event>, StoreError>;
}

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TryEnd {
    /// What becomes of the delivery.
    pub state: DeliveryState,
    /// The HTTP status.
    pub status: Option<u16>,
    /// What went wrong where there was none.
    pub error: Option<String>,
    /// When it is tried again.
    pub next_at: Option<Timestamp>,
    /// When the sweeper looks after it, should nobody have.
    pub due: Option<Timestamp>,
}

/// A delivery that should have been looked after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverdueDelivery {
    /// Which.
    pub key: DeliveryRef,
    /// Since when.
    pub due: Timestamp,
}

/// Deliveries.
#[async_trait]
pub trait Deliveries: Send + Sync {
    /// Begins a delivery that nobody has begun, to be looked after at `due`, and returns what is
    /// stored: this, or what was there before.
    async fn open(
        &self,
        event: &Event,
        key: &DeliveryRef,
        state: DeliveryState,
        due: Timestamp,
    ) -> Result<Delivery, StoreError>;

    /// One delivery. 1 consistent read.
    async fn delivery(&self, key: &DeliveryRef) -> Result<Option<Delivery>, StoreError>;

    /// Counts a try before it is made, with a lease, if the delivery is still as it was read. The try as
    /// it is then; `None`: somebody else is at it.
    async fn begin_try(&self, delivery: &Delivery, lease: Timestamp) -> Result<Option<Delivery>, StoreError>;

    /// Writes how a try ended, unless another one has begun since.
    async fn end_try(&self, delivery: &Delivery, end: &TryEnd) -> Result<bool, StoreError>;

    /// Has an event delivered from the beginning, as if it had not been before; once per `replay`.
    async fn restart(
        &self,
        event: &Event,
        key: &DeliveryRef,
        replay: ReplayId,
        now: Timestamp,
        due: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Deliveries to an endpoint, the newest event first.
    async fn of_endpoint(
        &self,
        tenant: &TenantId,
        endpoint: EndpointId,
        page: &PageRequest,
    ) -> Result<Page<Delivery>, StoreError>;
}

/// The net under the queues: deliveries that nobody looks after.
#[async_trait]
pub trait OverdueDeliveries: Send + Sync {
    /// Deliveries due before `now`, oldest first, at most `limit` of each shard.
    async fn overdue(&self, now: Timestamp, limit: u32) -> Result<Vec<OverdueDelivery>, StoreError>;

    /// Moves the mark, so that it is handed out once. False: somebody else moved or cleared it.
    async fn postpone_delivery(
        &self,
        delivery: &OverdueDelivery,
        next: Timestamp,
    ) -> Result<bool, StoreError>;
}
