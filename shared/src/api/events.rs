//! Event endpoints, deliveries and agents in JSON.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::agent::{Agent, AgentLine, Fallback};
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

/// What `POST /api/agents` and `PUT /api/agents/{id}` read.
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
    /// How it takes calls: `stream`, `retell`, `number` or `sip`, each with the member of its name. Without a
    /// kind it takes none.
    pub kind: Option<String>,
    /// A WebSocket that takes the audio.
    pub stream: Option<AgentStream>,
    /// An agent at Retell.
    pub retell: Option<AgentRetell>,
    /// A phone that is rung, in E.164 form.
    pub number: Option<String>,
    /// A SIP URI that is rung.
    pub sip: Option<String>,
    /// What it is told to be; read by your voice server from `configUrl`. At most 20,000 characters.
    pub prompt: Option<String>,
    /// How it sounds; the same.
    pub voice: Option<String>,
    /// What it thinks with; the same.
    pub model: Option<String>,
    /// What happens to callers whom it does not take: `voicemail` or `apology`. Without it, what the number's
    /// user wants.
    pub fallback: Option<String>,
}

/// A WebSocket that takes an agent's calls.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgentStream {
    /// `wss://…`, without a query.
    pub url: String,
    /// What it is told when a stream begins, beside `agentId`, `callId`, `configUrl` and `token`; at most 10.
    pub parameters: Option<BTreeMap<String, String>>,
}

/// An agent at Retell.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgentRetell {
    /// Retell's id of the agent.
    pub agent_id: String,
    /// A version of it; without one, the published one.
    pub version: Option<String>,
    /// The account that it lives in; without one, the platform's.
    pub provider_account_id: Option<String>,
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
    /// How it takes calls.
    pub kind: Option<String>,
    /// A WebSocket that takes the audio.
    pub stream: Option<AgentStream>,
    /// An agent at Retell.
    pub retell: Option<AgentRetell>,
    /// A phone that is rung.
    pub number: Option<String>,
    /// A SIP URI that is rung.
    pub sip: Option<String>,
    /// What it is told to be.
    pub prompt: Option<String>,
    /// How it sounds.
    pub voice: Option<String>,
    /// What it thinks with.
    pub model: Option<String>,
    /// What happens to callers whom it does not take.
    pub fallback: Option<&'static str>,
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
        let (mut kind, mut stream, mut retell, mut number, mut sip) = (None, None, None, None, None);
        match &agent.line {
            None => {}
            Some(AgentLine::Stream { url, parameters }) => {
                kind = Some("stream".to_owned());
                stream = Some(AgentStream { url: url.clone(), parameters: Some(parameters.clone()) });
            }
            Some(AgentLine::Number(rung)) => {
                (kind, number) = (Some("number".to_owned()), Some(rung.expose().to_owned()));
            }
            Some(AgentLine::Sip(uri)) => (kind, sip) = (Some("sip".to_owned()), Some(uri.clone())),
            Some(AgentLine::Remote(remote)) => {
                kind = Some(remote.provider.to_string());
                retell = Some(AgentRetell {
                    agent_id: remote.agent.clone(),
                    version: remote.version.clone(),
                    provider_account_id: remote.account.as_ref().map(ToString::to_string),
                });
            }
        }
        Self {
            kind,
            stream,
            retell,
            number,
            sip,
            id: agent.id.to_string(),
            name: agent.name.clone(),
            sms: agent.sms_url.clone().map(|url| AgentSms { url }),
            prompt: agent.character.prompt.clone(),
            voice: agent.character.voice.clone(),
            model: agent.character.model.clone(),
            fallback: agent.fallback.map(|fallback| match fallback {
                Fallback::Voicemail => "voicemail",
                Fallback::Apology => "apology",
            }),
            secret: None,
            created_at: agent.created_at.to_string(),
            updated_at: agent.updated_at.to_string(),
        }
    }
}
