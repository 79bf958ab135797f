//! A place for a customer's own webhooks: it writes down what it is sent and answers as it is told.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{Path, Query, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{app::Shared, journal::Journal};

/// How a hook answers; by default 200 and nothing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Script {
    /// One after the other; the last one stays.
    statuses: Vec<u16>,
    body: Option<String>,
    content_type: Option<String>,
    /// Real seconds.
    delay_seconds: Option<f64>,
    /// `Location`; the status is 307 unless `statuses` says otherwise.
    redirect_to: Option<String>,
}

/// One request that arrived.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct HookEntry {
    id: u64,
    at: String,
    name: String,
    method: String,
    path: String,
    query: Option<String>,
    headers: Vec<(String, String)>,
    body: String,
    status: u16,
}

#[derive(Default)]
pub(crate) struct Hooks {
    scripts: BTreeMap<String, Script>,
    received: Journal<HookEntry>,
}

impl Script {
    /// The status of the next answer.
    fn next_status(&mut self) -> u16 {
        match self.statuses.as_slice() {
            [] if self.redirect_to.is_some() => 307,
            [] => 200,
            [last] => *last,
            [first, ..] => {
                let first = *first;
                self.statuses.remove(0);
                first
            }
        }
    }
}

/// `POST /_sim/hooks/{name}`
pub(crate) async fn script(
    State(app): State<Shared>,
    Path(name): Path<String>,
    Json(script): Json<Script>,
) -> Json<Script> {
    app.lock().hooks.scripts.insert(name, script.clone());
    Json(script)
}

/// `GET /_sim/hooks?name=`
pub(crate) async fn list(
    State(app): State<Shared>,
    Query(filters): Query<HashMap<String, String>>,
) -> Json<Value> {
    let hooks = crate::control::filtered(app.lock().hooks.received.iter(), &filters);
    Json(json!({ "hooks": hooks }))
}

/// `/_hooks/{name}`, any method.
pub(crate) async fn receive(
    State(app): State<Shared>,
    Path(name): Path<String>,
    method: Method,
    uri: http::Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (script, status) = {
        let mut state = app.lock();
        let at = state.timestamp();
        let script = state.hooks.scripts.entry(name.clone()).or_default();
        let status = script.next_status();
        let script = script.clone();
        let headers = headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        state.hooks.received.add(|id| HookEntry {
            id,
            at,
            name,
            method: method.to_string(),
            path: uri.path().to_owned(),
            query: uri.query().map(str::to_owned),
            headers,
            body: String::from_utf8_lossy(&body).into_owned(),
            status,
        });
        (script, status)
    };
    if let Some(seconds) = script.delay_seconds {
        tokio::time::sleep(Duration::from_secs_f64(seconds.clamp(0.0, 3600.0))).await;
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Body::from(script.body.unwrap_or_default())).into_response();
    let mut set = |name, value: Option<String>| {
        if let Some(value) = value.and_then(|value| value.parse().ok()) {
            response.headers_mut().insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, script.content_type);
    set(header::LOCATION, script.redirect_to);
    response
}
