//! Serving the providers whose APIs speak JSON and want `Authorization: Bearer`: Telnyx and Retell.

use axum::{
    Router,
    body::Body,
    extract::State as Extract,
    response::{IntoResponse as _, Response},
    routing::any,
};
use http::{HeaderValue, Method, Request, StatusCode, header, request::Parts};
use http_body_util::{BodyExt as _, Limited};
use serde_json::{Map, Value};

use crate::{
    app::{Settings, Shared},
    exchange::{self, Early, Refusal, after, finish, json_response, redacted},
    faults::{Fault, Situation, Stage},
    journal::RequestEntry,
    model::{Account, Provider},
    retell,
    server::hang_up,
    state::State,
    telnyx,
};

/// No request of these APIs comes near it.
const LARGEST_BODY: usize = 1024 * 1024;

/// A request, read.
pub(crate) struct Call {
    pub(crate) provider: Provider,
    pub(crate) query: Vec<(String, String)>,
    /// An object; empty where there was no body.
    pub(crate) body: Map<String, Value>,
    /// Why the body could not be read.
    pub(crate) bad_body: Option<String>,
    bearer: Option<String>,
    route: Option<&'static Route>,
    args: Vec<String>,
    /// The account whose key came with the request.
    pub(crate) account: Option<String>,
}

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

impl Call {
    fn read(state: &State, provider: Provider, path: &str, parts: &Parts, body: &[u8]) -> Self {
        let segments: Vec<String> = path
            .trim_matches('/')
            .split('/')
            .map(|segment| {
                // `+` stands for itself in a path.
                let segment = segment.replace('+', "%2B");
                form_urlencoded::parse(format!("={segment}").as_bytes())
                    .next()
                    .map(|(_, value)| value.into_owned())
                    .unwrap_or_default()
            })
            .collect();
        let found = routes(provider).iter().find_map(|route| {
            let args = matched(route.path, &segments)?;
            (route.method == parts.method).then_some((route, args))
        });
        let (route, args) = found.map_or((None, Vec::new()), |(route, args)| (Some(route), args));
        let (json, bad_body) = if body.is_empty() {
            (Map::new(), None)
        } else {
            match serde_json::from_slice::<Value>(body) {
                Ok(Value::Object(map)) => (map, None),
                Ok(_) => (Map::new(), Some("not an object".to_owned())),
                Err(error) => (Map::new(), Some(error.to_string())),
            }
        };
        let bearer = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
            .map(|key| key.trim().to_owned());
        let account = bearer.as_ref().and_then(|key| {
            let holds = |account: &&Account| {
                account.provider == provider
                    && (account.auth_token == *key
                        || account.tokens.contains(key)
                        || account.api_keys.iter().any(|known| known.secret == *key))
            };
            state.accounts.values().find(holds).map(|account| account.sid.clone())
        });
        Self {
            provider,
            query: form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
                .into_owned()
                .collect(),
            body: json,
            bad_body,
            bearer,
            route,
            args,
            account,
        }
    }

    pub(crate) fn operation(&self) -> Option<&'static str> {
        self.route.map(|route| route.operation)
    }

    /// Whether the request had a key at all.
    pub(crate) fn has_key(&self) -> bool {
        self.bearer.is_some()
    }

    /// The account; known once the key has been checked.
    pub(crate) fn account(&self) -> &str {
        self.account.as_deref().unwrap_or_default()
    }

    pub(crate) fn arg(&self, index: usize) -> &str {
        self.args.get(index).map(String::as_str).unwrap_or_default()
    }

    /// A query parameter that is not empty.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        found.filter(|value| !value.is_empty())
    }

    /// A text member of the body that is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub(crate) fn flag(&self, name: &str, default: bool) -> bool {
        self.body.get(name).and_then(Value::as_bool).unwrap_or(default)
    }

    /// The first text of the named members, also inside a list or a list of numbers to order.
    fn party(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| {
            let value = self.body.get(*name)?;
            let value = value.as_array().map_or(Some(value), |list| list.first())?;
            value.as_str().or_else(|| value.get("phone_number")?.as_str())
        })
    }

    fn params(&self) -> Vec<(String, String)> {
        let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let members = self.body.iter().map(|(name, value)| (name.clone(), shown(value)));
        self.query.iter().cloned().chain(members).collect()
    }
}

fn routes(provider: Provider) -> &'static [Route] {
    match provider {
        Provider::Telnyx => telnyx::ROUTES,
        Provider::Retell => retell::ROUTES,
        Provider::Twilio | Provider::SignalWire => &[],
    }
}

fn matched(pattern: &str, segments: &[String]) -> Option<Vec<String>> {
    let mut args = Vec::new();
    let mut wanted = pattern.split('/');
    for segment in segments {
        match wanted.next()? {
            "{}" => args.push(segment.clone()),
            literal if literal == segment => {}
            _ => return None,
        }
    }
    wanted.next().is_none().then_some(args)
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
