//! The repair of webhooks, on all four providers at once: their adapters over real HTTP, the numbers in a real
//! store, and people who change settings behind our back through the providers' own APIs.
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

mod drift;
#[path = "../harness/mod.rs"]
mod harness;
mod kinds;
mod limits;
#[path = "../../../shared/aws/tests/support/mod.rs"]
mod support;
mod world;
