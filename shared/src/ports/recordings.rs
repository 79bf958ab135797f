//! Recordings, and the mailbox.

use async_trait::async_trait;

use super::{Merged, Page, PageRequest, StoreError};
use crate::domain::address::Address;
use crate::domain::ids::{AccountId, ProviderSid, TenantId, UserId};
use crate::domain::message::MediaCopy;
use crate::domain::recording::{
    MailboxState, Recording, RecordingId, RecordingSource, RecordingStatus, Transcription,
};
use crate::domain::timestamp::Timestamp;
use crate::provider::ProviderId;

/// A report about a recording, ready to be merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingChange {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub id: RecordingId,
    /// The account whose key verified the report. The recording must be of this account.
    pub account: AccountId,
    /// Its provider.
    pub provider: ProviderId,
    /// The leg that was recorded.
    pub leg: ProviderSid,
    /// What it is of.
    pub source: RecordingSource,
    /// The caller.
    pub from: Address,
    /// The called party.
    pub to: Address,
    /// The owner of our number when the call came.
    pub user: Option<UserId>,
    /// How it stands, if that is what is reported.
    pub state: Option<RecordingState>,
    /// What was said, if that is what is reported.
    pub transcription: Transcription,
    /// When the report came in.
    pub at: Timestamp,
}

/// A status and what the higher one owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordingState {
    /// The status.
    pub status: RecordingStatus,
    /// Channels.
    pub channels: Option<u32>,
    /// Seconds.
    pub duration: Option<u64>,
}

/// A recording whose copy should have been made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverdueRecording {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub id: RecordingId,
    /// Since when.
    pub due: Timestamp,
}

/// Recordings, as reports and copies make them.
#[async_trait]
pub trait RecordingRecords: Send + Sync {
    /// Merges a report, in any order and any number of times: the higher status wins and owns length and
    /// channels, everything else is written once. 1 update. From its completion on it waits for its copy,
    /// and a message stands in the mailbox.
    async fn merge_recording(&self, change: &RecordingChange) -> Result<Merged, StoreError>;

    /// A recording. 1 consistent read.
    async fn recording(&self, tenant: &TenantId, id: &RecordingId) -> Result<Option<Recording>, StoreError>;

    /// Writes what became of the copy; the first final state stays. 1 update.
    async fn set_recording_copy(
        &self,
        tenant: &TenantId,
        id: &RecordingId,
        copy: &MediaCopy,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// When somebody is to look after it again, while its copy is not final. 1 update.
    async fn set_recording_due(
        &self,
        tenant: &TenantId,
        id: &RecordingId,
        due: Timestamp,
    ) -> Result<(), StoreError>;

    /// What should have been copied before `now`, the oldest of each shard first. 1 index query a shard.
    async fn overdue_recordings(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<OverdueRecording>, StoreError>;
}

/// The mailbox.
#[async_trait]
pub trait Voicemails: Send + Sync {
    /// A tenant's messages, the newest first. 1 index query.
    async fn voicemails(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<Recording>, StoreError>;

    /// Says what has become of a message, and returns it as it is now; whoever listened first keeps the
    /// time. `None`: there is no such message. 1 update.
    async fn file_voicemail(
        &self,
        tenant: &TenantId,
        id: &RecordingId,
        state: MailboxState,
        now: Timestamp,
    ) -> Result<Option<Recording>, StoreError>;
}
