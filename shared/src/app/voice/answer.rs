//! A call at a provider that is steered by documents asks what to do next.

use std::sync::Arc;

use super::brief::BriefCall;
use super::record::{RecordCall, Taken};
use crate::domain::call::{CallRef, Leg};
use crate::domain::timestamp::Timestamp;
use crate::domain::voice::plan::Plan;
use crate::domain::voice::script::{Moment, Setting, script};
use crate::domain::voice::verb::Verb;
use crate::ports::{CallRecords, StoreError};
use crate::provider::account::ProviderAccount;
use crate::provider::calling::{CallEvent, CallHappening};
use crate::provider::messaging::Callback;
use crate::provider::webhooks::{CallDocument, Reply};

/// Answers calls with documents.
pub struct AnswerCall {
    /// What is reported is recorded first.
    pub record: RecordCall,
    /// Calls.
    pub calls: Arc<dyn CallRecords>,
    /// What they are told besides their plan.
    pub brief: BriefCall,
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
        let setting = self.brief.setting(&call, (&stored, &event.sid), (plan, moment), now).await?;
        Ok(self.document(Some(&call), script(plan, moment, &setting)))
    }

    fn document(&self, call: Option<&CallRef>, verbs: Vec<Verb>) -> Reply {
        let id = call.map(CallRef::to_opaque).unwrap_or_default();
        let callback = Callback { base: self.brief.base().to_owned(), id };
        Reply::Document(CallDocument { verbs, callback })
    }
}

fn none() -> Setting {
    Setting::default()
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
