//! Recordings of calls, and the messages that callers leave in a mailbox.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::call::CallRef;
use super::ids::{AccountId, CallId, InvalidId, ProviderSid, TenantId, UserId};
use super::message::MediaCopy;
use super::timestamp::Timestamp;
use crate::provider::ProviderId;

/// The characters of a call's id.
const CALL_DIGITS: usize = 26;

/// Our id of a recording: its call, and what the provider calls it. Whatever is told of it once more is
/// told under the same id, and the id says where it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecordingId {
    /// The call.
    pub call: CallId,
    /// The provider's id.
    pub sid: ProviderSid,
}

impl RecordingId {
    /// Where it is kept.
    pub fn of(&self, tenant: &TenantId) -> CallRef {
        CallRef { tenant: tenant.clone(), call: self.call }
    }
}

impl fmt::Display for RecordingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.call, self.sid)
    }
}

impl FromStr for RecordingId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        // What has no dash there is no id: the empty call fails with the error of an id.
        let (call, rest) = text.split_at_checked(CALL_DIGITS).unwrap_or_default();
        let sid = rest.strip_prefix('-').unwrap_or_default();
        Ok(Self { call: call.parse()?, sid: sid.parse()? })
    }
}

/// How a recording stands, in an order: the higher always wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordingStatus {
    /// It is being made.
    InProgress,
    /// There was nothing to record.
    Absent,
    /// The provider failed.
    Failed,
    /// It is made.
    Completed,
}

impl RecordingStatus {
    /// Every status, lowest first.
    pub const ALL: [Self; 4] = [Self::InProgress, Self::Absent, Self::Failed, Self::Completed];

    /// Its place in the order.
    pub const fn rank(self) -> u8 {
        self as u8
    }

    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in-progress",
            Self::Absent => "absent",
            Self::Failed => "failed",
            Self::Completed => "completed",
        }
    }

    /// The status of a word, or `None`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// What a recording is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordingSource {
    /// What was said on a call.
    Call,
    /// What a caller left in a mailbox.
    Message,
}

impl RecordingSource {
    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Message => "voicemail",
        }
    }
}

/// What was said, in writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transcription {
    /// Nobody has told.
    None,
    /// It could not be told.
    Failed,
    /// The text.
    Text(String),
}

/// What has become of a message in its mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailboxState {
    /// Nobody has listened.
    #[default]
    New,
    /// Somebody has.
    Listened,
    /// It is put away.
    Archived,
}

impl MailboxState {
    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Listened => "listened",
            Self::Archived => "archived",
        }
    }
}

/// A recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Whose.
    pub tenant: TenantId,
    /// Our id.
    pub id: RecordingId,
    /// The account that reported it, and that keeps the original.
    pub account: AccountId,
    /// Its provider.
    pub provider: ProviderId,
    /// The leg that was recorded.
    pub leg: ProviderSid,
    /// What it is of.
    pub source: RecordingSource,
    /// The caller.
    pub from: Address,
    /// The called party.
    pub to: Address,
    /// The owner of our number when the call came.
    pub user: Option<UserId>,
    /// How it stands.
    pub status: RecordingStatus,
    /// Channels.
    pub channels: Option<u32>,
    /// Seconds.
    pub duration: Option<u64>,
    /// What became of our copy.
    pub copy: MediaCopy,
    /// What was said.
    pub transcription: Transcription,
    /// What has become of it in its mailbox, if it is a message.
    pub mailbox: MailboxState,
    /// When somebody first listened.
    pub listened_at: Option<Timestamp>,
    /// When we heard of it.
    pub created_at: Timestamp,
    /// When any of this last moved.
    pub updated_at: Timestamp,
}

impl Recording {
    /// A message that a caller left: there is something to be heard.
    pub fn is_voicemail(&self) -> bool {
        self.source == RecordingSource::Message && self.status == RecordingStatus::Completed
    }

    /// It is made, and we have no copy yet.
    pub fn awaits_copy(&self) -> bool {
        self.status == RecordingStatus::Completed && self.copy == MediaCopy::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::{RecordingId, RecordingStatus};
    use crate::domain::ids::CallId;
    use proptest::prelude::*;

    #[test]
    fn the_order_is_that_of_the_words() {
        for (index, status) in RecordingStatus::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(status.rank()), index);
            assert_eq!(RecordingStatus::from_word(status.as_str()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }

    proptest! {
        #[test]
        fn an_id_reads_back(bits: u128, sid in "[A-Za-z0-9._@-]{1,128}") {
            let id = RecordingId { call: CallId::from_bits(bits), sid: sid.parse().unwrap() };
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = text.parse::<RecordingId>();
        }
    }
}
