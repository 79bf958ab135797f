//! Where events go: a number asks us who answers its calls, and its agents report what becomes of them.
//! Where the account's own webhook leads is told by no endpoint; an agent's takes its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use http::Method;
use serde_json::{Map, Value, json};

use super::agents;
use super::client::{Client, MAX_PAGES, checked, garbled, json, page};
use super::numbers::{list_path, number, segment};
use super::wire::text;
use crate::domain::phone::E164;
use crate::provider::Environment;
use crate::provider::account::ProviderAccount;
use crate::provider::audit::{Comparison, Drift, Found, NUMBER, Subject, Wanted, WebhookAudit};
use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::numbers::RemotePage;
use crate::provider::transport::HttpTransport;

/// WebhookAudit of one account.
///
/// # Errors
/// [`ErrorKind::Config`] when the account's settings cannot be used.
pub fn webhook_audit(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn WebhookAudit>, ProviderError> {
    Ok(Box::new(Audit(Client::of(account, environment, transport)?)))
}

const AGENT: &str = "agent";
/// OpenAPI, `PhoneNumberResponse`.
const LOOKUP: &str = "inbound_webhook_url";
/// OpenAPI, `AgentResponse`.
const WEBHOOK: &str = "webhook_url";
/// The same: an agent without such a list reports these three.
const EVENTS: &str = "webhook_events";
const NEEDED: [&str; 3] = ["call_started", "call_ended", "call_analyzed"];

struct Audit(Client);

/// `None`: no number that can be dialled (Retell takes internal names along).
fn subject(wire: &Value) -> Option<Subject> {
    let number = number(wire)?;
    let mut found = Found::default();
    found.set(LOOKUP, text(wire, LOOKUP).unwrap_or_default());
    Some(Subject {
        kind: NUMBER,
        id: number.sid.to_string(),
        phone: Some(number.phone),
        used_by: Vec::new(),
        mark: number.mark,
        found,
    })
}

/// An agent, and the numbers that it is bound to. `None`: it has no id.
fn agent(wire: &Value, used_by: &[E164]) -> Option<Subject> {
    let mut found = Found::default();
    found.set(WEBHOOK, text(wire, WEBHOOK).unwrap_or_default());
    let events = wire.get(EVENTS).and_then(Value::as_array);
    let events = events.map(|list| list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","));
    // An empty list reports nothing, and is not the same as none.
    found.set(
        EVENTS,
        events.map(|list| if list.is_empty() { "none".to_owned() } else { list }).unwrap_or_default(),
    );
    Some(Subject {
        kind: AGENT,
        id: text(wire, "agent_id")?.to_owned(),
        phone: None,
        used_by: used_by.to_vec(),
        mark: text(wire, "agent_name").map(str::to_owned),
        found,
    })
}

impl Audit {
    /// Which agents numbers name, and which numbers name them.
    async fn bound(&self) -> Result<BTreeMap<String, Vec<E164>>, ProviderError> {
        const OPERATION: &str = "audit numbers";
        let mut bound: BTreeMap<String, Vec<E164>> = BTreeMap::new();
        let mut from = None;
        for _ in 0..MAX_PAGES {
            let got = page(OPERATION, self.0.get(OPERATION, &list_path(from.as_deref())).await?)?;
            for wire in &got.items {
                let Some(number) = number(wire) else { continue };
                let lists = ["inbound_agents", "outbound_agents"]
                    .into_iter()
                    .filter_map(|list| wire.get(list)?.as_array());
                for id in lists.flatten().filter_map(|agent| text(agent, "agent_id")) {
                    let numbers = bound.entry(id.to_owned()).or_default();
                    if !numbers.contains(&number.phone) {
                        numbers.push(number.phone.clone());
                    }
                }
            }
            match got.next {
                Some(next) => from = Some(next),
                None => return Ok(bound),
            }
        }
        // A list that was cut short must not read as a whole one.
        Err(garbled(OPERATION))
    }
}

