//! The history of calls, as users read it.

use std::sync::Arc;

use super::brief::token_hash;
use crate::api::call::{AgentConfig, CallBody};
use crate::app::present::call_body;
use crate::app::problem::{Code, Problem};
use crate::domain::call::CallRef;
use crate::domain::ids::{ProviderSid, TenantId};
use crate::ports::{Agents, CallHistory, CallRecords, Clock, MediaLinks, Page, PageRequest};

/// Reads calls.
pub struct History {
    /// Calls.
    pub calls: Arc<dyn CallRecords>,
    /// Lists of them.
    pub history: Arc<dyn CallHistory>,
    /// Links to what was recorded of them.
    pub links: Arc<dyn MediaLinks>,
    /// Who takes them.
    pub agents: Arc<dyn Agents>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl History {
    /// A tenant's calls, the newest first.
    ///
    /// # Errors
    /// A bad cursor, and our own failures.
    pub async fn list(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<CallBody>, Problem> {
        let page = self.history.of_tenant(tenant, page).await?;
        let mut items = Vec::with_capacity(page.items.len());
        for view in &page.items {
            items.push(call_body(view, self.links.as_ref()).await?);
        }
        Ok(Page { items, next: page.next })
    }

    /// One call, by our id or by the provider's id of one of its legs.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn get(&self, tenant: &TenantId, id: &str) -> Result<CallBody, Problem> {
        let nobody = || Problem::new(Code::NotFound);
        let call = match id.parse() {
            Ok(call) => call,
            Err(_) => {
                let sid: ProviderSid = id.parse().map_err(|_| nobody())?;
                self.history.by_sid(tenant, &sid).await?.ok_or_else(nobody)?
            }
        };
        let found = self.history.view(&CallRef { tenant: tenant.clone(), call }).await?;
        Ok(call_body(&found.ok_or_else(nobody)?, self.links.as_ref()).await?)
    }

    /// What the agent of a call is told, for whoever holds the call's token. `opaque` is the id in the URL that
    /// the stream was told.
    ///
    /// # Errors
    /// `NOT_FOUND` for every call that this token does not open, so that nothing can be told apart.
    pub async fn agent_config(&self, opaque: &str, token: &str) -> Result<AgentConfig, Problem> {
        let nobody = || Problem::new(Code::NotFound);
        let reference = CallRef::from_opaque(opaque).ok_or_else(nobody)?;
        let now = self.clock.now();
        let call = self.calls.granted(&reference, &token_hash(token), now).await?.ok_or_else(nobody)?;
        let id = call.plan.as_ref().and_then(|plan| plan.agent()).ok_or_else(nobody)?;
        let agent = self.agents.agent(&call.tenant, id).await?.ok_or_else(nobody)?;
        Ok(AgentConfig {
            agent_id: agent.id.to_string(),
            name: agent.name,
            call_id: call.id.to_string(),
            from: call.from.as_str().to_owned(),
            to: call.to.as_str().to_owned(),
            prompt: agent.character.prompt,
            voice: agent.character.voice,
            model: agent.character.model,
        })
    }
}
