//! `/api/agents…`.

use http::{Method, StatusCode};
use serde::Serialize;
use telephony::api::events::{AgentBody, AgentRequest};
use telephony::app::problem::{Code, Problem};
use telephony::domain::ids::AgentId;
use telephony::domain::secret::Secret;
use telephony_lambda::answer::Answer;
use telephony_lambda::body::read_json;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::principal::Principal;
use telephony_lambda::query::Query;

use crate::handler::{Done, Handler, List};

#[derive(Serialize)]
struct AgentAnswer {
    agent: AgentBody,
}

fn id(text: &str) -> Result<AgentId, Problem> {
    text.parse().map_err(|_| Problem::new(Code::NotFound))
}

impl Handler {
    pub(crate) async fn agents(
        &self,
        principal: &Principal,
        request: &HttpRequest,
        path: &[&str],
    ) -> Result<Answer, Problem> {
        match (&request.method, path) {
            (&Method::GET, []) => self.list_agents(principal, request).await,
            (&Method::POST, []) => {
                principal.require_tenant_admin()?;
                let body: AgentRequest = read_json(request)?;
                let id = match &body.id {
                    Some(id) => id.parse().map_err(|_| {
                        Problem::field(
                            "id",
                            "must have 1 to 64 letters, digits, dots, dashes, underscores or @",
                        )
                    })?,
                    None => self.events.fresh_agent_id()?,
                };
                self.put_agent(principal, id, &body, true).await
            }
            (&Method::GET, [of]) => {
                let found = self.events.agents.agent(&principal.tenant, &id(of)?).await?;
                answer(StatusCode::OK, (&found.ok_or(Problem::new(Code::NotFound))?).into())
            }
            (&Method::PUT, [of]) => {
                principal.require_tenant_admin()?;
                let body: AgentRequest = read_json(request)?;
                if body.id.as_deref().is_some_and(|named| named != *of) {
                    return Err(Problem::field("id", "must be the id of the path"));
                }
                self.put_agent(principal, id(of)?, &body, false).await
            }
            (&Method::DELETE, [of]) => {
                principal.require_tenant_admin()?;
                if !self.events.agents.remove_agent(&principal.tenant, &id(of)?).await? {
                    return Err(Problem::new(Code::NotFound));
                }
                Answer::success(StatusCode::OK, &Done {})
            }
            _ => Err(Problem::new(Code::NotFound)),
        }
    }

    async fn list_agents(&self, principal: &Principal, request: &HttpRequest) -> Result<Answer, Problem> {
        let query = Query::of(request);
        query.only(&["limit", "cursor"])?;
        let page = self.events.agents.agents(&principal.tenant, &query.page()?).await?;
        let items: Vec<AgentBody> = page.items.iter().map(Into::into).collect();
        Answer::success(StatusCode::OK, &List { items, next_cursor: page.next })
    }

    async fn put_agent(
        &self,
        principal: &Principal,
        id: AgentId,
        body: &AgentRequest,
        create: bool,
    ) -> Result<Answer, Problem> {
        let known = match create {
            true => None,
            false => self.events.agents.agent(&principal.tenant, &id).await?,
        };
        let (agent, secret) = self.events.agent(&principal.tenant, id, body, known.as_ref()).await?;
        if !self.events.agents.put_agent(&agent, create).await? {
            return Err(Problem::field("id", "is taken by another agent"));
        }
        let shown = secret.as_ref().map(Secret::expose).map(str::to_owned);
        let status = if create { StatusCode::CREATED } else { StatusCode::OK };
        answer(status, AgentBody { secret: shown, ..(&agent).into() })
    }
}

fn answer(status: StatusCode, agent: AgentBody) -> Result<Answer, Problem> {
    Answer::success(status, &AgentAnswer { agent })
}
