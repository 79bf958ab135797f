//! Opt-outs: who must not be contacted, since when, and on what evidence.

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::ids::{MessageId, TenantId, UserId};
use super::timestamp::Timestamp;

/// How an opt-out or opt-in came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "camelCase")]
pub enum Evidence {
    /// The contact texted it.
    Text {
        /// The message that says so.
        #[serde(rename = "messageId")]
        message: MessageId,
        /// The text was not a keyword but plain words.
        #[serde(rename = "freeText")]
        free_text: bool,
    },
    /// A user of the tenant recorded it.
    User {
        /// Who.
        #[serde(rename = "userId")]
        user: UserId,
        /// In their words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
}

/// Which block is meant. A text opt-out is lifted by START; a do-not-contact block only by a user.
/// Either blocks every channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Block {
    /// The contact said STOP.
    Text,
    /// The tenant put the contact on its do-not-contact list.
    DoNotContact,
}

/// A change of what a contact allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentChange {
    /// Whose contact.
    pub tenant: TenantId,
    /// Who.
    pub contact: Address,
    /// Which block.
    pub block: Block,
    /// True: from now on blocked. False: the block is lifted.
    pub blocked: bool,
    /// Why.
    pub evidence: Evidence,
    /// When.
    pub at: Timestamp,
}

/// What a contact allows now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactConsent {
    /// Who.
    pub contact: Address,
    /// Since when the contact's own STOP is in force.
    pub text_blocked_at: Option<Timestamp>,
    /// Since when it is on the do-not-contact list.
    pub do_not_contact_at: Option<Timestamp>,
    /// The evidence of the last change.
    pub evidence: Evidence,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl ContactConsent {
    /// Nothing may be sent.
    pub fn is_blocked(&self) -> bool {
        self.text_blocked_at.is_some() || self.do_not_contact_at.is_some()
    }
}
