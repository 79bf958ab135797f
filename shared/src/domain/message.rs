//! A message, its attempts, and what is asked for when one is sent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::ids::{
    AccountId, AgentId, ConversationId, LeadId, MessageId, NumberId, ProviderSid, TemplateId, TenantId,
    UserId,
};
use super::keyword::Intent;
use super::money::{Cost, Micros};
use super::phone::E164;
use super::segments::Encoding;
use super::status::MessageStatus;
use super::timestamp::Timestamp;
use crate::provider::ProviderId;
use crate::provider::error::{Effect, ErrorKind};

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To us.
    Inbound,
    /// From us.
    Outbound,
}

/// Why a message is sent. It decides how long a send may wait and, later, which hours bind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// A one-time code: worthless after minutes.
    Otp,
    /// What the recipient asked for or must know. The default.
    #[default]
    Transactional,
    /// An answer in a conversation.
    Conversation,
    /// Solicitation.
    Marketing,
}

/// Where an outbound message comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Origin {
    /// A caller of the API.
    #[default]
    Api,
    /// The template named on the number answered an inbound text.
    AutoAnswer,
    /// The one confirmation that follows an opt-out (allowed within 5 minutes of it: 47 CFR 64.1200(a)(12)).
    OptOutConfirmation,
    /// The confirmation of an opt-in.
    OptInConfirmation,
    /// The answer to HELP.
    HelpAnswer,
    /// The agent of the number answered an inbound text.
    Agent,
}

impl Origin {
    /// May leave although the recipient has opted out: the opt-out's own confirmation, and help.
    pub const fn exempt_from_opt_out(self) -> bool {
        matches!(self, Self::OptOutConfirmation | Self::HelpAnswer)
    }
}

/// A message as it was accepted or received. None of this ever changes (but for erasure).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Our id.
    pub id: MessageId,
    /// Whose it is.
    pub tenant: TenantId,
    /// The conversation that it belongs to.
    pub conversation: ConversationId,
    /// Which way it went.
    pub direction: Direction,
    /// The provider of our number.
    pub provider: ProviderId,
    /// The account of our number.
    pub account: AccountId,
    /// Our number.
    pub number: NumberId,
    /// The sender.
    pub from: Address,
    /// The recipient.
    pub to: Address,
    /// The text.
    pub body: String,
    /// Attachments, in order: inbound ones at the provider, outbound ones at the customer's URLs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<MediaRef>,
    /// Segments: as we count them (outbound), as the provider says (inbound).
    pub segments: u32,
    /// The encoding.
    pub encoding: Encoding,
    /// It goes through the tenant's own account, so that nothing is charged for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own_account: bool,
    /// What is held for it. `None`: not charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Micros>,
    /// Why it is sent.
    #[serde(default)]
    pub purpose: Purpose,
    /// Where it comes from.
    #[serde(default)]
    pub origin: Origin,
    /// What an inbound text asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Intent>,
    /// The provider answers this inbound text itself, so that we do not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub answered_by_provider: bool,
    /// The owner of our number when it happened; for a send, the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The caller's own name for the lead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<LeadId>,
    /// The agent of our number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// The template to answer an inbound text with, as named on our number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_answer: Option<TemplateId>,
    /// The provider's id of an inbound text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbound_sid: Option<ProviderSid>,
    /// When an inbound text was found in the provider's list, because no webhook had brought it, or
    /// handed on after its number's move. It is late, so that nothing answers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found_at: Option<Timestamp>,
    /// Not before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_at: Option<Timestamp>,
    /// Not after this: a send that has not left by then fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_before: Option<Timestamp>,
    /// How the sender was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<RouteNote>,
    /// When we accepted or received it.
    pub created_at: Timestamp,
}

impl Message {
    /// The remote party.
    pub fn remote(&self) -> &Address {
        match self.direction {
            Direction::Inbound => &self.from,
            Direction::Outbound => &self.to,
        }
    }

    /// What so many segments of this text are charged, at the rate at which it was accepted; one with
    /// attachments has one price. `None`: it is not charged.
    pub fn charge_for(&self, segments: u32) -> Option<Micros> {
        let price = self.price?;
        if !self.media.is_empty() || segments == self.segments {
            return Some(price);
        }
        // Even an empty text is one part to the carrier.
        let rate = price.get().checked_div(i64::from(self.segments.max(1)))?;
        Micros::new(rate).checked_mul(segments.max(1))
    }

    /// Our own number, when it is a phone number.
    pub fn own(&self) -> &Address {
        match self.direction {
            Direction::Inbound => &self.to,
            Direction::Outbound => &self.from,
        }
    }
}

/// An attachment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaRef {
    /// Where it is.
    pub url: String,
    /// What it is said to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
}

/// How the sender of a message was chosen; stored with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteNote {
    /// The reasons, in the words of the routing guide (`sticky`, `area_code`, `primary`).
    pub reasons: Vec<String>,
    /// What the sender had over the next one: the word of a step, or `only`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
}

/// What has become of a message: everything about it that moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The status.
    pub status: MessageStatus,
    /// The attempt that the status is of; 0 while there was none.
    pub attempt: u32,
    /// The provider's id in that attempt.
    pub sid: Option<ProviderSid>,
    /// The error code of the status.
    pub error_code: Option<String>,
    /// The error in words.
    pub error_message: Option<String>,
    /// When it was delivered.
    pub delivered_at: Option<Timestamp>,
    /// What the provider bills for each try, as far as it is in the books.
    pub bills: BTreeMap<u32, Bill>,
    /// When any of this last moved.
    pub updated_at: Timestamp,
    /// Copies of inbound attachments, in the order of `Message::media`.
    pub copies: Vec<MediaCopy>,
}

