//! An endpoint is told again what happened, from any moment on.

use std::sync::Arc;
use std::time::Duration;

use super::post_event::GRACE;
use crate::domain::endpoint::{DeliveryRef, Target};
use crate::domain::event::Event;
use crate::domain::ids::{EndpointId, ReplayId, TenantId};
use crate::domain::timestamp::Timestamp;
use crate::ports::{Clock, Deliveries, Endpoints, EventLog, Job, Queue, StoreError};

/// How many events one job begins again.
const PAGE: u32 = 25;

/// A wish to be told again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Whose.
    pub tenant: TenantId,
    /// Which endpoint.
    pub endpoint: EndpointId,
    /// Names this wish: what it began again is not begun again by a repeated job.
    pub replay: ReplayId,
    /// Since when.
    pub since: Timestamp,
    /// Until when: what happens after the wish is told anyway.
    pub until: Timestamp,
}

/// Tells again.
pub struct Replay {
    /// Events.
    pub log: Arc<dyn EventLog>,
    /// Deliveries.
    pub deliveries: Arc<dyn Deliveries>,
    /// Endpoints.
    pub endpoints: Arc<dyn Endpoints>,
    /// Where tries are handed out.
    pub queue: Arc<dyn Queue>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl Replay {
    /// Hands out the first page of a wish.
    ///
    /// # Errors
    /// When the queue fails.
    pub async fn start(&self, wish: &Wish) -> Result<(), StoreError> {
        self.queue.enqueue(&job(wish, None), Duration::ZERO).await
    }

    /// One event again, whatever became of it before.
    ///
    /// # Errors
    /// When the store or the queue fails.
    pub async fn again(
        &self,
        event: &Event,
        endpoint: EndpointId,
        replay: ReplayId,
    ) -> Result<(), StoreError> {
        let key = DeliveryRef {
            tenant: event.what.tenant.clone(),
            event: event.what.id,
            target: Target::Endpoint(endpoint),
        };
        let now = self.clock.now();
        // Restarted by this wish before: then the job is on its way, or the sweeper finds the mark.
        if self.deliveries.restart(event, &key, replay, now, now.plus(GRACE)).await? {
            self.queue.enqueue(&Job::redeliver(&key), Duration::ZERO).await?;
        }
        Ok(())
    }

    /// A page of a wish.
    ///
    /// # Errors
    /// When the store or the queue fails; the job is to be handed out again.
    pub async fn page(&self, wish: &Wish, cursor: Option<&str>) -> Result<(), StoreError> {
        let endpoint = self.endpoints.endpoint(&wish.tenant, wish.endpoint).await?;
        let Some(endpoint) = endpoint.filter(|endpoint| endpoint.is_active) else { return Ok(()) };
        let page = self.log.since(&wish.tenant, wish.since, cursor, PAGE).await?;
        for event in &page.items {
            if event.what.at > wish.until {
                return Ok(());
            }
            if endpoint.wants(event.what.kind) {
                self.again(event, wish.endpoint, wish.replay).await?;
            }
        }
        match page.next {
            Some(next) => self.queue.enqueue(&job(wish, Some(next)), Duration::ZERO).await,
            None => Ok(()),
        }
    }
}

fn job(wish: &Wish, cursor: Option<String>) -> Job {
    Job::Replay {
        tenant: wish.tenant.clone(),
        endpoint: wish.endpoint,
        replay: wish.replay,
        since: wish.since,
        until: wish.until,
        cursor,
    }
}
