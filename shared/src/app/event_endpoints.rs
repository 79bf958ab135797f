//! Endpoints and agents, as customers make and change them.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use url::{Host, Url};

use super::post_event::{AGENT_PURPOSE, ENDPOINT_PURPOSE};
use super::problem::{Code, Problem};
use super::replay::{Replay, Wish};
use super::sign_event::{fresh_secret, is_secret};
use super::voice::lines;
use crate::api::events::{AgentRequest, EndpointChangeRequest, EndpointRequest, ReplayRequest};
use crate::domain::agent::Agent;
use crate::domain::endpoint::{Endpoint, Health};
use crate::domain::event::{EventFilter, EventType, NewEvent, Thread};
use crate::domain::ids::{AgentId, EndpointId, EventId, ReplayId, TenantId};
use crate::domain::internet::is_forbidden;
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::ports::{
    Agents, Clock, EndpointChange, Endpoints, EventLog, Job, Queue, Random, SealContext, SecretBox,
};
use crate::provider::Environment;

/// How many endpoints a tenant may have.
pub const MOST_ENDPOINTS: u32 = 20;
/// How long the secret before signs as well.
const OVERLAP: Duration = Duration::from_secs(24 * 3600);
/// How far back a replay may go; events are kept no longer.
const MOST_BACK: Duration = Duration::from_secs(30 * 24 * 3600);
const MAX_URL_CHARS: usize = 2_048;
const MAX_NAME_CHARS: usize = 100;

/// Endpoints and agents.
pub struct EventEndpoints {
    /// Endpoints.
    pub endpoints: Arc<dyn Endpoints>,
    /// Agents.
    pub agents: Arc<dyn Agents>,
    /// Events.
    pub log: Arc<dyn EventLog>,
    /// Telling again.
    pub replay: Replay,
    /// Keeps secrets.
    pub secrets: Arc<dyn SecretBox>,
    /// Where trials are handed out.
    pub queue: Arc<dyn Queue>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Ids and secrets.
    pub random: Arc<dyn Random>,
    /// Where this process runs.
    pub environment: Environment,
}

impl EventEndpoints {
    /// Makes an endpoint. Its secret is known to the caller only now.
    ///
    /// # Errors
    /// A problem that names the field.
    pub async fn create(
        &self,
        tenant: &TenantId,
        request: &EndpointRequest,
    ) -> Result<(Endpoint, Secret), Problem> {
        let now = self.clock.now();
        let url = self.url("url", &request.url)?;
        let events = filters(&request.events)?;
        let secret = self.secret(request.secret.as_ref(), now)?;
        let id = EndpointId::from_bits(self.random.ulid(now));
        let endpoint = Endpoint {
            id,
            tenant: tenant.clone(),
            url,
            events,
            secret: self.secrets.seal(&endpoint_context(tenant, id), &secret).await?,
            previous: None,
            is_active: true,
            disabled_reason: None,
            health: Health::default(),
            created_at: now,
            updated_at: now,
        };
        if !self.endpoints.add_endpoint(&endpoint, MOST_ENDPOINTS).await? {
            return Err(Problem::field("url", format!("you have {MOST_ENDPOINTS} event endpoints already")));
        }
        tracing::info!(%tenant, endpoint_id = %id, "Event endpoint created");
        Ok((endpoint, secret))
    }

    /// Changes one.
    ///
    /// # Errors
    /// A problem that names the field; `NOT_FOUND`.
    pub async fn change(
        &self,
        tenant: &TenantId,
        id: EndpointId,
        request: &EndpointChangeRequest,
    ) -> Result<Endpoint, Problem> {
        let change = EndpointChange {
            url: request.url.as_deref().map(|url| self.url("url", url)).transpose()?,
            events: request.events.as_deref().map(filters).transpose()?,
            is_active: request.is_active,
            secret: None,
        };
        if change == EndpointChange::default() {
            return Err(Problem::field("body", "must change something"));
        }
        let changed = self.endpoints.change_endpoint(tenant, id, &change, self.clock.now()).await?;
        changed.ok_or_else(|| Problem::new(Code::NotFound))
    }

