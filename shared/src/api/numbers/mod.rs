//! Numbers in JSON.

pub mod number;
