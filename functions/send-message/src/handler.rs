//! `POST /api/sms/send`.

use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;
use telephony::api::message::{SendRequest, SentMessage};
use telephony::app::compose::Caller;
use telephony::app::problem::Problem;
use telephony::app::send_message::SendMessage;
use telephony::ports::Clients;
use telephony_lambda::answer::Answer;
use telephony_lambda::body::read_json;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::principal::{ClaimNames, Principal};

pub(crate) struct Handler {
    pub(crate) send: SendMessage,
    pub(crate) clients: Arc<dyn Clients>,
    pub(crate) claims: ClaimNames,
}

#[derive(Serialize)]
struct Body {
    message: SentMessage,
}

impl Handler {
    pub(crate) async fn handle(&self, request: &HttpRequest) -> Result<Answer, Problem> {
        let principal = Principal::of(request, &self.claims, self.clients.as_ref()).await?;
        let body: SendRequest = read_json(request)?;
        let caller = Caller { tenant: principal.tenant, user: principal.user };
        let sent = self.send.send(&caller, &body, request.idempotency_key()?).await?;
        Ok(Answer::success(StatusCode::ACCEPTED, &Body { message: (&sent.view).into() })?
            .replayed(sent.replayed))
    }
}
