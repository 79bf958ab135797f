//! `POST /api/numbers/repair-webhooks`.

use std::sync::Arc;

use http::StatusCode;
use telephony::api::repair::RepairRequest;
use telephony::app::problem::Problem;
use telephony::app::repair::WebhookRepair;
use telephony::ports::Clients;
use telephony_lambda::answer::Answer;
use telephony_lambda::body::read_json;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::principal::{ClaimNames, Principal};

pub(crate) struct Handler {
    pub(crate) repair: WebhookRepair,
    pub(crate) clients: Arc<dyn Clients>,
    pub(crate) claims: ClaimNames,
}

impl Handler {
    pub(crate) async fn handle(&self, request: &HttpRequest) -> Result<Answer, Problem> {
        let principal = Principal::of(request, &self.claims, self.clients.as_ref()).await?;
        principal.require_admin()?;
        let body: RepairRequest = read_json(request)?;
        Answer::success(StatusCode::OK, &self.repair.repair(&body).await?)
    }
}
