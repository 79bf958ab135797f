//! Twilio's 2010 API, and SignalWire's compatibility API, which is a dialect of it.
//!
//! Only these two providers get here: where a match on the provider has `_`, it is SignalWire.

mod accounts;
mod call_json;
mod calls;
mod dialling;
mod errors;

mod inventory;
pub(crate) mod life;
mod media;
mod message_json;
mod messages;
mod number_json;

mod numbers;
pub(crate) mod opt_out;
mod paging;
mod params;
mod products;
mod recordings;
mod request;
mod route;
mod sending;
pub(crate) mod status_callback;

use axum::{
    Router,
    body::Body,
    extract::State as Extract,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use serde_json::Value;

pub(crate) use self::request::basic;
use self::{errors::ApiError, request::Incoming, route::Operation};
use crate::{
    app::{Settings, Shared},
    exchange::{self, Early, after, finish, json_response, redacted},
    faults::{Fault, Kind, Situation, Stage},
    ids,
    journal::RequestEntry,
    media::Media,
    model::Provider,
    server::hang_up,
    state::State,
};

/// No request of these APIs comes near it.
const LARGEST_BODY: usize = 1024 * 1024;

/// What an operation answers.
pub(crate) enum Answer {
    Json(u16, Value),
    Empty,
    Redirect(String),
    Bytes { content_type: String, length: u64, body: Body },
}

impl Answer {
    fn bytes(media: &Media) -> Self {
        Self::Bytes { content_type: media.content_type.clone(), length: media.len(), body: media.body() }
    }
}

pub(crate) fn router(app: Shared) -> Router {
    Router::new().fallback(serve).with_state(app)
}

async fn serve(Extract(app): Extract<Shared>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await.map(|body| body.to_bytes()) else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let Some((provider, path)) = mounted(parts.uri.path()) else {
        return (StatusCode::NOT_FOUND, "no provider is simulated here").into_response();
    };
    let incoming = Incoming::read(provider, path, &parts, &body);
    let log = write_down(&app, &parts, &incoming);
    let fault = incoming.operation.and_then(|operation| take_fault(&app, &incoming, operation));
    if let Some(fault) = &fault {
        if let Some(entry) = app.lock().requests.get_mut(log) {
            entry.fault = Some(fault.id);
        }
        if let Some(response) = before(&incoming, fault).await {
            return finish(&app, log, response);
        }
    }
    let answer = handle(&mut app.lock(), &app.settings, &incoming, log);
    app.wake.notify_one();
    let response = answer.map_or_else(|error| error.render(provider), |answer| render(provider, answer));
    let response = match &fault {
        Some(fault) => after(fault, response).await,
        None => response,
    };
    finish(&app, log, response)
}

/// `/twilio/2010-04-01/…`, the same without the mount, and `/signalwire/api/laml/2010-04-01/…`; of Twilio's other
/// products `/twilio/v1/…` and `/twilio/v2/…`.
fn mounted(path: &str) -> Option<(Provider, &str)> {
    let product = path.strip_prefix(Provider::Twilio.mount());
    if let Some(rest) = product.filter(|rest| rest.starts_with("/v1/") || rest.starts_with("/v2/")) {
        return Some((Provider::Twilio, rest));
    }
    [Provider::Twilio, Provider::SignalWire]
        .into_iter()
        .find_map(|provider| {
            let rest = path.strip_prefix(provider.mount())?.strip_prefix(provider.api_root())?;
            rest.starts_with('/').then_some((provider, rest))
        })
        .or_else(|| {
            let rest = path.strip_prefix(Provider::Twilio.api_root())?;
            rest.starts_with('/').then_some((Provider::Twilio, rest))
        })
}

fn handle(state: &mut State, settings: &Settings, incoming: &Incoming, log: u64) -> Result<Answer, ApiError> {
    let provider = incoming.provider;
    let operation = incoming.operation.ok_or_else(|| ApiError::not_found(&incoming.uri_path))?;
    // twilio.md, trap 10: refused since February 2024
    if provider == Provider::Twilio && incoming.get_with_body {
        return Err(ApiError::new(403, 20006, "GET requests with a body are not allowed"));
    }
    if operation == Operation::MediaFetch && media::is_public(state, incoming) {
        return media::fetch(state, settings, incoming);
    }
    if operation == Operation::RecordingsFetch && recordings::is_public(state, incoming) {
        return recordings::fetch(state, incoming);
    }
    let login = incoming.log_in(state)?;
    match operation {
        Operation::MessagesCreate => {
            let (sid, answer) = sending::create(state, incoming)?;
            if let Some(entry) = state.requests.get_mut(log) {
                entry.created = Some(sid);
            }
            Ok(answer)
        }
        Operation::MessagesList => messages::list(state, incoming),
        Operation::MessagesFetch => messages::fetch(state, incoming),
        Operation::MessagesUpdate => messages::update(state, incoming),
        Operation::MessagesDelete => messages::delete(state, incoming),
        Operation::MediaList => media::list(state, incoming),
        Operation::MediaShow => media::show(state, incoming),
        Operation::MediaFetch => media::fetch(state, settings, incoming),
        Operation::MediaDelete => media::delete(state, incoming),
        Operation::CallsCreate => {
            let (sid, answer) = dialling::create(state, incoming)?;
            if let Some(entry) = state.requests.get_mut(log) {
                entry.created = Some(sid);
            }
            Ok(answer)
        }
        Operation::CallsList => calls::list(state, incoming),
        Operation::CallsFetch => calls::fetch(state, incoming),
        Operation::CallsUpdate => calls::update(state, incoming),
        Operation::CallsDelete => calls::delete(state, incoming),
        Operation::RecordingsCreate => {
            let (sid, answer) = recordings::create(state, incoming)?;
            if let Some(entry) = state.requests.get_mut(log) {
                entry.created = Some(sid);
            }
            Ok(answer)
        }
        Operation::RecordingsList => recordings::list(state, incoming),
        Operation::RecordingsUpdate => recordings::update(state, incoming),
        Operation::RecordingsShow => recordings::show(state, incoming),
        Operation::RecordingsFetch => recordings::fetch(state, incoming),
        Operation::RecordingsDelete => recordings::delete(state, incoming),
        Operation::TranscriptionsFetch => recordings::transcription(state, incoming),
        Operation::NumbersCountries => inventory::countries(incoming),
        Operation::NumbersCountry => inventory::country(incoming),
        Operation::NumbersSearch => inventory::search(state, incoming),
        Operation::NumbersBuy => {
            let (sid, answer) = numbers::buy(state, incoming)?;
            if let Some(entry) = state.requests.get_mut(log) {
                entry.created = Some(sid);
            }
            Ok(answer)
        }
        Operation::NumbersList => numbers::list(state, incoming),
        Operation::NumbersFetch => numbers::fetch(state, incoming),
        Operation::NumbersUpdate => numbers::update(state, incoming, &login),
        Operation::NumbersRelease => numbers::release(state, incoming),
        Operation::AccountsCreate => {
            let (sid, answer) = accounts::create(state, incoming, &login)?;
            if let Some(entry) = state.requests.get_mut(log) {
                entry.created = Some(sid);
            }
            Ok(answer)
        }
        Operation::AccountsList => accounts::list(state, incoming, &login),
        Operation::AccountsFetch => accounts::fetch(state, incoming),
        Operation::AccountsUpdate => accounts::update(state, incoming, &login),
        Operation::TokensCreate => accounts::create_token(state, incoming),
        Operation::BalanceFetch => accounts::balance(state, incoming),
        Operation::ServicesCreate => {
            let (sid, answer) = products::create_service(state, incoming, &login)?;
            if let Some(entry) = state.requests.get_mut(log) {
                entry.created = Some(sid);
            }
            Ok(answer)
        }
        Operation::ServicesFetch => products::fetch_service(state, incoming, &login),
        Operation::ServicesUpdate => products::update_service(state, incoming, &login),
        Operation::RegionsFetch => products::fetch_region(state, incoming, &login),
        Operation::RegionsUpdate => products::update_region(state, incoming, &login),
    }
}

fn render(provider: Provider, answer: Answer) -> Response {
    let mut response = match answer {
        Answer::Json(status, value) => json_response(status, value.to_string()),
        Answer::Empty => StatusCode::NO_CONTENT.into_response(),
        Answer::Redirect(to) => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response(),
        Answer::Bytes { content_type, length, body } => {
            ([(header::CONTENT_TYPE, content_type), (header::CONTENT_LENGTH, length.to_string())], body)
                .into_response()
        }
    };
    if provider == Provider::Twilio {
        let headers = response.headers_mut();
        headers.insert("Twilio-Concurrent-Requests", HeaderValue::from_static("1"));
        if let Ok(id) = HeaderValue::from_str(&ids::sid("RQ")) {
            headers.insert("Twilio-Request-Id", id);
        }
    }
    response
}

fn take_fault(app: &Shared, incoming: &Incoming, operation: Operation) -> Option<Fault> {
    let situation = Situation {
        provider: Some(incoming.provider),
        operation: operation.name(),
        to: incoming.param("To").or_else(|| incoming.param("PhoneNumber")),
        from: incoming.param("From"),
        account: incoming.account.as_deref(),
        sid: incoming.sid(),
        ..Situation::default()
    };
    app.lock().faults.take(Stage::Request, &situation)
}

/// Faults that act before the request does anything.
async fn before(incoming: &Incoming, fault: &Fault) -> Option<Response> {
    let provider = incoming.provider;
    let error = match exchange::before(fault).await? {
        Early::HangUp(how) => return Some(hang_up(how)),
        Early::Gone(status) => ApiError { status, ..ApiError::not_found(&incoming.uri_path) },
        Early::Refuse(refusal) => {
            let code = match refusal.kind {
                Kind::Status429 => 20429,
                Kind::Status5xx if provider == Provider::Twilio => u32::from(refusal.status) + 20_000,
                Kind::Status5xx => 20504,
                _ => 20001,
            };
            ApiError::new(refusal.status, refusal.code.unwrap_or(code), refusal.message)
                .retry_after(refusal.retry_after)
        }
    };
    Some(error.render(provider))
}

fn write_down(app: &Shared, parts: &http::request::Parts, incoming: &Incoming) -> u64 {
    let mut state = app.lock();
    let at = state.timestamp();
    state.requests.add(|id| RequestEntry {
        id,
        at,
        provider: Some(incoming.provider),
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        operation: incoming.operation.map(Operation::name),
        account: incoming.account.clone(),
        params: incoming.query.iter().chain(&incoming.form).cloned().collect(),
        body: None,
        headers: redacted(&parts.headers),
        status: None,
        created: None,
        fault: None,
        warnings: incoming.warnings.clone(),
    })
}
