//! The ports of events, with the fuse around every call.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use telephony::app::post_event::{Parcel, PostError, Posted, Poster};
use telephony::domain::endpoint::{Delivery, DeliveryRef, DeliveryState, Endpoint, Health};
use telephony::domain::event::{Event, EventFilter, NewEvent, Thread};
use telephony::domain::ids::{EndpointId, EventId, MessageId, ReplayId, TenantId};
use telephony::domain::timestamp::Timestamp;
use telephony::ports::*;
use telephony_aws::Store;

use crate::consumer::Consumer;
use crate::fuse::{Fuse, Lost};
use crate::line::Line;

pub struct Cutting<P> {
    pub inner: P,
    pub fuse: Arc<Fuse>,
}

type Answer<T> = Result<T, StoreError>;

impl Lost for PostError {
    fn before() -> Self {
        Self::NotConnected
    }
    fn after() -> Self {
        Self::Broken
    }
}

macro_rules! cutting {
    ($port:ident { $($label:literal fn $name:ident($($arg:ident: $kind:ty),*) -> $out:ty;)* }) => {
        #[async_trait]
        impl $port for Cutting<Store> {
            $(async fn $name(&self, $($arg: $kind),*) -> Answer<$out> {
                self.fuse.call($label, $port::$name(&self.inner, $($arg),*)).await
            })*
        }
    };
}

cutting! { EventLog {
    "log.record" fn record_event(event: &NewEvent) -> bool;
    "log.not_handed_out" fn not_handed_out(tenant: &TenantId, thread: Thread, limit: u32) -> Vec<Event>;
    "log.handed_out" fn handed_out(tenant: &TenantId, thread: Thread, sequence: u64) -> ();
    "log.event" fn event(tenant: &TenantId, id: EventId) -> Option<Event>;
    "log.numbered" fn numbered(tenant: &TenantId, thread: Thread, sequence: u64) -> Option<Event>;
    "log.since" fn since(tenant: &TenantId, since: Timestamp, cursor: Option<&str>, limit: u32) -> Page<Event>;
} }

cutting! { Deliveries {
    "deliveries.open" fn open(event: &Event, key: &DeliveryRef, state: DeliveryState, due: Timestamp) -> Delivery;
    "deliveries.load" fn delivery(key: &DeliveryRef) -> Option<Delivery>;
    "deliveries.begin" fn begin_try(delivery: &Delivery, lease: Timestamp) -> Option<Delivery>;
    "deliveries.end" fn end_try(delivery: &Delivery, end: &TryEnd) -> bool;
    "deliveries.restart" fn restart(event: &Event, key: &DeliveryRef, replay: ReplayId, now: Timestamp, due: Timestamp) -> bool;
    "deliveries.list" fn of_endpoint(tenant: &TenantId, endpoint: EndpointId, page: &PageRequest) -> Page<Delivery>;
} }

cutting! { OverdueDeliveries {
    "overdue" fn overdue(now: Timestamp, limit: u32) -> Vec<OverdueDelivery>;
    "postpone" fn postpone_delivery(delivery: &OverdueDelivery, next: Timestamp) -> bool;
} }

cutting! { Endpoints {
    "endpoints.list" fn endpoints(tenant: &TenantId) -> Vec<Endpoint>;
    "endpoints.get" fn endpoint(tenant: &TenantId, id: EndpointId) -> Option<Endpoint>;
    "endpoints.add" fn add_endpoint(endpoint: &Endpoint, most: u32) -> bool;
    "endpoints.change" fn change_endpoint(tenant: &TenantId, id: EndpointId, change: &EndpointChange, now: Timestamp) -> Option<Endpoint>;
    "endpoints.remove" fn remove_endpoint(tenant: &TenantId, id: EndpointId) -> bool;
    "endpoints.health" fn note_health(tenant: &TenantId, id: EndpointId, health: Health) -> ();
    "endpoints.disable" fn disable_endpoint(tenant: &TenantId, id: EndpointId, reason: &str) -> bool;
} }

cutting! { Outbox {
    "outbox.bound" fn bound(tenant: &TenantId, key: &str, now: Timestamp) -> Option<Bound>;
    "outbox.accept" fn accept(intent: &Intent) -> Accepted;
    "outbox.cancel" fn cancel(tenant: &TenantId, id: MessageId, now: Timestamp) -> bool;
} }

#[async_trait]
impl Queue for Cutting<Arc<Line>> {
    async fn enqueue(&self, job: &Job, delay: Duration) -> Answer<()> {
        self.fuse.call("queue.enqueue", self.inner.enqueue(job, delay)).await
    }
}

#[async_trait]
impl Poster for Cutting<Arc<Consumer>> {
    async fn post(&self, parcel: &Parcel) -> Result<Posted, PostError> {
        let label = if parcel.url.contains("healthy") { "post.healthy" } else { "post" };
        self.fuse.call(label, self.inner.post(parcel)).await
    }
}

/// Filters by their words.
pub fn filters(words: &[&str]) -> Vec<EventFilter> {
    words.iter().map(|word| word.parse().unwrap()).collect()
}
