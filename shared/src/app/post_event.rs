//! One try to tell somebody of an event.
//!
//! The try is counted, with a lease, before anything is posted, and the delivery stays marked until it is
//! over: whoever dies in between leaves a mark that the sweeper finds. What is posted twice has one id.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::agent_answer::{AgentAnswer, NoAnswer};
use super::event_schedule::{LONGEST_QUEUED, most_tries, wait_after};
use super::sign_event::{self, OpenedSecrets};
use crate::domain::endpoint::{Delivery, DeliveryRef, DeliveryState, Endpoint, Health, Target};
use crate::domain::event::Event;
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::ports::{
    Agents, Clock, Deliveries, Endpoints, EventLog, Job, Queue, Random, SealContext, StoreError, TryEnd,
};

/// How long the process that began a try may be at it: the function's timeout (60 s in the template,
/// read by a tidy test) and a margin.
pub const LEASE: Duration = Duration::from_secs(65);
/// How long after its time a queued try is left alone before the sweeper looks.
pub const GRACE: Duration = Duration::from_secs(60);
/// An endpoint whose deliveries have all failed for so long is switched off.
const DISABLED_AFTER: Duration = Duration::from_secs(5 * 24 * 3600);
/// When nothing was tried for so long, failures before and after do not belong together. Longer than any
/// wait of the schedule.
const ANOTHER_TIME: Duration = Duration::from_secs(48 * 3600);
/// Failures that follow each other so closely are noted once.
const NOTED_ONCE: Duration = Duration::from_secs(60);

/// The purposes of secrets.
pub const ENDPOINT_PURPOSE: &str = "event-endpoint";
/// The same, of agents.
pub const AGENT_PURPOSE: &str = "agent";

/// What is posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Where.
    pub url: String,
    /// The id and the signature; the rest is the same for all.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: String,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The HTTP status.
    pub status: u16,
    /// The type of the body.
    pub content_type: Option<String>,
    /// The body. `None`: it was too long, or broke off.
    pub body: Option<Vec<u8>>,
}

/// Why nothing came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// Not in time.
    #[error("timeout")]
    Timeout,
    /// Nobody there, or no TLS.
    #[error("not_connected")]
    NotConnected,
    /// An address that we do not go to.
    #[error("not_allowed")]
    NotAllowed,
    /// The connection broke.
    #[error("broken")]
    Broken,
}

/// The guarded way to customers' systems: private addresses refused, no redirects, limits of time and size.
#[async_trait]
pub trait Poster: Send + Sync {
    /// Posts once.
    async fn post(&self, parcel: &Parcel) -> Result<Posted, PostError>;
}

/// What the operator counts.
pub trait Notices: Send + Sync {
    /// An endpoint was switched off for its failures.
    fn endpoint_disabled(&self, now: Timestamp);
}

/// Posts events.
pub struct PostEvent {
    /// Deliveries.
    pub deliveries: Arc<dyn Deliveries>,
    /// Events.
    pub log: Arc<dyn EventLog>,
    /// Where they go.
    pub endpoints: Arc<dyn Endpoints>,
    /// Who may answer.
    pub agents: Arc<dyn Agents>,
    /// What is done with answers.
    pub answer: AgentAnswer,
    /// What signs.
    pub secrets: OpenedSecrets,
    /// The way out.
    pub poster: Arc<dyn Poster>,
    /// What is counted.
    pub notices: Arc<dyn Notices>,
    /// Where later tries go.
    pub queue: Arc<dyn Queue>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Jitter.
    pub random: Arc<dyn Random>,
}

