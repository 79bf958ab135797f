//! A call at a provider that is steered by documents asks what to do next.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::record::{RecordCall, Taken};
use crate::domain::call::{Call, CallRef, Leg};
use crate::domain::timestamp::Timestamp;
use crate::domain::voice::plan::Plan;
use crate::domain::voice::script::{Moment, Setting, script};
use crate::domain::voice::verb::Verb;
use crate::ports::{CallRecords, Random, StoreError};
use crate::provider::account::ProviderAccount;
use crate::provider::calling::{CallEvent, CallHappening};
use crate::provider::messaging::Callback;
use crate::provider::webhooks::{CallDocument, Reply};

/// How long the token of an agent's call is good: a voice server asks when the stream begins.
pub const TOKEN_FOR: Duration = Duration::from_secs(10 * 60);

/// Answers calls with documents.
pub struct AnswerCall {
    /// What is reported is recorded first.
    pub record: RecordCall,
    /// Calls.
    pub calls: Arc<dyn CallRecords>,
    /// Tokens.
    pub random: Arc<dyn Random>,
    /// What stands before `/api/` in our URLs.
    pub public_base_url: String,
}

impl AnswerCall {
    /// Records what happened and says how the call goes on. The same question gets the same answer, but
    /// for the token of a stream.
    ///
    /// # Errors
    /// When the store fails; the provider then asks the fallback URL, or again.
    pub async fn answer(
        &self,
        account: &ProviderAccount,
        event: &CallEvent,
        now: Timestamp,
    ) -> Result<Reply, StoreError> {
        let call = match self.record.record(account, event, now).await? {
            Taken::Recorded(call) => call,
            // A polite end for a call that is nobody's.
            Taken::Unrouted => {
                return Ok(self.document(None, script(&Plan::NotAccepting, Moment::Begin, &none())));
            }
        };
        let Some((stored, legs)) = self.calls.call(&call).await? else {
            return Ok(self.document(None, script(&Plan::NotAccepting, Moment::Begin, &none())));
        };
        // A call that we know only from a report, and that asks in the middle, has nobody to take it.
        let plan = stored.plan.as_ref().unwrap_or(&Plan::NotAccepting);
        let Some(moment) = moment(event, plan, &legs) else {
            return Ok(Reply::Empty);
        };
        let setting = self.setting(&call, &stored, plan, moment, now).await?;
        Ok(self.document(Some(&call), script(plan, moment, &setting)))
    }

    fn document(&self, call: Option<&CallRef>, verbs: Vec<Verb>) -> Reply {
        let id = call.map(CallRef::to_opaque).unwrap_or_default();
        let callback = Callback { base: self.public_base_url.trim_end_matches('/').to_owned(), id };
        Reply::Document(CallDocument { verbs, callback })
    }

    async fn setting(
        &self,
        reference: &CallRef,
        call: &Call,
        plan: &Plan,
        moment: Moment,
        now: Timestamp,
    ) -> Result<Setting, StoreError> {
        let (Plan::Stream { agent, .. }, Moment::Begin) = (plan, moment) else { return Ok(none()) };
        let token = fresh_token(self.random.as_ref(), now);
        self.calls.grant(reference, &token_hash(&token), now.plus(TOKEN_FOR)).await?;
        let base = self.public_base_url.trim_end_matches('/');
        let told = [
            ("agentId", agent.to_string()),
            ("callId", call.id.to_string()),
            ("configUrl", format!("{base}/api/calls/{}/agent-config", reference.to_opaque())),
            ("token", token),
        ];
        let stream: BTreeMap<_, _> = told.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(Setting { stream, ..none() })
    }
}

fn none() -> Setting {
    Setting::default()
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

/// What an event asks for. `None`: nothing.
fn moment(event: &CallEvent, plan: &Plan, legs: &[Leg]) -> Option<Moment> {
    Some(match &event.what {
        CallHappening::Initiated { .. } | CallHappening::Answered => Moment::Begin,
        CallHappening::Dialled(end) => {
            let screened = matches!(plan, Plan::Forward { screened: true, .. });
            let leg =
                |leg: &&Leg| Some(&leg.sid) == end.leg.as_ref() || leg.parent.as_ref() == Some(&event.sid);
            let taken = || legs.iter().filter(leg).any(|leg| leg.screened == Some(true));
            // A leg that was answered by a carrier's mailbox was answered, and nobody pressed a key.
            let joined = end.joined.unwrap_or(end.status == crate::domain::call::CallStatus::Completed)
                && (!screened || taken());
            Moment::DialEnded { joined }
        }
        CallHappening::MessageLeft => Moment::Recorded,
        CallHappening::Stream { state } => {
            let failed =
                state == "failed" || legs.iter().any(|leg| leg.sid == event.sid && leg.stream_failed);
            Moment::StreamEnded { failed }
        }
        CallHappening::Screening => Moment::Screening,
        CallHappening::Screened { digits } => Moment::ScreenPressed { taken: !digits.is_empty() },
        CallHappening::Ringing
        | CallHappening::Bridged
        | CallHappening::Ended { .. }
        | CallHappening::AnsweredBy(_)
        | CallHappening::GreetingEnded { .. }
        | CallHappening::PlaybackEnded { .. }
        | CallHappening::Digits { .. }
        | CallHappening::Billed { .. }
        | CallHappening::Analysed { .. }
        | CallHappening::Other { .. } => return None,
    })
}
