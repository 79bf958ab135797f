//! Calls: their legs, statuses and outcomes.

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::ids::{AccountId, AgentId, CallId, LeadId, NumberId, ProviderSid, TenantId, UserId};
use super::money::Cost;
use super::timestamp::Timestamp;
use super::voice::plan::Plan;
use crate::provider::ProviderId;

/// Which way a call goes, seen from us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallDirection {
    /// To us.
    Inbound,
    /// From us.
    Outbound,
}

/// Where a leg is in its life, in the total order of the contract: the higher always wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallStatus {
    /// Waits for its turn.
    Queued,
    /// The provider has it.
    Initiated,
    /// It rings.
    Ringing,
    /// People talk.
    InProgress,
    /// Withdrawn before it was answered.
    Canceled,
    /// It could not be placed.
    Failed,
    /// The line was busy.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// It was answered, and is over.
    Completed,
}

impl CallStatus {
    /// Every status, lowest first.
    pub const ALL: [Self; 9] = [
        Self::Queued,
        Self::Initiated,
        Self::Ringing,
        Self::InProgress,
        Self::Canceled,
        Self::Failed,
        Self::Busy,
        Self::NoAnswer,
        Self::Completed,
    ];

    /// Its place in the order.
    pub const fn rank(self) -> u8 {
        self as u8
    }

    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Initiated => "initiated",
            Self::Ringing => "ringing",
            Self::InProgress => "in-progress",
            Self::Canceled => "canceled",
            Self::Failed => "failed",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::Completed => "completed",
        }
    }

    /// The status of a word, or `None`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// This status on a leg of which is known whether it was answered: people talked on one that was,
    /// whatever word its end was reported with, and in whatever order.
    #[must_use]
    pub const fn of_leg(self, answered: bool) -> Self {
        match self {
            Self::Canceled | Self::Failed | Self::Busy | Self::NoAnswer if answered => Self::Completed,
            Self::Queued | Self::Initiated | Self::Ringing if answered => Self::InProgress,
            Self::Queued
            | Self::Initiated
            | Self::Ringing
            | Self::InProgress
            | Self::Canceled
            | Self::Failed
            | Self::Busy
            | Self::NoAnswer
            | Self::Completed => self,
        }
    }

    /// It is over.
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Canceled | Self::Failed | Self::Busy | Self::NoAnswer | Self::Completed)
    }
}

/// Who answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnsweredBy {
    /// A person.
    Human,
    /// An answering machine.
    Machine,
    /// A fax.
    Fax,
    /// Nobody knows.
    Unknown,
}

impl AnsweredBy {
    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Machine => "machine",
            Self::Fax => "fax",
            Self::Unknown => "unknown",
        }
    }
}

/// Why a leg ended: a closed set, the same for every provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HangupCause {
    /// Somebody hung up after talking.
    Normal,
    /// The caller gave up.
    CallerGaveUp,
    /// Busy.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// Turned away by the called party.
    Rejected,
    /// There is no such number, or no way to it.
    Unreachable,
    /// The time that was allowed is over.
    TimeLimit,
    /// A mailbox took it.
    Voicemail,
    /// It was handed to somebody else.
    Transferred,
    /// The account may not, or cannot pay.
    NotAllowed,
    /// The provider, or what is behind it, failed.
    Failure,
    /// The provider does not say.
    Unknown,
}

/// How sure the network, or whoever signed, is of a caller's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Attestation {
    /// The caller and the number are known.
    A,
    /// The caller is known.
    B,
    /// Only the gateway is known.
    C,
}

impl Attestation {
    /// The letter (RFC 8588, 4).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
        }
    }

    /// Reads the letter.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::A, Self::B, Self::C].into_iter().find(|known| known.as_str() == text)
    }
}

/// What a provider reports about the signature of an inbound call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureReport {
    /// The attestation; `None`: it is not reported.
    pub attestation: Option<Attestation>,
    /// Whether it held; `None`: it is not reported.
    pub verified: Option<bool>,
}

