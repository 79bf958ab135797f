//! Purchases, releases and the reconciler, cut off at every call that leaves the process: the real
//! use-cases, the real store and the real adapters must come to a rest at which no number is lost, nobody is
//! charged for nothing, and nothing was bought twice.
//!
//! The fuse stands in the HTTP client of the SDK and in the providers' transport, so that a new call is
//! covered without anyone remembering it. `TANDEM_TORTURE=full` plays every case; otherwise a part of them.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_in_result,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "this is a test as a whole"
)]

mod asking;
mod compat;
mod crashes;
mod cut;
#[path = "../crash/fuse.rs"]
mod fuse;
mod law;
mod market;
mod moves;
mod races;
mod releases;
mod scenario;
#[path = "../support/mod.rs"]
mod support;
mod sweeping;
mod telnyx;
mod turns;
mod world;
