//! Events: what a customer's own system is told of. One schema, whatever the provider.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ids::{
    AgentId, CallId, ConversationId, EndpointId, EventId, InvalidId, MessageId, NumberId, TenantId,
};
use super::timestamp::Timestamp;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum EventType {
    /// A text came in.
    MessageReceived,
    /// The status of a text of ours moved.
    MessageStatus,
    /// A call began.
    CallStarted,
    /// The status of a call moved.
    CallStatus,
    /// A recording can be had.
    CallRecording,
    /// A voicemail can be had.
    CallVoicemail,
    /// A number is held from now on.
    NumberAdded,
    /// Something about a number changed.
    NumberUpdated,
    /// A number is no longer held.
    NumberReleased,
    /// Somebody asked for a trial.
    EndpointTest,
}

/// A word that names no type of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a type of event")]
pub struct UnknownEventType;

impl EventType {
    /// Every type.
    pub const ALL: [Self; 10] = [
        Self::MessageReceived,
        Self::MessageStatus,
        Self::CallStarted,
        Self::CallStatus,
        Self::CallRecording,
        Self::CallVoicemail,
        Self::NumberAdded,
        Self::NumberUpdated,
        Self::NumberReleased,
        Self::EndpointTest,
    ];

    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MessageReceived => "message.received",
            Self::MessageStatus => "message.status",
            Self::CallStarted => "call.started",
            Self::CallStatus => "call.status",
            Self::CallRecording => "call.recording",
            Self::CallVoicemail => "call.voicemail",
            Self::NumberAdded => "number.added",
            Self::NumberUpdated => "number.updated",
            Self::NumberReleased => "number.released",
            Self::EndpointTest => "endpoint.test",
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for EventType {
    type Err = UnknownEventType;

    fn from_str(word: &str) -> Result<Self, UnknownEventType> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word).ok_or(UnknownEventType)
    }
}

impl TryFrom<String> for EventType {
    type Error = UnknownEventType;

    fn try_from(word: String) -> Result<Self, UnknownEventType> {
        word.parse()
    }
}

impl From<EventType> for String {
    fn from(kind: EventType) -> Self {
        kind.as_str().to_owned()
    }
}

/// Which types somebody wants: one, all of a kind (`call.*`), or all (`*`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EventFilter(String);

impl EventFilter {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A trial goes to whoever asked for it, so no filter names it.
    pub fn matches(&self, kind: EventType) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => kind != EventType::EndpointTest && kind.as_str().starts_with(prefix),
            None => kind.as_str() == self.0,
        }
    }
}

impl FromStr for EventFilter {
    type Err = UnknownEventType;

    fn from_str(text: &str) -> Result<Self, UnknownEventType> {
        let known = match text {
            "*" | "message.*" | "call.*" | "number.*" => true,
            word => word.parse::<EventType>().is_ok_and(|kind| kind != EventType::EndpointTest),
        };
        if known { Ok(Self(text.to_owned())) } else { Err(UnknownEventType) }
    }
}

impl TryFrom<String> for EventFilter {
    type Error = UnknownEventType;

    fn try_from(text: String) -> Result<Self, UnknownEventType> {
        text.parse()
    }
}

impl From<EventFilter> for String {
    fn from(filter: EventFilter) -> Self {
        filter.0
    }
}

/// What events keep their order within. Sequence numbers count per thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Thread {
    /// A conversation.
    Conversation(ConversationId),
    /// A call.
    Call(CallId),
    /// What happens to a number.
    Number(NumberId),
    /// Trials of an endpoint.
    Endpoint(EndpointId),
}

impl fmt::Display for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conversation(id) => write!(f, "c.{id}"),
            Self::Call(id) => write!(f, "k.{id}"),
            Self::Number(id) => write!(f, "n.{id}"),
            Self::Endpoint(id) => write!(f, "e.{id}"),
        }
    }
}

impl FromStr for Thread {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text.split_once('.') {
            Some(("c", id)) => id.parse().map(Self::Conversation),
            Some(("k", id)) => id.parse().map(Self::Call),
            Some(("n", id)) => id.parse().map(Self::Number),
            Some(("e", id)) => id.parse().map(Self::Endpoint),
            // No id has a dot, and an endpoint's has a prefix: this fails with the error of an id.
            Some(_) | None => text.parse().map(Self::Endpoint),
        }
    }
}

