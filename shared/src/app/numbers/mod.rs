//! Numbers: one file for each use-case.

pub mod search;
