//! An inbound call at a provider that is steered by commands goes through the same script as one that is
//! steered by documents, command by command: the end of a verb leads to the next verb, or to the next
//! moment's first, before the event is answered, because a caller is waiting.
//!
//! Nothing is kept between two events: where a leg stands comes back with each of them
//! ([`crate::domain::voice::place`]). A place is left once. The command's id follows from the leg and the
//! place that it leaves, so that of two events that end the same verb, or of one that comes twice at the
//! same time, the provider takes one command and ignores the other (which it does for a minute); that a
//! place was left is noted, so that an event that comes again later does nothing.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::brief::BriefCall;
use super::record::Taken;
use super::turn::{Left, Turn, assumed, may_turn, recorded, turn};
use super::verbs::{self, Line, NextAfterRefusal};
use crate::domain::call::{Call, CallDirection, CallRef, CallStatus, Dialled, Leg};
use crate::domain::ids::ProviderSid;
use crate::domain::timestamp::Timestamp;
use crate::domain::voice::place::{CallState, Place};
use crate::domain::voice::plan::Plan;
use crate::domain::voice::script::{Moment, script};
use crate::domain::voice::verb::Verb;
use crate::ports::{CallRecords, LegChange, LegStatus, StoreError};
use crate::provider::account::ProviderAccount;
use crate::provider::calling::{
    CallCommand, CallEvent, CallHappening, Command, Commanded, OutboundCall, PlacedCall,
};
use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::recordings::{RecordingOf, RecordingReady};
use crate::provider::transport::HttpTransport;
use crate::provider::{Environment, registry};

/// Steers calls.
pub struct SteerCall {
    /// Plans, legs, and which places were left.
    pub calls: Arc<dyn CallRecords>,
    /// What they are told besides their plan.
    pub brief: BriefCall,
    /// The way to the providers.
    pub transport: Arc<dyn HttpTransport>,
    /// Where this process runs.
    pub environment: Environment,
}

/// Why a step was not taken; the provider is to deliver the event again.
#[derive(Debug, thiserror::Error)]
pub enum NotActed {
    /// Our own store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The provider did not take the command, for a cause that passes.
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

/// One event's work.
struct Step<'s> {
    account: &'s ProviderAccount,
    /// The place that is left: a leg, and where it stands.
    leaves: (&'s ProviderSid, String),
    now: Timestamp,
}

impl Step<'_> {
    /// The same for the same command of the same step, whichever event leads to it. The first one's is also
    /// the name under which the step is noted.
    fn id(&self, command: usize) -> String {
        let (leg, place) = &self.leaves;
        hex::encode(Sha256::digest(format!("{}\n{leg}\n{place}\n{command}", self.account.id)))
    }
}

/// What became of a command.
#[derive(PartialEq, Eq)]
enum Given {
    /// It is done, or there is nobody left to do it for.
    Done,
    /// The provider refuses it, and would again.
    Refused,
}

impl SteerCall {
    /// Takes the step that an event leads to, if it leads to one.
    ///
    /// # Errors
    /// [`NotActed`].
    pub async fn act(
        &self,
        account: &ProviderAccount,
        event: &CallEvent,
        taken: &Taken,
        now: Timestamp,
    ) -> Result<(), NotActed> {
        if registry::call_control(account.provider).is_none() {
            return Ok(());
        }
        let outward = event.direction == Some(CallDirection::Outbound);
        let control = event.control_id.as_deref().unwrap_or(event.sid.as_str());
        match (taken, &event.what) {
            // Outbound legs are steered by whoever placed them.
            (_, CallHappening::Initiated { .. }) if outward => Ok(()),
            (Taken::Unrouted, CallHappening::Initiated { .. }) => {
                let step = Step { account, leaves: (&event.sid, "reject".to_owned()), now };
                self.once(&step, control, CallCommand::Reject { busy: false }, None).await
            }
            (Taken::Unrouted, _) => Ok(()),
            (Taken::Recorded(call), what) => {
                let place = place(event.callback_id.as_deref());
                if let CallHappening::Initiated { .. } = what {
                    if place != Place::Start || !self.is_inbound(event, call).await? {
                        return Ok(());
                    }
                    let step = Step { account, leaves: (&event.sid, "answer".to_owned()), now };
                    return self.once(&step, control, CallCommand::Answer, Some(call.to_opaque())).await;
                }
                if !may_turn(what) {
                    return Ok(());
                }
                let (sid, place) = (&event.sid, &place);
                self.turn(account, call, |plan, legs| turn(what, sid, place, plan, legs), now).await
            }
        }
    }

