//! An inbound call at a provider that is steered by commands: each event leads to at most one step,
//! taken before the event is answered, because a caller is waiting.
//!
//! A step is safe to repeat: its command's id follows from the event, and the provider ignores a
//! command that it has had within a minute. What was done is noted, so that an event that comes again
//! later does nothing.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::record::Taken;
use crate::domain::call::{CallDirection, CallRef};
use crate::domain::ids::AccountId;
use crate::domain::timestamp::Timestamp;
use crate::domain::voice::script::NOT_ACCEPTING;
use crate::ports::{CallRecords, StoreError};
use crate::provider::account::ProviderAccount;
use crate::provider::calling::{CallCommand, CallEvent, CallHappening, Command, Commanded};
use crate::provider::error::ProviderError;
use crate::provider::transport::HttpTransport;
use crate::provider::{Environment, registry};

/// Steers calls.
pub struct SteerCall {
    /// What was done about which event.
    pub calls: Arc<dyn CallRecords>,
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
        let Some(act) = step(event, taken) else { return Ok(()) };
        let Some(open) = registry::call_control(account.provider) else { return Ok(()) };
        if event.direction.is_none() && !self.is_inbound(taken).await? {
            return Ok(());
        }
        let id = command_id(&account.id, event, &act);
        if self.calls.was_done(&account.id, &id).await? {
            return Ok(());
        }
        let call = match taken {
            Taken::Recorded(call) => Some(call),
            Taken::Unrouted => None,
        };
        let control = open(account, &self.environment, Arc::clone(&self.transport))?;
        let target = event.control_id.as_deref().unwrap_or(event.sid.as_str());
        let command = Command { act, id: id.clone(), state: call.map(CallRef::to_opaque) };
        match control.command(target, &command).await {
            Ok(Commanded::Accepted) => {}
            Ok(Commanded::CallEnded) => {
                tracing::info!(provider_sid = %event.sid, "The caller is gone");
            }
            Err(error) if error.kind().is_passing() => return Err(error.into()),
            Err(error) => {
                // The same command would fail again: told to the operator, and the event is taken.
                tracing::error!(provider_sid = %event.sid, %error, "A call could not be steered");
            }
        }
        Ok(self.calls.done(&account.id, &id, now).await?)
    }
}

impl SteerCall {
    /// Most events do not say which way their leg goes; the call does.
    async fn is_inbound(&self, taken: &Taken) -> Result<bool, StoreError> {
        let Taken::Recorded(call) = taken else { return Ok(true) };
        let stored = self.calls.call(call).await?;
        Ok(stored.is_none_or(|(call, _)| call.direction == CallDirection::Inbound))
    }
}

/// What to do about an event. Outbound legs are steered by whoever placed them.
fn step(event: &CallEvent, taken: &Taken) -> Option<CallCommand> {
    if event.direction == Some(CallDirection::Outbound) {
        return None;
    }
    let known = matches!(taken, Taken::Recorded(_));
    match &event.what {
        CallHappening::Initiated { .. } if known => Some(CallCommand::Answer),
        CallHappening::Initiated { .. } => Some(CallCommand::Reject { busy: false }),
        CallHappening::Answered if known => {
            Some(CallCommand::Speak { text: NOT_ACCEPTING.to_owned(), language: "en-US".to_owned() })
        }
        CallHappening::PlaybackEnded { .. } if known => Some(CallCommand::HangUp),
        CallHappening::Answered
        | CallHappening::PlaybackEnded { .. }
        | CallHappening::Ringing
        | CallHappening::Bridged
        | CallHappening::Dialled(_)
        | CallHappening::MessageLeft
        | CallHappening::Screening
        | CallHappening::Screened { .. }
        | CallHappening::Ended { .. }
        | CallHappening::AnsweredBy(_)
        | CallHappening::GreetingEnded { .. }
        | CallHappening::Digits { .. }
        | CallHappening::Stream { .. }
        | CallHappening::Billed { .. }
        | CallHappening::Analysed { .. }
        | CallHappening::Other { .. } => None,
    }
}

/// The same for the same step of the same event, whoever takes it.
fn command_id(account: &AccountId, event: &CallEvent, act: &CallCommand) -> String {
    let name = event.event_id.as_deref().unwrap_or(event.sid.as_str());
    let kind = match act {
        CallCommand::Answer => "answer",
        CallCommand::Reject { .. } => "reject",
        CallCommand::Speak { .. } => "speak",
        CallCommand::HangUp => "hangup",
        CallCommand::Play { .. }
        | CallCommand::StopPlaying
        | CallCommand::RecordStart { .. }
        | CallCommand::RecordStop
        | CallCommand::Transfer { .. }
        | CallCommand::Bridge { .. }
        | CallCommand::Gather { .. }
        | CallCommand::SendDigits { .. }
        | CallCommand::StreamStart { .. }
        | CallCommand::StreamStop => "other",
    };
    hex::encode(Sha256::digest(format!("{account}\n{name}\n{kind}")))
}
