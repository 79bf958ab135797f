//! `POST /api/route/explain`.

use http::StatusCode;
use telephony::api::routing::ExplainRequest;
use telephony::app::explain_route::ExplainRoute;
use telephony::app::problem::Problem;
use telephony_lambda::answer::Answer;
use telephony_lambda::body::read_json;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::principal::Principal;

/// Explains which number would send, or why one did.
pub(crate) async fn explain(
    explain: &ExplainRoute,
    principal: &Principal,
    request: &HttpRequest,
) -> Result<Answer, Problem> {
    let body: ExplainRequest = read_json(request)?;
    Answer::success(StatusCode::OK, &explain.explain(&principal.tenant, &body).await?)
}
