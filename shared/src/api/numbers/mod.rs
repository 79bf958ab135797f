//! Numbers in JSON.

pub mod number;
pub mod purchase;
pub mod search;
