//! One leg of a call.

use std::collections::VecDeque;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{dial::Dialling, document::Element, listen::Gather, outbound::Detection, stream::Stream};
use crate::{
    call_script::CallScript,
    clock::rfc3339,
    model::{Account, Provider},
    state::State,
};

/// `call_enum_status` (twilio_api_v2010.json); SignalWire's `CallStatus` has the same words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Queued,
    Ringing,
    InProgress,
    Completed,
    Busy,
    Failed,
    NoAnswer,
    Canceled,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Ringing => "ringing",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::NoAnswer => "no-answer",
            Self::Canceled => "canceled",
        }
    }

    pub(crate) fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Ringing | Self::InProgress)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Inbound,
    OutboundApi,
    OutboundDial,
}

impl Direction {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::OutboundApi => "outbound-api",
            Self::OutboundDial => "outbound-dial",
        }
    }
}

/// An address and how it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) url: String,
    pub(crate) method: String,
}

impl Target {
    pub(crate) fn new(url: &str, method: Option<&str>) -> Self {
        Self { url: url.to_owned(), method: method.unwrap_or("POST").to_owned() }
    }
}

/// Who is told about the progress of something, and of which events.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    pub(crate) target: Target,
    pub(crate) events: Vec<String>,
    /// It is the number's own, which SignalWire tells less.
    pub(crate) of_number: bool,
}

/// What a leg is busy with.
#[derive(Debug, Clone)]
pub(super) enum Doing {
    /// Nothing yet, or a document is on its way.
    Waiting,
    /// Something is heard.
    Sounding,
    Gathering(Gather),
    /// A `<Record>`: the recording's sid.
    Recording {
        sid: String,
        verb: Element,
    },
    Dialling(Dialling),
    /// A called leg that is joined with its parent.
    Joined,
    Streaming {
        stream: Stream,
        verb: Element,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(super) order: u64,
    pub(crate) provider: Provider,
    pub(crate) sid: String,
    pub(crate) account: String,
    /// Sid of the number of ours that it came to or goes out from.
    pub(crate) number_sid: Option<String>,
    pub(crate) direction: Direction,
    pub(crate) parent: Option<String>,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) status: Status,
    pub(crate) created: OffsetDateTime,
    pub(crate) updated: OffsetDateTime,
    pub(crate) answered: Option<OffsetDateTime>,
    pub(crate) ended: Option<OffsetDateTime>,
    pub(crate) answered_by: Option<String>,
    /// Micro-dollars; known from the end on.
    pub(crate) price_micros: Option<i64>,
    /// What the other side's exchange answered last.
    pub(crate) sip_code: Option<u16>,
    /// Who ended it, as SignalWire tells it.
    pub(super) ended_by: Option<&'static str>,
    /// The document that it begins with; for a leg of `<Dial>` the one that the called person hears first.
    pub(super) first: Option<Target>,
    /// The same, where it came with the request.
    pub(super) inline: Option<String>,
    pub(super) fallback: Option<Target>,
    pub(super) watch: Option<Watch>,
    /// Status callbacks that were made.
    pub(super) sequence: u32,
    /// Seconds that it may ring.
    pub(super) timeout: u32,
    /// Seconds that it may last.
    pub(super) time_limit: u32,
    pub(super) record: Option<super::recording::Wish>,
    /// Recordings that run beside the document.
    pub(super) recordings: Vec<String>,
    pub(super) detection: Option<Detection>,
    pub(super) script: CallScript,
    /// `StirVerstat` and `StirPassportToken`.
    pub(super) identity: Vec<(String, String)>,
    pub(super) doing: Doing,
    /// Tells a timer of what is going on from one of what went on before.
    pub(super) token: u64,
    pub(super) program: VecDeque<Element>,
    /// Where the present document came from; `None`: with the request.
    pub(super) source: Option<Target>,
    /// The called person hears a document before the legs are joined.
    pub(super) screening: bool,
    /// Streams that run beside the document.
    pub(super) streams: Vec<Stream>,
    /// How often the present document came in a row.
    pub(super) again: (String, u32),
    pub(super) heard: Vec<Value>,
    pub(super) documents: Vec<Value>,
    pub(super) events: Vec<Value>,
}

/// What distinguishes a new leg.
pub(super) struct New<'a> {
    pub(super) provider: Provider,
    pub(super) account: &'a str,
    pub(super) direction: Direction,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) script: CallScript,
    pub(super) now: OffsetDateTime,
}

