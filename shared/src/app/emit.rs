//! What happened becomes an event, when somebody wants to hear of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::api::message::MessageBody;
use crate::domain::address::Address;
use crate::domain::event::{AgentTurn, EventFilter, EventType, NewEvent, Thread};
use crate::domain::ids::{AgentId, EventId, TenantId};
use crate::domain::keyword::Intent;
use crate::domain::message::{Message, MessageView};
use crate::domain::status::MessageStatus;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Agents, Clock, Endpoints, EventLog, Job, Numbers, Queue, StoreError};

/// How long the wishes of a tenant are used. A new endpoint hears of what happens after this time.
const FRESH: Duration = Duration::from_secs(5);
/// How many tenants' wishes are kept.
const CAPACITY: usize = 4096;

/// What was learnt, and when.
type Known<K, V> = Mutex<HashMap<K, (Timestamp, V)>>;

/// Who wants to hear of what. One per process.
pub struct Listeners {
    endpoints: Arc<dyn Endpoints>,
    agents: Arc<dyn Agents>,
    filters: Known<TenantId, Arc<[EventFilter]>>,
    answering: Known<(TenantId, AgentId), bool>,
}

impl Listeners {
    /// Nothing known yet.
    pub fn new(endpoints: Arc<dyn Endpoints>, agents: Arc<dyn Agents>) -> Self {
        Self { endpoints, agents, filters: Mutex::default(), answering: Mutex::default() }
    }

    /// An endpoint of the tenant wants such events. One that is switched off counts: what happens
    /// meanwhile can be told later.
    async fn want(&self, tenant: &TenantId, kind: EventType, now: Timestamp) -> Result<bool, StoreError> {
        let known = self.filters.lock().unwrap_or_else(PoisonError::into_inner).get(tenant).cloned();
        let filters = match known {
            Some((at, filters)) if now.since(at) < FRESH => filters,
            Some(_) | None => {
                let endpoints = self.endpoints.endpoints(tenant).await?;
                let filters: Arc<[EventFilter]> =
                    endpoints.into_iter().flat_map(|endpoint| endpoint.events).collect();
                remember(&self.filters, tenant.clone(), now, Arc::clone(&filters));
                filters
            }
        };
        Ok(filters.iter().any(|filter| filter.matches(kind)))
    }

    /// The agent answers texts.
    async fn answers(&self, tenant: &TenantId, agent: &AgentId, now: Timestamp) -> Result<bool, StoreError> {
        let key = (tenant.clone(), agent.clone());
        let known = self.answering.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        if let Some((at, answers)) = known
            && now.since(at) < FRESH
        {
            return Ok(answers);
        }
        let agent = self.agents.agent(tenant, agent).await?;
        let answers = agent.is_some_and(|agent| agent.sms_url.is_some());
        remember(&self.answering, key, now, answers);
        Ok(answers)
    }
}

fn remember<K: std::hash::Hash + Eq, V>(known: &Known<K, V>, key: K, now: Timestamp, value: V) {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= CAPACITY && !known.contains_key(&key) {
        known.clear();
    }
    known.insert(key, (now, value));
}

