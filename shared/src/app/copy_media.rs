//! An attachment of an inbound MMS is copied from the provider into our bucket.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::ids::{MessageId, TenantId};
use crate::domain::message::{MediaCopy, MediaRef, Message};
use crate::ports::{
    Accounts, ByteStream, Clock, Job, MediaRecords, MediaStore, PutError, Queue, Random, StoreError,
};
use crate::provider::media::MediaRequest;
use crate::provider::{Environment, registry};

/// How long a file that is not there yet is waited for, at most, since the message came to us. Twilio
/// answers 404 for a few seconds after the webhook (help article 44750147594523).
const NOT_READY_FOR: Duration = Duration::from_secs(3600);
/// How much of a file is looked at to tell its type.
const SNIFF_BYTES: usize = 512;

/// A download under way.
pub struct Download {
    /// The bytes.
    pub stream: ByteStream,
}

/// Why a download did not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DownloadError {
    /// The file is not there yet, or the provider is having trouble: later.
    #[error("not ready")]
    Later,
    /// It will never be there.
    #[error("{0}")]
    Never(&'static str),
}

/// The guarded way to files elsewhere: private addresses refused, credentials on the first hop only,
/// sizes limited.
#[async_trait]
pub trait Downloader: Send + Sync {
    /// Begins a download.
    async fn download(&self, request: &MediaRequest) -> Result<Download, DownloadError>;
}

/// Copies attachments.
pub struct CopyMedia {
    /// Messages and what became of their attachments.
    pub records: Arc<dyn MediaRecords>,
    /// Credentials.
    pub accounts: Arc<dyn Accounts>,
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

impl CopyMedia {
    /// Copies one attachment. May be repeated: the key follows from the message, and the first final
    /// state stays.
    ///
    /// # Errors
    /// When our own store, bucket or queue fails; the job is to be handed out again.
    pub async fn copy(&self, tenant: &TenantId, id: MessageId, index: u32) -> Result<(), StoreError> {
        let Some(view) = self.records.load(tenant, id).await? else { return Ok(()) };
        let message = &view.message;
        let place = usize::try_from(index).unwrap_or(usize::MAX);
        let (Some(media), Some(MediaCopy::Pending)) =
            (message.media.get(place), view.progress.copies.get(place))
        else {
            return Ok(());
        };
        let copy = match self.fetch(message, media, index).await {
            Ok(copy) => copy,
            Err(Trouble::Later) => return self.later(message, index).await,
            Err(Trouble::Never(reason)) => {
                tracing::warn!(message_id = %id, index, reason, "Attachment given up");
                MediaCopy::Failed { reason: reason.to_owned() }
            }
            Err(Trouble::Store(error)) => return Err(error),
        };
        self.records.set_copy(tenant, id, index, &copy, self.clock.now()).await
    }

    async fn fetch(&self, message: &Message, media: &MediaRef, index: u32) -> Result<MediaCopy, Trouble> {
        let account = self.accounts.account(&message.tenant, &message.account).await?;
        let (account, open) =
            account.zip(registry::media(message.provider)).ok_or(Trouble::Never("no_account"))?;
        let source = open(&account, &self.environment).map_err(|_| Trouble::Never("no_account"))?;
        let request = source.media_request(&media.url).map_err(|_| Trouble::Never("foreign_url"))?;
        let mut stream = match self.downloader.download(&request).await {
            Ok(download) => download.stream,
            Err(DownloadError::Later) => return Err(Trouble::Later),
            Err(DownloadError::Never(reason)) => return Err(Trouble::Never(reason)),
        };
        let head = sniff::head(&mut stream, SNIFF_BYTES).await.map_err(|_| Trouble::Later)?;
        let (content_type, extension) = sniff::kind(&head, media.content_type.as_deref())?;
        let key = key(message, index, extension);
        match self.store.put(&key, content_type, sniff::rejoin(head, stream)).await {
            Ok(size) => {
                tracing::info!(message_id = %message.id, index, size, content_type, "Attachment stored");
                Ok(MediaCopy::Stored { key, content_type: content_type.to_owned(), size })
            }
            Err(PutError::Source(broken)) if broken.0 == "too large" => Err(Trouble::Never("too_large")),
            Err(PutError::Source(_)) => Err(Trouble::Later),
            Err(PutError::Store(error)) => Err(error.into()),
        }
    }

