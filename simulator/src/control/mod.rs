//! `/_sim`: the outside world, the faults and the journals, for the test to play with.

mod calls;
mod journals;
mod signing;
mod time;
mod world;

pub(crate) use journals::filtered;

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, State},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use http::StatusCode;
use serde_json::{Value, json};

use crate::{app::Shared, faults::NewFault, hooks, model::Provider, state};

/// Media given as base64 has to fit.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

pub(crate) fn router(app: Shared) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/reset", post(reset))
        .route("/clock", get(time::show).post(time::switch))
        .route("/clock/advance", post(time::advance))
        .route("/clock/settle", post(time::settle))
        .route("/accounts", get(world::accounts).post(world::add_account))
        .route("/accounts/{sid}/rotate", post(world::rotate))
        .route("/numbers", get(world::numbers).post(world::add_number))
        .route("/inventory/{e164}", post(world::script_inventory))
        .route("/origins", get(world::origins).post(world::map_origin))
        .route("/phones/{e164}", post(world::script_phone))
        .route("/phones/{e164}/text", post(world::text))
        .route("/phones/{e164}/inbox", get(journals::inbox))
        .route("/phones/{e164}/call", post(calls::place))
        .route("/calls", get(calls::list))
        .route("/calls/{id}/digits", post(calls::press))
        .route("/calls/{id}/hang_up", post(calls::hang_up))
        .route("/calls/{id}/end_stream", post(calls::end_stream))
        .route("/messages", get(journals::messages))
        .route("/messages/{sid}/status", post(world::force_status))
        .route("/callbacks", get(journals::callbacks))
        .route("/callbacks/{id}/redeliver", post(journals::redeliver))
        .route("/requests", get(journals::requests))
        .route("/violations", get(journals::violations))
        .route("/hooks", get(hooks::list))
        .route("/hooks/{name}", post(hooks::script))
        .route("/sign", post(signing::sign))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/faults/{id}", delete(remove_fault))
        .fallback(|| async { Refusal::not_found("no such control endpoint") })
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(app)
}

/// A control request that makes no sense.
pub(super) struct Refusal(StatusCode, String);

impl Refusal {
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, message.into())
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self(StatusCode::NOT_FOUND, message.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

async fn health(State(app): State<Shared>) -> Json<Value> {
    let state = app.lock();
    Json(json!({
        "ok": true,
        "base": app.settings.base,
        "cdn": app.settings.cdn,
        "api_base": api_bases(&app.settings.base),
        "clock": state.clock.mode(),
        "now": state.timestamp(),
        "pending_events": state.queue.len(),
    }))
}

fn api_bases(base: &str) -> BTreeMap<&'static str, String> {
    Provider::ALL.into_iter().map(|p| (p.name(), format!("{base}{}", p.mount()))).collect()
}

async fn reset(State(app): State<Shared>) -> Result<Json<Value>, Refusal> {
    *app.lock() = state::State::new(&app.settings).map_err(Refusal::bad)?;
    app.wake.notify_one();
    Ok(Json(json!({ "ok": true })))
}

async fn faults(State(app): State<Shared>) -> Json<Value> {
    Json(json!({ "faults": app.lock().faults.list() }))
}

async fn add_fault(State(app): State<Shared>, Json(new): Json<NewFault>) -> (StatusCode, Json<Value>) {
    (StatusCode::CREATED, Json(json!(app.lock().faults.add(new))))
}

async fn clear_faults(State(app): State<Shared>) -> Json<Value> {
    app.lock().faults.clear();
    Json(json!({ "ok": true }))
}

async fn remove_fault(State(app): State<Shared>, Path(id): Path<u64>) -> Result<Json<Value>, Refusal> {
    if app.lock().faults.remove(id) {
        Ok(Json(json!({ "ok": true })))
    } else {
        Err(Refusal::not_found("no such fault"))
    }
}
