//! Decisions in JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::domain::money::Micros;
use crate::domain::routing::{Candidate, Decision, Ranked, Score, Step};

/// At most this many candidates, and as many exclusions, are listed.
const LISTED: usize = 100;

/// What `POST /api/route/explain` reads: a request, or the message whose decision is to be explained.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExplainRequest {
    /// The recipient.
    pub to: Option<String>,
    /// Demands this number.
    pub from: Option<String>,
    /// What the number must be able to do: `voice`, `sms`, `mms`, `rvm`, `shaken`; `["sms"]` unless said.
    pub capabilities: Option<Vec<String>>,
    /// Prefer a number near the recipient; true unless said.
    pub local_presence: Option<bool>,
    /// Prefer a number whose calls are signed.
    pub signed_call: Option<bool>,
    /// Demands this provider.
    pub provider_override: Option<String>,
    /// Demands this provider account.
    pub provider_account_id: Option<String>,
    /// The message whose decision is to be made again; instead of everything else.
    pub message_id: Option<String>,
}

/// What `POST /api/route/explain` answers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Explained {
    /// The decision; of a message, made again from what was known then.
    #[serde(flatten)]
    pub decision: DecisionBody,
    /// Of a message: what is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay: Option<Replay>,
    /// Of a message: what would be decided now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<DecisionBody>,
}

/// A stored decision beside its repetition.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Replay {
    /// The repetition came to the same, to the byte.
    pub same: bool,
    /// The version of the rules by which it was decided.
    pub rules: u32,
    /// What is stored.
    pub stored: DecisionBody,
}

/// A decision.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DecisionBody {
    /// The one that serves; `null` when nobody can.
    pub selected: Option<CandidateBody>,
    /// What it had over the next one: the word of a step, or `only`.
    pub decided_by: Option<&'static str>,
    /// Those that can serve, the best first.
    pub candidates: Vec<CandidateBody>,
    /// Those that cannot.
    pub excluded: Vec<ExcludedBody>,
    /// How many more could serve.
    pub more_candidates: usize,
    /// How many more could not.
    pub more_excluded: usize,
}

/// A candidate that can serve.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CandidateBody {
    /// Its provider.
    pub provider: &'static str,
    /// Its provider account.
    pub provider_account_id: String,
    /// The number.
    pub number: String,
    /// One figure a step: compare from the left, the greater wins.
    #[schemars(with = "Vec<f64>")]
    pub score: Vec<Box<RawValue>>,
    /// What speaks for it.
    pub reasons: Vec<String>,
}

/// A candidate that cannot serve.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExcludedBody {
    /// Its provider.
    pub provider: &'static str,
    /// Its provider account.
    pub provider_account_id: String,
    /// The number.
    pub number: String,
    /// Why not.
    pub reason: String,
}

/// The figures as JSON numbers; the cost in dollars.
fn figures(score: &Score) -> Vec<Box<RawValue>> {
    let figure = |(step, figure): (Step, &i64)| {
        let text = match step {
            Step::Cost => Micros::new(*figure).to_string(),
            _ => figure.to_string(),
        };
        // A decimal is always valid JSON; were it not, `null` says so and panics nowhere.
        RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned())
    };
    Step::ALL.into_iter().zip(&score.0).map(figure).collect()
}

fn body(ranked: &Ranked, candidates: &[Candidate]) -> Option<CandidateBody> {
    let candidate = candidates.iter().find(|candidate| candidate.number == ranked.number)?;
    Some(CandidateBody {
        provider: candidate.provider.as_str(),
        provider_account_id: candidate.account.to_string(),
        number: ranked.number.expose().to_owned(),
        score: figures(&ranked.score),
        reasons: ranked.reasons.clone(),
    })
}

impl DecisionBody {
    /// A decision among these candidates.
    pub fn new(decision: &Decision, candidates: &[Candidate]) -> Self {
        let excluded = decision.excluded.iter().take(LISTED).filter_map(|excluded| {
            let candidate = candidates.iter().find(|candidate| candidate.number == excluded.number)?;
            Some(ExcludedBody {
                provider: candidate.provider.as_str(),
                provider_account_id: candidate.account.to_string(),
                number: excluded.number.expose().to_owned(),
                reason: excluded.reason.to_string(),
            })
        });
        Self {
            selected: decision.selected().and_then(|ranked| body(ranked, candidates)),
            decided_by: decision.decided_by(),
            candidates: decision.ranked.iter().take(LISTED).filter_map(|r| body(r, candidates)).collect(),
            excluded: excluded.collect(),
            more_candidates: decision.ranked.len().saturating_sub(LISTED),
            more_excluded: decision.excluded.len().saturating_sub(LISTED),
        }
    }
}
