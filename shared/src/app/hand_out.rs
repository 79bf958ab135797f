//! Events leave in the order of their thread: each to everybody who wants it, before the next one.
//!
//! The order is that of the numbers, not that of the jobs: a job hands out whatever stands before its own
//! event as well. Only the first try is made here. An endpoint that failed leaves the line, and comes back
//! to it when something was delivered to it, so that it holds nobody up for longer than one try takes.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::post_event::{GRACE, PostEvent};
use crate::domain::endpoint::{Delivery, DeliveryRef, DeliveryState, Endpoint, Target};
use crate::domain::event::{Event, EventType, Thread};
use crate::domain::ids::{EventId, TenantId};
use crate::ports::{Clock, Deliveries, Endpoints, EventLog, Job, Queue, StoreError};

/// How many events are read at once.
const PAGE: u32 = 10;
/// After this time no other event is begun: with one try it stays within the function's timeout.
const BEGIN_WITHIN: Duration = Duration::from_secs(25);

/// Hands out events.
pub struct HandOut {
    /// Events.
    pub log: Arc<dyn EventLog>,
    /// Deliveries.
    pub deliveries: Arc<dyn Deliveries>,
    /// Who wants them.
    pub endpoints: Arc<dyn Endpoints>,
    /// The first try.
    pub post: Arc<PostEvent>,
    /// Where later tries go.
    pub queue: Arc<dyn Queue>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl HandOut {
    /// Hands out the events of a thread up to `event`, which may be done already.
    ///
    /// # Errors
    /// When the store or the queue fails, or time is short; the job is to be handed out again.
    pub async fn hand_out(
        &self,
        tenant: &TenantId,
        event: EventId,
        thread: Thread,
    ) -> Result<(), StoreError> {
        let began = self.clock.now();
        loop {
            let waiting = self.log.not_handed_out(tenant, thread, PAGE).await?;
            if waiting.is_empty() {
                return Ok(());
            }
            for next in waiting {
                if self.clock.now().since(began) >= BEGIN_WITHIN {
                    return Err(StoreError::Unavailable("no time for all events of a thread".to_owned()));
                }
                self.one(&next).await?;
                // What was begun twice by two jobs is delivered by one of them.
                self.log.handed_out(tenant, thread, next.sequence).await?;
                if next.what.id == event {
                    return Ok(());
                }
            }
        }
    }

    async fn one(&self, event: &Event) -> Result<(), StoreError> {
        let endpoints = self.endpoints.endpoints(&event.what.tenant).await?;
        let wanted = endpoints.iter().filter(|endpoint| is_for(event, endpoint));
        let tries = join_all(wanted.map(|endpoint| self.to_endpoint(event, endpoint)));
        // Nobody waits for another one, and everybody is tried before a failure of ours is reported.
        let (tried, asked) = futures_util::future::join(tries, self.to_agent(event)).await;
        tried.into_iter().chain([asked]).collect()
    }

    async fn to_endpoint(&self, event: &Event, endpoint: &Endpoint) -> Result<(), StoreError> {
        let key = DeliveryRef {
            tenant: event.what.tenant.clone(),
            event: event.what.id,
            target: Target::Endpoint(endpoint.id),
        };
        if !endpoint.is_active {
            let due = self.clock.now();
            return self.deliveries.open(event, &key, DeliveryState::Held, due).await.map(|_| ());
        }
        let Some(delivery) = self.open(event, &key).await? else { return Ok(()) };
        if endpoint.health.failing_since.is_some() {
            return self.queue.enqueue(&Job::redeliver(&key), Duration::ZERO).await;
        }
        self.post.to_endpoint(event, &delivery, endpoint).await
    }

    async fn to_agent(&self, event: &Event) -> Result<(), StoreError> {
        let Some(turn) = &event.what.turn else { return Ok(()) };
        let key = DeliveryRef {
            tenant: event.what.tenant.clone(),
            event: event.what.id,
            target: Target::Agent(turn.agent.clone()),
        };
        match self.open(event, &key).await? {
            Some(delivery) => self.post.to_agent(event, &delivery).await,
            None => Ok(()),
        }
    }

    /// The delivery, marked, if its first try is still to be made.
    async fn open(&self, event: &Event, key: &DeliveryRef) -> Result<Option<Delivery>, StoreError> {
        let now = self.clock.now();
        let delivery = self.deliveries.open(event, key, DeliveryState::Pending, now.plus(GRACE)).await?;
        let at_work = delivery.lease_until.is_some_and(|lease| now < lease);
        // Before its first try, its time is that of the event, told by another machine's clock.
        let later = delivery.tries > 0 && delivery.next_at.is_some_and(|next| now < next);
        let ours = delivery.state == DeliveryState::Pending && !at_work && !later;
        Ok(ours.then_some(delivery))
    }
}

/// A trial goes to the endpoint that it is a trial of.
fn is_for(event: &Event, endpoint: &Endpoint) -> bool {
    match (event.what.kind, event.what.thread) {
        (EventType::EndpointTest, Thread::Endpoint(id)) => id == endpoint.id,
        (kind, _) => endpoint.wants(kind),
    }
}
