//! Numbers in JSON.

pub mod inventory;
pub mod moving;
pub mod number;
pub mod purchase;
pub mod search;