    /// A leg that begins says which way it goes; where it does not, the call does.
    async fn is_inbound(&self, event: &CallEvent, call: &CallRef) -> Result<bool, StoreError> {
        if let Some(direction) = event.direction {
            return Ok(direction == CallDirection::Inbound);
        }
        let stored = self.calls.call(call).await?;
        Ok(stored.is_some_and(|(call, _)| call.direction == CallDirection::Inbound))
    }

    /// Goes on after a message was recorded.
    ///
    /// # Errors
    /// [`NotActed`].
    pub async fn recorded(
        &self,
        account: &ProviderAccount,
        recording: &RecordingReady,
        now: Timestamp,
    ) -> Result<(), NotActed> {
        let reference = recording.callback_id.as_deref().and_then(CallRef::from_opaque);
        let (Some(reference), RecordingOf::Message) = (reference, recording.of) else { return Ok(()) };
        if registry::call_control(account.provider).is_none() {
            return Ok(());
        }
        self.turn(account, &reference, |_, _| Some(recorded(&recording.call)), now).await
    }

    async fn turn(
        &self,
        account: &ProviderAccount,
        reference: &CallRef,
        of: impl FnOnce(&Plan, &[Leg]) -> Option<(Left, Turn)> + Send,
        now: Timestamp,
    ) -> Result<(), NotActed> {
        let Some((call, legs)) = self.calls.call(reference).await? else { return Ok(()) };
        if call.direction != CallDirection::Inbound || call.account != account.id {
            return Ok(());
        }
        let plan = call.plan.as_ref().unwrap_or(&Plan::NotAccepting);
        let Some((left, turn)) = of(plan, &legs) else { return Ok(()) };
        let step = Step { account, leaves: (&left.leg, left.place), now };
        match turn {
            Turn::Next { caller, moment, verb } => {
                let Some(caller) = legs.iter().find(|leg| leg.sid == caller) else { return Ok(()) };
                if caller.status.is_settled() || self.calls.was_done(&account.id, &step.id(0)).await? {
                    return Ok(());
                }
                self.go_on(&step, (reference, &call, plan), caller, (moment, verb)).await
            }
            Turn::Tell { control, act, state } => self.once(&step, &control, act, state).await,
        }
    }

    /// Gives one command, if its step was not taken before.
    async fn once(
        &self,
        step: &Step<'_>,
        control: &str,
        act: CallCommand,
        state: Option<String>,
    ) -> Result<(), NotActed> {
        let id = step.id(0);
        if self.calls.was_done(&step.account.id, &id).await? {
            return Ok(());
        }
        self.give(step, control, Command { act, id: id.clone(), state }).await?;
        Ok(self.calls.done(&step.account.id, &id, step.now).await?)
    }

