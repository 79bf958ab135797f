//! Several agents on one number: by the time of day, by where the caller is, and balanced.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::address::Address;
use crate::domain::ids::AgentId;
use crate::domain::local_time::Schedule;
use crate::domain::number::PhoneNumber;
use crate::domain::routing;
use crate::domain::timestamp::Timestamp;

/// One agent of a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentRoute {
    /// Who.
    pub agent: AgentId,
    /// It takes calls.
    #[serde(default)]
    pub voice: bool,
    /// It answers texts.
    #[serde(default)]
    pub sms: bool,
    /// Its share among those that could take a call; 0: none, while it stands in the list.
    pub weight: u32,
    /// When it takes calls. `None`: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// Where callers must be: states and provinces (`US-CA`) or countries (`GB`). Empty: anywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caller_regions: Vec<String>,
}

/// Who calls.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'c> {
    /// The remote party.
    pub address: &'c Address,
    /// The call's bits: the same call always finds the same agent.
    pub call: u128,
}

/// The agent that is to take a call: of those that are there now and for this caller, one by weight. Those
/// that name the caller's region come before those for everybody. Without any, the number's own agent.
pub fn pick<'n>(number: &'n PhoneNumber, caller: &Caller<'_>, now: Timestamp) -> Option<&'n AgentId> {
    let there = regions(caller.address);
    let could = |route: &&AgentRoute| {
        route.voice && route.weight > 0 && route.schedule.as_ref().is_none_or(|hours| hours.is_open(now))
    };
    let near = |route: &&AgentRoute| route.caller_regions.iter().any(|region| there.contains(region));
    let open: Vec<&AgentRoute> = number.routes.iter().filter(could).collect();
    let mut candidates: Vec<&AgentRoute> = open.iter().copied().filter(near).collect();
    if candidates.is_empty() {
        candidates = open.into_iter().filter(|route| route.caller_regions.is_empty()).collect();
    }
    by_weight(&candidates, caller.call).or(number.agent.as_ref())
}

fn by_weight<'n>(candidates: &[&'n AgentRoute], call: u128) -> Option<&'n AgentId> {
    let total: u64 = candidates.iter().map(|route| u64::from(route.weight)).sum();
    let digest = Sha256::digest(call.to_be_bytes());
    let (head, _) = digest.split_first_chunk::<8>()?;
    let mut left = u64::from_be_bytes(*head).checked_rem(total)?;
    for route in candidates {
        match left.checked_sub(u64::from(route.weight)) {
            Some(less) => left = less,
            None => return Some(&route.agent),
        }
    }
    None
}

/// Where a caller's number is from: its country, and its state where the plan tells.
fn regions(address: &Address) -> Vec<String> {
    let Some(phone) = address.phone() else { return Vec::new() };
    let country = phone.country();
    let state = country.zip(routing::state(phone)).map(|(country, state)| format!("{country}-{state}"));
    country.map(str::to_owned).into_iter().chain(state).collect()
}
