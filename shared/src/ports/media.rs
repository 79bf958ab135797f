//! Copies of media, and links to them.

use super::StoreError;
use crate::domain::ids::MessageId;
use crate::domain::ids::TenantId;
use crate::domain::message::MediaCopy;
use crate::domain::message::MessageView;
use crate::domain::timestamp::Timestamp;
use async_trait::async_trait;
use bytes::Bytes;

/// Copies of media.
#[async_trait]
pub trait MediaRecords: Send + Sync {
    /// The message. 1 consistent query.
    async fn load(&self, tenant: &TenantId, id: MessageId) -> Result<Option<MessageView>, StoreError>;

    /// Writes what became of one attachment; the first final state stays. The `pending` mark is
    /// cleared when all of them are final.
    async fn set_copy(
        &self,
        tenant: &TenantId,
        id: MessageId,
        index: u32,
        copy: &MediaCopy,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// When somebody is to look after the message again.
    async fn set_due(
        &self,
        tenant: &TenantId,
        id: MessageId,
        due: Option<Timestamp>,
    ) -> Result<(), StoreError>;
}

/// Where media are kept.
#[async_trait]
pub trait MediaStore: Send + Sync {
    /// Copies a stream into an object, part by part. Repeating it overwrites the same bytes. Nothing
    /// is visible under the key before the stream has ended well. Returns the size in bytes.
    async fn put(&self, key: &str, content_type: &str, stream: ByteStream) -> Result<u64, PutError>;
}

/// Links to media.
#[async_trait]
pub trait MediaLinks: Send + Sync {
    /// A link that reads one object for 5 minutes. No round trip.
    async fn link(&self, key: &str) -> Result<String, StoreError>;
}

/// Bytes that arrive over time.
pub type ByteStream = std::pin::Pin<Box<dyn futures_util::Stream<Item = Result<Bytes, StreamBroken>> + Send>>;

/// The source of a stream gave up (it broke, or grew beyond its limit).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stream broke: {0}")]
pub struct StreamBroken(pub String);

/// Why a copy failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PutError {
    /// The source gave up; nothing was stored.
    #[error(transparent)]
    Source(#[from] StreamBroken),
    /// The store failed; nothing is visible.
    #[error(transparent)]
    Store(#[from] StoreError),
}