    /// Gives one a new secret. The one before signs as well for a day.
    ///
    /// # Errors
    /// A problem that names the field; `NOT_FOUND`.
    pub async fn rotate(
        &self,
        tenant: &TenantId,
        id: EndpointId,
        secret: Option<&Secret>,
    ) -> Result<(Endpoint, Secret), Problem> {
        let now = self.clock.now();
        let secret = self.secret(secret, now)?;
        let sealed = self.secrets.seal(&endpoint_context(tenant, id), &secret).await?;
        let change =
            EndpointChange { secret: Some((sealed, now.plus(OVERLAP))), ..EndpointChange::default() };
        let changed = self.endpoints.change_endpoint(tenant, id, &change, now).await?;
        Ok((changed.ok_or_else(|| Problem::new(Code::NotFound))?, secret))
    }

    /// Has an endpoint told again.
    ///
    /// # Errors
    /// A problem that names the field; `NOT_FOUND`.
    pub async fn again(
        &self,
        tenant: &TenantId,
        id: EndpointId,
        request: &ReplayRequest,
    ) -> Result<(), Problem> {
        let endpoint =
            self.endpoints.endpoint(tenant, id).await?.ok_or_else(|| Problem::new(Code::NotFound))?;
        let now = self.clock.now();
        let replay = ReplayId::from_bits(self.random.ulid(now));
        let since = match (&request.since, &request.event_id) {
            (Some(since), None) => {
                Timestamp::parse_rfc3339(since).filter(|since| *since <= now).ok_or_else(|| {
                    Problem::field("since", "must be a time in the past, as 2026-01-31T12:00:00Z")
                })?
            }
            (None, Some(event)) => {
                let unknown = || Problem::field("eventId", "is no event that is kept");
                let event: EventId = event.parse().map_err(|_| unknown())?;
                let event = self.log.event(tenant, event).await?.ok_or_else(unknown)?;
                active(&endpoint)?;
                return Ok(self.replay.again(&event, id, replay).await?);
            }
            (Some(_), Some(_)) | (None, None) => {
                return Err(Problem::field("since", "either since or eventId must be given"));
            }
        };
        active(&endpoint)?;
        let since = since.max(now.minus(MOST_BACK));
        let wish = Wish { tenant: tenant.clone(), endpoint: id, replay, since, until: now };
        Ok(self.replay.start(&wish).await?)
    }

    /// Has a trial posted.
    ///
    /// # Errors
    /// `NOT_FOUND`, and a problem when the endpoint is not active.
    pub async fn test(&self, tenant: &TenantId, id: EndpointId) -> Result<(), Problem> {
        let endpoint =
            self.endpoints.endpoint(tenant, id).await?.ok_or_else(|| Problem::new(Code::NotFound))?;
        active(&endpoint)?;
        let now = self.clock.now();
        let event = NewEvent {
            id: EventId::from_bits(self.random.ulid(now)),
            tenant: tenant.clone(),
            kind: EventType::EndpointTest,
            thread: Thread::Endpoint(id),
            data: json!({ "endpointId": id }),
            turn: None,
            at: now,
        };
        self.log.record_event(&event).await?;
        let job = Job::HandOut { tenant: tenant.clone(), event: event.id, thread: event.thread };
        Ok(self.queue.enqueue(&job, Duration::ZERO).await?)
    }

    /// An id for an agent without a name of its own.
    ///
    /// # Errors
    /// None that can happen: a ULID is an agent's id.
    pub fn fresh_agent_id(&self) -> Result<AgentId, Problem> {
        let drawn = ReplayId::from_bits(self.random.ulid(self.clock.now()));
        format!("ag_{drawn}").parse().map_err(Problem::internal)
    }

