//! `DELETE /api/numbers/{id}/release`.

use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;
use telephony::api::numbers::number::NumberBody;
use telephony::app::numbers::release::Release;
use telephony::app::problem::{Code, Problem};
use telephony::app::provider_accounts::Actor;
use telephony::domain::number::NumberStatus;
use telephony::ports::Clients;
use telephony_lambda::answer::Answer;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::principal::{ClaimNames, Principal};

pub(crate) struct Handler {
    pub(crate) release: Release,
    pub(crate) public_base_url: String,
    pub(crate) clients: Arc<dyn Clients>,
    pub(crate) claims: ClaimNames,
}

#[derive(Serialize)]
struct One {
    number: NumberBody,
}

impl Handler {
    pub(crate) async fn handle(&self, request: &HttpRequest) -> Result<Answer, Problem> {
        let principal = Principal::of(request, &self.claims, self.clients.as_ref()).await?;
        let actor =
            Actor { tenant: principal.tenant, admin: principal.admin, tenant_admin: principal.tenant_admin };
        let segments = request.segments()?;
        // What stands before `release`.
        let id = segments.iter().rev().nth(1).ok_or_else(|| Problem::new(Code::NotFound))?;
        let number = self.release.release(&actor, id).await?;
        let status = match number.status {
            NumberStatus::Released => StatusCode::OK,
            // The provider has not decided yet; it is gone on with.
            _ => StatusCode::ACCEPTED,
        };
        Answer::success(status, &One { number: NumberBody::new(&number, &self.public_base_url) })
    }
}
