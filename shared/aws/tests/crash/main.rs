//! Crashes, lost answers and faults of the store, at every place where they can happen: the real
//! use-cases on the real store must come to the same rest, send once, and conserve money.
//!
//! `TANDEM_TORTURE=full` plays every case; otherwise a part of them that takes a minute.
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

mod backfill;
mod confluence;
mod crashes;
mod cutting;
mod drive;
mod fuse;
mod law;
mod mailbox;
mod provider;
mod queue;
mod races;
mod scenario;
mod store_faults;
#[path = "../support/mod.rs"]
mod support;
mod world;
