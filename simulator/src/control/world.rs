//! What there is: accounts, numbers, phones, and what they do.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Refusal;
use crate::{
    app::Shared,
    callbacks,
    inbound::{self, Received, Text},
    model::{Account, Message, Number, Provider, Status},
    phones::Phone,
    seed::{self, NewAccount, NewNumber, Rotation},
    telnyx,
    twilio_compat::status_callback::status_callback,
};

pub(super) async fn accounts(State(app): State<Shared>) -> Json<Value> {
    let state = app.lock();
    let accounts: Vec<&Account> = state.accounts.values().collect();
    Json(json!({ "accounts": accounts }))
}

pub(super) async fn add_account(
    State(app): State<Shared>,
    Json(new): Json<NewAccount>,
) -> Result<(StatusCode, Json<Account>), Refusal> {
    let account = seed::add_account(&mut app.lock(), new).map_err(Refusal::bad)?;
    Ok((StatusCode::CREATED, Json(account)))
}

/// Changes the key that signs webhooks from now on.
pub(super) async fn rotate(
    State(app): State<Shared>,
    Path(sid): Path<String>,
    Json(rotation): Json<Rotation>,
) -> Result<Json<Account>, Refusal> {
    let mut state = app.lock();
    let account = state.accounts.get_mut(&sid).ok_or_else(|| Refusal::not_found("no such account"))?;
    seed::rotate(account, rotation).map_err(Refusal::bad)?;
    Ok(Json(account.clone()))
}

pub(super) async fn numbers(State(app): State<Shared>) -> Json<Value> {
    let state = app.lock();
    let numbers: Vec<&Number> = state.numbers.values().collect();
    Json(json!({ "numbers": numbers }))
}

pub(super) async fn add_number(
    State(app): State<Shared>,
    Json(new): Json<NewNumber>,
) -> Result<(StatusCode, Json<Number>), Refusal> {
    let number = seed::add_number(&mut app.lock(), new).map_err(Refusal::bad)?;
    Ok((StatusCode::CREATED, Json(number)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stock {
    /// Whether somebody else has taken the number between search and purchase.
    snatched: Option<bool>,
    /// Telnyx: how an order of the number ends…
    order: Option<telnyx::OrderEnd>,
    /// …and after how many steps.
    steps: Option<u16>,
}

pub(super) async fn script_inventory(
    State(app): State<Shared>,
    Path(e164): Path<String>,
    Json(stock): Json<Stock>,
) -> Json<Value> {
    let mut state = app.lock();
    match stock.snatched {
        Some(true) => {
            state.snatched.insert(e164.clone());
        }
        Some(false) => {
            state.snatched.remove(&e164);
        }
        None => {}
    }
    if stock.order.is_some() || stock.steps.is_some() {
        let script = telnyx::OrderScript {
            end: stock.order.unwrap_or_default(),
            steps: stock.steps.unwrap_or(telnyx::ORDER_STEPS),
        };
        state.telnyx.order_scripts.insert(e164.clone(), script);
    }
    let script = state.telnyx.order_scripts.get(&e164);
    Json(json!({
        "phone_number": e164,
        "snatched": state.snatched.contains(&e164),
        "order": script.map(|script| script.end),
        "steps": script.map(|script| script.steps),
    }))
}

pub(super) async fn origins(State(app): State<Shared>) -> Json<BTreeMap<String, String>> {
    Json(app.lock().origins.clone())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Origin {
    /// `https://phone.example.com`
    public: String,
    /// `http://127.0.0.1:8080/prefix`; null removes the mapping.
    local: Option<String>,
}

pub(super) async fn map_origin(State(app): State<Shared>, Json(origin): Json<Origin>) -> Json<Value> {
    let mut state = app.lock();
    match origin.local {
        Some(local) => state.origins.insert(origin.public, local),
        None => state.origins.remove(&origin.public),
    };
    Json(json!(state.origins))
}

pub(super) async fn script_phone(
    State(app): State<Shared>,
    Path(e164): Path<String>,
    Json(phone): Json<Phone>,
) -> Json<Phone> {
    app.lock().phones.insert(e164, phone.clone());
    Json(phone)
}

pub(super) async fn text(
    State(app): State<Shared>,
    Path(e164): Path<String>,
    Json(text): Json<Text>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let received: Received =
        inbound::receive(&app, Text { from: e164, ..text }).await.map_err(Refusal::bad)?;
    let mut answer = json!(received);
    // The attempts themselves, so that a test need not fetch them.
    let state = app.lock();
    let attempts: Vec<Value> = answer
        .get("callbacks")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|id| state.callbacks.get(id.as_u64()?).map(|entry| json!(entry)))
        .collect();
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("callbacks".to_owned(), json!(attempts));
    }
    Ok((StatusCode::CREATED, Json(answer)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ForcedStatus {
    status: Status,
    #[serde(default)]
    error_code: Option<u32>,
}

/// Posts a status callback now. The message itself only moves up: a status that is late by now is announced, as a
/// reordered callback would, but does not take the message back.
pub(super) async fn force_status(
    State(app): State<Shared>,
    Path(sid): Path<String>,
    Json(forced): Json<ForcedStatus>,
) -> Result<Json<Value>, Refusal> {
    let callback = {
        let mut state = app.lock();
        let now = state.now();
        let message = state.messages.get_mut(&sid).ok_or_else(|| Refusal::not_found("no such message"))?;
        if forced.status.rank() > message.status.rank() {
            message.status = forced.status;
            message.error_code = forced.error_code;
            message.updated = now;
        }
        let message = message.clone();
        let callback = match message.provider {
            Provider::Telnyx => {
                let error_code = forced.error_code.or(message.error_code);
                let message = Message { error_code, ..message };
                telnyx::status_webhook(&state, &message, forced.status)
            }
            _ => status_callback(&state, &message, forced.status, forced.error_code),
        };
        callback.ok_or_else(|| Refusal::bad("nobody is told about this message"))?
    };
    let ids = callbacks::deliver(&app, callback).await;
    let state = app.lock();
    let attempts: Vec<_> = ids.into_iter().filter_map(|id| state.callbacks.get(id)).collect();
    Ok(Json(json!({ "callbacks": attempts })))
}
