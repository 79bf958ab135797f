//! Event endpoints, deliveries and agents in JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::agent::Agent;
use crate::domain::endpoint::{Delivery, Endpoint};
use crate::domain::secret::Secret;

/// What `POST /api/event-endpoints` reads.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndpointRequest {
    /// Where: `https`, on port 443, at most 2,048 characters.
    pub url: String,
    /// Of what: `message.received`, `message.status`, `call.*`, `number.*`, any other type, or `*`.
    pub events: Vec<String>,
    /// `whsec_` and base64 of 24 to 64 bytes; one is made where none is given.
    #[schemars(with = "Option<String>")]
    pub secret: Option<Secret>,
}

/// What `PATCH /api/event-endpoints/{id}` reads; what is left out stays.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndpointChangeRequest {
    /// Where.
    pub url: Option<String>,
    /// Of what.
    pub events: Option<Vec<String>>,
    /// Is told. `true` switches on again what was switched off for its failures.
    pub is_active: Option<bool>,
}

/// What `POST /api/event-endpoints/{id}/rotate` reads.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RotateRequest {
    /// The new secret; one is made where none is given.
    #[schemars(with = "Option<String>")]
    pub secret: Option<Secret>,
}

/// What `POST /api/event-endpoints/{id}/replay` reads: one of the two.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplayRequest {
    /// Everything since this moment (RFC 3339); at most 30 days are kept.
    pub since: Option<String>,
    /// One event.
    pub event_id: Option<String>,
}

/// An event endpoint.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndpointBody {
    /// Its id.
    pub id: String,
    /// Where.
    pub url: String,
    /// Of what.
    pub events: Vec<String>,
    /// Is told.
    pub is_active: bool,
    /// Why it was switched off: `failing` (for five days) or `gone` (it answered 410).
    pub disabled_reason: Option<String>,
    /// Since when everything has failed.
    pub failing_since: Option<String>,
    /// The secret: once, when it is made, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Until when the secret before signs as well.
    pub previous_secret_until: Option<String>,
    /// Since when it exists.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
}

impl From<&Endpoint> for EndpointBody {
    fn from(endpoint: &Endpoint) -> Self {
        Self {
            id: endpoint.id.to_string(),
            url: endpoint.url.clone(),
            events: endpoint.events.iter().map(|filter| filter.as_str().to_owned()).collect(),
            is_active: endpoint.is_active,
            disabled_reason: endpoint.disabled_reason.clone(),
            failing_since: endpoint.health.failing_since.map(|at| at.to_string()),
            secret: None,
            previous_secret_until: endpoint.previous.as_ref().map(|(_, until)| until.to_string()),
            created_at: endpoint.created_at.to_string(),
            updated_at: endpoint.updated_at.to_string(),
        }
    }
}

impl EndpointBody {
    /// With its secret, which is shown this once.
    pub fn with_secret(endpoint: &Endpoint, secret: &Secret) -> Self {
        Self { secret: Some(secret.expose().to_owned()), ..Self::from(endpoint) }
    }
}

/// An event on its way to an endpoint.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryBody {
    /// The event.
    pub event_id: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Its place in its conversation or call.
    pub sequence: u64,
    /// `pending`, `delivered`, `dead` (given up) or `held` (the endpoint was not active).
    pub state: &'static str,
    /// How often it was tried, since it was last replayed.
    pub attempts: u32,
    /// The last HTTP status.
    pub last_status: Option<u16>,
    /// What went wrong where there was none: `timeout`, `not_connected`, `not_allowed`, …
    pub last_error: Option<String>,
    /// When it is tried again.
    pub next_at: Option<String>,
    /// When the event was.
    pub created_at: String,
}

impl From<&Delivery> for DeliveryBody {
    fn from(delivery: &Delivery) -> Self {
        Self {
            event_id: delivery.key.event.to_string(),
            kind: delivery.kind.as_str(),
            sequence: delivery.sequence,
            state: delivery.state.as_str(),
            attempts: delivery.tries,
            last_status: delivery.last_status,
            last_error: delivery.last_error.clone(),
            next_at: delivery.next_at.map(|at| at.to_string()),
            created_at: delivery.event_at.to_string(),
        }
    }
}

/// Where an agent's texts go.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgentSms {
    /// The URL that answers texts.
    pub url: String,
}

/// What `POST /api/agents` and `PUT /api/agents/{id}` read. Members without a feature behind them yet
/// are refused.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgentRequest {
    /// Its name in a number's `agentId`. In a PUT the path names it; a POST may leave it out.
    pub id: Option<String>,
    /// What you call it; at most 100 characters.
    pub name: String,
    /// Answers texts.
    pub sms: Option<AgentSms>,
    /// Signs what is posted to `sms.url`; one is made where none is given and none was.
    #[schemars(with = "Option<String>")]
    pub secret: Option<Secret>,
    /// Not yet.
    pub kind: Option<Value>,
    /// Not yet.
    pub stream: Option<Value>,
    /// Not yet.
    pub retell: Option<Value>,
    /// Not yet.
    pub number: Option<Value>,
    /// Not yet.
    pub sip: Option<Value>,
    /// Not yet.
    pub prompt: Option<Value>,
    /// Not yet.
    pub voice: Option<Value>,
    /// Not yet.
    pub model: Option<Value>,
    /// Not yet.
    pub fallback: Option<Value>,
}

impl AgentRequest {
    /// The first member that is given and has no feature behind it.
    pub fn unbuilt(&self) -> Option<&'static str> {
        [
            ("kind", &self.kind),
            ("stream", &self.stream),
            ("retell", &self.retell),
            ("number", &self.number),
            ("sip", &self.sip),
            ("prompt", &self.prompt),
            ("voice", &self.voice),
            ("model", &self.model),
            ("fallback", &self.fallback),
        ]
        .into_iter()
        .find_map(|(name, value)| value.as_ref().map(|_| name))
    }
}

/// An agent.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentBody {
    /// Its id.
    pub id: String,
    /// What you call it.
    pub name: String,
    /// Answers texts.
    pub sms: Option<AgentSms>,
    /// The secret: once, when it is made, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Since when it exists.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
}

impl From<&Agent> for AgentBody {
    fn from(agent: &Agent) -> Self {
        Self {
            id: agent.id.to_string(),
            name: agent.name.clone(),
            sms: agent.sms_url.clone().map(|url| AgentSms { url }),
            secret: None,
            created_at: agent.created_at.to_string(),
            updated_at: agent.updated_at.to_string(),
        }
    }
}
