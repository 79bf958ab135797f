//! The decision.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::candidate::{Candidate, Scope};
use super::nanp::nearness;
use super::request::{Capability, RouteContext, RouteRequest};
use super::score::{Score, Step};
use crate::domain::phone::E164;

/// Why a candidate cannot serve. Of several reasons the first one in this order is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Exclusion {
    /// It is not what the caller demands by name.
    OverrideMismatch,
    /// It is the recipient itself.
    IsRecipient,
    /// The number may not send.
    NotActive,
    /// The account is another tenant's.
    NotAllowed,
    /// There are no credentials for the account.
    AccountNotConfigured,
    /// The account is switched off.
    AccountInactive,
    /// It cannot do this.
    CapabilityMissing(Capability),
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OverrideMismatch => "override_mismatch",
            Self::IsRecipient => "is_recipient",
            Self::NotActive => "not_active",
            Self::NotAllowed => "not_allowed",
            Self::AccountNotConfigured => "account_not_configured",
            Self::AccountInactive => "account_inactive",
            Self::CapabilityMissing(which) => return write!(f, "capability_missing:{which}"),
        })
    }
}

/// The word names no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a reason for an exclusion")]
pub struct InvalidExclusion;

impl FromStr for Exclusion {
    type Err = InvalidExclusion;

    fn from_str(word: &str) -> Result<Self, InvalidExclusion> {
        if let Some(which) = word.strip_prefix("capability_missing:") {
            return which.parse().map(Self::CapabilityMissing).map_err(|_| InvalidExclusion);
        }
        let plain = [
            Self::OverrideMismatch,
            Self::IsRecipient,
            Self::NotActive,
            Self::NotAllowed,
            Self::AccountNotConfigured,
            Self::AccountInactive,
        ];
        plain.into_iter().find(|reason| reason.to_string() == word).ok_or(InvalidExclusion)
    }
}

impl TryFrom<String> for Exclusion {
    type Error = InvalidExclusion;

    fn try_from(word: String) -> Result<Self, InvalidExclusion> {
        word.parse()
    }
}

impl From<Exclusion> for String {
    fn from(reason: Exclusion) -> Self {
        reason.to_string()
    }
}

/// A candidate that can serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranked {
    /// Which.
    #[serde(rename = "n")]
    pub number: E164,
    /// How well.
    #[serde(rename = "s")]
    pub score: Score,
    /// What speaks for it, a word a step.
    #[serde(rename = "r")]
    pub reasons: Vec<String>,
}

/// A candidate that cannot serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excluded {
    /// Which.
    #[serde(rename = "n")]
    pub number: E164,
    /// Why.
    #[serde(rename = "r")]
    pub reason: Exclusion,
}

/// Who can serve, the best first, and who cannot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Those that can serve; the first one is selected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranked: Vec<Ranked>,
    /// Those that cannot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<Excluded>,
}

impl Decision {
    /// The one that serves.
    pub fn selected(&self) -> Option<&Ranked> {
        self.ranked.first()
    }

    /// What the first one had over the second: a step's word, `only` when there was no second.
    pub fn decided_by(&self) -> Option<&'static str> {
        let mut best = self.ranked.iter();
        let first = best.next()?;
        let Some(second) = best.next() else { return Some("only") };
        // Equal scores are two equal lots, which have been drawn all the same.
        Some(first.score.parted_by(&second.score).unwrap_or(Step::Balance).as_str())
    }
}

/// Chooses among the candidates. The same inputs, in any order, always lead to the same decision.
pub fn decide(request: &RouteRequest, candidates: &[Candidate], context: &RouteContext) -> Decision {
    let mut able: Vec<(&Candidate, Ranked)> = Vec::with_capacity(candidates.len());
    let mut excluded = Vec::new();
    for candidate in candidates {
        match exclusion(request, candidate) {
            Some(reason) => excluded.push(Excluded { number: candidate.number.clone(), reason }),
            None => able.push((candidate, rank(request, candidate, context))),
        }
    }
    able.sort_by(|(a, x), (b, y)| {
        y.score.cmp(&x.score).then_with(|| a.created_at.cmp(&b.created_at)).then_with(|| tie(a, b))
    });
    excluded.sort_by(|a, b| a.number.cmp(&b.number));
    let mut ranked: Vec<Ranked> = able.into_iter().map(|(_, ranked)| ranked).collect();
    name_lots(&mut ranked);
    Decision { ranked, excluded }
}

