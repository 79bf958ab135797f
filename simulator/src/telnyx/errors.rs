//! Errors in Telnyx's form, with the titles of its list of codes (telnyx-error-codes.json).

use serde_json::{Value, json};

use crate::{exchange::Refusal, faults::Kind, json_api::Reply};

/// The title of a code, as far as the code is used here.
pub(super) fn title(code: u32) -> &'static str {
    match code {
        10003 => "Invalid URL",
        10004 => "Missing required parameter",
        10005 => "Resource not found",
        10007 => "Unexpected error",
        10009 => "Authentication failed",
        10010 => "Authorization failed",
        10011 => "Too many requests",
        10012 => "Duplicate resource",
        10015 => "Bad Request",
        10016 => "Phone number must be in +E.164 format",
        10019 => "Invalid email address",
        10023 => "Invalid JSON",
        10027 => "Unprocessable Entity",
        10031 => "Invalid request filter",
        10032 => "Invalid enumerated value",
        10033 => "Value outside of range",
        10035 => "Resource locked",
        10037 => "Service unavailable",
        20012 => "Account inactive",
        20100 => "Insufficient Funds",
        40001 => "Not routable",
        40002 => "Blocked as spam - temporary",
        40003 => "Blocked as spam - permanent",
        40004 => "Rejected by destination",
        40005 => "Message expired during transmission",
        40006 => "Recipient server unavailable",
        40008 => "Undeliverable",
        40009 => "Invalid message body",
        40010 => "Not 10DLC registered",
        40012 => "Invalid messaging destination number",
        40014 => "Message expired in queue",
        40015 => "Blocked as spam - internal",
        40100 => "Number not messaging enabled.",
        40300 => "Blocked due to STOP message",
        40302 => "Message too large",
        40303 => "Message not found",
        40304 => "Invalid combination of message content arguments",
        40305 => "Invalid 'from' address",
        40309 => "Invalid destination region",
        40310 => "Invalid 'to' address",
        40312 => "Messaging profile is disabled",
        40316 => "No content provided for message",
        40317 => "Invalid MMS content",
        40321 => "No usable numbers on messaging profile",
        40331 => "Missing whitelisted destinations",
        85000 => "Must search phone number via search API first",
        85001 => "Phone numbers not available",
        85004 => "Invalid connection id provided",
        85005 => "Invalid messaging profile id provided",
        90000 => "Invalid value for format",
        90001 => "Invalid value for channels",
        90010 => "Invalid value for payload",
        90014 => "Invalid value for digits",
        90015 => "Invalid Call Control ID",
        90017 => "Invalid value for client_state",
        90018 => "Call has already ended",
        90034 => "Call has not been answered yet",
        90102 => "Command is invalid",
        _ => "Error",
    }
}

/// One member of `errors`; codes are texts.
pub(super) fn member(code: u32, detail: &str) -> Value {
    json!({
        "code": code.to_string(),
        "title": title(code),
        "detail": detail,
        "meta": { "url": format!("https://developers.telnyx.com/docs/overview/errors/{code}") },
    })
}

pub(super) fn problem(status: u16, code: u32, detail: &str) -> Reply {
    Reply::new(status, json!({ "errors": [member(code, detail)] }))
}

/// The same, about one member of the body.
pub(super) fn about(status: u16, code: u32, pointer: &str, detail: &str) -> Reply {
    let mut error = member(code, detail);
    if let Some(error) = error.as_object_mut() {
        error.insert("source".to_owned(), json!({ "pointer": pointer }));
    }
    Reply::new(status, json!({ "errors": [error] }))
}

pub(super) fn missing(pointer: &str) -> Reply {
    about(422, 10004, pointer, "A required parameter was missing.")
}

pub(crate) fn not_found() -> Reply {
    problem(404, 10005, "The requested resource or URL could not be found.")
}

/// What a fault wants to be refused.
pub(crate) fn refusal(refusal: &Refusal) -> Reply {
    let code = match refusal.kind {
        Kind::Status429 => 10011,
        Kind::Status5xx if refusal.status == 503 => 10037,
        Kind::Status5xx => 10007,
        _ => match refusal.status {
            401 => 10009,
            403 => 10010,
            404 => 10005,
            _ => 10015,
        },
    };
    problem(refusal.status, refusal.code.unwrap_or(code), &refusal.message)
}
