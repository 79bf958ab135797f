//! Finds out where an agent at a provider is reached for one call.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::agent::{AgentLine, RemoteLine};
use crate::domain::call::{Call, CallRef, CallStatus, Dialled};
use crate::domain::ids::{AgentId, ProviderSid};
use crate::domain::timestamp::Timestamp;
use crate::ports::{Accounts, Agents, CallRecords, LegChange, StoreError, Whose};
use crate::provider::account::ProviderAccount;
use crate::provider::agents::{HandOverTo, HandedCall};
use crate::provider::calling::RemoteAgent;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::transport::HttpTransport;
use crate::provider::{Environment, registry};

/// Hands calls over.
pub struct HandOver {
    /// What is noted about the call.
    pub calls: Arc<dyn CallRecords>,
    /// Where agents live.
    pub agents: Arc<dyn Agents>,
    /// Their accounts.
    pub accounts: Arc<dyn Accounts>,
    /// The way to the providers, which waits for 2 seconds at most: a caller is waiting.
    pub transport: Arc<dyn HttpTransport>,
    /// Where this process runs.
    pub environment: Environment,
}

impl HandOver {
    /// The SIP address at which the agent takes this call; a question that comes again gets the same one.
    /// Of two that are asked at the same time, the first that is noted counts, and the provider forgets the
    /// other. `None`: it cannot be reached, for whatever cause, which is told to the operator.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn address(
        &self,
        reference: &CallRef,
        call: &Call,
        (agent, caller): (&AgentId, &ProviderSid),
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let found = self.found(reference, call, (agent, caller), now).await?;
        if found.is_none() {
            // As one that was rung and did not answer.
            let change = LegChange::of(call.account.clone(), call.provider, caller.clone(), now);
            let dialled = Some(Dialled { status: CallStatus::Failed, joined: false });
            self.calls.merge_leg(reference, &LegChange { dialled, ..change }).await?;
        }
        Ok(found)
    }

    async fn found(
        &self,
        reference: &CallRef,
        call: &Call,
        (agent, caller): (&AgentId, &ProviderSid),
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        if let Some(known) = self.calls.handed_to(reference).await? {
            return Ok(Some(known));
        }
        let agent = self.agents.agent(&call.tenant, agent).await?;
        let Some(AgentLine::Remote(line)) = agent.and_then(|agent| agent.line) else { return Ok(None) };
        let Some(account) = self.account(call, &line).await? else {
            tracing::error!(call_id = %call.id, provider = %line.provider, "The agent's account is not there");
            return Ok(None);
        };
        let to = match self.register(reference, call, &line, &account).await {
            Ok(to) => to,
            Err(error) => {
                tracing::error!(call_id = %call.id, %error, "A call could not be handed over");
                return Ok(None);
            }
        };
        // The agent's own events name it and no caller: without this it could pass for the caller's leg.
        let change = LegChange {
            parent: Some(caller.clone()),
            ..LegChange::of(account.id.clone(), account.provider, to.sid, now)
        };
        self.calls.merge_leg(reference, &change).await?;
        self.calls.note_handover(reference, &to.address).await.map(Some)
    }

    /// The account that the agent names, or the platform's.
    async fn account(&self, call: &Call, line: &RemoteLine) -> Result<Option<ProviderAccount>, StoreError> {
        let found = match &line.account {
            Some(id) => self.accounts.account(&call.tenant, id).await?,
            None => {
                let platform = self.accounts.candidates(line.provider, &[], Whose::Platform).await?;
                platform.accounts.into_iter().find(|account| account.tenant.is_none())
            }
        };
        Ok(found.filter(|account| account.provider == line.provider))
    }

    async fn register(
        &self,
        reference: &CallRef,
        call: &Call,
        line: &RemoteLine,
        account: &ProviderAccount,
    ) -> Result<HandOverTo, ProviderError> {
        let Some(open) = registry::agents(line.provider) else {
            let kind = ErrorKind::Unsupported;
            return Err(ProviderError::new(line.provider, "register call", kind, Effect::NotSent));
        };
        let agents = open(account, &self.environment, Arc::clone(&self.transport))?;
        let agent =
            RemoteAgent { id: line.agent.clone(), version: line.version.clone(), variables: BTreeMap::new() };
        let handed = HandedCall {
            agent,
            from: call.from.as_str().to_owned(),
            to: call.to.as_str().to_owned(),
            state: reference.to_opaque(),
        };
        agents.register(&handed).await
    }
}
