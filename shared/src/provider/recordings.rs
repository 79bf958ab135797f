//! Recordings that a provider keeps for us.

use async_trait::async_trait;
use std::time::Duration;

use super::error::ProviderError;
use super::media::MediaRequest;
use crate::domain::ids::ProviderSid;
use crate::domain::timestamp::Timestamp;

/// What became of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingEnd {
    /// Nothing yet: it is being made.
    InProgress,
    /// It can be fetched.
    Completed,
    /// There was nothing to record.
    Absent,
    /// The provider failed.
    Failed,
}

/// What a recording is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingOf {
    /// What was said on a call.
    Call,
    /// What a caller left in a mailbox.
    Message,
    /// The event does not say: our state with the call does.
    Unknown,
}

/// What was said in a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcribed {
    /// The recording.
    pub recording: ProviderSid,
    /// The leg that was recorded.
    pub call: ProviderSid,
    /// Our opaque id, where we gave one.
    pub callback_id: Option<String>,
    /// The text. `None`: it could not be told.
    pub text: Option<String>,
}

/// What a provider says about a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingReady {
    /// What became of it.
    pub end: RecordingEnd,
    /// What it is of.
    pub of: RecordingOf,
    /// The provider's id of the event.
    pub event_id: Option<String>,
    /// The provider's id of the recording, where it gives one.
    pub recording: Option<ProviderSid>,
    /// The leg that was recorded.
    pub call: ProviderSid,
    /// What the legs of one call have in common.
    pub session: Option<String>,
    /// Our opaque id, where we gave one.
    pub callback_id: Option<String>,
    /// Where the bytes are, as the event says. The link may live for minutes only.
    pub url: Option<String>,
    /// Channels.
    pub channels: Option<u32>,
    /// How long it is.
    pub duration: Option<Duration>,
    /// When it ended.
    pub at: Option<Timestamp>,
}

/// A recording as the provider knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteRecording {
    /// The provider's id.
    pub sid: ProviderSid,
    /// The leg that was recorded.
    pub call: Option<ProviderSid>,
    /// It can be fetched.
    pub ready: bool,
    /// How long it is.
    pub duration: Option<Duration>,
    /// Channels.
    pub channels: Option<u32>,
}

/// Fetching recordings.
#[async_trait]
pub trait Recordings: Send + Sync {
    /// The recordings of one leg, over every page.
    async fn of_call(&self, call: &ProviderSid) -> Result<Vec<RemoteRecording>, ProviderError>;

    /// A fresh way to the bytes of one recording: links of providers run out.
    async fn link(&self, recording: &ProviderSid) -> Result<MediaRequest, ProviderError>;

    /// Removes a recording at the provider. One that is gone already is no error.
    async fn delete(&self, recording: &ProviderSid) -> Result<(), ProviderError>;
}
