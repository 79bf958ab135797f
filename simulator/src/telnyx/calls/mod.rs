//! Calls: legs, their commands and their events.

pub(super) mod commands;
pub(super) mod dial;
mod emit;
mod ending;
mod gather;
pub(crate) mod inbound;
pub(super) mod recordings;
pub(crate) mod script;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::{call_script::CallScript, clock::rfc3339, ids};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LegState {
    /// Came in and has not been answered.
    Parked,
    /// Goes out and has not been answered.
    Ringing,
    Answered,
    Ended,
}

/// A command as it arrived, for the control API.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Command {
    at: String,
    command: String,
    params: Value,
    /// Its `command_id` had been seen within the last minute: nothing was done.
    duplicate: bool,
    /// What was answered.
    status: u16,
    #[serde(skip)]
    instant: OffsetDateTime,
}

/// An event that was made, whether or not somebody listened.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Happened {
    at: String,
    event: String,
    payload: Value,
}

/// A recording that runs.
#[derive(Debug, Clone)]
pub(super) struct Running {
    pub(super) id: String,
    pub(super) format: String,
    pub(super) channels: String,
    pub(super) started: OffsetDateTime,
}

/// What is heard on a leg until it ends or is stopped.
#[derive(Debug, Clone)]
pub(super) struct Sound {
    /// Tells it from an earlier one when its time is up.
    pub(super) token: u64,
    /// `call.speak` or `call.playback`
    pub(super) event: &'static str,
    pub(super) about: Value,
}

/// Digits that are waited for.
#[derive(Debug, Clone)]
pub(super) struct Gather {
    pub(super) token: u64,
    pub(super) digits: String,
    pub(super) least: usize,
    pub(super) most: usize,
    pub(super) terminating: String,
    pub(super) valid: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Leg {
    pub(super) order: usize,
    pub(super) account: String,
    pub(super) control_id: String,
    pub(super) leg_id: String,
    pub(super) session_id: String,
    pub(super) connection: String,
    pub(super) incoming: bool,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) state: LegState,
    pub(super) client_state: Option<String>,
    /// Instead of the application's URL.
    pub(super) own_url: Option<String>,
    /// The same for single events.
    pub(super) event_urls: BTreeMap<String, String>,
    pub(super) created: OffsetDateTime,
    pub(super) answered: Option<OffsetDateTime>,
    pub(super) ended: Option<OffsetDateTime>,
    pub(super) hangup_cause: Option<&'static str>,
    /// `disabled`, `detect`…
    pub(super) detection: String,
    /// Recording starts with the answer.
    pub(super) record: Option<(String, String)>,
    /// Played once it is answered.
    pub(super) audio_url: Option<String>,
    pub(super) timeout_secs: u64,
    pub(super) time_limit_secs: u64,
    pub(super) script: CallScript,
    pub(super) commanded: bool,
    pub(super) commands: Vec<Command>,
    pub(super) events: Vec<Happened>,
    pub(super) sound: Option<Sound>,
    pub(super) gather: Option<Gather>,
    pub(super) recording: Option<Running>,
    pub(super) stream: Option<String>,
    pub(super) bridged: Option<String>,
    /// The leg to be bridged with when this one is answered.
    pub(super) transfer_of: Option<String>,
    pub(super) sent_digits: String,
}

/// A fresh control id: with the characters that have to be escaped in a path.
pub(super) fn new_control_id() -> String {
    let digits = ids::hex64();
    let (a, b) = digits.split_at(24);
    format!("v3:{a}_{}-{}", b.get(..12).unwrap_or_default(), b.get(12..24).unwrap_or_default())
}

impl Leg {
    /// `GET /v2/calls/{id}`
    pub(super) fn show(&self, now: OffsetDateTime) -> Value {
        let mut shown = json!({
            "record_type": "call",
            "call_control_id": self.control_id,
            "call_leg_id": self.leg_id,
            "call_session_id": self.session_id,
            "is_alive": self.state != LegState::Ended && (self.incoming || self.answered.is_some()),
        });
        if let Some(shown) = shown.as_object_mut() {
            if let Some(state) = &self.client_state {
                shown.insert("client_state".to_owned(), json!(state));
            }
            if let Some(answered) = self.answered {
                let until = self.ended.unwrap_or(now);
                shown.insert("call_duration".to_owned(), json!((until - answered).whole_seconds()));
                shown.insert("start_time".to_owned(), json!(super::stamp_z(self.created)));
            }
            if let Some(ended) = self.ended {
                shown.insert("end_time".to_owned(), json!(super::stamp_z(ended)));
            }
        }
        shown
    }

    /// `GET /_sim/calls`
    pub(crate) fn journal(&self) -> Value {
        json!({
            "provider": "telnyx",
            "account": self.account,
            "id": self.control_id,
            "call_control_id": self.control_id,
            "call_leg_id": self.leg_id,
            "call_session_id": self.session_id,
            "connection_id": self.connection,
            "direction": if self.incoming { "inbound" } else { "outbound" },
            "from": self.from,
            "to": self.to,
            "state": self.state,
            "client_state": self.client_state,
            "created": rfc3339(self.created),
            "answered": self.answered.map(rfc3339),
            "ended": self.ended.map(rfc3339),
            "hangup_cause": self.hangup_cause,
            "bridged_with": self.bridged,
            "recording": self.recording.is_some(),
            "streaming": self.stream,
            "sent_digits": self.sent_digits,
            "commands": self.commands,
            "events": self.events,
        })
    }
}
