//! A tenant's wallet: balance, holds, and the ledger that explains both.
//!
//! Law: the sum of the ledger's amounts is the balance; what is held is the sum of the holds whose
//! state is `Held`; `available` = balance − held. An outbound act never makes `available` negative.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::{CallId, EntryId, MessageId, PurchaseId};
use super::money::Micros;
use super::spending::Spending;
use super::status::MessageStatus;
use super::timestamp::Timestamp;

/// A wallet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wallet {
    /// What was paid in, less what was captured.
    pub balance: Micros,
    /// What is reserved for operations under way.
    pub held: Micros,
    /// What may still be reserved.
    pub available: Micros,
    /// What may be spent in a day and in a month, and what is.
    pub spending: Spending,
}

/// The state of the money of one operation. It follows from the operation's state, never from age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HoldState {
    /// Reserved.
    Held,
    /// Taken.
    Captured,
    /// Given back.
    Released,
}

impl HoldState {
    /// What a message's money must be while the message has this status.
    pub const fn of(status: MessageStatus) -> Self {
        if status.is_billable() {
            Self::Captured
        } else if status.is_free() {
            Self::Released
        } else {
            Self::Held
        }
    }

    /// The word stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Captured => "captured",
            Self::Released => "released",
        }
    }
}

/// What an entry of the ledger records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    /// Money came in.
    Deposit,
    /// Money was reserved.
    Hold,
    /// Reserved money was taken; or, after a release, money was taken all the same, because the
    /// operation turned out to have happened.
    Capture,
    /// Reserved money was given back; or, after a capture, money was paid back, because the operation
    /// turned out to have failed.
    Release,
    /// A month of a number.
    Rental,
    /// Something used that was not reserved before (an inbound call, a recording). It may take the
    /// balance below zero.
    Usage,
    /// What was charged is set right, because the provider billed other units.
    Correction,
}

impl EntryKind {
    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::Hold => "hold",
            Self::Capture => "capture",
            Self::Release => "release",
            Self::Rental => "rental",
            Self::Usage => "usage",
            Self::Correction => "correction",
        }
    }
}

/// What money is held or taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A message.
    Message(MessageId),
    /// The purchase of a number.
    Purchase(PurchaseId),
    /// A call.
    Call(CallId),
}

impl fmt::Display for Subject {
    /// As the ledger names it: `message/01J…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(id) => write!(f, "message/{id}"),
            Self::Purchase(id) => write!(f, "purchase/{id}"),
            Self::Call(id) => write!(f, "call/{id}"),
        }
    }
}

/// The postings of a transition: what it adds to the balance and to what is held. What it adds to
/// `available` is the difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The entry's kind.
    pub kind: EntryKind,
    /// Added to the balance.
    pub balance: Micros,
    /// Added to what is held.
    pub held: Micros,
}

impl Posting {
    /// What it spends: by how much it lowers what is available. `None`: too much to be money.
    pub fn spent(&self) -> Option<Micros> {
        self.held.checked_add(self.balance.negated())
    }
}

/// The postings that take the money of an operation from one state to another; `None` when nothing
/// moves. The money follows the status both ways, so that any order of reports ends in the same wallet:
/// a text that was `sent` and then turns out to have failed is paid back.
pub fn posting(from: Option<HoldState>, to: HoldState, amount: Micros) -> Option<Posting> {
    posting_of(from, to, Amounts { held: amount, taken: amount, due: amount })
}

/// The amounts of one operation. They differ where the provider's bill has corrected the units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amounts {
    /// What was reserved.
    pub held: Micros,
    /// What is taken by now, while it is taken.
    pub taken: Micros,
    /// What is to be taken, where it is to be taken.
    pub due: Micros,
}

/// As [`posting`], where what is taken is not what was reserved. What was taken and is to be taken in
/// another amount is corrected by the difference.
pub fn posting_of(from: Option<HoldState>, to: HoldState, amounts: Amounts) -> Option<Posting> {
    use HoldState::{Captured, Held, Released};
    let Amounts { held, taken, due } = amounts;
    let (kind, balance, held) = match (from, to) {
        (None, Held) => (EntryKind::Hold, Micros::ZERO, held),
        (Some(Held), Captured) => (EntryKind::Capture, due.negated(), held.negated()),
        (Some(Held), Released) => (EntryKind::Release, Micros::ZERO, held.negated()),
        (Some(Captured), Released) => (EntryKind::Release, taken, Micros::ZERO),
        (Some(Released), Captured) => (EntryKind::Capture, due.negated(), Micros::ZERO),
        (Some(Captured), Captured) if due != taken => {
            (EntryKind::Correction, taken.checked_add(due.negated())?, Micros::ZERO)
        }
        (None, Captured | Released)
        | (Some(Held | Released | Captured), Held)
        | (Some(Released), Released)
        | (Some(Captured), Captured) => return None,
    };
    Some(Posting { kind, balance, held })
}

/// An entry of the ledger. Entries are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// Its id.
    pub id: EntryId,
    /// What it records.
    pub kind: EntryKind,
    /// What it adds to the balance: the ledger's sum is the balance.
    pub amount: Micros,
    /// What it adds to what is held.
    pub held: Micros,
    /// The balance after it.
    pub balance_after: Micros,
    /// What it is about, e.g. `message/01J…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The payer's reference of a deposit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// When.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::{HoldState, posting};
    use crate::domain::money::Micros;
    use crate::domain::status::MessageStatus;
    use proptest::prelude::*;

    proptest! {
        /// Whatever the order in which statuses win, the money ends where the last status says, is
        /// taken at most once, and nothing stays held behind an ended message.
        #[test]
        fn money_follows_the_status(mut ranks in proptest::collection::vec(4_u8..13, 1..8)) {
            ranks.sort_unstable();
            let amount = Micros::new(7_500);
            let (mut state, mut balance, mut held) = (Some(HoldState::Held), 0_i64, amount.get());
            for rank in ranks {
                let to = HoldState::of(MessageStatus::ALL[usize::from(rank)]);
                if let Some(moved) = posting(state, to, amount) {
                    balance += moved.balance.get();
                    held += moved.held.get();
                    state = Some(to);
                }
            }
            let expected = match state {
                Some(HoldState::Captured) => (-amount.get(), 0),
                Some(HoldState::Released) => (0, 0),
                Some(HoldState::Held) | None => (0, amount.get()),
            };
            prop_assert_eq!((balance, held), expected);
        }
    }
}
