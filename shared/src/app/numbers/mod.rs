//! Numbers: one file for each use-case.

pub mod entry;
pub mod inventory;
pub mod search;
