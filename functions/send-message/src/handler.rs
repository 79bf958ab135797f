//! `POST /api/sms/send`.

use std::sync::Arc;

use http::{HeaderName, StatusCode};
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
        let sent = self.send.send(&caller, &body, key(request)?).await?;
        let answer = Answer::success(StatusCode::ACCEPTED, &Body { message: (&sent.view).into() })?;
        Ok(if sent.replayed {
            answer.with_header(HeaderName::from_static("idempotency-replayed"), "true")
        } else {
            answer
        })
    }
}

/// The key, if there is one. One that cannot be read is refused: ignored, a repetition would send again.
fn key(request: &HttpRequest) -> Result<Option<&str>, Problem> {
    if !request.headers.contains_key("idempotency-key") {
        return Ok(None);
    }
    let key = request.header("idempotency-key");
    let unreadable = || Problem::field("Idempotency-Key", "must have 1 to 255 visible ASCII characters");
    key.ok_or_else(unreadable).map(Some)
}