    /// The script from here on: its next verb, and when the provider refuses that one, whatever follows on
    /// it, so that nobody is left in silence.
    async fn go_on(
        &self,
        step: &Step<'_>,
        (reference, call, plan): (&CallRef, &Call, &Plan),
        caller: &Leg,
        (mut moment, mut at): (Moment, usize),
    ) -> Result<(), NotActed> {
        for attempt in 0_usize.. {
            let setting = match at {
                0 => self.brief.setting(reference, (call, &caller.sid), (plan, moment), step.now).await?,
                _ => assumed(),
            };
            if let (Plan::HandOver { .. }, Moment::Begin, None) = (plan, moment, &setting.handed_to) {
                moment = Moment::DialEnded { joined: false };
            }
            let verbs = script(plan, moment, &setting);
            let Some(verb) = verbs.get(at) else { break };
            let place = Place::At { moment, verb: u8::try_from(at).unwrap_or(u8::MAX) };
            let state = CallState { call: reference.clone(), place }.to_text();
            let line = Line { call, caller, reference };
            let given = match verb {
                Verb::Dial(dial) if dial.screened => {
                    self.ring(step, &line, verbs::screened(dial, &line, self.brief.base())).await?
                }
                _ => {
                    let act = verbs::command(verb, &line);
                    let control = caller.control_id.as_deref().unwrap_or(caller.sid.as_str());
                    self.give(step, control, Command { act, id: step.id(attempt), state: Some(state) })
                        .await?
                }
            };
            if given == Given::Done {
                break;
            }
            match verbs::after_refusal(verb) {
                NextAfterRefusal::NextVerb => at += 1,
                NextAfterRefusal::Moment(next) => (moment, at) = (next, 0),
                NextAfterRefusal::Nothing => break,
            }
            if moment == (Moment::DialEnded { joined: false }) {
                self.not_joined(step, reference, &caller.sid).await?;
            }
        }
        Ok(self.calls.done(&step.account.id, &step.id(0), step.now).await?)
    }

    async fn not_joined(
        &self,
        step: &Step<'_>,
        call: &CallRef,
        caller: &ProviderSid,
    ) -> Result<(), StoreError> {
        let account = step.account;
        let change = LegChange::of(account.id.clone(), account.provider, caller.clone(), step.now);
        let dialled = Some(Dialled { status: CallStatus::Failed, joined: false });
        self.calls.merge_leg(call, &LegChange { dialled, ..change }).await.map(|_| ())
    }

    /// Rings somebody who is not joined before a key was pressed: a leg of its own.
    async fn ring(&self, step: &Step<'_>, line: &Line<'_>, out: OutboundCall) -> Result<Given, NotActed> {
        let account = step.account;
        let Some(open) = registry::calling(account.provider) else { return Ok(Given::Refused) };
        let calling = match open(account, &self.environment, Arc::clone(&self.transport)) {
            Ok(calling) => calling,
            Err(error) => return refused(&line.caller.sid, error),
        };
        let PlacedCall { sid, control_id, session, status } = match calling.dial(&out).await {
            Ok(placed) => placed,
            Err(error) => return refused(&line.caller.sid, error),
        };
        // Known from the start, so that it is hung up when the caller gives up.
        let change = LegChange {
            control_id,
            session,
            parent: Some(line.caller.sid.clone()),
            status: Some(LegStatus { status, cause: None, provider_cause: None, ended_at: None }),
            ..LegChange::of(account.id.clone(), account.provider, sid, step.now)
        };
        self.calls.merge_leg(line.reference, &change).await?;
        Ok(Given::Done)
    }

    async fn give(&self, step: &Step<'_>, control: &str, command: Command) -> Result<Given, NotActed> {
        let (leg, _) = &step.leaves;
        let Some(open) = registry::call_control(step.account.provider) else { return Ok(Given::Refused) };
        let gave = open(step.account, &self.environment, Arc::clone(&self.transport))?;
        match gave.command(control, &command).await {
            Ok(Commanded::Accepted) => Ok(Given::Done),
            Ok(Commanded::CallEnded) => {
                tracing::info!(provider_sid = %leg, "The caller is gone");
                Ok(Given::Done)
            }
            Err(error) => refused(leg, error),
        }
    }
}

/// A cause that passes is for the provider to deliver the event again.
fn refused(leg: &ProviderSid, error: ProviderError) -> Result<Given, NotActed> {
    if error.kind().is_passing() {
        return Err(error.into());
    }
    // The same command would fail again: told to the operator, and the event is taken.
    tracing::error!(provider_sid = %leg, %error, "A call could not be steered");
    // Nothing else would reach a call that the provider does not know.
    Ok(if error.kind() == ErrorKind::NotFound { Given::Done } else { Given::Refused })
}

/// Where a leg stands. A state that is not ours, or none, is a leg that was told nothing.
fn place(state: Option<&str>) -> Place {
    state.and_then(CallState::read).map_or(Place::Start, |state| state.place)
}