/// Records events and has them handed out. Every step may be repeated: an event's id follows from its
/// cause.
pub struct Emit {
    /// Who wants to hear.
    pub listeners: Listeners,
    /// Where events are recorded.
    pub log: Arc<dyn EventLog>,
    /// To know our own numbers: no agent talks to one.
    pub numbers: Arc<dyn Numbers>,
    /// Where they are handed out from.
    pub queue: Arc<dyn Queue>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl Emit {
    /// Records an event, if somebody wants to hear of it: what happened to a call or a number.
    ///
    /// # Errors
    /// When the store or the queue fails; what caused it is to be looked at again.
    pub async fn emit(&self, event: &NewEvent) -> Result<(), StoreError> {
        let wanted = self.listeners.want(&event.tenant, event.kind, self.clock.now()).await?;
        if !wanted && event.turn.is_none() {
            return Ok(());
        }
        self.tell(event).await
    }

    /// The same for what happens rarely: nobody's memory is asked, and none is left. A tenant's number
    /// often comes just before its first endpoint, which would then be unknown for the memory's time.
    ///
    /// # Errors
    /// As [`Emit::emit`].
    pub(super) async fn emit_rare(&self, event: &NewEvent) -> Result<(), StoreError> {
        let endpoints = self.listeners.endpoints.endpoints(&event.tenant).await?;
        let mut filters = endpoints.iter().flat_map(|endpoint| &endpoint.events);
        if filters.any(|filter| filter.matches(event.kind)) { self.tell(event).await } else { Ok(()) }
    }

    async fn tell(&self, event: &NewEvent) -> Result<(), StoreError> {
        // Recorded first: whoever dies in between comes again, and finds it recorded.
        if self.log.record_event(event).await? {
            tracing::info!(event_id = %event.id, kind = %event.kind, tenant = %event.tenant, "Event recorded");
        }
        let (tenant, thread) = (event.tenant.clone(), event.thread);
        self.queue.enqueue(&Job::HandOut { tenant, event: event.id, thread }, Duration::ZERO).await
    }

    /// A text came in. True: an agent is to answer it.
    ///
    /// # Errors
    /// As [`Emit::emit`].
    pub async fn received(&self, view: &MessageView) -> Result<bool, StoreError> {
        let turn = self.turn(&view.message).await?;
        let answered = turn.is_some();
        if !answered
            && !self
                .listeners
                .want(&view.message.tenant, EventType::MessageReceived, self.clock.now())
                .await?
        {
            return Ok(false);
        }
        let data = serde_json::to_value(MessageBody::new(view, &[]))
            .map_err(|_| StoreError::Corrupt("message".to_owned()))?;
        let event = self.of_message(&view.message, EventType::MessageReceived, "received", data);
        self.emit(&NewEvent { turn, ..event }).await?;
        Ok(answered)
    }

    /// The status of a text moved.
    ///
    /// # Errors
    /// As [`Emit::emit`].
    pub async fn status(
        &self,
        view: &MessageView,
        previous: Option<MessageStatus>,
    ) -> Result<(), StoreError> {
        let (message, progress) = (&view.message, &view.progress);
        let data = json!({
            "messageId": message.id,
            "conversationId": message.conversation,
            "provider": message.provider,
            "providerSid": progress.sid,
            "from": message.from.as_str(),
            "to": message.to.as_str(),
            "status": progress.status,
            "previousStatus": previous,
            "errorCode": progress.error_code,
            "errorMessage": progress.error_message,
            "attempts": progress.attempt,
            "deliveredAt": progress.delivered_at,
            "leadId": message.lead,
            "userId": message.user,
        });
        let cause = progress.status.as_str();
        self.emit(&self.of_message(message, EventType::MessageStatus, cause, data)).await
    }

    /// Statuses of texts are wanted: saves the reading of a message that nobody wants to hear of.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn wants_status(&self, tenant: &TenantId) -> Result<bool, StoreError> {
        self.listeners.want(tenant, EventType::MessageStatus, self.clock.now()).await
    }

    fn of_message(&self, message: &Message, kind: EventType, cause: &str, data: Value) -> NewEvent {
        let tenant = message.tenant.clone();
        NewEvent {
            id: EventId::derived(&[tenant.as_str(), kind.as_str(), &message.id.to_string(), cause]),
            tenant,
            kind,
            thread: Thread::Conversation(message.conversation),
            data,
            turn: None,
            at: self.clock.now(),
        }
    }

    /// Who is to answer a text. Keywords are ours to answer, only a phone number that is not ours can be
    /// written to, and what was found late is not answered.
    async fn turn(&self, message: &Message) -> Result<Option<AgentTurn>, StoreError> {
        let (Some(agent), Address::Phone(contact)) = (&message.agent, &message.from) else { return Ok(None) };
        if message.found_at.is_some() {
            return Ok(None);
        }
        match message.intent {
            Some(Intent::Stop { .. } | Intent::Start | Intent::Help) => return Ok(None),
            Some(Intent::Ambiguous | Intent::None) | None => {}
        }
        if !self.listeners.answers(&message.tenant, agent, self.clock.now()).await? {
            return Ok(None);
        }
        if self.numbers.by_tenant(&message.tenant, contact).await?.is_some() {
            tracing::info!(message_id = %message.id, "Not given to the agent, so that no loop begins");
            return Ok(None);
        }
        if let Some(own) = message.to.phone()
            && self.numbers.by_tenant(&message.tenant, own).await?.is_some_and(|own| !own.may_send())
        {
            tracing::info!(message_id = %message.id, "Not given to the agent: our number may not send");
            return Ok(None);
        }
        Ok(Some(AgentTurn { agent: agent.clone(), message: message.id }))
    }
}
