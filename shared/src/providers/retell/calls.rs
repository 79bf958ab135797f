//! Placing calls. Who talks is always an agent of Retell's: it asks nobody what to do once a call is
//! answered.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use serde_json::{Map, Value, json};

use super::client::{Client, MAX_PAGES, checked, error, garbled, json, page};
use super::error::failed;
use super::webhook::agent_version;
use super::wire::{REFERENCE, WireCall};
use crate::domain::call::{CallDirection, CallStatus};
use crate::provider::Environment;
use crate::provider::account::ProviderAccount;
use crate::provider::calling::{AnswerWith, CallQuery, Calling, OutboundCall, PlacedCall, RemoteCall};
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::transport::HttpTransport;

/// How many calls of a page are asked for: Retell allows 1000 (OpenAPI, listCallsV3), and a call is
/// several kilobytes.
const PAGE_SIZE: u32 = 200;

/// How long it may ring (OpenAPI, `AgentRequest`, `ring_duration_ms`).
const RING: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(300)];

/// How long a call may be limited to (OpenAPI, `AgentRequest`, `max_call_duration_ms`).
const LIMIT: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(2 * 60 * 60)];

/// Calling of one account.
///
/// # Errors
/// [`ErrorKind::Config`] when the account's settings cannot be used.
pub fn calling(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Calling>, ProviderError> {
    Ok(Box::new(RetellCalls(Client::of(account, environment, transport)?)))
}

struct RetellCalls(Client);

#[async_trait]
impl Calling for RetellCalls {
    async fn dial(&self, call: &OutboundCall) -> Result<PlacedCall, ProviderError> {
        const OPERATION: &str = "dial";
        let body = dial_body(OPERATION, call)?;
        let answer = self.0.send(OPERATION, Method::POST, "/v2/create-phone-call", Some(&body)).await?;
        let placed = json(OPERATION, 201, &answer)?;
        let placed = WireCall(&placed);
        Ok(PlacedCall {
            sid: placed.sid().ok_or_else(|| garbled(OPERATION))?,
            control_id: None,
            session: None,
            // A first status that we do not know is still a call that was taken.
            status: placed.status().unwrap_or(CallStatus::Initiated),
        })
    }

    async fn fetch(&self, id: &str) -> Result<RemoteCall, ProviderError> {
        const OPERATION: &str = "fetch";
        let answer = self.0.get(OPERATION, &format!("/v2/get-call/{}", checked(OPERATION, id)?)).await?;
        WireCall(&answer).remote().ok_or_else(|| garbled(OPERATION))
    }

    /// Asks for all calls of the pair, whenever they began: a call has no time of beginning until it
    /// is connected, and one that a filter leaves out would read as never placed, and be placed again.
    async fn find(&self, query: &CallQuery) -> Result<Vec<RemoteCall>, ProviderError> {
        const OPERATION: &str = "find";
        let mut found = Vec::new();
        let mut from = None;
        for _ in 0..MAX_PAGES {
            let body = find_body(query, from.as_deref());
            let answer = self.0.send(OPERATION, Method::POST, "/v3/list-calls", Some(&body)).await?;
            let page = page(OPERATION, json(OPERATION, 200, &answer)?)?;
            for item in &page.items {
                let wire = WireCall(item);
                // One that cannot be read could be the one that is looked for.
                let call = wire.remote().ok_or_else(|| garbled(OPERATION))?;
                // A filter that the provider ignored must not make a stranger's call ours.
                let ours = wire.direction() != Some(CallDirection::Inbound)
                    && wire.text("from_number") == Some(query.from.as_str())
                    && wire.text("to_number") == Some(query.to.as_str());
                if ours && call.started_at.is_none_or(|at| at >= query.since) {
                    found.push(call);
                }
            }
            from = page.next;
            if from.is_none() {
                return Ok(found);
            }
        }
        // A list that was cut short must not read as "it is not there".
        Err(garbled(OPERATION))
    }

    async fn hang_up(&self, id: &str) -> Result<(), ProviderError> {
        const OPERATION: &str = "hang up";
        let path = format!("/v2/stop-call/{}", checked(OPERATION, id)?);
        let answer = self.0.send(OPERATION, Method::POST, &path, None).await?;
        match answer.status().as_u16() {
            204 => Ok(()),
            // There is no such call, so that it is not under way.
            404 | 422 => Ok(()),
            // Whether a call that has ended is refused, and as what, is not documented.
            400 | 409 | 412 => match self.fetch(id).await {
                Ok(call) if call.status.is_some_and(CallStatus::is_settled) => Ok(()),
                Ok(_) | Err(_) => Err(failed(OPERATION, &answer)),
            },
            _ => json(OPERATION, 204, &answer).map(drop),
        }
    }
}

/// Whether it records, and whether it listens for a mailbox, is the agent's own setting: it would be
/// lost on the agent to say half of it here.
fn dial_body(operation: &'static str, call: &OutboundCall) -> Result<Value, ProviderError> {
    let unsupported = || error(operation, ErrorKind::Unsupported, Effect::NotSent);
    let agent = match &call.then {
        AnswerWith::Agent(agent) => agent,
        AnswerWith::Webhook => return Err(unsupported()),
    };
    let [shortest, longest] = RING;
    let mut overrides = Map::new();
    overrides.insert("ring_duration_ms".to_owned(), millis(call.ring_timeout.clamp(shortest, longest)));
    if let Some(limit) = call.time_limit {
        let [shortest, longest] = LIMIT;
        if limit < shortest {
            // It would last longer than its money.
            return Err(unsupported());
        }
        overrides.insert("max_call_duration_ms".to_owned(), millis(limit.min(longest)));
    }
    let mut body = json!({
        "from_number": call.from,
        "to_number": call.to,
        "override_agent_id": agent.id,
        "agent_override": {"agent": overrides},
        "retell_llm_dynamic_variables": agent.variables,
        "metadata": {REFERENCE: call.callback.id},
    });
    if let (Some(version), Some(members)) = (&agent.version, body.as_object_mut()) {
        members.insert("override_agent_version".to_owned(), agent_version(version));
    }
    Ok(body)
}

fn find_body(query: &CallQuery, from: Option<&str>) -> Value {
    let is = |text: &str| json!({"type": "string", "op": "eq", "value": text});
    let mut body = json!({
        "filter_criteria": {
            "from_number": is(&query.from),
            "to_number": is(&query.to),
            "direction": {"type": "enum", "op": "in", "value": ["outbound"]},
        },
        "sort_order": "descending",
        "limit": PAGE_SIZE,
    });
    if let (Some(key), Some(members)) = (from, body.as_object_mut()) {
        members.insert("pagination_key".to_owned(), key.into());
    }
    body
}

fn millis(time: Duration) -> Value {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).into()
}
