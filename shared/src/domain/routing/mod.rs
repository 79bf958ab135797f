//! Which of a tenant's numbers speaks, and why: a pure function of what is known at the moment.
//!
//! [`decide`] excludes what cannot serve, ranks the rest, and says of each why. It reads no clock and
//! asks nobody, so that a decision can be stored with its inputs ([`RouteRecord`]) and made again, and
//! so that a request can be explained without being sent. `docs/routing.md` has every word.

mod candidate;
mod decide;
mod nanp;
mod record;
mod request;
mod score;

pub use candidate::{AccountState, Candidate, Scope};
pub use decide::{Decision, Excluded, Exclusion, InvalidExclusion, Ranked, decide};
pub use nanp::{Nearness, nearness, state};
pub use record::{KEPT, RouteRecord};
pub use request::{Capability, Demand, RouteContext, RouteRequest, UnknownCapability};
pub use score::{Score, Step};

/// The version of the rules, which is stored with each decision. Raise it whenever the same inputs can
/// lead to another outcome: a replay that differs is then explained.
pub const RULES: u32 = 1;

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