#[async_trait]
impl WebhookAudit for Audit {
    async fn numbers(&self, from: Option<&str>) -> Result<RemotePage<Subject>, ProviderError> {
        const OPERATION: &str = "audit numbers";
        let page = page(OPERATION, self.0.get(OPERATION, &list_path(from)).await?)?;
        let mut items = Vec::with_capacity(page.items.len());
        for wire in &page.items {
            text(wire, "phone_number").ok_or_else(|| garbled(OPERATION))?;
            items.extend(subject(wire));
        }
        Ok(RemotePage { items, next: page.next })
    }

    /// The agents that numbers name, in the order of their ids.
    async fn shared(&self) -> Result<Vec<Subject>, ProviderError> {
        const OPERATION: &str = "audit agents";
        let bound = self.bound().await?;
        if bound.is_empty() {
            return Ok(Vec::new());
        }
        let mut shared = Vec::new();
        for wire in agents::all(&self.0, OPERATION).await? {
            let id = text(&wire, "agent_id").ok_or_else(|| garbled(OPERATION))?;
            if let Some(numbers) = bound.get(id) {
                shared.extend(agent(&wire, numbers));
            }
        }
        shared.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(shared)
    }

    /// A list tells everything.
    async fn complete(&self, subject: Subject) -> Result<Option<Subject>, ProviderError> {
        Ok(Some(subject))
    }

    async fn read(&self, before: &Subject) -> Result<Option<Subject>, ProviderError> {
        const OPERATION: &str = "audit again";
        let path = match &before.phone {
            Some(phone) => format!("/get-phone-number/{}", segment(phone)),
            None => format!("/get-agent/{}", checked(OPERATION, &before.id)?),
        };
        let wire = match self.0.get(OPERATION, &path).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            wire => wire?,
        };
        let read = if before.phone.is_some() { subject(&wire) } else { agent(&wire, &before.used_by) };
        read.map(Some).ok_or_else(|| garbled(OPERATION))
    }

    fn drifts(&self, subject: &Subject, wanted: &Wanted) -> Vec<Drift> {
        let url = format!("{}/api/webhooks/retell", wanted.base);
        let mut comparison = Comparison::of(&subject.found);
        if subject.kind == AGENT {
            comparison.expect_where_told(WEBHOOK, url);
            let told = subject.found.get(EVENTS);
            if !told.is_empty() && !NEEDED.iter().all(|event| told.split(',').any(|one| one == *event)) {
                comparison.drift(EVENTS, with_needed(told).join(","), true);
            }
        } else if wanted.voice {
            comparison.expect(LOOKUP, url);
        }
        comparison.drifts()
    }

    /// An agent's latest draft is changed (OpenAPI, updateAgent).
    async fn repair(&self, subject: &Subject, drifts: &[Drift]) -> Result<(), ProviderError> {
        const OPERATION: &str = "repair";
        let path = match &subject.phone {
            Some(phone) => format!("/update-phone-number/{}", segment(phone)),
            None => format!("/update-agent/{}", checked(OPERATION, &subject.id)?),
        };
        let value = |drift: &Drift| match drift.field {
            EVENTS => json!(drift.expected.split(',').collect::<Vec<_>>()),
            _ => json!(drift.expected),
        };
        let body: Map<String, Value> =
            drifts.iter().map(|drift| (drift.field.to_owned(), value(drift))).collect();
        let answer = self.0.send(OPERATION, Method::PATCH, &path, Some(&body.into())).await?;
        let wire = json(OPERATION, 200, &answer)?;
        let named = if subject.phone.is_some() { "phone_number" } else { "agent_id" };
        text(&wire, named).map(drop).ok_or_else(|| garbled(OPERATION))
    }
}

/// The events that an agent reports, and those that it must.
fn with_needed(told: &str) -> Vec<&str> {
    let mut events: Vec<&str> = NEEDED.to_vec();
    events.extend(told.split(',').filter(|event| *event != "none" && !NEEDED.contains(event)));
    events
}