/// How a try went.
enum Verdict {
    Taken(u16),
    Failed {
        status: Option<u16>,
        error: Option<String>,
    },
    /// There is no sense in another try.
    Over(&'static str),
}

fn failed(error: impl Into<String>) -> Verdict {
    Verdict::Failed { status: None, error: Some(error.into()) }
}

impl PostEvent {
    /// A later try. Any number of jobs may ask for it.
    ///
    /// # Errors
    /// When the store or the queue fails; the job is to be handed out again.
    pub async fn redeliver(&self, key: &DeliveryRef) -> Result<(), StoreError> {
        let Some(delivery) = self.deliveries.delivery(key).await? else { return Ok(()) };
        let now = self.clock.now();
        if delivery.state != DeliveryState::Pending || delivery.lease_until.is_some_and(|lease| now < lease) {
            return Ok(());
        }
        if let Some(next) = delivery.next_at.filter(|next| now < *next) {
            let wait = next.since(now);
            return if wait <= LONGEST_QUEUED {
                self.queue.enqueue(&Job::redeliver(key), wait).await
            } else {
                Ok(())
            };
        }
        let event = self.log.numbered(&key.tenant, delivery.thread, delivery.sequence).await?;
        let Some(event) = event else { return self.give_up(&delivery, "expired").await };
        match &key.target {
            Target::Endpoint(id) => match self.endpoints.endpoint(&key.tenant, *id).await? {
                None => self.give_up(&delivery, "endpoint_deleted").await,
                Some(endpoint) => self.to_endpoint(&event, &delivery, &endpoint).await,
            },
            Target::Agent(_) => self.to_agent(&event, &delivery).await,
        }
    }

    /// Tries an endpoint now.
    ///
    /// # Errors
    /// When the store or the queue fails.
    pub async fn to_endpoint(
        &self,
        event: &Event,
        delivery: &Delivery,
        endpoint: &Endpoint,
    ) -> Result<(), StoreError> {
        if !endpoint.is_active {
            return self.hold(delivery, None).await;
        }
        let Some(begun) = self.begin(delivery).await? else { return Ok(()) };
        let now = self.clock.now();
        let context = SealContext {
            tenant: endpoint.tenant.clone(),
            owner: endpoint.id.to_string(),
            purpose: ENDPOINT_PURPOSE,
        };
        let previous = endpoint.previous.iter().filter(|(_, until)| now < *until).map(|(sealed, _)| sealed);
        let mut secrets = Vec::with_capacity(2);
        for sealed in std::iter::once(&endpoint.secret).chain(previous) {
            match self.secrets.open(&context, sealed, now).await {
                Ok(secret) => secrets.push(secret),
                // Ours to mend, and no reason to stop the conversation for everybody.
                Err(StoreError::Corrupt(_)) => {
                    tracing::error!(endpoint_id = %endpoint.id, "The secret of an endpoint cannot be opened");
                }
                Err(error) => return Err(error),
            }
        }
        let body = event.body(None);
        let posted = self.post(event, &endpoint.url, &secrets, body).await;
        let verdict = match posted {
            Ok(Posted { status: status @ 200..=299, .. }) => Verdict::Taken(status),
            Ok(Posted { status: 410, .. }) => {
                self.disable(endpoint, "gone").await?;
                return self.hold(&begun, Some(410)).await;
            }
            Ok(Posted { status, .. }) => Verdict::Failed { status: Some(status), error: None },
            Err(verdict) => verdict,
        };
        self.note(endpoint, matches!(verdict, Verdict::Taken(_))).await?;
        self.end(&begun, verdict).await
    }

    /// Tries the agent of the event now, and has its answer sent.
    ///
    /// # Errors
    /// When the store or the queue fails; the agent is then asked again, and what it says the second time
    /// is sent under the same ids.
    pub async fn to_agent(&self, event: &Event, delivery: &Delivery) -> Result<(), StoreError> {
        let Some(begun) = self.begin(delivery).await? else { return Ok(()) };
        let verdict = self.ask_agent(event).await?;
        self.end(&begun, verdict).await
    }

