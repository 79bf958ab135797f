//! The statuses of a message and their total order.

use serde::{Deserialize, Serialize};

/// Where a message is in its life. The order of the variants is the order of the contract: whatever
/// the order in which reports arrive, the higher one wins, so that any permutation and repetition of
/// them ends in the same state. The winner owns the error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageStatus {
    /// Inbound: the provider has announced it and is still fetching its parts.
    Receiving,
    /// Inbound: here.
    Received,
    /// Outbound: the provider (or we) took it, a sender is still to be chosen.
    Accepted,
    /// Outbound: waits for its `sendAt`.
    Scheduled,
    /// Outbound: waits for its turn.
    Queued,
    /// Outbound: on its way to the carrier.
    Sending,
    /// Outbound: the provider's answer was lost; being resolved, never resent blindly.
    Unknown,
    /// Outbound: the carrier has it.
    Sent,
    /// Outbound: withdrawn before it left.
    Canceled,
    /// Outbound: it never left.
    Failed,
    /// Outbound: it left and did not arrive.
    Undelivered,
    /// Outbound: it arrived.
    Delivered,
    /// Outbound: it was read.
    Read,
}

impl MessageStatus {
    /// Every status, lowest first.
    pub const ALL: [Self; 13] = [
        Self::Receiving,
        Self::Received,
        Self::Accepted,
        Self::Scheduled,
        Self::Queued,
        Self::Sending,
        Self::Unknown,
        Self::Sent,
        Self::Canceled,
        Self::Failed,
        Self::Undelivered,
        Self::Delivered,
        Self::Read,
    ];

    /// Its place in the order, stored beside the status so that one condition guards a write.
    pub const fn rank(self) -> u8 {
        self as u8
    }

    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Received => "received",
            Self::Accepted => "accepted",
            Self::Scheduled => "scheduled",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Sent => "sent",
            Self::Canceled => "canceled",
            Self::Failed => "failed",
            Self::Undelivered => "undelivered",
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }

    /// The status of a word, or `None`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Nothing more is expected of it. `Sent` is not settled: a receipt may follow.
    pub const fn is_settled(self) -> bool {
        matches!(
            self,
            Self::Received | Self::Canceled | Self::Failed | Self::Undelivered | Self::Delivered | Self::Read
        )
    }

    /// The carrier has had it, so that it is paid for: `sent` and what follows a `sent`.
    pub const fn is_billable(self) -> bool {
        matches!(self, Self::Sent | Self::Undelivered | Self::Delivered | Self::Read)
    }

    /// It ended without reaching the carrier, so that nothing is owed.
    pub const fn is_free(self) -> bool {
        matches!(self, Self::Canceled | Self::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::MessageStatus;

    #[test]
    fn the_order_is_the_contract_and_words_read_back() {
        for (index, status) in MessageStatus::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(status.rank()), index);
            assert_eq!(MessageStatus::from_word(status.as_str()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        assert_eq!(MessageStatus::from_word("Delivered"), None);
    }
}
