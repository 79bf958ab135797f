//! `POST /api/subscriptions`, `GET` and `DELETE /api/subscriptions/{id}`.

use std::sync::Arc;

use http::{Method, StatusCode};
use serde::Serialize;
use telephony::api::subscription::{SubscriptionBody, SubscriptionRequest};
use telephony::app::problem::{Code, Problem};
use telephony::app::subscriptions::{Provisioned, Subscriptions};
use telephony::ports::Clients;
use telephony_lambda::answer::Answer;
use telephony_lambda::body::read_json;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::principal::{ClaimNames, Principal};
use telephony_lambda::query::Query;

pub(crate) struct Handler {
    pub(crate) subscriptions: Subscriptions,
    pub(crate) clients: Arc<dyn Clients>,
    pub(crate) claims: ClaimNames,
}

#[derive(Serialize)]
struct One {
    subscription: SubscriptionBody,
}

impl Handler {
    pub(crate) async fn handle(&self, request: &HttpRequest) -> Result<Answer, Problem> {
        let principal = Principal::of(request, &self.claims, self.clients.as_ref()).await?;
        principal.require_admin()?;
        let query = Query::of(request);
        query.only(&["tenantId"])?;
        let segments = request.segments()?;
        let path: Vec<&str> = segments.iter().skip(1).map(String::as_str).collect();
        match (&request.method, path.as_slice()) {
            (&Method::POST, []) => {
                let body: SubscriptionRequest = read_json(request)?;
                let tenant = principal.for_tenant(body.tenant_id.as_deref())?;
                let done = self.subscriptions.provision(&tenant, &principal.user, &body).await?;
                let status = if done.replayed { StatusCode::OK } else { StatusCode::CREATED };
                answer(status, done)
            }
            (&Method::GET, [id]) => {
                let tenant = principal.for_tenant(query.get("tenantId")?)?;
                let subscription = self.subscriptions.show(&tenant, id).await?.body;
                Answer::success(StatusCode::OK, &One { subscription })
            }
            (&Method::DELETE, [id]) => {
                let tenant = principal.for_tenant(query.get("tenantId")?)?;
                answer(StatusCode::OK, self.subscriptions.cancel(&tenant, id).await?)
            }
            _ => Err(Problem::new(Code::NotFound)),
        }
    }
}

/// 202 while something is still to be done.
fn answer(status: StatusCode, done: Provisioned) -> Result<Answer, Problem> {
    let status = if done.pending { StatusCode::ACCEPTED } else { status };
    let replayed = done.replayed;
    Ok(Answer::success(status, &One { subscription: done.body })?.replayed(replayed))
}