/// A call as it began. None of this changes; what moves is on its legs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Our id.
    pub id: CallId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Which way it goes.
    pub direction: CallDirection,
    /// The provider that carries it.
    pub provider: ProviderId,
    /// The account that carries it.
    pub account: AccountId,
    /// Our number.
    pub number: NumberId,
    /// The caller.
    pub from: Address,
    /// The called party.
    pub to: Address,
    /// The owner of our number when it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The agent of our number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// It goes through the tenant's own account, so that nothing is charged for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own_account: bool,
    /// The caller's own name for whom it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<LeadId>,
    /// What is to become of it. `None`: nobody asked yet. Kept apart, because a report about a call may
    /// come before the question.
    #[serde(skip)]
    pub plan: Option<Plan>,
    /// When we heard of it.
    pub created_at: Timestamp,
}

/// One leg of a call, as far as its provider has reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// The account that reported it.
    pub account: AccountId,
    /// Its provider.
    pub provider: ProviderId,
    /// The provider's id.
    pub sid: ProviderSid,
    /// What commands are addressed to, where that is not the id.
    pub control_id: Option<String>,
    /// What the legs of one call have in common.
    pub session: Option<String>,
    /// The leg that this one was dialled for.
    pub parent: Option<ProviderSid>,
    /// Who calls.
    pub from: Option<Address>,
    /// Who is called.
    pub to: Option<Address>,
    /// How it ended that somebody was rung for it.
    pub dialled: Option<Dialled>,
    /// Whoever was rung pressed a key to take the call, or did not.
    pub screened: Option<bool>,
    /// Its audio stream has failed.
    pub stream_failed: bool,
    /// Its status.
    pub status: CallStatus,
    /// Why it ended.
    pub cause: Option<HangupCause>,
    /// The provider's word for it.
    pub provider_cause: Option<String>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Seconds that it was connected, as the provider says or as the two times say.
    pub duration: Option<u64>,
    /// Who answered.
    pub answered_by: Option<AnsweredBy>,
    /// What the network says about the caller's number.
    pub signature: SignatureReport,
    /// What the provider bills.
    pub cost: Option<Cost>,
    /// How much of all this was reported. It only rises: of two readings of a leg, the one that knows
    /// more is the later one.
    pub known: u32,
    /// When any of this last moved.
    pub updated_at: Timestamp,
}

/// How it ended that somebody was rung for a leg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialled {
    /// What became of the leg that was dialled.
    pub status: CallStatus,
    /// Both sides were joined.
    pub joined: bool,
}

impl Call {
    /// Our side of it.
    pub fn own(&self) -> &Address {
        match self.direction {
            CallDirection::Inbound => &self.to,
            CallDirection::Outbound => &self.from,
        }
    }
}

/// Names one call. Its text is the opaque id that travels in callback URLs, client states and
/// metadata.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CallRef {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub call: CallId,
}

impl CallRef {
    /// The opaque id: URL-safe base64 of the call's bits and the tenant.
    pub fn to_opaque(&self) -> String {
        use base64::Engine as _;
        let mut bytes = self.call.bits().to_be_bytes().to_vec();
        bytes.extend_from_slice(self.tenant.as_str().as_bytes());
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads an opaque id; `None` for anything that [`CallRef::to_opaque`] did not make.
    pub fn from_opaque(text: &str) -> Option<Self> {
        use base64::Engine as _;
        if text.len() > 128 {
            return None;
        }
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).ok()?;
        let (id, tenant) = bytes.split_first_chunk::<16>()?;
        Some(Self {
            tenant: std::str::from_utf8(tenant).ok()?.parse().ok()?,
            call: CallId::from_bits(u128::from_be_bytes(*id)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{CallRef, CallStatus};
    use crate::domain::ids::CallId;
    use proptest::prelude::*;

    #[test]
    fn the_order_is_the_contract_and_words_read_back() {
        for (index, status) in CallStatus::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(status.rank()), index);
            assert_eq!(CallStatus::from_word(status.as_str()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }

    proptest! {
        #[test]
        fn an_opaque_id_reads_back(bits: u128, tenant in "[A-Za-z0-9._@-]{1,64}") {
            let call = CallRef { tenant: tenant.parse().unwrap(), call: CallId::from_bits(bits) };
            prop_assert_eq!(CallRef::from_opaque(&call.to_opaque()), Some(call));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = CallRef::from_opaque(&text);
        }
    }
}
