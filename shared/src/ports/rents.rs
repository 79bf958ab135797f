//! Rent that is charged.

use super::StoreError;
use crate::domain::money::Micros;
use crate::domain::number::PhoneNumber;
use crate::domain::timestamp::Timestamp;
use async_trait::async_trait;

/// What became of a month that was to be charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MonthCharged {
    /// It is paid: by this call, or by an earlier one whose answer was lost.
    Paid,
    /// The wallet cannot pay for it. Nothing was written.
    Insufficient,
    /// The number is no longer as it was read. Nothing was written.
    Changed,
}

/// Rent that is charged.
#[async_trait]
pub trait RentBook: Send + Sync {
    /// Takes `amount` for the month of `before` that begins where its rental is paid until, and puts
    /// `after` in its place: wallet, ledger, receipt, books and every copy of the number, in one
    /// transaction. A
    /// month of a number has one receipt, so that it is paid once, whatever the number's record says.
    /// 2 reads, 1 transaction.
    async fn charge_month(
        &self,
        before: &PhoneNumber,
        after: &PhoneNumber,
        amount: Micros,
        now: Timestamp,
    ) -> Result<MonthCharged, StoreError>;
}