    /// The agent that a request describes, and its secret when it is a new one.
    ///
    /// # Errors
    /// A problem that names the field.
    pub async fn agent(
        &self,
        tenant: &TenantId,
        id: AgentId,
        request: &AgentRequest,
        known: Option<&Agent>,
    ) -> Result<(Agent, Option<Secret>), Problem> {
        if request.name.trim().is_empty() || request.name.chars().count() > MAX_NAME_CHARS {
            return Err(Problem::field("name", "must have 1 to 100 characters"));
        }
        let (line, character, fallback) =
            (lines::line(request)?, lines::character(request)?, lines::fallback(request)?);
        let now = self.clock.now();
        let sms_url = request.sms.as_ref().map(|sms| self.url("sms.url", &sms.url)).transpose()?;
        let stored = known.and_then(|known| known.secret.clone());
        let (secret, plain) = match (&request.secret, stored) {
            (None, Some(stored)) => (Some(stored), None),
            (None, None) if sms_url.is_none() => (None, None),
            (given, _) => {
                let plain = self.secret(given.as_ref(), now)?;
                let context =
                    SealContext { tenant: tenant.clone(), owner: id.to_string(), purpose: AGENT_PURPOSE };
                (Some(self.secrets.seal(&context, &plain).await?), Some(plain))
            }
        };
        let agent = Agent {
            id,
            tenant: tenant.clone(),
            name: request.name.trim().to_owned(),
            line,
            character,
            fallback,
            sms_url,
            secret,
            created_at: known.map_or(now, |known| known.created_at),
            updated_at: now,
        };
        Ok((agent, plain))
    }

    fn secret(&self, given: Option<&Secret>, now: Timestamp) -> Result<Secret, Problem> {
        match given {
            None => Ok(fresh_secret(self.random.as_ref(), now)),
            Some(secret) if is_secret(secret.expose()) => Ok(secret.clone()),
            Some(_) => Err(Problem::field("secret", "must be whsec_ and the base64 of 24 to 64 bytes")),
        }
    }

    /// What may be posted to. Names are looked at again when they are resolved, at each post.
    fn url(&self, field: &'static str, text: &str) -> Result<String, Problem> {
        let wrong = || Problem::field(field, "must be a public https URL on port 443, without a user");
        if text.len() > MAX_URL_CHARS {
            return Err(Problem::field(field, "must have at most 2048 characters"));
        }
        let url = Url::parse(text).map_err(|_| wrong())?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong());
        }
        let origin = url.origin().ascii_serialization();
        if self.environment.local && self.environment.local_origins.contains(&origin) {
            return Ok(text.to_owned());
        }
        let literal = match url.host() {
            Some(Host::Domain(_)) => None,
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            None => return Err(wrong()),
        };
        let public = url.scheme() == "https"
            && url.port_or_known_default() == Some(443)
            && !literal.is_some_and(is_forbidden);
        if public { Ok(text.to_owned()) } else { Err(wrong()) }
    }
}

fn endpoint_context(tenant: &TenantId, id: EndpointId) -> SealContext {
    SealContext { tenant: tenant.clone(), owner: id.to_string(), purpose: ENDPOINT_PURPOSE }
}

fn active(endpoint: &Endpoint) -> Result<(), Problem> {
    if endpoint.is_active {
        return Ok(());
    }
    Err(Problem::field("isActive", "the endpoint is switched off; switch it on first"))
}

fn filters(words: &[String]) -> Result<Vec<EventFilter>, Problem> {
    if words.is_empty() || words.len() > EventType::ALL.len() {
        return Err(Problem::field("events", "must name 1 to 10 types of events"));
    }
    let filter = |(n, word): (usize, &String)| {
        word.parse().map_err(|_| Problem::field(format!("events[{n}]"), "is no type of event"))
    };
    words.iter().enumerate().map(filter).collect()
}
