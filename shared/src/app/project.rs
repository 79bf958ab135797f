//! What follows from a stored change: summaries, jobs, answers, the message's flat status and its
//! money. Every step may be repeated; the stream redelivers.

use std::sync::Arc;
use std::time::Duration;

use super::answer::Answer;
use super::copy_recording;
use super::emit::Emit;
use super::money::calls::CallCharges;
use super::retry;
use crate::domain::call::{CallRef, CallStatus, Leg};
use crate::domain::message::{Attempt, AttemptRef, Direction, MediaCopy, MessageView};
use crate::domain::number::PhoneNumber;
use crate::domain::recording::Recording;
use crate::domain::status::MessageStatus;
use crate::domain::timestamp::Timestamp;
use crate::ports::{CallHistory, CallRecords, Clock, Job, Projection, Queue, Random, StoreError};
use crate::provider::ProviderId;
use crate::provider::registry;

/// A change of the table, in our words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A message was stored.
    Added(Box<MessageView>),
    /// An attempt was written or moved.
    AttemptMoved(AttemptRef, Box<Attempt>),
    /// A message ended, perhaps without an attempt that says so; its status before is told.
    Ended(Box<MessageView>, Option<MessageStatus>),
    /// A leg of a call was written or moved.
    LegMoved(CallRef, Box<Leg>),
    /// A number was stored, or changed from what is told first.
    NumberChanged(Option<Box<PhoneNumber>>, Box<PhoneNumber>),
    /// A recording is made, and waits for its copy.
    RecordingMade(Box<Recording>),
    /// A recording can be had from us.
    RecordingStored(Box<Recording>),
}

/// What follows from a recording as it is now, and was before. What it is by itself is not enough: the
/// copy's worker writes as well, and must not be called by what it wrote.
pub fn recording_change(now: Box<Recording>, before: Option<&Recording>) -> Option<Change> {
    let stored = |recording: &Recording| matches!(recording.copy, MediaCopy::Stored { .. });
    if now.awaits_copy() && !before.is_some_and(Recording::awaits_copy) {
        return Some(Change::RecordingMade(now));
    }
    (stored(&now) && !before.is_some_and(stored)).then_some(Change::RecordingStored(now))
}

/// What the operator counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing to count.
    Nothing,
    /// An inbound message.
    Received(ProviderId),
    /// A message reached the carrier.
    Sent(ProviderId),
    /// A message arrived.
    Delivered(ProviderId),
    /// A message failed or did not arrive.
    Failed(ProviderId),
    /// An answer was lost.
    Unknown(ProviderId),
}

/// Projects changes.
pub struct Project {
    /// The store.
    pub projection: Arc<dyn Projection>,
    /// Where work goes.
    pub queue: Arc<dyn Queue>,
    /// Answers to STOP, HELP and the like.
    pub answer: Answer,
    /// What customers are told of.
    pub emit: Emit,
    /// Calls.
    pub calls: Arc<dyn CallRecords>,
    /// Where they are found by their providers' ids.
    pub history: Arc<dyn CallHistory>,
    /// What they are charged.
    pub call_charges: CallCharges,
    /// What stands before `/api/` in our URLs, without a slash at the end.
    pub public_base_url: String,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Jitter.
    pub random: Arc<dyn Random>,
}

/// The most retries after a provider reported that a message failed for a cause that passes.
const MAX_LATE_RETRIES: u32 = 3;

impl Project {
    /// Does what follows from one change.
    ///
    /// # Errors
    /// When the store or a queue fails; the stream is to deliver the change again.
    pub async fn project(&self, change: &Change) -> Result<Outcome, StoreError> {
        match change {
            Change::Added(view) => self.added(view).await,
            Change::AttemptMoved(reference, attempt) => self.moved(reference, attempt).await,
            Change::Ended(view, previous) => {
                // What ended by its attempt was told of already, under the same id.
                self.emit.status(view, *previous).await?;
                Ok(Outcome::Nothing)
            }
            Change::LegMoved(reference, leg) => {
                if let Some((call, legs)) = self.calls.call(reference).await? {
                    // Early, so that it is found soon; at its end, because the early reports may be lost.
                    if leg.status < CallStatus::InProgress || leg.status.is_settled() {
                        self.history.note_sid(reference, &leg.sid).await?;
                    }
                    self.call_charges.settle(&call, &legs, self.clock.now()).await?;
                    self.emit.leg(&call, leg).await?;
                }
                Ok(Outcome::Nothing)
            }
            Change::NumberChanged(before, after) => {
                self.emit.number(before.as_deref(), after, &self.public_base_url).await?;
                Ok(Outcome::Nothing)
            }
            Change::RecordingMade(recording) => {
                let job = copy_recording::job(&recording.tenant, &recording.id);
                self.queue.enqueue(&job, Duration::ZERO).await?;
                Ok(Outcome::Nothing)
            }
            Change::RecordingStored(recording) => {
                self.emit.recording(recording).await?;
                Ok(Outcome::Nothing)
            }
        }
    }

