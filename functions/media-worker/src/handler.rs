//! Jobs of the media queue, and the guarded downloader that they use.

use async_trait::async_trait;
use futures_util::StreamExt as _;
use telephony::app::copy_media::{CopyMedia, Download, DownloadError, Downloader};
use telephony::app::copy_recording::CopyRecording;
use telephony::domain::recording::RecordingId;
use telephony::ports::{Job, StreamBroken};
use telephony::provider::media::MediaRequest;
use telephony_http::{FetchError, MediaFetcher};
use telephony_lambda::Error;
use telephony_lambda::batch::Delivery;

pub(crate) struct Handler {
    pub(crate) copy: CopyMedia,
    pub(crate) recordings: CopyRecording,
}

impl Handler {
    pub(crate) async fn handle(&self, job: Job, _delivery: &Delivery) -> Result<(), Error> {
        match job {
            Job::CopyMedia { tenant, message, index } => Ok(self.copy.copy(&tenant, message, index).await?),
            Job::CopyRecording { tenant, call, recording } => {
                let id = RecordingId { call, sid: recording };
                Ok(self.recordings.copy(&tenant, &id).await?)
            }
            Job::Send { .. } | Job::HandOut { .. } | Job::Redeliver { .. } | Job::Replay { .. } => {
                Err("this job does not belong on this queue".into())
            }
        }
    }
}

/// The HTTP wall as the use-case's port.
pub(crate) struct GuardedDownloader(pub(crate) MediaFetcher);

#[async_trait]
impl Downloader for GuardedDownloader {
    async fn download(&self, request: &MediaRequest) -> Result<Download, DownloadError> {
        let download = self.0.fetch(request).await.map_err(verdict)?;
        let stream = download.stream.map(|chunk| {
            chunk.map_err(|error| match error {
                FetchError::TooLarge => StreamBroken("too large".to_owned()),
                other => StreamBroken(other.to_string()),
            })
        });
        Ok(Download { stream: Box::pin(stream) })
    }
}

/// What a failed download means for the attachment: again later, or never.
fn verdict(error: FetchError) -> DownloadError {
    match error {
        FetchError::NotReady | FetchError::Unavailable | FetchError::Timeout | FetchError::Broken => {
            DownloadError::Later
        }
        FetchError::Denied => DownloadError::Never("denied"),
        FetchError::Gone => DownloadError::Never("gone"),
        FetchError::Refused => DownloadError::Never("refused"),
        FetchError::NotAllowed => DownloadError::Never("forbidden_url"),
        FetchError::TooLarge => DownloadError::Never("too_large"),
    }
}
