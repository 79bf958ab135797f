//! What providers report about calls.

use super::{Merged, StoreError};
use crate::domain::address::Address;
use crate::domain::call::{
    AnsweredBy, Call, CallRef, CallStatus, Dialled, HangupCause, Leg, SignatureReport,
};
use crate::domain::ids::{AccountId, ProviderSid};
use crate::domain::money::Cost;
use crate::domain::recording::Recording;
use crate::domain::timestamp::Timestamp;
use crate::provider::ProviderId;
use async_trait::async_trait;

use super::{Page, PageRequest};
use crate::domain::ids::{CallId, TenantId};

/// A report about a leg, ready to be merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegChange {
    /// The account whose key verified the report. The leg must be of this account.
    pub account: AccountId,
    /// Its provider.
    pub provider: ProviderId,
    /// The provider's id of the leg.
    pub sid: ProviderSid,
    /// What commands are addressed to.
    pub control_id: Option<String>,
    /// What the legs of one call have in common.
    pub session: Option<String>,
    /// The leg that this one was dialled for.
    pub parent: Option<ProviderSid>,
    /// Who calls.
    pub from: Option<Address>,
    /// Who is called.
    pub to: Option<Address>,
    /// How it ended that somebody was rung for it. That both were joined outweighs that they were not: the
    /// end of a leg may be reported before its answer.
    pub dialled: Option<Dialled>,
    /// Whoever was rung pressed a key to take the call, or did not.
    pub screened: Option<bool>,
    /// Its audio stream has failed.
    pub stream_failed: bool,
    /// The status that it reports, with what belongs to it.
    pub status: Option<LegStatus>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// Who answered.
    pub answered_by: Option<AnsweredBy>,
    /// What the network says about the caller.
    pub signature: Option<SignatureReport>,
    /// Seconds that it was connected.
    pub duration: Option<u64>,
    /// What the provider bills.
    pub cost: Option<Cost>,
    /// When the report came in.
    pub at: Timestamp,
}

impl LegChange {
    /// A report that says nothing yet.
    pub const fn of(account: AccountId, provider: ProviderId, sid: ProviderSid, at: Timestamp) -> Self {
        Self {
            account,
            provider,
            sid,
            control_id: None,
            session: None,
            parent: None,
            from: None,
            to: None,
            dialled: None,
            screened: None,
            stream_failed: false,
            status: None,
            answered_at: None,
            answered_by: None,
            signature: None,
            duration: None,
            cost: None,
            at,
        }
    }
}

/// A status and what the higher one owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegStatus {
    /// The status.
    pub status: CallStatus,
    /// Why it ended.
    pub cause: Option<HangupCause>,
    /// The provider's word for it.
    pub provider_cause: Option<String>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// Calls, as far as reports make them.
#[async_trait]
pub trait CallRecords: Send + Sync {
    /// Notes a call at its first contact, and what is to become of it, and returns both as they are now:
    /// what was noted before stays, each for itself. 1 update.
    async fn open(&self, call: &Call) -> Result<Call, StoreError>;

    /// Merges a report into its leg, in any order and any number of times: the higher status wins and
    /// owns its cause, everything else is written once. 1 update; 2 when the status was not higher.
    async fn merge_leg(&self, call: &CallRef, change: &LegChange) -> Result<Merged, StoreError>;

    /// A call with its legs. 1 consistent query.
    async fn call(&self, call: &CallRef) -> Result<Option<(Call, Vec<Leg>)>, StoreError>;

    /// Lets whoever holds a token read what the call's agent is told, until then. Only the token's hash is
    /// kept; a second one does not void the first. 1 update.
    async fn grant(&self, call: &CallRef, token_hash: &str, until: Timestamp) -> Result<(), StoreError>;

    /// The call, if a token of this hash lets its holder read it now. 1 consistent read.
    async fn granted(
        &self,
        call: &CallRef,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<Option<Call>, StoreError>;

    /// Where the call's agent is reached, once somebody found out. 1 consistent read.
    async fn handed_to(&self, call: &CallRef) -> Result<Option<String>, StoreError>;

    /// Notes where the call's agent is reached, and returns what was noted first. 1 update.
    async fn note_handover(&self, call: &CallRef, to: &str) -> Result<String, StoreError>;

    /// True when this step was taken before: the ledger of what was done about events. 1 read.
    async fn was_done(&self, account: &AccountId, step: &str) -> Result<bool, StoreError>;

    /// Notes that a step was taken, kept for a day: no provider repeats an event for longer. 1 write.
    async fn done(&self, account: &AccountId, step: &str, now: Timestamp) -> Result<(), StoreError>;
}

/// A call with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallView {
    /// As it began.
    pub call: Call,
    /// Its legs.
    pub legs: Vec<Leg>,
    /// Its recordings, the oldest first.
    pub recordings: Vec<Recording>,
}

/// Reading calls back.
#[async_trait]
pub trait CallHistory: Send + Sync {
    /// A tenant's calls, the newest first. 1 index query, and 1 consistent query a call.
    async fn of_tenant(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<CallView>, StoreError>;

    /// A call with all that belongs to it. 1 consistent query.
    async fn view(&self, call: &CallRef) -> Result<Option<CallView>, StoreError>;

    /// The call of a leg, by the provider's id. 1 consistent read.
    async fn by_sid(&self, tenant: &TenantId, sid: &ProviderSid) -> Result<Option<CallId>, StoreError>;

    /// Notes whose leg it is, so that it is found by the provider's id. 1 write.
    async fn note_sid(&self, call: &CallRef, sid: &ProviderSid) -> Result<(), StoreError>;
}
