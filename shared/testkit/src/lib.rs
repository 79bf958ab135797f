//! Parts for tests: a transport that replays, webhooks signed as the providers sign them, mutations
//! of a request, and the way to the providers' own documents.
//!
//! Everything here panics with a clear message where a test is wrong: that is what a test wants.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a broken test must stop")]

pub mod certificates;
pub mod facts;
pub mod fault_proxy;
pub mod fixture;
pub mod mutate;
pub mod replay;
pub mod retell;
pub mod sign;
pub mod telnyx;
pub mod webhooks;
