//! Calls: what they are at, and people who call, press digits and hang up.

use std::collections::HashMap;

use axum::{
    Json,
    extract::{Path, Query, State},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Refusal, filtered};
use crate::{app::Shared, call_script::CallScript, callbacks, model::Provider, telnyx};

/// `GET /_sim/calls`, the oldest first.
pub(super) async fn list(
    State(app): State<Shared>,
    Query(filters): Query<HashMap<String, String>>,
) -> Json<Value> {
    let state = app.lock();
    Json(json!({ "calls": filtered(telnyx::journal(&state).into_iter(), &filters) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCall {
    to: String,
    /// Needed only where two providers hold the same number.
    #[serde(default)]
    provider: Option<Provider>,
    /// `A`, `B` or `C`, as validated by the provider; none unless given.
    #[serde(default)]
    attestation: Option<String>,
    /// Instead of the phone's own script: what happens after the answer.
    #[serde(default)]
    call: Option<CallScript>,
}

/// `POST /_sim/phones/{e164}/call`: answers when the first webhook has been answered.
pub(super) async fn place(
    State(app): State<Shared>,
    Path(e164): Path<String>,
    Json(new): Json<NewCall>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let (mut answer, delivery) = {
        let mut state = app.lock();
        let number = state
            .owned_number(&new.to, new.provider)
            .cloned()
            .ok_or_else(|| Refusal::bad(format!("no account owns {}", new.to)))?;
        let own = state.phones.get(&e164).and_then(|phone| phone.call.clone());
        let script = new.call.or(own).unwrap_or_default();
        match number.provider {
            Provider::Telnyx => {
                telnyx::call_arrives(&mut state, &number, &e164, new.attestation.as_deref(), script)
                    .map_err(Refusal::bad)?
            }
            _ => return Err(Refusal::bad("calls to this provider's numbers are not simulated")),
        }
    };
    app.wake.notify_one();
    let ids = match delivery {
        Some(delivery) => callbacks::deliver(&app, delivery).await,
        None => Vec::new(),
    };
    let state = app.lock();
    let attempts: Vec<_> = ids.into_iter().filter_map(|id| state.callbacks.get(id)).collect();
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("callbacks".to_owned(), json!(attempts));
    }
    Ok((StatusCode::CREATED, Json(answer)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pressed {
    digits: String,
}

/// `POST /_sim/calls/{id}/digits`
pub(super) async fn press(
    State(app): State<Shared>,
    Path(id): Path<String>,
    Json(pressed): Json<Pressed>,
) -> Result<Json<Value>, Refusal> {
    if !telnyx::press(&mut app.lock(), &id, &pressed.digits) {
        return Err(Refusal::not_found("no such call"));
    }
    app.wake.notify_one();
    Ok(Json(json!({ "ok": true })))
}

/// `POST /_sim/calls/{id}/hang_up`: the person at the phone does.
pub(super) async fn hang_up(
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    if !telnyx::hang_up(&mut app.lock(), &id) {
        return Err(Refusal::not_found("no such call"));
    }
    app.wake.notify_one();
    Ok(Json(json!({ "ok": true })))
}
