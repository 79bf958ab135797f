//! Agents.

use std::sync::Arc;

use async_trait::async_trait;
use form_urlencoded::Serializer;
use http::Method;
use serde_json::{Value, json};

use super::client::{Client, MAX_PAGES, checked, garbled, json};
use super::webhook::agent_version;
use super::wire::{REFERENCE, WireCall, text};
use crate::provider::Environment;
use crate::provider::account::ProviderAccount;
use crate::provider::agents::{Agents, HandOverTo, HandedCall, RemoteVoiceAgent};
use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::transport::HttpTransport;

/// The most agents of a page (OpenAPI, listAgents, `limit`).
const PAGE_SIZE: usize = 1000;

/// Where registered calls are dialled (https://docs.retellai.com/deploy/custom-telephony).
const SIP_HOST: &str = "sip.retellai.com";

/// Agents of one account.
///
/// # Errors
/// [`ErrorKind::Config`] when the account's settings cannot be used.
pub fn agents(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Agents>, ProviderError> {
    Ok(Box::new(RetellAgents(Client::of(account, environment, transport)?)))
}

struct RetellAgents(Client);

#[async_trait]
impl Agents for RetellAgents {
    async fn list(&self) -> Result<Vec<RemoteVoiceAgent>, ProviderError> {
        const OPERATION: &str = "list agents";
        let all = all(&self.0, OPERATION).await?;
        all.iter().map(|wire| agent(wire).ok_or_else(|| garbled(OPERATION))).collect()
    }

    async fn get(&self, id: &str) -> Result<Option<RemoteVoiceAgent>, ProviderError> {
        const OPERATION: &str = "get agent";
        match self.0.get(OPERATION, &format!("/get-agent/{}", checked(OPERATION, id)?)).await {
            Ok(answer) => agent(&answer).map(Some).ok_or_else(|| garbled(OPERATION)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Changes the latest draft (OpenAPI, updateAgent). Its URL takes the place of the account's: the
    /// events come to one of them only.
    async fn set_webhook(&self, id: &str, url: &str) -> Result<RemoteVoiceAgent, ProviderError> {
        const OPERATION: &str = "update agent";
        let path = format!("/update-agent/{}", checked(OPERATION, id)?);
        let body = json!({"webhook_url": url});
        let answer = self.0.send(OPERATION, Method::PATCH, &path, Some(&body)).await?;
        agent(&json(OPERATION, 200, &answer)?).ok_or_else(|| garbled(OPERATION))
    }

    /// OpenAPI, registerPhoneCall. The call must be dialled within 5 minutes
    /// (https://docs.retellai.com/deploy/custom-telephony).
    async fn register(&self, call: &HandedCall) -> Result<HandOverTo, ProviderError> {
        const OPERATION: &str = "register call";
        let mut body = json!({
            "agent_id": call.agent.id,
            "direction": "inbound",
            "from_number": call.from,
            "to_number": call.to,
            "metadata": {REFERENCE: call.state},
            "retell_llm_dynamic_variables": call.agent.variables,
        });
        if let (Some(version), Some(members)) = (&call.agent.version, body.as_object_mut()) {
            members.insert("agent_version".to_owned(), agent_version(version));
        }
        let answer = self.0.send(OPERATION, Method::POST, "/v2/register-phone-call", Some(&body)).await?;
        let registered = json(OPERATION, 201, &answer)?;
        let sid = WireCall(&registered).sid().ok_or_else(|| garbled(OPERATION))?;
        // It becomes part of an address.
        let address = format!("sip:{}@{SIP_HOST}", checked(OPERATION, sid.as_str())?);
        Ok(HandOverTo { sid, address })
    }
}

/// All agents, in their latest version (OpenAPI, listAgents): a bare list, which is followed from its
/// last entry while it is full.
pub(super) async fn all(client: &Client, operation: &'static str) -> Result<Vec<Value>, ProviderError> {
    let mut agents = Vec::new();
    let mut from: Option<(String, String)> = None;
    for _ in 0..MAX_PAGES {
        let answer = client.get(operation, &list_path(from.as_ref())).await?;
        let Value::Array(items) = answer else { return Err(garbled(operation)) };
        let full = items.len() >= PAGE_SIZE;
        agents.extend(items);
        if !full {
            return Ok(agents);
        }
        // Without its version the key would point nowhere.
        let last = agents.last().and_then(agent).and_then(|last| Some((last.id, last.version?)));
        from = Some(last.ok_or_else(|| garbled(operation))?);
    }
    // A list that was cut short must not read as a whole one.
    Err(garbled(operation))
}

fn list_path(from: Option<&(String, String)>) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("limit", &PAGE_SIZE.to_string()).append_pair("is_latest", "true");
    if let Some((id, version)) = from {
        query.append_pair("pagination_key", id).append_pair("pagination_key_version", version);
    }
    format!("/list-agents?{}", query.finish())
}

/// OpenAPI, `AgentResponse`.
fn agent(wire: &Value) -> Option<RemoteVoiceAgent> {
    Some(RemoteVoiceAgent {
        id: text(wire, "agent_id")?.to_owned(),
        name: text(wire, "agent_name").map(str::to_owned),
        version: wire.get("version").and_then(Value::as_u64).map(|version| version.to_string()),
        webhook_url: text(wire, "webhook_url").map(str::to_owned),
    })
}