impl Call {
    pub(super) fn new(new: New<'_>) -> Self {
        Self {
            order: 0,
            provider: new.provider,
            sid: new.provider.new_sid("CA"),
            account: new.account.to_owned(),
            number_sid: None,
            direction: new.direction,
            parent: None,
            from: new.from.to_owned(),
            to: new.to.to_owned(),
            status: if new.direction == Direction::Inbound { Status::Ringing } else { Status::Queued },
            created: new.now,
            updated: new.now,
            answered: None,
            ended: None,
            answered_by: None,
            price_micros: None,
            sip_code: None,
            ended_by: None,
            first: None,
            inline: None,
            fallback: None,
            watch: None,
            sequence: 0,
            timeout: 60,
            time_limit: 14_400,
            record: None,
            recordings: Vec::new(),
            detection: None,
            script: new.script,
            identity: Vec::new(),
            doing: Doing::Waiting,
            token: 0,
            program: VecDeque::new(),
            source: None,
            screening: false,
            streams: Vec::new(),
            again: (String::new(), 0),
            heard: Vec::new(),
            documents: Vec::new(),
            events: Vec::new(),
        }
    }

    pub(crate) fn is_live(&self) -> bool {
        !self.status.is_final()
    }

    /// It begins to do something else: timers of what it did before no longer count.
    pub(super) fn turn_to(&mut self, doing: Doing) -> u64 {
        self.doing = doing;
        self.token += 1;
        self.token
    }

    /// Whole seconds since the answer, at least one; none where it was not answered.
    pub(crate) fn seconds(&self, now: OffsetDateTime) -> Option<i64> {
        let answered = self.answered?;
        let until = self.ended.unwrap_or(now);
        Some(round_up(until - answered).max(1))
    }
}

/// Whole seconds.
pub(super) fn round_up(span: time::Duration) -> i64 {
    span.whole_seconds() + i64::from(span.subsec_nanoseconds() > 0)
}

/// Notes what the person at the phone hears and does.
pub(super) fn note(state: &mut State, sid: &str, kind: &str, mut about: Value) {
    let at = state.timestamp();
    let Some(call) = state.voice.calls.get_mut(sid) else { return };
    if let Some(about) = about.as_object_mut() {
        about.insert("at".to_owned(), json!(at));
        about.insert("kind".to_owned(), json!(kind));
        about.insert("document".to_owned(), json!(call.source.as_ref().map(|source| &source.url)));
    }
    call.heard.push(about);
}

/// The number of the account that this leg shows to the other side, where it is one.
pub(super) fn is_own(state: &State, account: &Account, number: &str) -> bool {
    state
        .numbers
        .get(&(account.provider, number.to_owned()))
        .is_some_and(|owned| owned.account == account.sid)
}

pub(super) fn journal(state: &State, call: &Call) -> Value {
    let callbacks: Vec<Value> = state
        .callbacks
        .iter()
        .filter(|entry| entry.message_sid == call.sid)
        .map(|entry| {
            json!({
                "id": entry.id,
                "at": entry.at,
                "kind": entry.kind,
                "status": entry.message_status,
                "event": entry.event,
                "url": entry.url,
                "answer": entry.response.as_ref().map(|answer| answer.status),
                "error_code": entry.error_code,
            })
        })
        .collect();
    let recordings: Vec<&str> = state
        .voice
        .recordings
        .values()
        .filter(|recording| recording.call == call.sid)
        .map(|recording| recording.sid.as_str())
        .collect();
    json!({
        "provider": call.provider,
        "account": call.account,
        "id": call.sid,
        "call_sid": call.sid,
        "parent_call_sid": call.parent,
        "direction": if call.direction == Direction::Inbound { "inbound" } else { "outbound" },
        "leg": call.direction.as_str(),
        "from": call.from,
        "to": call.to,
        "state": call.status.as_str(),
        "answered_by": call.answered_by,
        "created": rfc3339(call.created),
        "answered": call.answered.map(rfc3339),
        "ended": call.ended.map(rfc3339),
        "duration": call.ended.and_then(|ended| call.seconds(ended)),
        "recordings": recordings,
        "heard": call.heard,
        "documents": call.documents,
        "events": call.events,
        "commands": [],
        "callbacks": callbacks,
    })
}
