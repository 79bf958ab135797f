//! Numbers that move to another tenant or account, and the texts that wait for the end of it.

use super::{IdempotencyBinding, NumberChange, StoreError};
use crate::domain::ids::{AccountId, MessageId, NumberId, TenantId};
use crate::domain::number::PhoneNumber;
use crate::domain::timestamp::Timestamp;
use crate::provider::ProviderId;
use crate::provider::webhooks::InboundText;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// A text to a number that is moving. It waits under the id that its message will have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedText {
    /// Who held the number when its move began.
    pub tenant: TenantId,
    /// The number's id then.
    pub number: NumberId,
    /// The id of its message.
    pub message: MessageId,
    /// The provider that brought it.
    pub provider: ProviderId,
    /// The account that signed it.
    pub account: AccountId,
    /// What it says.
    pub text: InboundText,
    /// When it came.
    pub at: Timestamp,
}

/// What a key is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundMove {
    /// Hash of the first body.
    pub body: String,
    /// Who held the number.
    pub tenant: TenantId,
    /// Which number.
    pub number: NumberId,
}

/// What became of a beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MoveBegun {
    /// It is on its way.
    New,
    /// The key was bound before; nothing was written.
    Replay(BoundMove),
    /// The number is no longer as it was read; nothing was written.
    Changed,
    /// The new holder has the number already, or somebody has it through the new account; nothing was
    /// written.
    Held,
}

/// Numbers that move.
#[async_trait]
pub trait Moves: Send + Sync {
    /// What a key of `caller`'s is bound to. 1 consistent read. An expired binding is none.
    async fn bound_move(
        &self,
        caller: &TenantId,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<BoundMove>, StoreError>;

    /// Sets a number on its way, and binds the key, in one transaction. From then on nobody else can come
    /// to have it for the new holder or through the new account.
    async fn begin_move(
        &self,
        change: &NumberChange,
        key: Option<(&TenantId, &IdempotencyBinding)>,
        now: Timestamp,
    ) -> Result<MoveBegun, StoreError>;

    /// Puts `held` in place of `before`, with every way to find it. With `left`, `held` is another
    /// tenant's, and `left` is the record that stays behind. One transaction. False: `before` is no longer
    /// as it was read.
    async fn hand_over(
        &self,
        before: &PhoneNumber,
        left: Option<&PhoneNumber>,
        held: &PhoneNumber,
    ) -> Result<bool, StoreError>;

    /// The texts that wait for a number. Consistent.
    async fn parked(&self, tenant: &TenantId, number: NumberId) -> Result<Vec<ParkedText>, StoreError>;

    /// Forgets one that was handed on.
    async fn unpark(&self, parked: &ParkedText) -> Result<(), StoreError>;
}
