//! Accepting sends.

use super::StoreError;
use crate::domain::ids::MessageId;
use crate::domain::ids::TenantId;
use crate::domain::message::Message;
use crate::domain::routing::RouteRecord;
use crate::domain::spending::CapReached;
use crate::domain::status::MessageStatus;
use crate::domain::timestamp::Timestamp;
use async_trait::async_trait;

/// A key of a client's write, bound to what it started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyBinding {
    /// Hash of method, path and key; the tenant is in the item's key.
    pub key: String,
    /// Hash of the body.
    pub body: String,
    /// Kept until then.
    pub expires_at: Timestamp,
}

/// What a key is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Hash of the first body.
    pub body: String,
    /// What it started.
    pub message: MessageId,
}

/// A send that is about to be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The message.
    pub message: Message,
    /// Its first status: `Queued` or `Scheduled`.
    pub status: MessageStatus,
    /// When the sweeper looks after it, should nobody have.
    pub due: Timestamp,
    /// The client's key.
    pub idempotency: Option<IdempotencyBinding>,
    /// How the sender was chosen, where it was.
    pub decision: Option<RouteRecord>,
}

/// What became of an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is written, with its key and its hold.
    New,
    /// The key was bound before.
    Replay(Bound),
    /// A message with this id was accepted before (derived ids only).
    Exists,
    /// The recipient has opted out.
    OptedOut,
    /// The wallet cannot pay for it.
    InsufficientBalance,
    /// It would pass what the tenant may spend. Nothing was written.
    SpendCapReached(CapReached),
}

/// Accepting sends.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// What a key is bound to. 1 consistent read. An expired binding is none.
    async fn bound(&self, tenant: &TenantId, key: &str, now: Timestamp) -> Result<Option<Bound>, StoreError>;

    /// Writes the message, its key, its hold with the ledger's entry, and checks the opt-out, in one
    /// transaction. The opt-out is not checked when the origin is exempt. No wallet is touched when
    /// the message has no price or a price of zero.
    async fn accept(&self, intent: &Intent) -> Result<Accepted, StoreError>;

    /// Withdraws a message of which no attempt has begun: status `canceled`, hold released, in one
    /// transaction. False: too late.
    async fn cancel(&self, tenant: &TenantId, id: MessageId, now: Timestamp) -> Result<bool, StoreError>;
}
