//! What happens to a call: who is to take it, and what the caller hears meanwhile.
//!
//! [`plan::Plan`] is decided once, at first contact, and is stored with the call: settings that change
//! while somebody talks change nothing for that call, and a webhook that comes twice gets the same answer.
//! [`script`] turns it, moment by moment, into verbs that every provider knows, as a document or as commands.

pub mod line_up;
pub mod outcome;
pub mod place;
pub mod plan;
pub mod preferences;
pub mod script;
pub mod verb;
