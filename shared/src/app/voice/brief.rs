//! What a call is told besides its plan, whether it is steered by documents or by commands.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::hand_over::HandOver;
use crate::domain::call::{Call, CallRef};
use crate::domain::ids::{AgentId, ProviderSid};
use crate::domain::timestamp::Timestamp;
use crate::domain::voice::plan::Plan;
use crate::domain::voice::script::{Moment, Setting};
use crate::ports::{CallRecords, Random, StoreError};

/// How long the token of an agent's call is good: a voice server asks when the stream begins.
pub const TOKEN_FOR: Duration = Duration::from_secs(10 * 60);

/// Makes the setting of a call.
pub struct BriefCall {
    /// Who may read what an agent is told.
    pub calls: Arc<dyn CallRecords>,
    /// Where agents at a provider are reached.
    pub hand_over: HandOver,
    /// Tokens.
    pub random: Arc<dyn Random>,
    /// What stands before `/api/` in our URLs.
    pub public_base_url: String,
}

impl BriefCall {
    /// What stands before `/api/` in our URLs, without a slash at its end.
    pub fn base(&self) -> &str {
        self.public_base_url.trim_end_matches('/')
    }

    /// What the script of this moment needs besides the plan; `caller` is the caller's leg. Each one for a
    /// stream has a token of its own.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn setting(
        &self,
        reference: &CallRef,
        (call, caller): (&Call, &ProviderSid),
        (plan, moment): (&Plan, Moment),
        now: Timestamp,
    ) -> Result<Setting, StoreError> {
        match (plan, moment) {
            (Plan::Stream { agent, .. }, Moment::Begin) => self.streamed(reference, call, agent, now).await,
            (Plan::HandOver { agent, .. }, Moment::Begin) => {
                let handed_to = self.hand_over.address(reference, call, (agent, caller), now).await?;
                Ok(Setting { handed_to, ..Setting::default() })
            }
            (_, _) => Ok(Setting::default()),
        }
    }

    async fn streamed(
        &self,
        reference: &CallRef,
        call: &Call,
        agent: &AgentId,
        now: Timestamp,
    ) -> Result<Setting, StoreError> {
        let token = fresh_token(self.random.as_ref(), now);
        self.calls.grant(reference, &token_hash(&token), now.plus(TOKEN_FOR)).await?;
        let told = [
            ("agentId", agent.to_string()),
            ("callId", call.id.to_string()),
            ("configUrl", format!("{}/api/calls/{}/agent-config", self.base(), reference.to_opaque())),
            ("token", token),
        ];
        let stream: BTreeMap<_, _> = told.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(Setting { stream, ..Setting::default() })
    }
}

/// A token that nobody guesses: 256 bits out of 320 random ones.
fn fresh_token(random: &dyn Random, now: Timestamp) -> String {
    let mut hash = Sha256::new();
    for _ in 0..4 {
        hash.update(random.ulid(now).to_be_bytes());
    }
    hex::encode(hash.finalize())
}

/// What is kept of a token.
pub fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}
