//! Steering calls by commands (OpenAPI, POST /calls/{call_control_id}/actions/…).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::client::{Client, data};
use super::config::Config;
use super::error::{CALL_HAS_ENDED, is_code};
use super::voices::voice;
use crate::provider::Environment;
use crate::provider::account::ProviderAccount;
use crate::provider::calling::{CallCommand, CallControl, Command, Commanded};
use crate::provider::error::{Effect, ProviderError};
use crate::provider::transport::HttpTransport;

/// CallControl of one account.
///
/// # Errors
/// [`crate::provider::error::ErrorKind::Config`] when the account's settings cannot be used.
pub fn call_control(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn CallControl>, ProviderError> {
    let config = Config::of(account, environment)?;
    Ok(Box::new(Control(Client::new(&config.base, &config.authorization, transport))))
}

struct Control(Client);

#[async_trait]
impl CallControl for Control {
    /// A repetition is ignored by Telnyx for 60 s on the same call (docs, command retries).
    async fn command(&self, control_id: &str, command: &Command) -> Result<Commanded, ProviderError> {
        let (action, mut body) = action(&command.act);
        body.insert("command_id".to_owned(), json!(command.id));
        if let Some(state) = &command.state {
            body.insert("client_state".to_owned(), json!(encoded(state)));
        }
        act(&self.0, "command", control_id, action, Value::Object(body)).await
    }
}

/// Gives one command to a leg.
pub(crate) async fn act(
    client: &Client,
    operation: &'static str,
    control_id: &str,
    action: &str,
    body: Value,
) -> Result<Commanded, ProviderError> {
    let path = format!("/calls/{}/actions/{action}", segment(control_id));
    let answer = client.call(operation, Method::POST, &path, Some(&body)).await?;
    match data::<Map<String, Value>>(operation, &answer) {
        Ok(_) => Ok(Commanded::Accepted),
        Err(error) if error.effect() == Effect::Refused && is_code(&error, CALL_HAS_ENDED) => {
            Ok(Commanded::CallEnded)
        }
        Err(error) => Err(error),
    }
}

/// The state as it travels (OpenAPI, `client_state`: valid base64).
pub(crate) fn encoded(state: &str) -> String {
    STANDARD.encode(state)
}

/// What a path's segment may hold as it is (RFC 3986, unreserved); a control id holds `:` besides.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An id as one segment of a path.
pub(crate) fn segment(id: &str) -> String {
    match id {
        // Segments that a path is shortened by.
        "." | ".." => id.replace('.', "%2E"),
        _ => utf8_percent_encode(id, SEGMENT).to_string(),
    }
}

/// The path's last word and the body of a command.
fn action(act: &CallCommand) -> (&'static str, Map<String, Value>) {
    let (name, body) = match act {
        CallCommand::Answer => ("answer", json!({})),
        CallCommand::Reject { busy } => {
            ("reject", json!({"cause": if *busy { "USER_BUSY" } else { "CALL_REJECTED" }}))
        }
        CallCommand::HangUp => ("hangup", json!({})),
        CallCommand::Speak { text, language } => ("speak", spoken(text, language)),
        CallCommand::Play { url } => ("playback_start", json!({ "audio_url": url })),
        CallCommand::StopPlaying => ("playback_stop", json!({"stop": "all"})),
        CallCommand::RecordStart { beep, dual, max_length, silence } => {
            ("record_start", recorded(*beep, *dual, *max_length, *silence))
        }
        CallCommand::RecordStop => ("record_stop", json!({})),
        CallCommand::Transfer { to, from, ring_timeout, time_limit, recorded, leg_state } => {
            let mut body = json!({"to": to, "timeout_secs": ring_secs(*ring_timeout)});
            if let Value::Object(members) = &mut body {
                if let Some(from) = from {
                    members.insert("from".to_owned(), json!(from));
                }
                if let Some(limit) = time_limit {
                    // At least 30 s, at most 4 h (OpenAPI, `time_limit_secs`).
                    members.insert("time_limit_secs".to_owned(), json!(limit.as_secs().clamp(30, 14_400)));
                }
                if *recorded {
                    members.insert("record".to_owned(), json!("record-from-answer"));
                    members.insert("record_channels".to_owned(), json!("dual"));
                    members.insert("record_format".to_owned(), json!("mp3"));
                }
                if let Some(state) = leg_state {
                    members.insert("target_leg_client_state".to_owned(), json!(encoded(state)));
                }
            }
            ("transfer", body)
        }
        CallCommand::Bridge { with } => ("bridge", json!({ "call_control_id": with })),
        CallCommand::Gather { text, language, max_digits, timeout } => {
            let mut body = spoken(text, language);
            if let Value::Object(members) = &mut body {
                members.insert("minimum_digits".to_owned(), json!(1));
                // At most 128 (OpenAPI, `maximum_digits`).
                members.insert("maximum_digits".to_owned(), json!((*max_digits).clamp(1, 128)));
                members.insert("maximum_tries".to_owned(), json!(1));
                members.insert(
                    "timeout_millis".to_owned(),
                    json!(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)),
                );
            }
            ("gather_using_speak", body)
        }
        CallCommand::SendDigits { digits } => ("send_dtmf", json!({ "digits": digits })),
        CallCommand::StreamStart { url, both_ways, parameters } => {
            ("streaming_start", streamed(url, *both_ways, parameters))
        }
        CallCommand::StreamStop => ("streaming_stop", json!({})),
    };
    match body {
        Value::Object(members) => (name, members),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            (name, Map::new())
        }
    }
}

/// A text to be said.
fn spoken(text: &str, language: &str) -> Value {
    let (language, voice) = voice(language);
    json!({"payload": text, "payload_type": "text", "voice": voice, "language": language})
}

/// What the stream is told goes beside its URL, which may be logged on the way (OpenAPI,
/// StartStreamingRequest, `custom_parameters`).
fn streamed(url: &str, both_ways: bool, parameters: &BTreeMap<String, String>) -> Value {
    let mut body = if both_ways {
        // Who speaks into the call hears the other side alone, or would hear itself.
        json!({
            "stream_url": url, "stream_track": "inbound_track",
            "stream_bidirectional_mode": "rtp", "stream_bidirectional_codec": "PCMU",
        })
    } else {
        json!({"stream_url": url, "stream_track": "both_tracks"})
    };
    if let (Value::Object(members), false) = (&mut body, parameters.is_empty()) {
        let told: Vec<Value> =
            parameters.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        members.insert("custom_parameters".to_owned(), Value::Array(told));
    }
    body
}

fn recorded(beep: bool, dual: bool, max_length: Option<Duration>, silence: Option<Duration>) -> Value {
    let mut body =
        json!({"format": "mp3", "channels": if dual { "dual" } else { "single" }, "play_beep": beep});
    if let Value::Object(members) = &mut body {
        if let Some(length) = max_length {
            // 0 would be without end; at most 14 400 (OpenAPI, `max_length`).
            members.insert("max_length".to_owned(), json!(length.as_secs().clamp(1, 14_400)));
        }
        if let Some(silence) = silence {
            members.insert("timeout_secs".to_owned(), json!(silence.as_secs().max(1)));
        }
    }
    body
}

/// How long it may ring, in seconds (OpenAPI, `timeout_secs`: 5 to 600).
pub(crate) fn ring_secs(time: Duration) -> u64 {
    time.as_secs().clamp(5, 600)
}
