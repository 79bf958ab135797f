//! What happened, for reading.

use std::collections::HashMap;

use axum::{
    Json,
    extract::{Path, Query, State},
};
use serde::Serialize;
use serde_json::{Value, json};

use super::Refusal;
use crate::{
    app::Shared,
    callbacks as sending,
    delivery::{Body, Delivery},
};

type Filters = Query<HashMap<String, String>>;

/// Keeps the entries whose members are equal to the filters, written as text; null and absent never match.
pub(crate) fn filtered<T: Serialize>(
    entries: impl Iterator<Item = T>,
    filters: &HashMap<String, String>,
) -> Vec<Value> {
    entries
        .map(|entry| json!(entry))
        .filter(|entry| {
            filters.iter().all(|(name, wanted)| match entry.get(name) {
                Some(Value::String(text)) => text == wanted,
                Some(Value::Null) | None => false,
                Some(other) => *wanted == format!("{other}"),
            })
        })
        .collect()
}

pub(super) async fn messages(State(app): State<Shared>, Query(filters): Filters) -> Json<Value> {
    Json(json!({ "messages": filtered(app.lock().messages.newest_first(), &filters) }))
}

pub(super) async fn callbacks(State(app): State<Shared>, Query(filters): Filters) -> Json<Value> {
    Json(json!({ "callbacks": filtered(app.lock().callbacks.iter(), &filters) }))
}

pub(super) async fn requests(State(app): State<Shared>, Query(filters): Filters) -> Json<Value> {
    Json(json!({ "requests": filtered(app.lock().requests.iter(), &filters) }))
}

pub(super) async fn violations(State(app): State<Shared>) -> Json<Value> {
    Json(json!({ "violations": filtered(app.lock().violations.iter(), &HashMap::new()) }))
}

pub(super) async fn inbox(
    State(app): State<Shared>,
    Path(e164): Path<String>,
    Query(mut filters): Filters,
) -> Json<Value> {
    filters.insert("to".to_owned(), e164);
    Json(json!({ "texts": filtered(app.lock().inbox.iter(), &filters) }))
}

/// Posts a webhook again, the same to the byte (a new signature with the account's present key, and the present time
/// where the signature has one).
pub(super) async fn redeliver(
    State(app): State<Shared>,
    Path(id): Path<u64>,
) -> Result<Json<Value>, Refusal> {
    let delivery = {
        let state = app.lock();
        let entry = state.callbacks.get(id).ok_or_else(|| Refusal::not_found("no such callback"))?;
        let param = |name: &str| {
            entry
                .params
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
                .unwrap_or_default()
        };
        let token = entry.headers.iter().find(|(name, _)| name == "I-Twilio-Idempotency-Token");
        Delivery {
            provider: entry.provider,
            account: entry.account.clone(),
            kind: entry.kind,
            message_sid: entry.message_sid.clone(),
            status: entry.message_status.clone(),
            event: entry.event.clone(),
            last: true,
            from: param("From"),
            to: param("To"),
            method: entry.method.clone(),
            url: match entry.method.as_str() {
                // Its parameters are in the query already and are added again.
                "GET" => without_query_params(&entry.url, &entry.params),
                _ => entry.url.clone(),
            },
            fallbacks: Vec::new(),
            body: match &entry.body {
                Some(body) => Body::Json(body.clone()),
                None => Body::Form(entry.params.clone()),
            },
            timeout: None,
            token: token.map(|(_, value)| value.clone()).unwrap_or_default(),
            faulted: true,
            redelivery_of: Some(id),
        }
    };
    let ids = sending::deliver(&app, delivery).await;
    let state = app.lock();
    let attempts: Vec<_> = ids.into_iter().filter_map(|id| state.callbacks.get(id)).collect();
    Ok(Json(json!({ "callbacks": attempts })))
}

fn without_query_params(url: &str, params: &[(String, String)]) -> String {
    let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
    url.strip_suffix(&encoded).map_or(url, |rest| rest.trim_end_matches(['?', '&'])).to_owned()
}
