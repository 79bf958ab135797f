//! `POST /api/route/explain`: who would send and why, and how it was decided for a message.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::problem::{Code, Problem};
use super::route::{Gathered, Router, provider};
use crate::api::routing::{DecisionBody, ExplainRequest, Explained, Replay};
use crate::domain::ids::TenantId;
use crate::domain::phone::E164;
use crate::domain::routing::{Capability, RouteRequest, decide};
use crate::ports::Decisions;

/// Explains decisions.
pub struct ExplainRoute {
    /// Gathers what is decided about.
    pub router: Router,
    /// Decisions of the past.
    pub decisions: Arc<dyn Decisions>,
    /// The country of national forms (ISO 3166).
    pub default_country: String,
}

impl ExplainRoute {
    /// What would be decided for a request; with `messageId`, what was.
    ///
    /// # Errors
    /// A problem that names the member.
    pub async fn explain(&self, tenant: &TenantId, asked: &ExplainRequest) -> Result<Explained, Problem> {
        match &asked.message_id {
            Some(id) => self.replay(tenant, asked, id).await,
            None => {
                let request = self.request(asked)?;
                let decision = self.decide(tenant, &request).await?;
                Ok(Explained { decision, replay: None, now: None })
            }
        }
    }

    async fn decide(&self, tenant: &TenantId, request: &RouteRequest) -> Result<DecisionBody, Problem> {
        let gathered = self.router.gather(tenant, request).await?;
        if request.from.is_some() && gathered.candidates.is_empty() {
            return Err(gathered.no_route(request));
        }
        Ok(now(request, &gathered))
    }

    async fn replay(
        &self,
        tenant: &TenantId,
        asked: &ExplainRequest,
        id: &str,
    ) -> Result<Explained, Problem> {
        let alone = ExplainRequest { message_id: asked.message_id.clone(), ..ExplainRequest::default() };
        if *asked != alone {
            return Err(Problem::field("messageId", "must stand alone"));
        }
        let unknown = || {
            Problem::new(Code::MessageNotFound)
                .and_field("messageId", "names no message of yours for which a sender was chosen")
        };
        let id = id.parse().map_err(|_| unknown())?;
        let record = self.decisions.decision(tenant, id).await?.ok_or_else(unknown)?;
        let replayed = record.replay();
        let same = record.is_same(&replayed);
        let mut decision = DecisionBody::new(&replayed, &record.candidates);
        let mut stored = DecisionBody::new(&record.outcome, &record.candidates);
        for body in [&mut decision, &mut stored] {
            body.more_candidates += record.more_ranked;
            body.more_excluded += record.more_excluded;
        }
        // A number that was demanded then may be gone now: nobody is selected, and that is the answer.
        let gathered = self.router.gather(tenant, &record.request).await?;
        let now = now(&record.request, &gathered);
        Ok(Explained { decision, replay: Some(Replay { same, rules: record.rules, stored }), now: Some(now) })
    }

    fn request(&self, asked: &ExplainRequest) -> Result<RouteRequest, Problem> {
        let to = asked.to.as_deref().ok_or_else(|| Problem::field("to", "is missing"))?;
        Ok(RouteRequest {
            to: self.number("to", to)?,
            from: asked.from.as_deref().map(|from| self.number("from", from)).transpose()?,
            needs: needs(asked.capabilities.as_deref())?,
            local_presence: asked.local_presence.unwrap_or(true),
            signed: asked.signed_call.unwrap_or(false),
            provider: provider("providerOverride", asked.provider_override.as_deref())?,
            account: match &asked.provider_account_id {
                None => None,
                Some(account) => Some(account.parse().map_err(|_| {
                    Problem::field(
                        "providerAccountId",
                        "must have 1 to 64 letters, digits, dots, dashes, underscores or @",
                    )
                })?),
            },
        })
    }

    fn number(&self, field: &'static str, text: &str) -> Result<E164, Problem> {
        E164::from_input(text, &self.default_country)
            .map_err(|_| Problem::new(Code::InvalidNumber).and_field(field, "is not a valid phone number"))
    }
}

fn now(request: &RouteRequest, gathered: &Gathered) -> DecisionBody {
    let decision = decide(request, &gathered.candidates, &gathered.context);
    DecisionBody::new(&decision, &gathered.candidates)
}

/// What is needed; a text, unless something else is said.
fn needs(words: Option<&[String]>) -> Result<BTreeSet<Capability>, Problem> {
    let Some(words) = words else { return Ok(BTreeSet::from([Capability::Sms])) };
    if words.is_empty() {
        return Err(Problem::field("capabilities", "must name at least one"));
    }
    let read = |(n, word): (usize, &String)| {
        word.parse().map_err(|_| {
            Problem::field(format!("capabilities[{n}]"), "must be one of voice, sms, mms, rvm, shaken")
        })
    };
    words.iter().enumerate().map(read).collect()
}
