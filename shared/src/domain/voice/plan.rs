//! Who takes a call.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::preferences::Preferences;
use crate::domain::agent::{Agent, AgentLine, Fallback};
use crate::domain::ids::{AgentId, UserId};
use crate::domain::phone::E164;
use crate::provider::ProviderId;

/// What is to become of a call, decided once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Plan {
    /// An agent behind a WebSocket takes it.
    Stream {
        /// Who.
        agent: AgentId,
        /// `wss://…`
        url: String,
        /// What the tenant wants the stream to be told.
        parameters: BTreeMap<String, String>,
        /// What happens when the stream has failed.
        otherwise: Otherwise,
    },
    /// Somebody is rung, and joined with the caller.
    Forward {
        /// Whom: E.164, or a SIP URI.
        to: String,
        /// Whoever answers must press a key.
        screened: bool,
        /// The agent that it is, if it is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<AgentId>,
        /// What happens when nobody answers.
        otherwise: Otherwise,
    },
    /// An agent at a provider takes it: the call is registered there and handed over by SIP.
    HandOver {
        /// Who.
        agent: AgentId,
        /// The provider.
        provider: ProviderId,
        /// What happens when nobody answers.
        otherwise: Otherwise,
    },
    /// The caller leaves a message.
    Voicemail,
    /// Nobody takes it.
    NotAccepting,
    /// The number's agent is gone.
    AgentNotFound,
    /// A call of ours: whoever answers is joined with the contact.
    Join {
        /// The contact.
        to: String,
        /// The number that the contact sees.
        from: String,
        /// Record both.
        recorded: bool,
    },
    /// A call of ours: whoever answers hears a text.
    Tell {
        /// The text.
        text: String,
    },
    /// A call of ours: whoever answers hears a file.
    Play {
        /// Its public URL.
        url: String,
    },
}

/// What happens when nobody took the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// The caller leaves a message.
    Voicemail,
    /// The caller is told so.
    Apology,
}

impl Plan {
    /// The agent that takes it.
    pub const fn agent(&self) -> Option<&AgentId> {
        match self {
            Self::Stream { agent, .. } | Self::HandOver { agent, .. } => Some(agent),
            Self::Forward { agent, .. } => agent.as_ref(),
            Self::Voicemail
            | Self::NotAccepting
            | Self::AgentNotFound
            | Self::Join { .. }
            | Self::Tell { .. }
            | Self::Play { .. } => None,
        }
    }
}

/// What a decision is made of.
#[derive(Clone, Debug, Default)]
pub struct Facts<'f> {
    /// The number takes calls.
    pub open: bool,
    /// The number names an agent for this call; what is behind the name.
    pub agent: Option<(&'f AgentId, Option<&'f Agent>)>,
    /// The number's user.
    pub user: Option<&'f UserId>,
    /// What the user wants.
    pub preferences: Option<&'f Preferences>,
    /// Our number, which must not be rung by itself.
    pub own: Option<&'f E164>,
}

/// Decides: agent, then forwarding, then voicemail, then nobody.
pub fn decide(facts: &Facts<'_>) -> Plan {
    if !facts.open {
        return Plan::NotAccepting;
    }
    let none = Preferences::default();
    let preferences = facts.preferences.filter(|_| facts.user.is_some()).unwrap_or(&none);
    let otherwise = if preferences.voicemail { Otherwise::Voicemail } else { Otherwise::Apology };
    if let Some((id, agent)) = facts.agent {
        let Some(agent) = agent else { return Plan::AgentNotFound };
        match agent_plan(id, agent, otherwise) {
            Some(plan) if !rings(&plan, facts.own) => return plan,
            // One that takes texts only, or that would ring its own number: as if there were none.
            Some(_) | None => {}
        }
    }
    match preferences.forwards_to() {
        // A number that forwards to itself would call itself for ever.
        Some(to) if Some(to) != facts.own => Plan::Forward {
            to: to.expose().to_owned(),
            screened: preferences.call_screening,
            agent: None,
            otherwise,
        },
        Some(_) | None if preferences.voicemail => Plan::Voicemail,
        Some(_) | None => Plan::NotAccepting,
    }
}

fn rings(plan: &Plan, own: Option<&E164>) -> bool {
    match plan {
        Plan::Forward { to, .. } => own.is_some_and(|own| own.expose() == to),
        _ => false,
    }
}

fn agent_plan(id: &AgentId, agent: &Agent, user: Otherwise) -> Option<Plan> {
    let otherwise = match agent.fallback {
        Some(Fallback::Voicemail) => Otherwise::Voicemail,
        Some(Fallback::Apology) => Otherwise::Apology,
        None => user,
    };
    let forward = |to: String| Plan::Forward { to, screened: false, agent: Some(id.clone()), otherwise };
    Some(match agent.line.as_ref()? {
        AgentLine::Stream { url, parameters } => {
            Plan::Stream { agent: id.clone(), url: url.clone(), parameters: parameters.clone(), otherwise }
        }
        AgentLine::Number(number) => forward(number.expose().to_owned()),
        AgentLine::Sip(uri) => forward(uri.clone()),
        AgentLine::Remote(remote) => {
            Plan::HandOver { agent: id.clone(), provider: remote.provider, otherwise }
        }
    })
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
