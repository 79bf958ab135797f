//! Telnyx's webhooks: every event comes to one URL, as JSON, signed over timestamp and body.
//!
//! The URL is not signed. What it carries (`?m=`, our opaque id of a message's attempt) is therefore
//! the word of whoever sent the request and not of the account that signed it: an event may be shown
//! to us again under another id. So the id only says where to look. What is written there is
//! conditioned on the verified account and, once it is known, on the provider's id of the message, both
//! of which are signed. For calls the id is in `client_state`, which is part of the signed body.

use http::Method;
use serde::Deserialize;
use serde_json::Value;

use super::{events, json, verify};
use crate::domain::timestamp::Timestamp;
use crate::provider::account::ProviderAccount;
use crate::provider::request::{InboundRequest, Verified};
use crate::provider::webhooks::{
    Event, HttpReply, KeyRole, Reply, VerificationKey, WebhookError, WebhookKind, Webhooks,
};

/// The receiving half of Telnyx.
#[derive(Clone, Copy, Debug)]
pub struct TelnyxWebhooks;

/// The longest name that is taken from an unverified body.
const MAX_NAME: usize = 64;

impl Webhooks for TelnyxWebhooks {
    /// The connection, the messaging profile, the organization, then the numbers that are on our side
    /// of the event.
    fn claims(&self, request: &InboundRequest) -> Vec<String> {
        let Some(body) = json::parse(&request.body) else { return Vec::new() };
        let Some(payload) = body.pointer("/data/payload") else { return Vec::new() };
        let mut names: Vec<&str> = ["connection_id", "messaging_profile_id", "organization_id"]
            .iter()
            .filter_map(|member| payload.get(member).and_then(Value::as_str))
            .collect();
        let inward = match payload.get("direction").and_then(Value::as_str) {
            Some("inbound" | "incoming") => Some(true),
            Some("outbound" | "outgoing") => Some(false),
            Some(_) | None => None,
        };
        let to = payload.get("to").filter(|_| inward != Some(false));
        let from = payload.get("from").filter(|_| inward != Some(true));
        names.extend(to.into_iter().chain(from).flat_map(addresses));
        let mut claims: Vec<String> = Vec::new();
        for name in names {
            if (1..=MAX_NAME).contains(&name.len()) && !claims.iter().any(|claim| claim == name) {
                claims.push(name.to_owned());
            }
        }
        claims
    }

    /// Events of calls carry a connection and never a profile, those of messages a profile and an
    /// organization and never a connection: an account has all of its names, or events of one kind find
    /// no key.
    fn names(&self, account: &ProviderAccount) -> Vec<String> {
        ["account_id", "connection_id", "messaging_profile_id"]
            .iter()
            .filter_map(|name| account.config.get(name))
            .map(|value| value.expose().to_owned())
            .collect()
    }

    /// One key per account, whatever its API keys; the scheme names no account.
    fn keys(&self, account: &ProviderAccount) -> Vec<VerificationKey> {
        [("public_key", KeyRole::Current), ("next_public_key", KeyRole::Next)]
            .into_iter()
            .filter_map(|(name, role)| {
                let secret = account.config.get(name)?;
                verify::is_public_key(secret.expose()).then(|| VerificationKey {
                    account: account.id.clone(),
                    remote_id: String::new(),
                    role,
                    secret: secret.clone(),
                })
            })
            .collect()
    }

    fn verify<'r>(
        &self,
        request: &'r InboundRequest,
        keys: &[VerificationKey],
        now: Timestamp,
    ) -> Result<Verified<'r>, WebhookError> {
        verify::verify(request, keys, now)
    }

    fn parse(&self, request: &Verified<'_>, kind: WebhookKind) -> Result<Vec<Event>, WebhookError> {
        let request = request.request();
        if request.method != Method::POST {
            return Err(WebhookError::Malformed("not a POST"));
        }
        match content_type(request).as_deref() {
            Some("application/json") => {}
            // TeXML, which no application of ours is configured for; it is signed the same way.
            Some("application/x-www-form-urlencoded") => return Ok(vec![unrecognised("a TeXML form")]),
            Some(_) | None => return Err(WebhookError::Malformed("the body is not JSON")),
        }
        let body = json::parse(&request.body).ok_or(WebhookError::Malformed("the body cannot be read"))?;
        match kind {
            WebhookKind::Events => events::read(&body, request).map(|event| vec![event]),
            WebhookKind::Sms
            | WebhookKind::StatusCallback
            | WebhookKind::Voice
            | WebhookKind::DialAction
            | WebhookKind::RecordAction
            | WebhookKind::CallScreen
            | WebhookKind::CallStatus
            | WebhookKind::AmdStatus
            | WebhookKind::StreamStatus
            | WebhookKind::RecordingStatus
            | WebhookKind::VoicemailRecording
            | WebhookKind::Transcription => Ok(vec![unrecognised("an event at a URL that is not Telnyx's")]),
        }
    }

    /// 200 and nothing in it: Telnyx reads the status alone, and takes a redirect for a failure (docs,
    /// receiving webhooks).
    fn respond(&self, reply: Reply) -> HttpReply {
        match reply {
            Reply::Empty | Reply::Agent(_) | Reply::Document(_) => {
                HttpReply { status: 200, content_type: "application/json", body: "{}".into() }
            }
        }
    }
}

/// An event that changes nothing.
fn unrecognised(name: &str) -> Event {
    Event::Unrecognised { name: name.to_owned() }
}

/// The numbers of a sender or of recipients, in any of the shapes that events have.
fn addresses(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(list) => list.iter().take(4).filter_map(address).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            address(value).into_iter().collect()
        }
    }
}

fn address(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("phone_number")?.as_str())
}

/// The media type, without its parameters.
fn content_type(request: &InboundRequest) -> Option<String> {
    let value = request.header("content-type")?;
    value.split(';').next().map(|kind| kind.trim().to_ascii_lowercase())
}

/// Reads a member of a verified event that has a shape.
pub(super) fn shaped<'v, T: Deserialize<'v>>(value: &'v Value) -> Result<T, WebhookError> {
    const MALFORMED: WebhookError = WebhookError::Malformed("a member has another type than documented");
    // A list would be read as the members of an object in their order.
    if !value.is_object() {
        return Err(MALFORMED);
    }
    T::deserialize(value).map_err(|_| MALFORMED)
}
