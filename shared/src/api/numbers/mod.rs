//! Numbers in JSON.

pub mod number;
pub mod search;
