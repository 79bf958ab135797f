//! Serving the providers whose APIs speak JSON and want `Authorization: Bearer`: Telnyx and Retell.

mod call;

use axum::{
    Router,
    body::Body,
    extract::State as Extract,
    response::{IntoResponse as _, Response},
    routing::any,
};
use http::{HeaderValue, Method, Request, StatusCode, header, request::Parts};
use http_body_util::{BodyExt as _, Limited};
use serde_json::Value;

pub(crate) use self::call::Call;
use crate::{
    app::{Settings, Shared},
    exchange::{self, Early, Refusal, after, finish, json_response, redacted},
    faults::{Fault, Situation, Stage},
    journal::RequestEntry,
    model::Provider,
    retell,
    server::hang_up,
    state::State,
    telnyx,
};

/// No request of these APIs comes near it.
const LARGEST_BODY: usize = 1024 * 1024;

/// What a request is answered.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
    /// Id of what the request created.
    pub(crate) created: Option<String>,
    pub(crate) retry_after: Option<u64>,
    /// For the journal.
    pub(crate) warning: Option<String>,
}

/// `Err` is a refusal.
pub(crate) type Answered = Result<Reply, Reply>;

/// What an operation does, and where it is found: `{}` stands for any one segment.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) handler: fn(&mut State, &Settings, &Call) -> Answered,
}

impl Reply {
    pub(crate) fn new(status: u16, body: Value) -> Self {
        Self { status, body: Some(body), created: None, retry_after: None, warning: None }
    }

    pub(crate) fn no_content() -> Self {
        Self { status: 204, body: None, created: None, retry_after: None, warning: None }
    }

    pub(crate) fn creating(self, id: &str) -> Self {
        Self { created: Some(id.to_owned()), ..self }
    }

    pub(crate) fn warning(self, warning: &str) -> Self {
        Self { warning: Some(warning.to_owned()), ..self }
    }

    fn render(self) -> Response {
        let mut response = match self.body {
            Some(body) => json_response(self.status, body.to_string()),
            None => StatusCode::from_u16(self.status).unwrap_or(StatusCode::NO_CONTENT).into_response(),
        };
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

fn routes(provider: Provider) -> &'static [Route] {
    match provider {
        Provider::Telnyx => telnyx::ROUTES,
        Provider::Retell => retell::ROUTES,
        Provider::Twilio | Provider::SignalWire => &[],
    }
}

pub(crate) fn router(app: Shared) -> Router {
    Router::new()
        .route("/telnyx/{*path}", any(serve_telnyx))
        .route("/retell/{*path}", any(serve_retell))
        .with_state(app)
}

async fn serve_telnyx(Extract(app): Extract<Shared>, request: Request<Body>) -> Response {
    serve(app, Provider::Telnyx, request).await
}

async fn serve_retell(Extract(app): Extract<Shared>, request: Request<Body>) -> Response {
    serve(app, Provider::Retell, request).await
}

async fn serve(app: Shared, provider: Provider, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await.map(|body| body.to_bytes()) else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let path = parts.uri.path().strip_prefix(provider.mount()).unwrap_or_default().to_owned();
    let (call, log, fault) = {
        let mut state = app.lock();
        let call = Call::read(&state, provider, &path, &parts, &body);
        let log = write_down(&mut state, &parts, &call);
        let fault = take_fault(&mut state, &call);
        if let (Some(fault), Some(entry)) = (&fault, state.requests.get_mut(log)) {
            entry.fault = Some(fault.id);
        }
        (call, log, fault)
    };
    if let Some(fault) = &fault
        && let Some(early) = exchange::before(fault).await
    {
        let response = match early {
            Early::HangUp(how) => hang_up(how),
            Early::Gone(status) => Reply { status, ..not_found(&call) }.render(),
            Early::Refuse(refusal) => refuse(provider, &refusal).render(),
        };
        return finish(&app, log, response);
    }
    let reply = {
        let mut state = app.lock();
        let reply = handle(&mut state, &app.settings, &call).unwrap_or_else(|refusal| refusal);
        if let Some(entry) = state.requests.get_mut(log) {
            entry.created.clone_from(&reply.created);
            entry.warnings.extend(reply.warning.clone());
        }
        reply
    };
    app.wake.notify_one();
    let response = match &fault {
        Some(fault) => after(fault, reply.render()).await,
        None => reply.render(),
    };
    finish(&app, log, response)
}

fn handle(state: &mut State, settings: &Settings, call: &Call) -> Answered {
    match call.provider {
        Provider::Retell => retell::check(state, call)?,
        _ => telnyx::check(state, call)?,
    }
    match call.route {
        Some(route) => (route.handler)(state, settings, call),
        None => Err(not_found(call)),
    }
}

fn not_found(call: &Call) -> Reply {
    match call.provider {
        Provider::Retell => retell::not_found(),
        _ => telnyx::not_found(),
    }
}

fn refuse(provider: Provider, refusal: &Refusal) -> Reply {
    let reply = match provider {
        Provider::Retell => retell::refusal(refusal),
        _ => telnyx::refusal(refusal),
    };
    Reply { retry_after: refusal.retry_after, ..reply }
}

fn take_fault(state: &mut State, call: &Call) -> Option<Fault> {
    let situation = Situation {
        provider: Some(call.provider),
        operation: call.operation()?,
        to: call.party(&["to", "to_number", "phone_numbers", "phone_number"]),
        from: call.party(&["from", "from_number"]),
        account: call.account.as_deref(),
        sid: call.args.first().map(String::as_str),
        // A command on a call: which one.
        event: call.args.get(1).map(String::as_str),
        ..Situation::default()
    };
    state.faults.take(Stage::Request, &situation)
}

fn write_down(state: &mut State, parts: &Parts, call: &Call) -> u64 {
    let at = state.timestamp();
    state.requests.add(|id| RequestEntry {
        id,
        at,
        provider: Some(call.provider),
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        operation: call.operation(),
        account: call.account.clone(),
        params: call.params(),
        body: (!call.body.is_empty()).then(|| Value::Object(call.body.clone())),
        headers: redacted(&parts.headers),
        status: None,
        created: None,
        fault: None,
        warnings: call.bad_body.iter().map(|error| format!("the body was not read: {error}")).collect(),
    })
}
