//! Keys of events, endpoints, agents and deliveries.

use telephony::domain::endpoint::{DeliveryRef, Target};
use telephony::domain::event::Thread;
use telephony::domain::ids::{AgentId, EndpointId, EventId, TenantId};
use telephony::domain::timestamp::Timestamp;

use super::{Key, SHARDS, read_moment};

/// The partition of a tenant's event endpoints, and of how many there are.
pub fn endpoints(tenant: &TenantId) -> String {
    format!("T#{tenant}#EP")
}

/// The sort keys of endpoints begin with it.
pub const ENDPOINT: &str = "E#";

/// An event endpoint.
pub fn endpoint(tenant: &TenantId, id: EndpointId) -> Key {
    Key::new(endpoints(tenant), format!("{ENDPOINT}{id}"))
}

/// How many endpoints a tenant has.
pub fn endpoint_count(tenant: &TenantId) -> Key {
    Key::new(endpoints(tenant), "N")
}

/// The partition of a tenant's agents.
pub fn agents(tenant: &TenantId) -> String {
    format!("T#{tenant}#AG")
}

/// An agent.
pub fn agent(tenant: &TenantId, id: &AgentId) -> Key {
    Key::new(agents(tenant), id.as_str())
}

/// The partition of a thread: its counter and its events.
pub fn thread_partition(tenant: &TenantId, thread: Thread) -> String {
    format!("T#{tenant}#TH#{thread}")
}

/// Reads a thread's partition back.
pub fn read_thread_partition(pk: &str) -> Option<(TenantId, Thread)> {
    let (tenant, thread) = pk.strip_prefix("T#")?.split_once("#TH#")?;
    Some((tenant.parse().ok()?, thread.parse().ok()?))
}

/// How many events a thread has, and how many of them were handed out.
pub fn thread_counter(tenant: &TenantId, thread: Thread) -> Key {
    Key::new(thread_partition(tenant, thread), "C")
}

/// The event of this number in its thread.
pub fn event(tenant: &TenantId, thread: Thread, sequence: u64) -> Key {
    Key::new(thread_partition(tenant, thread), format!("E#{sequence:012}"))
}

/// The number of an event, from its sort key.
pub fn event_number(sk: &str) -> Option<u64> {
    sk.strip_prefix("E#")?.parse().ok()
}

/// The partition of an event: where it is, and its deliveries.
pub fn event_partition(tenant: &TenantId, id: EventId) -> String {
    format!("T#{tenant}#E#{id}")
}

/// Reads an event's partition back.
pub fn read_event_partition(pk: &str) -> Option<(TenantId, EventId)> {
    let (tenant, id) = pk.strip_prefix("T#")?.split_once("#E#")?;
    Some((tenant.parse().ok()?, id.parse().ok()?))
}

/// That an event was recorded, and where.
pub fn event_pointer(tenant: &TenantId, id: EventId) -> Key {
    Key::new(event_partition(tenant, id), "E")
}

/// A delivery.
pub fn delivery(key: &DeliveryRef) -> Key {
    Key::new(event_partition(&key.tenant, key.event), format!("D#{}", key.target))
}

/// The target of a delivery, from its sort key.
pub fn delivery_target(sk: &str) -> Option<Target> {
    sk.strip_prefix("D#")?.parse().ok()
}

/// `timeline`: a tenant's events.
pub fn events(tenant: &TenantId) -> String {
    format!("T#{tenant}#EV")
}

/// `timeline`: the deliveries to a target.
pub fn deliveries(tenant: &TenantId, target: &Target) -> String {
    format!("T#{tenant}#DV#{target}")
}

/// `pending`: the partition of deliveries in a shard.
pub fn pending_deliveries(shard: u32) -> String {
    format!("PEND#event#{shard}")
}

/// The shard of an event's deliveries.
pub fn delivery_shard(id: EventId) -> u32 {
    u32::try_from(id.bits() % u128::from(SHARDS)).unwrap_or(0)
}

/// `pending`: the sort key of a delivery that is due.
pub fn delivery_due(at: Timestamp, key: &DeliveryRef) -> String {
    format!("{at}#{}#{}#{}", key.tenant, key.event, key.target)
}

/// Reads [`delivery_due`] back.
pub fn read_delivery_due(sk: &str) -> Option<(Timestamp, DeliveryRef)> {
    let (at, rest) = read_moment(sk)?;
    let mut parts = rest.splitn(3, '#');
    let (tenant, event, target) = (parts.next()?, parts.next()?, parts.next()?);
    let key = DeliveryRef {
        tenant: tenant.parse().ok()?,
        event: event.parse().ok()?,
        target: target.parse().ok()?,
    };
    Some((at, key))
}