    async fn ask_agent(&self, event: &Event) -> Result<Verdict, StoreError> {
        let tenant = &event.what.tenant;
        let Some(turn) = &event.what.turn else { return Ok(Verdict::Over("no_turn")) };
        let agent = self.agents.agent(tenant, &turn.agent).await?;
        let Some((url, agent)) = agent.and_then(|agent| Some((agent.sms_url.clone()?, agent))) else {
            return Ok(Verdict::Over("agent_gone"));
        };
        let Some(inbound) = self.answer.inbound(tenant, turn.message).await? else {
            return Ok(Verdict::Over("message_gone"));
        };
        let now = self.clock.now();
        let Some(history) = self.answer.history(&inbound).await? else {
            tracing::warn!(message_id = %inbound.id, agent_id = %agent.id, "Not given to the agent: it answers too often");
            return Ok(Verdict::Over("loop_guard"));
        };
        let mut secrets = Vec::new();
        if let Some(sealed) = &agent.secret {
            let context =
                SealContext { tenant: tenant.clone(), owner: agent.id.to_string(), purpose: AGENT_PURPOSE };
            match self.secrets.open(&context, sealed, now).await {
                Ok(secret) => secrets.push(secret),
                Err(StoreError::Corrupt(_)) => return Ok(Verdict::Over("secret_unreadable")),
                Err(error) => return Err(error),
            }
        }
        let body = event.body(Some(("history", history.json())));
        let posted = match self.post(event, &url, &secrets, body).await {
            Ok(posted) => posted,
            Err(verdict) => return Ok(verdict),
        };
        if !(200..=299).contains(&posted.status) {
            return Ok(Verdict::Failed { status: Some(posted.status), error: None });
        }
        match self.answer.take(&inbound, &posted).await {
            Ok(()) => Ok(Verdict::Taken(posted.status)),
            Err(NoAnswer::Unreadable(why)) => {
                tracing::warn!(message_id = %inbound.id, agent_id = %agent.id, why, "The agent's answer is none");
                Ok(Verdict::Failed { status: Some(posted.status), error: Some(why.to_owned()) })
            }
            Err(NoAnswer::Store(error)) => Err(error),
        }
    }

    async fn post(
        &self,
        event: &Event,
        url: &str,
        secrets: &[Secret],
        body: String,
    ) -> Result<Posted, Verdict> {
        let headers = sign_event::headers(secrets, event.what.id, self.clock.now(), &body);
        let headers = headers.ok_or_else(|| failed("no_secret"))?;
        let parcel = Parcel { url: url.to_owned(), headers: headers.into(), body };
        self.poster.post(&parcel).await.map_err(|error| failed(error.to_string()))
    }

    async fn begin(&self, delivery: &Delivery) -> Result<Option<Delivery>, StoreError> {
        if delivery.tries >= most_tries(&delivery.key.target) {
            // The process that made the last try died over it.
            self.give_up(delivery, "lost").await?;
            return Ok(None);
        }
        self.deliveries.begin_try(delivery, self.clock.now().plus(LEASE)).await
    }

    async fn end(&self, begun: &Delivery, verdict: Verdict) -> Result<(), StoreError> {
        let key = &begun.key;
        let (status, error) = match verdict {
            Verdict::Taken(status) => {
                tracing::info!(event_id = %key.event, target = %key.target, tries = begun.tries, status, "Event delivered");
                let end = over(DeliveryState::Delivered, Some(status), None);
                return self.deliveries.end_try(begun, &end).await.map(|_| ());
            }
            Verdict::Over(why) => return self.give_up(begun, why).await,
            Verdict::Failed { status, error } => (status, error),
        };
        tracing::warn!(
            event_id = %key.event, target = %key.target, tries = begun.tries, status, error, "Event not delivered"
        );
        let Some(wait) = wait_after(&key.target, begun.tries, self.random.as_ref()) else {
            tracing::warn!(event_id = %key.event, target = %key.target, "Event given up after its last try");
            let end = over(DeliveryState::Dead, status, error);
            return self.deliveries.end_try(begun, &end).await.map(|_| ());
        };
        let next = self.clock.now().plus(wait);
        let queued = wait <= LONGEST_QUEUED;
        let end = TryEnd {
            state: DeliveryState::Pending,
            status,
            error,
            next_at: Some(next),
            due: Some(if queued { next.plus(GRACE) } else { next }),
        };
        // The mark first: were the process to die before the job is enqueued, the sweeper finds it.
        if self.deliveries.end_try(begun, &end).await? && queued {
            self.queue.enqueue(&Job::redeliver(key), wait).await?;
        }
        Ok(())
    }

