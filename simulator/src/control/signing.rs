//! Signatures for requests that a test makes by hand.

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use super::Refusal;
use crate::{app::Shared, model::Provider, sign as signatures, state};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToSign {
    provider: Provider,
    /// The account whose key signs; unless `key` is given.
    account: Option<String>,
    /// Signs with this instead of the account's key.
    key: Option<String>,
    #[serde(default = "post")]
    method: String,
    url: String,
    /// An object, or a list of pairs where names repeat.
    params: Option<Value>,
    /// A raw body, with its content type.
    body: Option<String>,
    /// Unless given: JSON where the provider posts only JSON, else a form.
    content_type: Option<String>,
    /// Telnyx: seconds; Retell: milliseconds. Now, unless given.
    timestamp: Option<i64>,
}

fn post() -> String {
    "POST".to_owned()
}

fn content_type(request: &ToSign) -> String {
    let usual = match request.provider {
        Provider::Twilio | Provider::SignalWire => "application/x-www-form-urlencoded",
        Provider::Telnyx | Provider::Retell => "application/json",
    };
    request.content_type.clone().unwrap_or_else(|| usual.to_owned())
}

/// When the signature claims to have been made.
fn time_of(state: &state::State, request: &ToSign) -> Result<OffsetDateTime, Refusal> {
    let Some(timestamp) = request.timestamp else { return Ok(state.signing_time()) };
    let nanos = match request.provider {
        Provider::Retell => i128::from(timestamp) * 1_000_000,
        _ => i128::from(timestamp) * 1_000_000_000,
    };
    OffsetDateTime::from_unix_timestamp_nanos(nanos).map_err(|_| Refusal::bad("timestamp is out of range"))
}

pub(super) async fn sign(
    State(app): State<Shared>,
    Json(request): Json<ToSign>,
) -> Result<Json<Value>, Refusal> {
    let key = match (&request.key, &request.account) {
        (Some(key), _) => key.clone(),
        (None, Some(sid)) => {
            let state = app.lock();
            let account = state.accounts.get(sid).ok_or_else(|| Refusal::not_found("no such account"))?;
            account.webhook_key().to_owned()
        }
        (None, None) => return Err(Refusal::bad("give account or key")),
    };
    let content_type = content_type(&request);
    let is_form = content_type.starts_with("application/x-www-form-urlencoded");
    let mut url = request.url.clone();
    let (params, body) = match (&request.params, &request.body) {
        (Some(_), Some(_)) => return Err(Refusal::bad("give params or body, not both")),
        (Some(params), None) => {
            let params =
                pairs(params).ok_or_else(|| Refusal::bad("params: an object or a list of pairs of texts"))?;
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&params).finish();
            (params, body)
        }
        (None, Some(body)) if is_form => {
            (form_urlencoded::parse(body.as_bytes()).into_owned().collect(), body.clone())
        }
        (None, Some(body)) => (Vec::new(), body.clone()),
        (None, None) => (Vec::new(), String::new()),
    };
    let has_raw_body = !is_form && !body.is_empty() && request.method != "GET";
    let is_json_provider = matches!(request.provider, Provider::Telnyx | Provider::Retell);
    let headers = if is_json_provider {
        let at = time_of(&app.lock(), &request)?;
        signatures::json_headers(request.provider, &key, at, body.as_bytes())
    } else if has_raw_body && request.provider == Provider::SignalWire {
        vec![("X-SignalWire-Signature".to_owned(), signatures::signalwire_raw(&key, &url, body.as_bytes()))]
    } else {
        if has_raw_body {
            // twilio.md, section 6.3: the hash of a body that is no form travels in the URL
            let joint = if url.contains('?') { '&' } else { '?' };
            url = format!("{url}{joint}bodySHA256={}", hex::encode(Sha256::digest(body.as_bytes())));
        }
        let signed: &[(String, String)] = if request.method == "GET" { &[] } else { &params };
        signatures::headers(request.provider, &key, &url, signed)
    };
    let mut all: Map<String, Value> = headers.into_iter().map(|(name, value)| (name, json!(value))).collect();
    if request.method != "GET" {
        all.insert("Content-Type".to_owned(), json!(content_type));
    }
    Ok(Json(json!({ "method": request.method, "url": url, "headers": all, "body": body })))
}

fn pairs(params: &Value) -> Option<Vec<(String, String)>> {
    match params {
        Value::Object(map) => {
            map.iter().map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
        }
        Value::Array(list) => list
            .iter()
            .map(|pair| match pair.as_array()?.as_slice() {
                [name, value] => Some((name.as_str()?.to_owned(), value.as_str()?.to_owned())),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}
