//! How well a candidate suits, one figure a step.

use serde::{Deserialize, Serialize};

/// One figure for each [`Step`], in their order; a greater score suits better. Priority and cost, of
/// which less is better, count below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Score(pub [i64; 9]);

/// A step of the ranking. An earlier one outweighs all later ones together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Meets what the caller demands by name.
    Override,
    /// Is the number that the conversation used last.
    Sticky,
    /// Is near the recipient.
    Local,
    /// Its calls are signed, where that was asked for.
    Signed,
    /// The priority of its account.
    Priority,
    /// Its cost is known: a known cost goes before an unknown one.
    CostKnown,
    /// Its cost, in micro-dollars.
    Cost,
    /// Is the primary number.
    Primary,
    /// The lot that the contact draws.
    Balance,
}

impl Step {
    /// All of them, in the order of a score's figures.
    pub const ALL: [Self; 9] = [
        Self::Override,
        Self::Sticky,
        Self::Local,
        Self::Signed,
        Self::Priority,
        Self::CostKnown,
        Self::Cost,
        Self::Primary,
        Self::Balance,
    ];

    /// The word that a decision is explained with.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Override => "override",
            Self::Sticky => "sticky",
            Self::Local => "local",
            Self::Signed => "signed",
            Self::Priority => "priority",
            Self::CostKnown | Self::Cost => "cost",
            Self::Primary => "primary",
            Self::Balance => "balance",
        }
    }
}

impl Score {
    /// The first step in which two scores differ.
    pub fn parted_by(&self, other: &Self) -> Option<Step> {
        let pairs = self.0.iter().zip(&other.0);
        Step::ALL.into_iter().zip(pairs).find(|(_, (mine, theirs))| mine != theirs).map(|(step, _)| step)
    }
}
