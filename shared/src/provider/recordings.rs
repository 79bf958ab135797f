//! Recordings that a provider keeps for us.

use async_trait::async_trait;
use std::time::Duration;

use super::error::ProviderError;
use super::media::MediaRequest;
use crate::domain::ids::ProviderSid;
use crate::domain::timestamp::Timestamp;

/// What a provider says about a finished recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingReady {
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
