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
use crate::{
    app::Shared, call_script::CallScript, callbacks, delivery::Delivery, model::Provider, retell, telnyx,
    voice,
};

/// `GET /_sim/calls`, the oldest first.
pub(super) async fn list(
    State(app): State<Shared>,
    Query(filters): Query<HashMap<String, String>>,
) -> Json<Value> {
    let state = app.lock();
    let calls = telnyx::journal(&state).into_iter().chain(retell::journal(&state));
    let calls = calls.chain(voice::journal(&state));
    Json(json!({ "calls": filtered(calls, &filters) }))
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
    let ringing = {
        let mut state = app.lock();
        let number = state
            .owned_number(&new.to, new.provider)
            .cloned()
            .ok_or_else(|| Refusal::bad(format!("no account owns {}", new.to)))?;
        let own = state.phones.get(&e164).and_then(|phone| phone.call.clone());
        let script = new.call.or(own).unwrap_or_default();
        match number.provider {
            Provider::Telnyx => {
                let level = new.attestation.as_deref();
                let arrived = telnyx::call_arrives(&mut state, &number, &e164, level, script);
                let (answer, delivery) = arrived.map_err(Refusal::bad)?;
                Ringing::Parked(answer, delivery)
            }
            Provider::Retell => {
                let arrival = retell::Arrival { number, from: e164, script };
                let delivery = retell::announce(&state, &arrival);
                Ringing::Asking(Box::new(arrival), delivery)
            }
            Provider::Twilio | Provider::SignalWire => {
                let level = new.attestation.as_deref();
                Ringing::Documented(Box::new(voice::inbound::arrive(
                    &mut state, &number, &e164, level, script,
                )))
            }
        }
    };
    app.wake.notify_one();
    let (mut answer, ids) = match ringing {
        Ringing::Parked(answer, delivery) => (answer, deliver(&app, delivery).await),
        Ringing::Documented(arrived) => {
            let arrived = *arrived;
            let ids = match arrived.first {
                Some(first) => voice::ask(&app, &arrived.sid, arrived.token, first).await,
                None => Vec::new(),
            };
            (arrived.answer, ids)
        }
        Ringing::Asking(arrival, delivery) => {
            let ids = deliver(&app, delivery).await;
            let mut state = app.lock();
            let last = ids.last().and_then(|id| state.callbacks.get(*id)).and_then(|e| e.response.as_ref());
            let body = last.filter(|answer| (200..300).contains(&answer.status)).map(|a| a.body.clone());
            (retell::decide(&mut state, &arrival, body.as_deref()), ids)
        }
    };
    app.wake.notify_one();
    let state = app.lock();
    let attempts: Vec<_> = ids.into_iter().filter_map(|id| state.callbacks.get(id)).collect();
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("callbacks".to_owned(), json!(attempts));
    }
    Ok((StatusCode::CREATED, Json(answer)))
}

/// A call that came in, and the webhook that is to be answered first.
enum Ringing {
    /// It has its ids already.
    Parked(Value, Option<Delivery>),
    /// A document says what becomes of it.
    Documented(Box<voice::inbound::Arrived>),
    /// Who answers it is still to be said.
    Asking(Box<retell::Arrival>, Option<Delivery>),
}

async fn deliver(app: &Shared, delivery: Option<Delivery>) -> Vec<u64> {
    match delivery {
        Some(delivery) => callbacks::deliver(app, delivery).await,
        None => Vec::new(),
    }
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
    let mut state = app.lock();
    if !telnyx::press(&mut state, &id, &pressed.digits) && !voice::press(&mut state, &id, &pressed.digits) {
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
    let mut state = app.lock();
    let known = telnyx::hang_up(&mut state, &id)
        || retell::person_hangs_up(&mut state, &id)
        || voice::hang_up(&mut state, &id);
    if !known {
        return Err(Refusal::not_found("no such call"));
    }
    app.wake.notify_one();
    Ok(Json(json!({ "ok": true })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamEnd {
    /// It breaks, for this reason; the other end closes it, unless given.
    #[serde(default)]
    error: Option<String>,
}

/// `POST /_sim/calls/{id}/end_stream`
pub(super) async fn end_stream(
    State(app): State<Shared>,
    Path(id): Path<String>,
    Json(end): Json<StreamEnd>,
) -> Result<Json<Value>, Refusal> {
    if !voice::stream_ends(&mut app.lock(), &id, end.error.as_deref()) {
        return Err(Refusal::not_found("no such call, or it has no stream"));
    }
    app.wake.notify_one();
    Ok(Json(json!({ "ok": true })))
}
