//! What a provider reports about a recording: merged into it, in any order, any number of times.

use std::sync::Arc;

use crate::domain::call::{Call, CallDirection, CallRef, Leg};
use crate::domain::ids::ProviderSid;
use crate::domain::recording::{RecordingId, RecordingSource, RecordingStatus, Transcription};
use crate::domain::timestamp::Timestamp;
use crate::domain::voice::outcome::root;
use crate::domain::voice::plan::{Otherwise, Plan};
use crate::ports::{
    CallRecords, Inbox, Merged, RecordingChange, RecordingRecords, RecordingState, StoreError, Unrouted,
};
use crate::provider::account::ProviderAccount;
use crate::provider::recordings::{RecordingEnd, RecordingOf, RecordingReady, Transcribed};
use crate::provider::webhooks::WebhookKind;

/// Records recordings.
pub struct RecordRecording {
    /// Calls: whose a recording is, and what it is of.
    pub calls: Arc<dyn CallRecords>,
    /// Recordings.
    pub recordings: Arc<dyn RecordingRecords>,
    /// Where the operator looks for what could not be routed.
    pub inbox: Arc<dyn Inbox>,
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is recorded.
    Recorded,
    /// It names no call of this account's. Recorded for the operator.
    Unrouted,
}

/// What both kinds of reports name.
struct Named<'r> {
    callback_id: Option<&'r str>,
    leg: &'r ProviderSid,
    /// The leg, where the provider gives a recording no name of its own.
    recording: &'r ProviderSid,
    of: RecordingOf,
    state: Option<RecordingState>,
    transcription: Transcription,
}

impl RecordRecording {
    /// Records how a recording stands.
    ///
    /// # Errors
    /// When the store fails; the provider is to report again.
    pub async fn ready(
        &self,
        account: &ProviderAccount,
        kind: WebhookKind,
        ready: &RecordingReady,
        now: Timestamp,
    ) -> Result<Kept, StoreError> {
        let named = Named {
            callback_id: ready.callback_id.as_deref(),
            leg: &ready.call,
            recording: ready.recording.as_ref().unwrap_or(&ready.call),
            of: ready.of,
            state: Some(RecordingState {
                status: match ready.end {
                    RecordingEnd::InProgress => RecordingStatus::InProgress,
                    RecordingEnd::Absent => RecordingStatus::Absent,
                    RecordingEnd::Failed => RecordingStatus::Failed,
                    RecordingEnd::Completed => RecordingStatus::Completed,
                },
                channels: ready.channels,
                // A second that was begun counts, or a short message would have no length at all.
                duration: ready
                    .duration
                    .map(|length| u64::try_from(length.as_millis().div_ceil(1000)).unwrap_or(u64::MAX)),
            }),
            transcription: Transcription::None,
        };
        self.merge(account, kind, named, now).await
    }

    /// Records what was said. Only messages are transcribed.
    ///
    /// # Errors
    /// As [`RecordRecording::ready`].
    pub async fn transcribed(
        &self,
        account: &ProviderAccount,
        kind: WebhookKind,
        said: &Transcribed,
        now: Timestamp,
    ) -> Result<Kept, StoreError> {
        let named = Named {
            callback_id: said.callback_id.as_deref(),
            leg: &said.call,
            recording: &said.recording,
            of: RecordingOf::Message,
            state: None,
            transcription: said.text.clone().map_or(Transcription::Failed, Transcription::Text),
        };
        self.merge(account, kind, named, now).await
    }

    /// The call is the one that our opaque id names, and it must be of the account whose key verified the
    /// report: the id is opaque, not secret, and a mailbox is not for everybody to write into.
    async fn merge(
        &self,
        account: &ProviderAccount,
        kind: WebhookKind,
        named: Named<'_>,
        now: Timestamp,
    ) -> Result<Kept, StoreError> {
        let unrouted = |reason| self.unrouted(account, kind, named.leg, reason, now);
        let Some(reference) = named.callback_id.and_then(CallRef::from_opaque) else {
            return unrouted("unknown_call").await;
        };
        let Some((call, legs)) = self.calls.call(&reference).await? else {
            return unrouted("unknown_call").await;
        };
        if call.account != account.id {
            return unrouted("foreign_call").await;
        }
        let change = RecordingChange {
            tenant: reference.tenant,
            id: RecordingId { call: call.id, sid: named.recording.clone() },
            account: account.id.clone(),
            provider: account.provider,
            leg: named.leg.clone(),
            source: source(named.of, &call, &legs),
            from: call.from.clone(),
            to: call.to.clone(),
            user: call.user.clone(),
            state: named.state,
            transcription: named.transcription.clone(),
            at: now,
        };
        match self.recordings.merge_recording(&change).await? {
            Merged::Applied => {
                tracing::info!(
                    provider = %account.provider, call_id = %call.id, recording_sid = %named.recording,
                    status = change.state.map(|state| state.status.as_str()), "Recording"
                );
                Ok(Kept::Recorded)
            }
            Merged::Stale => Ok(Kept::Recorded),
            Merged::Foreign => unrouted("foreign_call").await,
        }
    }

    async fn unrouted(
        &self,
        account: &ProviderAccount,
        kind: WebhookKind,
        leg: &ProviderSid,
        reason: &'static str,
        at: Timestamp,
    ) -> Result<Kept, StoreError> {
        tracing::warn!(account = %account.id, provider_sid = %leg, reason, "Recording not routed");
        let unrouted =
            Unrouted { account: account.id.clone(), kind, sid: leg.to_string(), own: None, reason, at };
        self.inbox.record_unrouted(&unrouted).await?;
        Ok(Kept::Unrouted)
    }
}

/// What a recording is of. Where the provider does not say, the call does: what comes in is recorded in
/// the mailbox only, which it falls to when nobody was joined with the caller.
fn source(of: RecordingOf, call: &Call, legs: &[Leg]) -> RecordingSource {
    match of {
        RecordingOf::Call => return RecordingSource::Call,
        RecordingOf::Message => return RecordingSource::Message,
        RecordingOf::Unknown => {}
    }
    let joined = || {
        let dialled = root(call, legs).and_then(|leg| leg.dialled.as_ref());
        dialled.is_some_and(|dialled| dialled.joined)
    };
    let falls = match &call.plan {
        Some(Plan::Voicemail) => true,
        Some(
            Plan::Forward { otherwise, .. }
            | Plan::HandOver { otherwise, .. }
            | Plan::Stream { otherwise, .. },
        ) => *otherwise == Otherwise::Voicemail && !joined(),
        Some(
            Plan::NotAccepting
            | Plan::AgentNotFound
            | Plan::Join { .. }
            | Plan::Tell { .. }
            | Plan::Play { .. },
        )
        | None => false,
    };
    if falls && call.direction == CallDirection::Inbound {
        RecordingSource::Message
    } else {
        RecordingSource::Call
    }
}