impl TryFrom<String> for Thread {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<Thread> for String {
    fn from(thread: Thread) -> Self {
        thread.to_string()
    }
}

/// An agent that may answer the text that an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentTurn {
    /// Which agent.
    pub agent: AgentId,
    /// Which text.
    pub message: MessageId,
}

/// Something that happened and was not recorded yet.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// Derived from the cause.
    pub id: EventId,
    /// Whose.
    pub tenant: TenantId,
    /// What happened.
    pub kind: EventType,
    /// In which thread.
    pub thread: Thread,
    /// The members that belong to the type.
    pub data: Value,
    /// Who may answer it.
    pub turn: Option<AgentTurn>,
    /// When.
    pub at: Timestamp,
}

impl NewEvent {
    /// What happened to a call, or came of it. `cause` tells this happening from the others of the same
    /// type and call (a status, a recording's id), and is the same however often it is seen.
    pub fn of_call(
        tenant: &TenantId,
        call: CallId,
        kind: EventType,
        cause: &str,
        data: Value,
        at: Timestamp,
    ) -> Self {
        let id = EventId::derived(&[tenant.as_str(), kind.as_str(), &call.to_string(), cause]);
        Self { id, tenant: tenant.clone(), kind, thread: Thread::Call(call), data, turn: None, at }
    }

    /// What happened to a number; `cause` as for calls.
    pub fn of_number(
        tenant: &TenantId,
        number: NumberId,
        kind: EventType,
        cause: &str,
        data: Value,
        at: Timestamp,
    ) -> Self {
        let id = EventId::derived(&[tenant.as_str(), kind.as_str(), &number.to_string(), cause]);
        Self { id, tenant: tenant.clone(), kind, thread: Thread::Number(number), data, turn: None, at }
    }
}

/// A recorded event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What happened.
    pub what: NewEvent,
    /// Its place in its thread, from 1, without gaps.
    pub sequence: u64,
}

impl Event {
    /// The body that is posted, always the same bytes. `more` is put into `data`.
    pub fn body(&self, more: Option<(&str, Value)>) -> String {
        let event = &self.what;
        let mut data = event.data.clone();
        if let (Some((name, value)), Some(members)) = (more, data.as_object_mut()) {
            members.insert(name.to_owned(), value);
        }
        json!({
            "id": event.id, "type": event.kind, "timestamp": event.at, "tenantId": event.tenant,
            "sequence": self.sequence, "data": data,
        })
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::{EventFilter, EventType, Thread};
    use crate::domain::ids::{CallId, ConversationId, EndpointId, EventId, NumberId};

    #[test]
    fn words_read_back_and_filters_choose() {
        for kind in EventType::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        let chosen = |filter: &str| {
            let filter: EventFilter = filter.parse().unwrap();
            EventType::ALL.into_iter().filter(|kind| filter.matches(*kind)).count()
        };
        assert_eq!(
            [chosen("*"), chosen("call.*"), chosen("message.*"), chosen("message.status")],
            [9, 4, 2, 1]
        );
        for bad in ["", "**", "message", "message.", "endpoint.*", "endpoint.test", "Message.*", "fax.*"] {
            assert!(bad.parse::<EventFilter>().is_err(), "{bad}");
        }
    }

    #[test]
    fn threads_and_prefixed_ids_read_back() {
        for thread in [
            Thread::Conversation(ConversationId::from_bits(7)),
            Thread::Call(CallId::from_bits(8)),
            Thread::Number(NumberId::from_bits(9)),
            Thread::Endpoint(EndpointId::from_bits(10)),
        ] {
            assert_eq!(thread.to_string().parse(), Ok(thread));
        }
        assert!("c.x".parse::<Thread>().is_err() && "x".parse::<Thread>().is_err());
        let id = EventId::derived(&["a"]);
        assert!(id.to_string().starts_with("evt_"));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(id.to_string().trim_start_matches("evt_").parse::<EventId>().is_err());
    }
}
