//! A recording is copied from the provider into our bucket.

use std::sync::Arc;
use std::time::Duration;

use super::copy_media::{DownloadError, Downloader, sniff};
use crate::domain::ids::{ProviderSid, TenantId};
use crate::domain::message::MediaCopy;
use crate::domain::recording::{Recording, RecordingId, RecordingSource};
use crate::ports::{Accounts, Clock, Job, MediaStore, PutError, Queue, Random, RecordingRecords, StoreError};
use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::media::MediaRequest;
use crate::provider::recordings::Recordings;
use crate::provider::transport::HttpTransport;
use crate::provider::{Environment, registry};

/// How long a file that is not there yet is waited for, at most, since we heard of the recording.
const NOT_READY_FOR: Duration = Duration::from_secs(3600);
/// How much of a file is looked at to tell its type.
const SNIFF_BYTES: usize = 16;

/// Copies recordings.
pub struct CopyRecording {
    /// Recordings and what became of them.
    pub records: Arc<dyn RecordingRecords>,
    /// Credentials.
    pub accounts: Arc<dyn Accounts>,
    /// The way to the providers.
    pub transport: Arc<dyn HttpTransport>,
    /// The way to the files.
    pub downloader: Arc<dyn Downloader>,
    /// Where they are kept.
    pub store: Arc<dyn MediaStore>,
    /// Where work to be done later goes.
    pub queue: Arc<dyn Queue>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Jitter.
    pub random: Arc<dyn Random>,
    /// Where this process runs.
    pub environment: Environment,
}

enum Trouble {
    Later,
    Never(&'static str),
    Store(StoreError),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ProviderError> for Trouble {
    fn from(error: ProviderError) -> Self {
        match error.kind() {
            // What is wrong with an account can be put right, and what is not there yet comes.
            ErrorKind::Config | ErrorKind::Unsupported | ErrorKind::InvalidRequest => Self::Never("refused"),
            _ => Self::Later,
        }
    }
}

impl CopyRecording {
    /// Copies one recording. May be repeated: the key follows from the recording, and the first final
    /// state stays.
    ///
    /// # Errors
    /// When our own store, bucket or queue fails; the job is to be handed out again.
    pub async fn copy(&self, tenant: &TenantId, id: &RecordingId) -> Result<(), StoreError> {
        let found = self.records.recording(tenant, id).await?;
        let Some(recording) = found.filter(Recording::awaits_copy) else { return Ok(()) };
        let copy = match self.fetch(&recording).await {
            Ok(copy) => copy,
            Err(Trouble::Later) => return self.later(&recording).await,
            Err(Trouble::Never(reason)) => {
                tracing::warn!(recording_id = %id, reason, "Recording given up");
                MediaCopy::Failed { reason: reason.to_owned() }
            }
            Err(Trouble::Store(error)) => return Err(error),
        };
        self.records.set_recording_copy(tenant, id, &copy, self.clock.now()).await
    }

    async fn fetch(&self, recording: &Recording) -> Result<MediaCopy, Trouble> {
        let account = self.accounts.account(&recording.tenant, &recording.account).await?;
        let (account, open) =
            account.zip(registry::recordings(recording.provider)).ok_or(Trouble::Never("no_account"))?;
        let kept = open(&account, &self.environment, self.transport.clone())
            .map_err(|_| Trouble::Never("no_account"))?;
        let request = link(kept.as_ref(), recording).await?;
        let mut stream = match self.downloader.download(&request).await {
            Ok(download) => download.stream,
            Err(DownloadError::Later) => return Err(Trouble::Later),
            Err(DownloadError::Never(reason)) => return Err(Trouble::Never(reason)),
        };
        let head = sniff::head(&mut stream, SNIFF_BYTES).await.map_err(|_| Trouble::Later)?;
        // Providers answer with a document that says why there is no audio, and sometimes with success: it
        // is not kept, and asked for again.
        let (content_type, extension) = sniff::sound(&head).ok_or(Trouble::Later)?;
        let key = key(recording, extension);
        match self.store.put(&key, content_type, sniff::rejoin(head, stream)).await {
            Ok(size) => {
                tracing::info!(recording_id = %recording.id, size, content_type, "Recording stored");
                Ok(MediaCopy::Stored { key, content_type: content_type.to_owned(), size })
            }
            Err(PutError::Source(broken)) if broken.0 == "too large" => Err(Trouble::Never("too_large")),
            Err(PutError::Source(_)) => Err(Trouble::Later),
            Err(PutError::Store(error)) => Err(error.into()),
        }
    }

    /// Tries again, after a while that grows with the recording's age with us; gives up after an hour.
    async fn later(&self, recording: &Recording) -> Result<(), StoreError> {
        let (tenant, id, now) = (&recording.tenant, &recording.id, self.clock.now());
        let age = now.since(recording.created_at);
        if age >= NOT_READY_FOR {
            tracing::warn!(recording_id = %id, "Recording given up");
            let copy = MediaCopy::Failed { reason: "never_ready".to_owned() };
            return self.records.set_recording_copy(tenant, id, &copy, now).await;
        }
        let wait = age.clamp(Duration::from_secs(2), Duration::from_secs(300))
            + self.random.up_to(Duration::from_secs(1));
        let due = now.plus(wait).plus(Duration::from_secs(60));
        self.records.set_recording_due(tenant, id, due).await?;
        self.queue.enqueue(&job(tenant, id), wait).await
    }
}

/// The job that copies a recording.
pub(super) fn job(tenant: &TenantId, id: &RecordingId) -> Job {
    Job::CopyRecording { tenant: tenant.clone(), call: id.call, recording: id.sid.clone() }
}

/// A fresh way to the bytes. One that has no name of its own is found by its leg.
async fn link(kept: &dyn Recordings, recording: &Recording) -> Result<MediaRequest, Trouble> {
    let named: Option<ProviderSid> = if recording.id.sid == recording.leg {
        let of_leg = kept.of_call(&recording.leg).await?;
        of_leg.into_iter().find(|one| one.ready).map(|one| one.sid)
    } else {
        Some(recording.id.sid.clone())
    };
    Ok(kept.link(&named.ok_or(Trouble::Later)?).await?)
}

/// The documented key. The owner is the one at the time of the call.
fn key(recording: &Recording, extension: &str) -> String {
    let user = recording.user.as_ref().map_or("_", |user| user.as_str());
    let place = match recording.source {
        RecordingSource::Call => "recordings",
        RecordingSource::Message => "voicemails",
    };
    format!("{place}/{}/{user}/{}.{extension}", recording.tenant, recording.id.sid)
}