fn tie(a: &Candidate, b: &Candidate) -> Ordering {
    a.number.cmp(&b.number).then_with(|| a.account.cmp(&b.account))
}

fn exclusion(request: &RouteRequest, candidate: &Candidate) -> Option<Exclusion> {
    if request.unmet(candidate).is_some() {
        return Some(Exclusion::OverrideMismatch);
    }
    if candidate.number == request.to {
        return Some(Exclusion::IsRecipient);
    }
    if !candidate.active {
        return Some(Exclusion::NotActive);
    }
    if candidate.state.scope == Scope::Foreign {
        return Some(Exclusion::NotAllowed);
    }
    if !candidate.state.configured {
        return Some(Exclusion::AccountNotConfigured);
    }
    if !candidate.state.active {
        return Some(Exclusion::AccountInactive);
    }
    let missing = request.needs.iter().find(|need| !candidate.can.contains(need));
    missing.copied().map(Exclusion::CapabilityMissing)
}

fn rank(request: &RouteRequest, candidate: &Candidate, context: &RouteContext) -> Ranked {
    let demanded = request.overrides();
    let sticky = context.last_used.as_ref() == Some(&candidate.number);
    let near = if request.local_presence { nearness(&request.to, &candidate.number) } else { None };
    let signed = request.signed && candidate.can.contains(&Capability::Shaken);
    let priority = candidate.state.priority;
    let score = Score([
        i64::from(demanded),
        i64::from(sticky),
        near.map_or(0, |near| near.weight()),
        i64::from(signed),
        -i64::from(priority),
        i64::from(candidate.cost.is_some()),
        candidate.cost.map_or(0, |cost| cost.get().saturating_neg()),
        i64::from(candidate.primary),
        lot(&context.seed, &candidate.number),
    ]);
    let words = [
        demanded.then(|| Step::Override.as_str().to_owned()),
        sticky.then(|| Step::Sticky.as_str().to_owned()),
        near.map(|near| near.as_str().to_owned()),
        signed.then(|| Step::Signed.as_str().to_owned()),
        Some(format!("{}:{priority}", Step::Priority.as_str())),
        candidate.cost.map(|cost| format!("{}:{cost}", Step::Cost.as_str())),
        candidate.primary.then(|| Step::Primary.as_str().to_owned()),
    ];
    Ranked { number: candidate.number.clone(), score, reasons: words.into_iter().flatten().collect() }
}

/// The lot of a number for a contact (rendezvous hashing): contacts spread evenly over the numbers, each
/// keeps its own, and when a number goes only its contacts move. 48 bits, which every reader of JSON
/// takes exactly.
fn lot(seed: &str, number: &E164) -> i64 {
    let mut hash = Sha256::new();
    for part in [seed, number.expose()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().take(6).fold(0_i64, |bits, byte| (bits << 8) | i64::from(*byte))
}

/// The lot is a reason only where it had to be drawn: between neighbours that nothing else parts.
fn name_lots(ranked: &mut [Ranked]) {
    let scores: Vec<Score> = ranked.iter().map(|ranked| ranked.score).collect();
    let drawn = |pair: &[Score]| match pair {
        [a, b] => a.parted_by(b).is_none_or(|step| step == Step::Balance),
        _ => false,
    };
    let after: Vec<bool> = scores.windows(2).map(drawn).collect();
    for (place, ranked) in ranked.iter_mut().enumerate() {
        let before = place.checked_sub(1).and_then(|place| after.get(place)).copied().unwrap_or(false);
        if before || after.get(place).copied().unwrap_or(false) {
            ranked.reasons.push(Step::Balance.as_str().to_owned());
        }
    }
}
