//! `POST /api/numbers/purchase` and `GET /api/numbers/purchases/{id}`.

use std::sync::Arc;

use http::{Method, StatusCode};
use serde::Serialize;
use telephony::api::numbers::purchase::{PurchaseBody, PurchaseRequest};
use telephony::app::numbers::purchase::{Answer as Outcome, Bought, Buy};
use telephony::app::problem::{Code, Problem};
use telephony::app::provider_accounts::Actor;
use telephony::ports::Clients;
use telephony_lambda::answer::Answer;
use telephony_lambda::body::read_json;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::principal::{ClaimNames, Principal};

pub(crate) struct Handler {
    pub(crate) buy: Buy,
    pub(crate) clients: Arc<dyn Clients>,
    pub(crate) claims: ClaimNames,
}

#[derive(Serialize)]
struct One {
    purchase: PurchaseBody,
}

impl Handler {
    pub(crate) async fn handle(&self, request: &HttpRequest) -> Result<Answer, Problem> {
        let principal = Principal::of(request, &self.claims, self.clients.as_ref()).await?;
        if request.method == Method::GET {
            return self.show(&principal, request).await;
        }
        let body: PurchaseRequest = read_json(request)?;
        let actor =
            Actor { tenant: principal.tenant, admin: principal.admin, tenant_admin: principal.tenant_admin };
        answer(
            self.buy.buy(&actor, &principal.user, &body, request.idempotency_key()?).await?,
            &request.request_id,
        )
    }

    async fn show(&self, principal: &Principal, request: &HttpRequest) -> Result<Answer, Problem> {
        let segments = request.segments()?;
        let id = segments.last().ok_or_else(|| Problem::new(Code::NotFound))?;
        let purchase = self.buy.show(&principal.tenant, id).await?;
        Answer::success(StatusCode::OK, &One { purchase })
    }
}

fn answer(bought: Bought, request_id: &str) -> Result<Answer, Problem> {
    let answer = match bought.answer {
        Outcome::Done(purchased) => Answer::success(StatusCode::CREATED, &purchased)?,
        Outcome::Pending(purchase) => Answer::success(StatusCode::ACCEPTED, &One { purchase: *purchase })?,
        // Told again, it is no news for the log.
        Outcome::Failed(problem) if bought.replayed => Answer::problem(&problem, request_id),
        Outcome::Failed(problem) => return Err(problem),
    };
    Ok(answer.replayed(bought.replayed))
}
