//! Moving a number to another tenant or another account of its provider: how long it takes, and what is
//! noted meanwhile.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ids::{AccountId, BusinessId, NumberId, TenantId, UserId};
use super::timestamp::Timestamp;

/// The oldest answer to "who holds this number?" that any process uses, when the store cannot be asked.
pub const ROUTE_MAX_AGE: Duration = Duration::from_secs(300);
/// What a process may take to act upon an answer, and a read of the store may be behind.
const MARGIN: Duration = Duration::from_secs(60);
/// So long a number is on its way at least: whoever uses an answer from before the move has ended.
pub const MOVING_FOR: Duration = Duration::from_secs(ROUTE_MAX_AGE.as_secs() + MARGIN.as_secs());
/// So long after the end of a move a text may still be parked. Answers that say "moving" are not kept,
/// so that only those who have just asked can do it.
pub const PARKING_ENDS: Duration = MARGIN;

/// A number on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Who gets it; its holder, when only the account changes.
    pub tenant: TenantId,
    /// The id under which it is had then.
    pub number: NumberId,
    /// The account that holds it then.
    pub account: AccountId,
    /// That account is the new holder's own, so that its use is not charged.
    #[serde(default)]
    pub own_account: bool,
    /// The account above both, which moves it at the provider. `None`: it stays in its account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<AccountId>,
    /// The user that it is assigned to then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The business that it is assigned to then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business: Option<BusinessId>,
    /// Since when nobody who asks is told of the holder alone.
    pub since: Timestamp,
    /// The provider may have been asked.
    #[serde(default)]
    pub asked: bool,
    /// When it was over, well or not. What was parked is still handed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// It came to nothing.
    #[serde(default)]
    pub refused: bool,
}

impl Move {
    /// From when on it may be had by somebody else.
    pub fn ripe_at(&self) -> Timestamp {
        self.since.plus(MOVING_FOR)
    }
}

/// Why the last move came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveRefused {
    /// In words.
    pub reason: String,
    /// When it was given up.
    pub at: Timestamp,
}

/// From whom a number came by a move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CameFrom {
    /// Who held it before.
    pub tenant: TenantId,
    /// What came to it since then is the new holder's, but for what the old one was given from a memory
    /// of before.
    pub since: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::{MOVING_FOR, PARKING_ENDS, ROUTE_MAX_AGE};

    /// Settled: the oldest answer is of five minutes ago at most, and a move takes longer.
    #[test]
    fn a_move_outlasts_every_memory_of_the_holder() {
        assert!(ROUTE_MAX_AGE.as_secs() <= 300);
        assert!(MOVING_FOR > ROUTE_MAX_AGE && !PARKING_ENDS.is_zero());
    }
}
