//! Agents.

use std::sync::Arc;

use async_trait::async_trait;
use form_urlencoded::Serializer;
use http::Method;
use serde_json::{Value, json};

use super::client::{Client, MAX_PAGES, checked, garbled, json};
use super::wire::text;
use crate::provider::Environment;
use crate::provider::account::ProviderAccount;
use crate::provider::agents::{Agents, RemoteVoiceAgent};
use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::transport::HttpTransport;

/// The most agents of a page (OpenAPI, listAgents, `limit`).
const PAGE_SIZE: usize = 1000;

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
    /// OpenAPI, listAgents: a bare list, which is followed from its last entry while it is full.
    async fn list(&self) -> Result<Vec<RemoteVoiceAgent>, ProviderError> {
        const OPERATION: &str = "list agents";
        let mut agents = Vec::new();
        let mut from: Option<(String, String)> = None;
        for _ in 0..MAX_PAGES {
            let answer = self.0.get(OPERATION, &list_path(from.as_ref())).await?;
            let Value::Array(items) = answer else { return Err(garbled(OPERATION)) };
            for item in &items {
                agents.push(agent(item).ok_or_else(|| garbled(OPERATION))?);
            }
            if items.len() < PAGE_SIZE {
                return Ok(agents);
            }
            // Without its version the key would point nowhere.
            let last = agents.last().and_then(|last| Some((last.id.clone(), last.version.clone()?)));
            from = Some(last.ok_or_else(|| garbled(OPERATION))?);
        }
        // A list that was cut short must not read as a whole one.
        Err(garbled(OPERATION))
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
