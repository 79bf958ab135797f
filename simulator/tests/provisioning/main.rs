//! Subscriptions, on the providers that have subaccounts: the real use-cases on the real store and over real
//! HTTP, cut off at every call, and disturbed before every call by somebody who asks again or cancels.
//!
//! `TANDEM_TORTURE=full` plays every case; otherwise a part of them.
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

mod crashes;
mod cutting;
#[path = "../../../shared/aws/tests/crash/fuse.rs"]
mod fuse;
#[path = "../harness/mod.rs"]
mod harness;
mod law;
mod plain;
#[path = "../../../shared/aws/tests/crash/queue.rs"]
mod queue;
mod races;
#[path = "../../../shared/aws/tests/support/mod.rs"]
mod support;
mod world;
