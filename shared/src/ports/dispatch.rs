//! What the sending worker needs.

use super::StoreError;
use crate::domain::address::Address;
use crate::domain::consent::ContactConsent;
use crate::domain::ids::AccountId;
use crate::domain::ids::MessageId;
use crate::domain::ids::ProviderSid;
use crate::domain::ids::TenantId;
use crate::domain::message::Attempt;
use crate::domain::message::AttemptRef;
use crate::domain::message::Lane;
use crate::domain::message::MessageView;
use crate::domain::status::MessageStatus;
use crate::domain::timestamp::Timestamp;
use crate::provider::error::Effect;
use crate::provider::error::ErrorKind;
use async_trait::async_trait;

/// How an attempt ended, as far as its caller knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptEnd {
    /// The status: what the provider answered, `Failed`, or `Unknown`.
    pub status: MessageStatus,
    /// The provider's id.
    pub sid: Option<ProviderSid>,
    /// The code.
    pub error_code: Option<String>,
    /// The words.
    pub error_message: Option<String>,
    /// What went wrong.
    pub error_kind: Option<ErrorKind>,
    /// Whether it took effect.
    pub effect: Option<Effect>,
    /// Another attempt follows: the failure is not the message's.
    pub superseded: bool,
    /// When.
    pub at: Timestamp,
}

/// What the sending worker needs.
#[async_trait]
pub trait Dispatch: Send + Sync {
    /// The message with its attempts. 1 consistent query.
    async fn load(&self, tenant: &TenantId, id: MessageId) -> Result<Option<MessageView>, StoreError>;

    /// The contact's consent. 1 consistent read.
    async fn consent(
        &self,
        tenant: &TenantId,
        contact: &Address,
    ) -> Result<Option<ContactConsent>, StoreError>;

    /// Writes the attempt before the provider is called, moves the message to `sending`, and its
    /// `pending` mark to the end of the lease, in one transaction that also checks that `gate`, the
    /// contact, has not opted out: between the check and the call nothing is left to slip through.
    /// False: somebody else has begun this attempt, the message is settled, or the contact opted out.
    async fn begin(
        &self,
        tenant: &TenantId,
        id: MessageId,
        attempt: &Attempt,
        gate: Option<&Address>,
    ) -> Result<bool, StoreError>;

    /// Writes how the attempt ended. A status report that came first is never overwritten by a
    /// lower status; the provider's id is always kept.
    async fn end(&self, attempt: &AttemptRef, end: &AttemptEnd) -> Result<(), StoreError>;

    /// Counts one more vain question to the provider about a lost answer, and returns the count.
    async fn asked(&self, attempt: &AttemptRef) -> Result<u32, StoreError>;

    /// When somebody is to look after the message again; `None`: nobody needs to.
    async fn set_due(
        &self,
        tenant: &TenantId,
        id: MessageId,
        due: Option<Timestamp>,
    ) -> Result<(), StoreError>;

    /// Fails a message that has no attempt under way (expired, opted out, no account): status,
    /// code and hold, in one transaction. Nothing happens when it is settled.
    async fn fail(
        &self,
        tenant: &TenantId,
        id: MessageId,
        code: &str,
        words: &str,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Who blocks the lane at `now`. 1 consistent read.
    async fn lane(&self, lane: &Lane, now: Timestamp) -> Result<Option<AttemptRef>, StoreError>;

    /// Blocks the lane until `until` because this attempt's answer was lost.
    async fn block_lane(&self, lane: &Lane, by: &AttemptRef, until: Timestamp) -> Result<(), StoreError>;

    /// Opens the lane, if this attempt is what blocks it.
    async fn open_lane(&self, lane: &Lane, by: &AttemptRef) -> Result<(), StoreError>;

    /// Claims a message found at the provider for this attempt. False: another attempt has it.
    async fn claim(
        &self,
        account: &AccountId,
        sid: &ProviderSid,
        by: &AttemptRef,
    ) -> Result<bool, StoreError>;
}