    /// Tries again, after a while that grows with the message's age with us; gives up after an hour.
    async fn later(&self, message: &Message, index: u32) -> Result<(), StoreError> {
        let now = self.clock.now();
        let age = now.since(message.found_at.unwrap_or(message.created_at));
        if age >= NOT_READY_FOR {
            let copy = MediaCopy::Failed { reason: "never_ready".to_owned() };
            return self.records.set_copy(&message.tenant, message.id, index, &copy, now).await;
        }
        let wait = age.clamp(Duration::from_secs(2), Duration::from_secs(300))
            + self.random.up_to(Duration::from_secs(1));
        let due = now.plus(wait).plus(Duration::from_secs(60));
        self.records.set_due(&message.tenant, message.id, Some(due)).await?;
        let job = Job::CopyMedia { tenant: message.tenant.clone(), message: message.id, index };
        self.queue.enqueue(&job, wait).await
    }
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

/// The documented key. The owner is the one at the time of the event.
fn key(message: &Message, index: u32, extension: &str) -> String {
    let user = message.user.as_ref().map_or("_", |user| user.as_str());
    let id = message.id.to_string();
    let sid = message.inbound_sid.as_ref().map_or(id.as_str(), |sid| sid.as_str());
    format!("mms/{}/{user}/{sid}_{index}.{extension}", message.tenant)
}

/// What bytes are, told by the bytes.
pub(super) mod sniff {
    use bytes::{Bytes, BytesMut};
    use futures_util::StreamExt as _;
    use futures_util::stream;

    use super::Trouble;
    use crate::ports::{ByteStream, StreamBroken};

    /// Types that are kept, by their first bytes at an offset. What is none of them and not plain
    /// text that the provider announced as such (vCard, calendar, text) is not kept: an error page
    /// stored as a picture helps nobody, and HTML or SVG from a stranger runs scripts.
    const MAGIC: [(usize, &[u8], &str, &str); 15] = [
        (0, b"\xFF\xD8\xFF", "image/jpeg", "jpeg"),
        (0, b"\x89PNG\r\n\x1a\n", "image/png", "png"),
        (0, b"GIF87a", "image/gif", "gif"),
        (0, b"GIF89a", "image/gif", "gif"),
        (8, b"WEBP", "image/webp", "webp"),
        (4, b"ftyp3g", "video/3gpp", "3gp"),
        (4, b"ftypM4A", "audio/mp4", "m4a"),
        (4, b"ftypheic", "image/heic", "heic"),
        (4, b"ftyp", "video/mp4", "mp4"),
        (0, b"#!AMR", "audio/amr", "amr"),
        (0, b"ID3", "audio/mpeg", "mp3"),
        (0, b"\xFF\xFB", "audio/mpeg", "mp3"),
        (0, b"OggS", "audio/ogg", "ogg"),
        (8, b"WAVE", "audio/wav", "wav"),
        (0, b"%PDF-", "application/pdf", "pdf"),
    ];

    /// Text formats that have no magic: believed when announced and when the bytes are text.
    const TEXTS: [(&str, &str, &str, &str); 4] = [
        ("text/vcard", "BEGIN:VCARD", "text/vcard", "vcf"),
        ("text/x-vcard", "BEGIN:VCARD", "text/vcard", "vcf"),
        ("text/calendar", "BEGIN:VCALENDAR", "text/calendar", "ics"),
        ("text/plain", "", "text/plain", "txt"),
    ];

    /// The first bytes of a stream, at least `wanted` of them unless it is shorter.
    pub(in crate::app) async fn head(stream: &mut ByteStream, wanted: usize) -> Result<Bytes, StreamBroken> {
        let mut head = BytesMut::new();
        while head.len() < wanted {
            match stream.next().await {
                Some(chunk) => head.extend_from_slice(&chunk?),
                None => break,
            }
        }
        Ok(head.freeze())
    }

    /// The stream as it was before its head was taken.
    pub(in crate::app) fn rejoin(head: Bytes, rest: ByteStream) -> ByteStream {
        Box::pin(stream::iter([Ok(head)]).chain(rest))
    }

    /// The type and the extension of sound. `None`: it is none that recordings are made of. A frame of MP3
    /// begins with eleven set bits, a version and a layer.
    pub(in crate::app) fn sound(head: &[u8]) -> Option<(&'static str, &'static str)> {
        match head {
            [b'I', b'D', b'3', ..] => Some(("audio/mpeg", "mp3")),
            [0xFF, second, ..] if second & 0xE6 == 0xE2 => Some(("audio/mpeg", "mp3")),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Some(("audio/wav", "wav")),
            _ => None,
        }
    }

    /// The type and the extension of bytes that begin like this.
    pub(super) fn kind(
        head: &[u8],
        announced: Option<&str>,
    ) -> Result<(&'static str, &'static str), Trouble> {
        if head.is_empty() {
            return Err(Trouble::Later);
        }
        for (offset, magic, content_type, extension) in MAGIC {
            if head.get(offset..).is_some_and(|bytes| bytes.starts_with(magic)) {
                return Ok((content_type, extension));
            }
        }
        let announced = announced.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let text = String::from_utf8_lossy(head);
        let is_text = !head.contains(&0) && !text.trim_start().starts_with('<');
        for (name, start, content_type, extension) in TEXTS {
            if is_text && announced.eq_ignore_ascii_case(name) && text.trim_start().starts_with(start) {
                return Ok((content_type, extension));
            }
        }
        Err(Trouble::Never("unsafe_type"))
    }
}
