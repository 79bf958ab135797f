//! Where events go: a customer's endpoints, agents that answer texts, and what became of each delivery.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::event::{EventFilter, EventType, Thread};
use super::ids::{AgentId, EndpointId, EventId, InvalidId, TenantId};
use super::timestamp::Timestamp;

/// A secret as it is stored: encrypted, so that it may be printed and moved about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sealed(pub String);

/// Where a customer wants to be told of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Whose.
    pub tenant: TenantId,
    /// Where.
    pub url: String,
    /// Of what.
    pub events: Vec<EventFilter>,
    /// The secret that signs.
    pub secret: Sealed,
    /// The one before it, which signs as well until this moment.
    pub previous: Option<(Sealed, Timestamp)>,
    /// Is told.
    pub is_active: bool,
    /// Why it is not, when that was not the customer's own wish: `failing` or `gone`.
    pub disabled_reason: Option<String>,
    /// How it does.
    pub health: Health,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// When the customer last changed it.
    pub updated_at: Timestamp,
}

impl Endpoint {
    /// Wants events of this type.
    pub fn wants(&self, kind: EventType) -> bool {
        self.events.iter().any(|filter| filter.matches(kind))
    }
}

/// How an endpoint does: nothing while it takes what it is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// The first failure after which nothing succeeded.
    pub failing_since: Option<Timestamp>,
    /// The last one.
    pub failed_at: Option<Timestamp>,
}

/// Who is told of an event.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Target {
    /// An endpoint.
    Endpoint(EndpointId),
    /// The agent of a number; it may answer.
    Agent(AgentId),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Endpoint(id) => write!(f, "{id}"),
            // No id of an endpoint has a colon.
            Self::Agent(id) => write!(f, "agent:{id}"),
        }
    }
}

impl FromStr for Target {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text.strip_prefix("agent:") {
            Some(id) => id.parse().map(Self::Agent),
            None => text.parse().map(Self::Endpoint),
        }
    }
}

impl TryFrom<String> for Target {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// Is tried, or will be.
    Pending,
    /// Was taken with a 2xx.
    Delivered,
    /// Given up after the last try.
    Dead,
    /// Not tried, because its endpoint is not active.
    Held,
}

impl DeliveryState {
    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
            Self::Held => "held",
        }
    }
}

/// Names one delivery: an event to a target.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeliveryRef {
    /// Whose.
    pub tenant: TenantId,
    /// Which event.
    pub event: EventId,
    /// To whom.
    pub target: Target,
}

/// One event on its way to one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Which.
    pub key: DeliveryRef,
    /// The event's type.
    pub kind: EventType,
    /// The event's thread.
    pub thread: Thread,
    /// The event's place in it.
    pub sequence: u64,
    /// When the event was.
    pub event_at: Timestamp,
    /// What became of it.
    pub state: DeliveryState,
    /// How often it was tried in this run; a replay starts another run.
    pub tries: u32,
    /// Which run, from 0.
    pub run: u32,
    /// The last HTTP status.
    pub last_status: Option<u16>,
    /// What went wrong where there was no status, in one word.
    pub last_error: Option<String>,
    /// When it is tried again.
    pub next_at: Option<Timestamp>,
    /// Until when the process that began a try may still be at it.
    pub lease_until: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn targets_read_back() {
        for text in ["ep_01ARZ3NDEKTSV4RRFFQ69G5FAV", "agent:front-desk"] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), text);
        }
        assert!("front-desk".parse::<Target>().is_err() && "agent:a#b".parse::<Target>().is_err());
    }
}
