//! What the function answers: who asks, and which resource's file answers.

use std::sync::Arc;

use http::{Method, StatusCode};
use serde::Serialize;
use telephony::api::openapi;
use telephony::app::event_endpoints::EventEndpoints;
use telephony::app::explain_route::ExplainRoute;
use telephony::app::problem::{Code, Problem};
use telephony::ports::{Clients, Clock, Consents, Deliveries, Preferences, Templates};
use telephony_lambda::answer::Answer;
use telephony_lambda::event::HttpRequest;
use telephony_lambda::principal::{ClaimNames, Principal};

pub(crate) struct Handler {
    pub(crate) explain: ExplainRoute,
    pub(crate) templates: Arc<dyn Templates>,
    pub(crate) consents: Arc<dyn Consents>,
    pub(crate) clients: Arc<dyn Clients>,
    pub(crate) wishes: Arc<dyn Preferences>,
    pub(crate) events: EventEndpoints,
    pub(crate) deliveries: Arc<dyn Deliveries>,
    pub(crate) claims: ClaimNames,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) default_country: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct List<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next_cursor: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Done {}

impl Handler {
    pub(crate) async fn handle(&self, request: &HttpRequest) -> Result<Answer, Problem> {
        let segments = request.segments()?;
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        if (&request.method, path.as_slice()) == (&Method::GET, &["openapi.json"]) {
            return Answer::json(StatusCode::OK, &openapi::document());
        }
        let principal = Principal::of(request, &self.claims, self.clients.as_ref()).await?;
        match (&request.method, path.as_slice()) {
            (&Method::POST, ["route", "explain"]) => {
                crate::routes::explain(&self.explain, &principal, request).await
            }
            (&Method::GET, ["templates"]) => self.templates(&principal, request).await,
            (&Method::POST, ["templates"]) => self.create_template(&principal, request).await,
            (&Method::GET, ["templates", id]) => self.template(&principal, id).await,
            (&Method::PUT, ["templates", id]) => self.put_template(&principal, request, id).await,
            (&Method::DELETE, ["templates", id]) => self.delete_template(&principal, id).await,
            (&Method::GET, ["opt-outs"]) => self.opt_outs(&principal, request).await,
            (&Method::POST, ["opt-outs"]) => self.opt_out(&principal, request).await,
            (&Method::GET, ["opt-outs", contact]) => self.consent(&principal, contact).await,
            (&Method::DELETE, ["opt-outs", contact]) => self.lift(&principal, contact).await,
            (&Method::GET, ["clients", client]) => self.client(&principal, client).await,
            (&Method::PUT, ["clients", client]) => self.bind_client(&principal, request, client).await,
            (&Method::DELETE, ["clients", client]) => self.unbind_client(&principal, client).await,
            (_, ["preferences"]) => self.preferences(&principal, request).await,
            (_, ["event-endpoints", rest @ ..]) => self.event_endpoints(&principal, request, rest).await,
            (_, ["agents", rest @ ..]) => self.agents(&principal, request, rest).await,
            _ => Err(Problem::new(Code::NotFound)),
        }
    }
}