    async fn added(&self, view: &MessageView) -> Result<Outcome, StoreError> {
        let message = &view.message;
        match message.direction {
            Direction::Inbound => {
                self.projection.project(message).await?;
                for index in pending_copies(view) {
                    let job = Job::CopyMedia { tenant: message.tenant.clone(), message: message.id, index };
                    self.queue.enqueue(&job, Duration::ZERO).await?;
                }
                let agent_answers = self.emit.received(view).await?;
                self.answer.answer(message, agent_answers).await?;
                Ok(Outcome::Received(message.provider))
            }
            Direction::Outbound => {
                // The send first: the summary can wait.
                if view.progress.status == MessageStatus::Queued {
                    let job = Job::Send { tenant: message.tenant.clone(), message: message.id };
                    self.queue.enqueue(&job, Duration::ZERO).await?;
                }
                self.projection.project(message).await?;
                Ok(Outcome::Nothing)
            }
        }
    }

    async fn moved(&self, reference: &AttemptRef, attempt: &Attempt) -> Result<Outcome, StoreError> {
        let now = self.clock.now();
        if attempt.superseded {
            // Its failure is not the message's. What the provider bills for it is.
            if !attempt.bill.is_empty() {
                self.projection.fold(reference, attempt, now).await?;
            }
            return Ok(Outcome::Nothing);
        }
        if may_retry(attempt) && self.projection.supersede(reference).await? {
            self.retry(reference, attempt, now).await?;
            return Ok(Outcome::Nothing);
        }
        self.tell(reference, attempt).await?;
        let before = self.projection.fold(reference, attempt, now).await?;
        Ok(before.map_or(Outcome::Nothing, |before| outcome(before, attempt)))
    }

    /// Tells of the status that the message is about to take over. Before it does: afterwards nobody
    /// could tell that it was not told. A status that the message has left behind is not told.
    async fn tell(&self, reference: &AttemptRef, attempt: &Attempt) -> Result<(), StoreError> {
        let counts = attempt.started_at.is_some() && attempt.status > MessageStatus::Sending;
        if !counts || !self.emit.wants_status(&reference.tenant).await? {
            return Ok(());
        }
        let Some(mut view) = self.projection.load(&reference.tenant, reference.message).await? else {
            return Ok(());
        };
        let progress = &mut view.progress;
        if attempt.n < progress.attempt || attempt.status < progress.status {
            return Ok(());
        }
        let previous = (progress.status < attempt.status).then_some(progress.status);
        progress.status = attempt.status;
        progress.attempt = attempt.n;
        progress.sid = attempt.sid.clone().or_else(|| progress.sid.take());
        progress.error_code.clone_from(&attempt.error_code);
        progress.error_message.clone_from(&attempt.error_message);
        progress.delivered_at = attempt.delivered_at;
        self.emit.status(&view, previous).await
    }

    async fn retry(
        &self,
        reference: &AttemptRef,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let wait = retry::delay(self.random.as_ref(), attempt.n.saturating_add(4), None);
        let due = now.plus(wait).plus(Duration::from_secs(60));
        self.projection.set_due(&reference.tenant, reference.message, Some(due)).await?;
        let job = Job::Send { tenant: reference.tenant.clone(), message: reference.message };
        self.queue.enqueue(&job, wait).await
    }
}

/// A provider that took a message and then reported that it never left, for a cause that passes (a
/// full queue), is tried again: a failure reported is an effect that did not happen.
pub(super) fn may_retry(attempt: &Attempt) -> bool {
    attempt.status == MessageStatus::Failed
        && attempt.sid.is_some()
        && attempt.started_at.is_some()
        && attempt.n < MAX_LATE_RETRIES
        && attempt
            .error_code
            .as_deref()
            .and_then(|code| registry::error_kind(attempt.provider, code))
            .is_some_and(crate::provider::error::ErrorKind::is_passing)
}

fn pending_copies(view: &MessageView) -> impl Iterator<Item = u32> {
    let copies = view.progress.copies.iter().enumerate();
    copies.filter(|(_, copy)| **copy == MediaCopy::Pending).filter_map(|(index, _)| u32::try_from(index).ok())
}

fn outcome(before: MessageStatus, attempt: &Attempt) -> Outcome {
    let provider = attempt.provider;
    match attempt.status {
        MessageStatus::Failed | MessageStatus::Undelivered => {
            tracing::warn!(%provider, error_code = attempt.error_code, "Message failed");
            Outcome::Failed(provider)
        }
        MessageStatus::Delivered | MessageStatus::Read if before < MessageStatus::Delivered => {
            Outcome::Delivered(provider)
        }
        MessageStatus::Sent => Outcome::Sent(provider),
        MessageStatus::Unknown => Outcome::Unknown(provider),
        MessageStatus::Receiving
        | MessageStatus::Received
        | MessageStatus::Accepted
        | MessageStatus::Scheduled
        | MessageStatus::Queued
        | MessageStatus::Sending
        | MessageStatus::Canceled
        | MessageStatus::Delivered
        | MessageStatus::Read => Outcome::Nothing,
    }
}
