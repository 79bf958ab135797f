//! The books: what was used, and what it came to.

use super::StoreError;
use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::domain::usage::{Usage, UsageLine};
use crate::domain::wallet::Subject;
use async_trait::async_trait;

/// What one thing has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// What.
    pub subject: Subject,
    /// The line that it is in: the same for all its totals.
    pub line: UsageLine,
    /// All that it has come to.
    pub usage: Usage,
    /// Of two totals the one with the higher version is right.
    pub version: u64,
}

/// Charges for what was not reserved before: calls that come in, recordings.
#[async_trait]
pub trait Charges: Send + Sync {
    /// Sets what something has come to: the wallet moves by the difference to what it had come to before,
    /// with an entry of the ledger, and so do the books, in one transaction. The wallet may end below
    /// zero. Any order and any repetition of totals ends with the one of the highest version. False: this
    /// version, or a higher one, was set before. 1 read; 2 with a difference of money, and 1 transaction.
    async fn set_total(&self, total: &Total, now: Timestamp) -> Result<bool, StoreError>;
}

/// The books.
#[async_trait]
pub trait Books: Send + Sync {
    /// The lines of the days from `from` to `to` (`2026-11-21`, both included). 1 query a megabyte, which
    /// is several thousand lines.
    async fn usage(
        &self,
        tenant: &TenantId,
        from: &str,
        to: &str,
    ) -> Result<Vec<(UsageLine, Usage)>, StoreError>;
}
