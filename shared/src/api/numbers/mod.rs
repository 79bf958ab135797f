//! Numbers in JSON.

pub mod search;
