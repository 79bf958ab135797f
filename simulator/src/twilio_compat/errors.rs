//! Errors in the providers' shape. The shape is shared, the meanings of the codes are not.

use axum::response::Response;
use http::{HeaderValue, header};
use serde_json::json;

use crate::model::Provider;

#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) code: u32,
    pub(crate) message: String,
    pub(crate) retry_after: Option<u64>,
    /// Shown in a list, as SignalWire does where calls are placed.
    pub(crate) listed: bool,
}

impl ApiError {
    pub(crate) fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None, listed: false }
    }

    pub(crate) fn bad(code: u32, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    pub(crate) fn not_found(path: &str) -> Self {
        Self::new(404, 20404, format!("The requested resource {path} was not found"))
    }

    pub(crate) fn unauthenticated(provider: Provider) -> Self {
        let message = match provider {
            Provider::Twilio => "Authenticate",
            _ => "Authentication failed",
        };
        Self::new(401, 20003, message)
    }

    pub(crate) fn retry_after(self, seconds: Option<u64>) -> Self {
        Self { retry_after: seconds, ..self }
    }

    pub(crate) fn render(self, provider: Provider) -> Response {
        let more_info = match provider {
            Provider::Twilio => format!("https://www.twilio.com/docs/errors/{}", self.code),
            // compatibility-openapi.yaml, CompatibilityErrorResponse
            _ => "https://signalwire.com/docs/compatibility-api/reference/errors".to_owned(),
        };
        let body = json!({ "code": self.code, "message": self.message, "more_info": more_info, "status": self.status });
        let body = match self.listed {
            // compatibility-openapi.yaml, CompatibilityErrorArrayItem
            true => json!({ "errors": [{
                "code": self.code.to_string(),
                "message": self.message,
                "more_info": more_info,
            }] }),
            false => body,
        };
        let mut response = super::json_response(self.status, body.to_string());
        if self.status == 401 {
            let realm = match provider {
                Provider::Twilio => "Basic realm=\"Twilio API\"",
                _ => "Basic realm=\"SignalWire API\"",
            };
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(realm));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// `error_message` of a message that failed (twilio-error-codes, signalwire-error-codes.json).
pub(crate) fn delivery_error(provider: Provider, code: u32) -> &'static str {
    match (provider, code) {
        (Provider::Twilio, 30001) => "Queue overflow",
        (Provider::Twilio, 30002) => "Account suspended",
        (Provider::Twilio, 30003) => "Unreachable destination handset",
        (Provider::Twilio, 30004) => "Message blocked",
        (Provider::Twilio, 30005) => "Unknown destination handset",
        (Provider::Twilio, 30006) => "Landline or unreachable carrier",
        (Provider::Twilio, 30007) => "Message filtered",
        (Provider::Twilio, 30034) => "Message from an Unregistered Number",
        (Provider::SignalWire, 30001) => "The validity period for the message was exceeded",
        (Provider::SignalWire, 30002) => "The account balance is insufficient to send the message",
        (Provider::SignalWire, 30003) => {
            "The message was attempted but the destination handset is not reachable"
        }
        (Provider::SignalWire, 30004) => "The message was attempted but blocked by the destination carrier",
        (Provider::SignalWire, 30005) => "The message was attempted but the destination handset is unknown",
        (Provider::SignalWire, 30006) => "The message could not be routed to the destination handset",
        (Provider::SignalWire, 30007) => "The message was flagged as a carrier violation",
        (_, 30008) => "Unknown error",
        _ => "The message was not delivered",
    }
}
