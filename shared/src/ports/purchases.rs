//! Purchases of numbers, each with its money and its claim on the number.

use super::{IdempotencyBinding, StockNumber, StoreError};
use crate::domain::ids::{PurchaseId, TenantId};
use crate::domain::number::PhoneNumber;
use crate::domain::phone::E164;
use crate::domain::purchase::Purchase;
use crate::domain::spending::CapReached;
use crate::domain::timestamp::Timestamp;
use crate::domain::wallet::LedgerEntry;
use async_trait::async_trait;

/// What a client's key is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundPurchase {
    /// Hash of the first body.
    pub body: String,
    /// What it started.
    pub purchase: PurchaseId,
}

/// What became of the beginning of a purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It is written: the purchase, its claim on the number, its key, its hold with the ledger's entry.
    New,
    /// The key was bound before.
    Replay(BoundPurchase),
    /// This very purchase was begun before (derived ids only).
    Exists,
    /// The number is being bought. The purchase, when it is this tenant's own.
    Busy(Option<PurchaseId>),
    /// A tenant holds the number through this account, or this tenant through another.
    Held,
    /// The wallet cannot pay for it.
    InsufficientBalance,
    /// It would pass what the tenant may spend. Nothing was written.
    SpendCapReached(CapReached),
}

/// What became of the end of a purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completed {
    /// The number is in the inventory, the money is taken, the claim is gone.
    Done,
    /// The purchase is no longer as it was read. Nothing was written.
    Changed,
    /// Somebody has the number through this account, by a record of its own. Nothing was written.
    Held,
    /// This tenant has the number through another account. Nothing was written.
    Elsewhere,
}

/// Purchases.
#[async_trait]
pub trait Purchases: Send + Sync {
    /// What a key is bound to. 1 consistent read. An expired binding is none.
    async fn bound_purchase(
        &self,
        tenant: &TenantId,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<BoundPurchase>, StoreError>;

    /// Begins a purchase (`Reserved`), due for the reconciler at `due`, in one transaction. No wallet is
    /// touched when nothing is charged.
    async fn begin(
        &self,
        purchase: &Purchase,
        key: Option<&IdempotencyBinding>,
        due: Timestamp,
    ) -> Result<Begun, StoreError>;

    /// One purchase. 1 consistent read.
    async fn purchase(&self, tenant: &TenantId, id: PurchaseId) -> Result<Option<Purchase>, StoreError>;

    /// The purchase of this id, whoever's: a mark at a provider names no tenant. 2 consistent reads.
    async fn marked_purchase(&self, id: PurchaseId) -> Result<Option<Purchase>, StoreError>;

    /// The open purchase of a number, whoever's. 1 consistent read.
    async fn open_purchase(&self, phone: &E164) -> Result<Option<(TenantId, PurchaseId)>, StoreError>;

    /// Puts `after` (not final, with the version of `before`) in its place and says when it is due. The
    /// answer is it with its new version. `None`: it is no longer as it was read. 1 conditional write.
    async fn advance(
        &self,
        before: &Purchase,
        after: &Purchase,
        due: Timestamp,
    ) -> Result<Option<Purchase>, StoreError>;

    /// Ends it well: the purchase is done, the number is in the inventory (and out of the stock), the
    /// hold is captured with its ledger entry, the claim is gone, in one transaction.
    async fn complete(
        &self,
        before: &Purchase,
        after: &Purchase,
        number: &PhoneNumber,
    ) -> Result<Completed, StoreError>;

    /// Ends it without a number: failed, the hold released, the claim gone, in one transaction; and
    /// `kept`, which the provider does not take back now, is in the stock until it does. False: it is no
    /// longer as it was read.
    async fn fail(
        &self,
        before: &Purchase,
        after: &Purchase,
        kept: Option<&StockNumber>,
    ) -> Result<bool, StoreError>;

    /// Has the reconciler look after a purchase at `due`. It stays as it is otherwise: whoever is at work
    /// on it is not disturbed. False: it is no longer as it was read.
    async fn hasten(&self, purchase: &Purchase, due: Timestamp) -> Result<bool, StoreError>;

    /// The entry of the ledger by which a purchase that is done was paid. `None`: nothing was charged.
    /// 1 consistent read.
    async fn receipt(&self, purchase: &Purchase) -> Result<Option<LedgerEntry>, StoreError>;
}
