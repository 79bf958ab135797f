//! What the projector needs.

use super::StoreError;
use crate::domain::ids::ConversationId;
use crate::domain::ids::MessageId;
use crate::domain::ids::TenantId;
use crate::domain::message::Attempt;
use crate::domain::message::AttemptRef;
use crate::domain::message::Message;
use crate::domain::message::MessageView;
use crate::domain::status::MessageStatus;
use crate::domain::timestamp::Timestamp;
use async_trait::async_trait;
use std::time::Duration;

/// What the projector needs.
#[async_trait]
pub trait Projection: Send + Sync {
    /// The message with its attempts. 1 consistent query.
    async fn load(&self, tenant: &TenantId, id: MessageId) -> Result<Option<MessageView>, StoreError>;

    /// Adds the message to its conversation's summary and to the tenant's log, exactly once. False:
    /// it was done before.
    async fn project(&self, message: &Message) -> Result<bool, StoreError>;

    /// Takes over an attempt's state into the message, if it is higher, and moves the money to what
    /// the new status asks for, in one transaction. Returns the status that the message had before,
    /// or `None` when nothing changed.
    async fn fold(
        &self,
        attempt: &AttemptRef,
        state: &Attempt,
        now: Timestamp,
    ) -> Result<Option<MessageStatus>, StoreError>;

    /// Marks an attempt as superseded, so that its failure is not the message's; false when it is
    /// folded already or not failed.
    async fn supersede(&self, attempt: &AttemptRef) -> Result<bool, StoreError>;

    /// When somebody is to look after the message again.
    async fn set_due(
        &self,
        tenant: &TenantId,
        id: MessageId,
        due: Option<Timestamp>,
    ) -> Result<(), StoreError>;

    /// Takes the right to answer this conversation automatically, at most once a `window` and
    /// conversation, so that two machines do not talk to each other for ever.
    async fn may_auto_answer(
        &self,
        tenant: &TenantId,
        conversation: ConversationId,
        now: Timestamp,
        window: Duration,
    ) -> Result<bool, StoreError>;
}
