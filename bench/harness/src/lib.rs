//! Measures function binaries as Lambda would run them.
//!
//! * [`runtime_api`]: the Lambda Runtime API that a function polls.
//! * [`process`]: the function's process: its CPU time, memory, log, and its share of a core.
//! * [`cloud`]: what the function takes for AWS: a proxy that counts, before an embedded DynamoDB.
//! * [`tally`]: what was counted.
//! * [`events`]: signed webhooks. [`tls`]: a certificate that a copy of the binary trusts.
//! * [`environment`]: one execution environment, from its start to its end. [`figures`]: many of them.
//! * [`path`]: a message's whole way, in process. [`cost`]: what a million of them cost.
//!
//! CPU time is what the kernel says the process ran, so it holds on a busy machine; wall times do not.

pub mod cloud;
pub mod cost;
pub mod engine;
pub mod environment;
pub mod events;
pub mod figures;
pub mod path;
pub mod process;
pub mod report;
pub mod runtime_api;
pub mod tally;
pub mod tls;

/// Whatever stopped the benchmark.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
