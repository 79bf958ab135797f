//! `POST /api/provider-management`.

use std::sync::Arc;

use http::{HeaderName, StatusCode};
use telephony::api::provider_management::ProviderRequest;
use telephony::app::problem::Problem;
use telephony::app::provider_accounts::{Actor, ProviderAccounts};
use telephony::ports::Clients;
use telephony_lambda::answer::Answer;
use telephony_lambda::body::read_json;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::principal::{ClaimNames, Principal};

pub(crate) struct Handler {
    pub(crate) accounts: ProviderAccounts,
    pub(crate) clients: Arc<dyn Clients>,
    pub(crate) claims: ClaimNames,
}

impl Handler {
    pub(crate) async fn handle(&self, request: &HttpRequest) -> Result<Answer, Problem> {
        let principal = Principal::of(request, &self.claims, self.clients.as_ref()).await?;
        let body: ProviderRequest = read_json(request)?;
        let actor =
            Actor { tenant: principal.tenant, admin: principal.admin, tenant_admin: principal.tenant_admin };
        let done = self.accounts.manage(&actor, &body, key(request)?).await?;
        let answer = Answer::success(StatusCode::OK, &done.answer)?;
        Ok(if done.replayed {
            answer.with_header(HeaderName::from_static("idempotency-replayed"), "true")
        } else {
            answer
        })
    }
}

/// The key, if there is one. One that cannot be read is refused: ignored, a repetition would act again.
fn key(request: &HttpRequest) -> Result<Option<&str>, Problem> {
    if !request.headers.contains_key("idempotency-key") {
        return Ok(None);
    }
    let key = request.header("idempotency-key");
    let unreadable = || Problem::field("Idempotency-Key", "must have 1 to 255 visible ASCII characters");
    key.ok_or_else(unreadable).map(Some)
}
