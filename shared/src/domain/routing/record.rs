//! A decision with all that it was made of, as it is stored with a message.

use serde::{Deserialize, Serialize};

use super::RULES;
use super::candidate::Candidate;
use super::decide::{Decision, decide};
use super::request::{RouteContext, RouteRequest};

/// At most this many candidates are kept with a decision.
pub const KEPT: usize = 25;

/// The best candidates go first; this many places are left to those that cannot serve, if there are any.
const KEPT_FOR_EXCLUDED: usize = 5;

/// Inputs and outcome. The kept inputs alone lead to the kept outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteRecord {
    /// The version of the rules.
    pub rules: u32,
    /// What was asked.
    pub request: RouteRequest,
    /// What was known.
    pub context: RouteContext,
    /// The candidates that were kept: the selected one, the next best, some that were excluded.
    pub candidates: Vec<Candidate>,
    /// What was decided among them.
    pub outcome: Decision,
    /// How many more could have served.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_ranked: usize,
    /// How many more were excluded.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_excluded: usize,
}

impl RouteRecord {
    /// Decides, and records at most [`KEPT`] candidates. The selected one is always kept, and a score
    /// does not depend on other candidates, so that leaving some out leaves the order of the others.
    pub fn decide(request: RouteRequest, candidates: &[Candidate], context: RouteContext) -> Self {
        let whole = decide(&request, candidates, &context);
        let room_for_ranked = KEPT - whole.excluded.len().min(KEPT_FOR_EXCLUDED);
        let ranked = whole.ranked.len().min(room_for_ranked);
        let excluded = whole.excluded.len().min(KEPT - ranked);
        let numbers = whole.ranked.iter().map(|ranked| &ranked.number).take(ranked);
        let numbers = numbers.chain(whole.excluded.iter().map(|excluded| &excluded.number).take(excluded));
        let kept: Vec<Candidate> = numbers
            .filter_map(|number| candidates.iter().find(|candidate| candidate.number == *number))
            .cloned()
            .collect();
        let outcome = decide(&request, &kept, &context);
        Self {
            rules: RULES,
            request,
            context,
            candidates: kept,
            outcome,
            more_ranked: whole.ranked.len() - ranked,
            more_excluded: whole.excluded.len() - excluded,
        }
    }

    /// Decides once more, by the rules of today, from what was known then.
    pub fn replay(&self) -> Decision {
        decide(&self.request, &self.candidates, &self.context)
    }

    /// The replay came to what is stored, to the byte.
    pub fn is_same(&self, replayed: &Decision) -> bool {
        let bytes = |decision: &Decision| serde_json::to_vec(decision).ok();
        bytes(&self.outcome).is_some_and(|stored| Some(stored) == bytes(replayed))
    }

    /// The reasons for the selected candidate.
    pub fn reasons(&self) -> Vec<String> {
        self.outcome.selected().map(|selected| selected.reasons.clone()).unwrap_or_default()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}
