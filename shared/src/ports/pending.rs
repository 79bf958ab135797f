//! The net under the stream, and the queues.

use super::StoreError;
use crate::domain::endpoint::{DeliveryRef, Target};
use crate::domain::event::Thread;
use crate::domain::ids::CallId;
use crate::domain::ids::EndpointId;
use crate::domain::ids::EventId;
use crate::domain::ids::MessageId;
use crate::domain::ids::ProviderSid;
use crate::domain::ids::ReplayId;
use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use async_trait::async_trait;
use std::time::Duration;

/// Which kind of work waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PendingKind {
    /// An outbound message that is not settled.
    Send,
    /// An inbound message whose media are not all copied.
    Media,
}

/// A message that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingMessage {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub id: MessageId,
    /// Since when it should have been looked after.
    pub due: Timestamp,
}

/// The net under the stream.
#[async_trait]
pub trait Pending: Send + Sync {
    /// Messages due before `now`, oldest first, at most `limit` of each shard.
    async fn due(
        &self,
        kind: PendingKind,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<PendingMessage>, StoreError>;

    /// Moves the mark from `message.due` to `next`, so that it is handed out once. False: somebody
    /// else moved or cleared it.
    async fn postpone(
        &self,
        kind: PendingKind,
        message: &PendingMessage,
        next: Timestamp,
    ) -> Result<bool, StoreError>;
}

/// Work for a queue.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "job", rename_all = "camelCase")]
pub enum Job {
    /// Look after an outbound message.
    Send {
        /// Whose.
        tenant: TenantId,
        /// Which.
        message: MessageId,
    },
    /// Copy one attachment of an inbound message.
    CopyMedia {
        /// Whose.
        tenant: TenantId,
        /// Which.
        message: MessageId,
        /// Which attachment, from 0.
        index: u32,
    },
    /// Copy a recording of a call.
    CopyRecording {
        /// Whose.
        tenant: TenantId,
        /// Of which call.
        call: CallId,
        /// The provider's id of it.
        recording: ProviderSid,
    },
    /// Hand out the events of a thread up to this one. In the order of the thread.
    HandOut {
        /// Whose.
        tenant: TenantId,
        /// Which.
        event: EventId,
        /// Of which thread.
        thread: Thread,
    },
    /// Try a delivery again.
    Redeliver {
        /// Whose.
        tenant: TenantId,
        /// Which event.
        event: EventId,
        /// To whom.
        target: Target,
    },
    /// Tell an endpoint again what happened since a moment, a page at a time.
    Replay {
        /// Whose.
        tenant: TenantId,
        /// Which endpoint.
        endpoint: EndpointId,
        /// Names this wish.
        replay: ReplayId,
        /// Since when.
        since: Timestamp,
        /// Until when.
        until: Timestamp,
        /// Where the page before ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cursor: Option<String>,
    },
}

impl Job {
    /// Another try of a delivery.
    pub fn redeliver(key: &DeliveryRef) -> Self {
        Self::Redeliver { tenant: key.tenant.clone(), event: key.event, target: key.target.clone() }
    }

    /// Jobs of one group are fair to those of others; where the queue has an order, they keep it among
    /// themselves.
    pub fn group(&self) -> Option<String> {
        match self {
            Self::Send { .. } | Self::CopyMedia { .. } | Self::CopyRecording { .. } => None,
            Self::HandOut { tenant, thread, .. } => Some(format!("{tenant}#{thread}")),
            Self::Redeliver { tenant, target, .. } => Some(format!("{tenant}#{target}")),
            Self::Replay { tenant, endpoint, .. } => Some(format!("{tenant}#{endpoint}")),
        }
    }
}

/// The queues.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Enqueues a job, not to be handed out before `delay` (at most 15 minutes; longer is cut).
    async fn enqueue(&self, job: &Job, delay: Duration) -> Result<(), StoreError>;
}
