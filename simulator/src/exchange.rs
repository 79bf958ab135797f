//! What answering a request is about, whoever is asked: faults before and after, and writing it down.

use std::time::Duration;

use axum::{
    body::Bytes,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::json;

use crate::{
    app::Shared,
    faults::{Fault, Kind},
    server::{Hangup, hang_up},
};

/// What a fault does to a request before it does anything.
pub(crate) enum Early {
    HangUp(Hangup),
    /// A refusal in the provider's own form.
    Refuse(Refusal),
    /// 404 with this status, as for a medium that is not there.
    Gone(u16),
}

pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// Where the fault names one.
    pub(crate) code: Option<u32>,
    pub(crate) message: String,
    pub(crate) retry_after: Option<u64>,
    pub(crate) kind: Kind,
}

pub(crate) fn json_response(status: u16, text: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/json;charset=utf-8")], Bytes::from(text)).into_response()
}

fn seconds(fault: &Fault, default: f64) -> Duration {
    Duration::from_secs_f64(fault.params.seconds(default))
}

/// Faults that act before the request does anything.
pub(crate) async fn before(fault: &Fault) -> Option<Early> {
    let refuse = |status, message: &str| {
        Early::Refuse(Refusal {
            status,
            code: fault.params.code.or(fault.params.error_code),
            message: fault.params.message.clone().unwrap_or_else(|| message.to_owned()),
            retry_after: fault.params.retry_after,
            kind: fault.kind,
        })
    };
    Some(match fault.kind {
        Kind::DropBefore => Early::HangUp(Hangup::Close),
        Kind::Reset => Early::HangUp(Hangup::Reset),
        Kind::Delay => {
            tokio::time::sleep(seconds(fault, 1.0)).await;
            return None;
        }
        Kind::Status429 => refuse(429, "Too Many Requests"),
        Kind::Status5xx => refuse(fault.params.http_status(503), "Service is not available"),
        Kind::Error => refuse(fault.params.http_status(400), "Refused by a fault"),
        Kind::NotReady => Early::Gone(404),
        Kind::Expired => Early::Gone(fault.params.http_status(410)),
        _ => return None,
    })
}

/// Faults that act on the answer, when the request has taken effect.
pub(crate) async fn after(fault: &Fault, response: Response) -> Response {
    match fault.kind {
        Kind::AcceptThenTimeout => {
            // Longer than any client's patience; then nothing.
            tokio::time::sleep(seconds(fault, 35.0)).await;
            hang_up(Hangup::Close)
        }
        Kind::AcceptThenClose => hang_up(Hangup::Close),
        Kind::AcceptThen5xx => {
            let status =
                StatusCode::from_u16(fault.params.http_status(502)).unwrap_or(StatusCode::BAD_GATEWAY);
            // What a gateway in front of the API says: no JSON, no code.
            (status, [(header::CONTENT_TYPE, "text/html")], "<html><body>Bad Gateway</body></html>")
                .into_response()
        }
        Kind::Garbage200 => json_response(200, json!({ "unexpected": ["answer"] }).to_string()),
        _ => response,
    }
}

/// Completes the journal's entry of a request.
pub(crate) fn finish(app: &Shared, log: u64, response: Response) -> Response {
    let status = response.extensions().get::<Hangup>().is_none().then(|| response.status().as_u16());
    if let Some(entry) = app.lock().requests.get_mut(log) {
        entry.status = status;
    }
    response
}

/// The headers as text, with the secret part of the credentials left out.
pub(crate) fn redacted(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let value = if *name == header::AUTHORIZATION {
                match crate::twilio_compat::basic(headers) {
                    Some((user, _)) => format!("Basic {user}:***"),
                    None => "***".to_owned(),
                }
            } else {
                String::from_utf8_lossy(value.as_bytes()).into_owned()
            };
            (name.to_string(), value)
        })
        .collect()
}
