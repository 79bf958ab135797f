//! What providers report about calls.

use super::{Merged, StoreError};
use crate::domain::call::{AnsweredBy, Call, CallRef, CallStatus, HangupCause, Leg, SignatureReport};
use crate::domain::ids::{AccountId, ProviderSid};
use crate::domain::money::Cost;
use crate::domain::timestamp::Timestamp;
use crate::provider::ProviderId;
use async_trait::async_trait;

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
    /// Notes a call at its first contact; one that is noted already stays as it is. 1 write.
    async fn open(&self, call: &Call) -> Result<(), StoreError>;

    /// Merges a report into its leg, in any order and any number of times: the higher status wins and
    /// owns its cause, everything else is written once. 1 update; 2 when the status was not higher.
    async fn merge_leg(&self, call: &CallRef, change: &LegChange) -> Result<Merged, StoreError>;

    /// A call with its legs. 1 consistent query.
    async fn call(&self, call: &CallRef) -> Result<Option<(Call, Vec<Leg>)>, StoreError>;

    /// True when this step was taken before: the ledger of what was done about events. 1 read.
    async fn was_done(&self, account: &AccountId, step: &str) -> Result<bool, StoreError>;

    /// Notes that a step was taken, kept for a day: no provider repeats an event for longer. 1 write.
    async fn done(&self, account: &AccountId, step: &str, now: Timestamp) -> Result<(), StoreError>;
}
