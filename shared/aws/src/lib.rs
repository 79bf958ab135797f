//! AWS behind the domain's ports: one DynamoDB table, S3, SQS and Secrets Manager.
//!
//! Map of the crate:
//! * [`keys`]: every key of the table; [`dynamo`]: the ports on it.
//! * [`Queues`], [`Bucket`], [`SecretAccounts`], [`KmsSeals`]: the ports on SQS, S3, Secrets Manager and KMS.
//! * [`Clients`]: the SDK's clients behind them.
//!
//! Invariant: nothing outside this crate knows a key, an expression or an AWS type.

mod bucket;
pub mod clients;
pub mod dynamo;
mod item;
pub mod keys;
mod queue;
mod seals;
mod secrets;
mod warm;

pub use bucket::Bucket;
pub use clients::{Clients, Missing, Profile};
pub use dynamo::Store;
pub use queue::Queues;
pub use seals::KmsSeals;
pub use secrets::{SecretAccounts, SecretSource};
pub use warm::warm_up;
