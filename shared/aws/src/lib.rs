//! AWS behind the domain's ports: one DynamoDB table, S3, SQS, Secrets Manager and KMS.
//!
//! Map of the crate:
//! * [`keys`]: every key of the table; [`dynamo`]: the ports on it.
//! * [`Queues`], [`Bucket`]: the ports on SQS and S3.
//! * [`Directory`], [`Book`]: accounts, from Secrets Manager and the table, under keys of KMS
//!   ([`envelope`]).
//! * [`StirSecret`]: the key that signs calls, from a secret of its own.
//! * [`Clients`]: the SDK's clients behind them.
//!
//! Invariant: nothing outside this crate knows a key, an expression or an AWS type.

mod account_states;
mod aged;
mod book;
mod bucket;
pub mod clients;
mod directory;
pub mod dynamo;
pub mod envelope;
mod item;
pub mod keys;
mod kms;
mod queue;
mod seals;
mod secrets;
mod stir;
mod vault;

pub use account_states::TableStates;
pub use book::Book;
pub use bucket::Bucket;
pub use clients::{Clients, Missing, Profile};
pub use directory::Directory;
pub use dynamo::Store;
pub use kms::KmsKeys;
pub use queue::Queues;
pub use seals::KmsSeals;
pub use secrets::SecretSource;
pub use stir::StirSecret;
