//! `POST /api/numbers/search`.

use std::sync::Arc;

use http::StatusCode;
use telephony::api::numbers::search::SearchRequest;
use telephony::app::numbers::search::SearchNumbers;
use telephony::app::problem::Problem;
use telephony::ports::Clients;
use telephony_lambda::answer::Answer;
use telephony_lambda::body::read_json;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::principal::{ClaimNames, Principal};

pub(crate) struct Handler {
    pub(crate) search: SearchNumbers,
    pub(crate) clients: Arc<dyn Clients>,
    pub(crate) claims: ClaimNames,
}

impl Handler {
    pub(crate) async fn handle(&self, request: &HttpRequest) -> Result<Answer, Problem> {
        let principal = Principal::of(request, &self.claims, self.clients.as_ref()).await?;
        let body: SearchRequest = read_json(request)?;
        let answer = self.search.search(&principal.tenant, &body).await?;
        Answer::success(StatusCode::OK, &answer)
    }
}
