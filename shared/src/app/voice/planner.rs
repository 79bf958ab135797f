//! Decides what is to become of a call that came in, once, at its first contact.

use std::sync::Arc;

use crate::domain::address::Address;
use crate::domain::ids::CallId;
use crate::domain::number::PhoneNumber;
use crate::domain::timestamp::Timestamp;
use crate::domain::voice::line_up::{Caller, pick};
use crate::domain::voice::plan::{Facts, Plan, decide};
use crate::ports::{Agents, Preferences, StoreError};

/// Decides.
pub struct Planner {
    /// Who may take calls.
    pub agents: Arc<dyn Agents>,
    /// What users want.
    pub preferences: Arc<dyn Preferences>,
}

impl Planner {
    /// Who takes a call to `number`. At most 2 reads, at once.
    ///
    /// # Errors
    /// When the store fails; the provider is to ask again.
    pub async fn plan(
        &self,
        number: &PhoneNumber,
        call: CallId,
        from: &Address,
        now: Timestamp,
    ) -> Result<Plan, StoreError> {
        let caller = Caller { address: from, call: call.bits() };
        let chosen = pick(number, &caller, now);
        let (agent, preferences) = futures_util::future::try_join(
            async {
                match chosen {
                    Some(id) => self.agents.agent(&number.tenant, id).await,
                    None => Ok(None),
                }
            },
            async {
                match &number.user {
                    Some(user) => self.preferences.preferences(&number.tenant, user).await,
                    None => Ok(None),
                }
            },
        )
        .await?;
        Ok(decide(&Facts {
            open: number.takes_calls(),
            agent: chosen.map(|id| (id, agent.as_ref())),
            user: number.user.as_ref(),
            preferences: preferences.as_ref(),
            own: Some(&number.phone),
        }))
    }
}
