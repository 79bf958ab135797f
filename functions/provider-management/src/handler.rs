//! `POST /api/provider-management`.

use std::sync::Arc;

use http::StatusCode;
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
        let done = self.accounts.manage(&actor, &body, request.idempotency_key()?).await?;
        Ok(Answer::success(StatusCode::OK, &done.answer)?.replayed(done.replayed))
    }
}
