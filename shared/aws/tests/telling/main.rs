//! Customers are told what happened: the real use-cases on the real store, with a queue, a clock and
//! customers' systems of the test's own, which fail, stall and repeat.
//!
//! `TANDEM_TORTURE=full` cuts at every call through a port; otherwise at a part of them.
#![allow(
    dead_code,
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

mod agents;
mod consumer;
mod crashes;
mod cutting;
#[path = "../crash/fuse.rs"]
mod fuse;
mod line;
mod numbers;
mod order;
mod schedule;
mod statuses;
#[path = "../support/mod.rs"]
mod support;
mod world;