/// A message and its progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageView {
    /// What it is.
    pub message: Message,
    /// What has become of it.
    pub progress: Progress,
    /// Its attempts, oldest first. Lists leave them out.
    pub attempts: Vec<Attempt>,
}

/// The copy of one inbound attachment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum MediaCopy {
    /// Not fetched yet.
    Pending,
    /// In our bucket.
    Stored {
        /// The object's key; stored, never recomputed.
        key: String,
        /// The type that its bytes show.
        content_type: String,
        /// Its size in bytes.
        size: u64,
    },
    /// Given up.
    Failed {
        /// Why, in one word (`gone`, `denied`, `too_large`, `unsafe_type`).
        reason: String,
    },
}

/// What the provider says that it bills for one try.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// Segments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segments: Option<u32>,
    /// Its price, in its currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
}

impl Bill {
    /// The most segments that a text of ours can have: 1,600 characters of two UTF-16 units each, of which
    /// 66 fit into a part of a long text (67, and none is cut in two; 3GPP TS 23.040, 9.2.3.24.1).
    const MOST_SEGMENTS: u32 = 49;

    /// A bill as it is told, less what cannot be true.
    pub fn told(segments: Option<u32>, cost: Option<Cost>) -> Self {
        let segments = segments.filter(|count| (1..=Self::MOST_SEGMENTS).contains(count));
        let is_currency =
            |cost: &Cost| cost.currency.len() == 3 && cost.currency.bytes().all(|b| b.is_ascii_uppercase());
        Self { segments, cost: cost.filter(|cost| is_currency(cost) && cost.amount >= Micros::ZERO) }
    }

    /// It says nothing.
    pub const fn is_empty(&self) -> bool {
        self.segments.is_none() && self.cost.is_none()
    }
}

/// One try at one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which try, from 1.
    pub n: u32,
    /// The provider.
    pub provider: ProviderId,
    /// The account.
    pub account: AccountId,
    /// The sender. `None` on a stub, which is all that there is when a report beat our own write.
    pub from: Option<Address>,
    /// The provider's id, once known.
    pub sid: Option<ProviderSid>,
    /// The status of this try.
    pub status: MessageStatus,
    /// The provider's error code.
    pub error_code: Option<String>,
    /// The error in words.
    pub error_message: Option<String>,
    /// What went wrong, when it did.
    pub error_kind: Option<ErrorKind>,
    /// Whether it took effect, when it went wrong.
    pub effect: Option<Effect>,
    /// This try failed and another one follows, so that its failure is not the message's.
    pub superseded: bool,
    /// When the provider was called. `None` on a stub.
    pub started_at: Option<Timestamp>,
    /// Until when the process that called the provider may still be at work on it.
    pub lease_until: Option<Timestamp>,
    /// When it was delivered.
    pub delivered_at: Option<Timestamp>,
    /// How often the provider was asked about it, while its answer was lost.
    pub asked: u32,
    /// What the provider bills for it, as far as it has said so.
    pub bill: Bill,
}

/// Names one attempt. Its text is the opaque id in the callback's URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AttemptRef {
    /// Whose message.
    pub tenant: TenantId,
    /// Which message.
    pub message: MessageId,
    /// Which try.
    pub n: u32,
}

impl AttemptRef {
    /// The opaque id: URL-safe base64 of the message's bits, the try, and the tenant.
    pub fn to_opaque(&self) -> String {
        use base64::Engine as _;
        let mut bytes = self.message.bits().to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.n.to_be_bytes());
        bytes.extend_from_slice(self.tenant.as_str().as_bytes());
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads an opaque id; `None` for anything that [`AttemptRef::to_opaque`] did not make.
    pub fn from_opaque(text: &str) -> Option<Self> {
        use base64::Engine as _;
        if text.len() > 128 {
            return None;
        }
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).ok()?;
        let (id, rest) = bytes.split_first_chunk::<16>()?;
        let (n, tenant) = rest.split_first_chunk::<4>()?;
        Some(Self {
            tenant: std::str::from_utf8(tenant).ok()?.parse().ok()?,
            message: MessageId::from_bits(u128::from_be_bytes(*id)),
            n: u32::from_be_bytes(*n),
        })
    }
}

/// The lane of a text: while an answer on it is lost, no other text leaves on it, because two equal
/// texts on one lane could not be told apart at the provider.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lane {
    /// The account.
    pub account: AccountId,
    /// The sender.
    pub from: E164,
    /// The recipient, as it is keyed.
    pub to: String,
}

#[cfg(test)]
mod tests {
    use super::AttemptRef;
    use crate::domain::ids::MessageId;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_opaque_id_reads_back(bits: u128, n: u32, tenant in "[A-Za-z0-9._@-]{1,64}") {
            let attempt = AttemptRef { tenant: tenant.parse().unwrap(), message: MessageId::from_bits(bits), n };
            let opaque = attempt.to_opaque();
            prop_assert!(opaque.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
            prop_assert_eq!(AttemptRef::from_opaque(&opaque), Some(attempt));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = AttemptRef::from_opaque(&text);
        }
    }
}
