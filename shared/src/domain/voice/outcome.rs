//! What came of a call, seen from the people in it.
//!
//! A provider's statuses do not say: a call whose forwarding nobody answered is "completed" there.

use serde::{Deserialize, Serialize};

use super::plan::Plan;
use crate::domain::address::Address;
use crate::domain::call::{Call, CallDirection, CallStatus, Leg};

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// People talked.
    Answered,
    /// The caller left a message.
    Voicemail,
    /// Nobody took it.
    Missed,
    /// An agent took it.
    Agent,
    /// It was turned away: the number takes no calls.
    Rejected,
    /// The caller gave up while it rang.
    Abandoned,
}

impl Outcome {
    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Voicemail => "voicemail",
            Self::Missed => "missed",
            Self::Agent => "agent",
            Self::Rejected => "rejected",
            Self::Abandoned => "abandoned",
        }
    }
}

/// The leg that the call is about: the caller's, or the first one that was rung.
pub fn root<'l>(call: &Call, legs: &'l [Leg]) -> Option<&'l Leg> {
    let whole = |leg: &&Leg| {
        let same = |party: &Option<Address>, of: &Address| party.as_ref().is_none_or(|party| party == of);
        leg.parent.is_none() && same(&leg.to, &call.to) && same(&leg.from, &call.from)
    };
    legs.iter().find(whole).or_else(|| legs.iter().find(|leg| leg.parent.is_none())).or_else(|| legs.first())
}

/// What came of it. `None`: it is not over.
pub fn outcome(call: &Call, legs: &[Leg], left_message: bool) -> Option<Outcome> {
    let root = root(call, legs)?;
    if left_message {
        return Some(Outcome::Voicemail);
    }
    if !root.status.is_settled() {
        return None;
    }
    let by_agent = call.plan.as_ref().is_some_and(|plan| plan.agent().is_some());
    let taken = if by_agent { Outcome::Agent } else { Outcome::Answered };
    if root.dialled.as_ref().is_some_and(|dialled| dialled.joined) {
        return Some(taken);
    }
    let answered = root.status == CallStatus::Completed;
    Some(match (&call.plan, call.direction) {
        (Some(Plan::NotAccepting | Plan::AgentNotFound), _) => Outcome::Rejected,
        (Some(Plan::Stream { .. }), _) if answered && !root.stream_failed => Outcome::Agent,
        (Some(Plan::Tell { .. } | Plan::Play { .. }) | None, CallDirection::Outbound) if answered => {
            Outcome::Answered
        }
        (None, CallDirection::Inbound) if answered => taken,
        // Whoever is rung and does not hear the end of it has given up.
        (Some(Plan::Forward { .. } | Plan::HandOver { .. }), CallDirection::Inbound)
            if root.dialled.is_none() =>
        {
            Outcome::Abandoned
        }
        (_, CallDirection::Inbound) if root.status == CallStatus::Canceled => Outcome::Abandoned,
        (_, _) => Outcome::Missed,
    })
}

#[cfg(test)]
#[path = "outcome_tests.rs"]
mod tests;