    async fn give_up(&self, delivery: &Delivery, why: &str) -> Result<(), StoreError> {
        let key = &delivery.key;
        tracing::warn!(event_id = %key.event, target = %key.target, why, "Event given up");
        let end = over(DeliveryState::Dead, delivery.last_status, Some(why.to_owned()));
        self.deliveries.end_try(delivery, &end).await.map(|_| ())
    }

    async fn hold(&self, delivery: &Delivery, status: Option<u16>) -> Result<(), StoreError> {
        let status = status.or(delivery.last_status);
        let end = over(DeliveryState::Held, status, delivery.last_error.clone());
        self.deliveries.end_try(delivery, &end).await.map(|_| ())
    }

    /// Notes how the endpoint does, and switches it off when nothing has succeeded for too long.
    async fn note(&self, endpoint: &Endpoint, taken: bool) -> Result<(), StoreError> {
        let now = self.clock.now();
        let (tenant, id, health) = (&endpoint.tenant, endpoint.id, endpoint.health);
        if taken {
            return match health.failing_since {
                Some(_) => self.endpoints.note_health(tenant, id, Health::default()).await,
                None => Ok(()),
            };
        }
        let since = failing_since(health, now);
        if now.since(since) >= DISABLED_AFTER {
            return self.disable(endpoint, "failing").await;
        }
        let fresh = health.failed_at.is_some_and(|at| now.since(at) < NOTED_ONCE);
        if fresh && health.failing_since.is_some() {
            return Ok(());
        }
        let health = Health { failing_since: Some(since), failed_at: Some(now) };
        self.endpoints.note_health(tenant, id, health).await
    }

    async fn disable(&self, endpoint: &Endpoint, reason: &'static str) -> Result<(), StoreError> {
        if self.endpoints.disable_endpoint(&endpoint.tenant, endpoint.id, reason).await? {
            self.notices.endpoint_disabled(self.clock.now());
            tracing::warn!(
                tenant = %endpoint.tenant, endpoint_id = %endpoint.id, reason, event = "endpoint.disabled",
                "Endpoint disabled"
            );
        }
        Ok(())
    }
}

/// Since when everything has failed, with a failure now.
fn failing_since(health: Health, now: Timestamp) -> Timestamp {
    let connected = health.failed_at.is_some_and(|at| now.since(at) < ANOTHER_TIME);
    health.failing_since.filter(|_| connected).unwrap_or(now)
}

fn over(state: DeliveryState, status: Option<u16>, error: Option<String>) -> TryEnd {
    TryEnd { state, status, error, next_at: None, due: None }
}

#[cfg(test)]
mod tests {
    use super::failing_since;
    use crate::domain::endpoint::Health;
    use crate::domain::timestamp::Timestamp;

    #[test]
    fn failures_far_apart_do_not_belong_together() {
        let at = |hours: i64| Timestamp::from_millis(hours * 3_600_000);
        let health = |since, failed| Health { failing_since: Some(at(since)), failed_at: Some(at(failed)) };
        assert_eq!(failing_since(Health::default(), at(9)), at(9));
        assert_eq!(failing_since(health(1, 100), at(120)), at(1));
        assert_eq!(failing_since(health(1, 2), at(120)), at(120));
    }
}
