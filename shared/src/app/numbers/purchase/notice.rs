//! What a provider's webhook says about an order. It decides nothing: whoever looks after the purchase asks
//! the provider itself.

use std::sync::Arc;

use crate::domain::ids::AccountId;
use crate::domain::mark::Marker;
use crate::domain::purchase::{Purchase, PurchaseState};
use crate::domain::timestamp::Timestamp;
use crate::ports::{Purchases, StoreError};
use crate::provider::numbers::OrderReport;

/// Takes notice of orders.
pub struct NoticeOrder {
    /// The purchases.
    pub purchases: Arc<dyn Purchases>,
}

/// What a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noticed {
    /// A purchase that waits for it: it is looked after within a minute.
    Hastened,
    /// A purchase of ours that does not wait for it, or not any more.
    Known,
    /// Nothing of ours.
    Unrouted,
}

impl NoticeOrder {
    /// Takes notice of a report that this account has signed: 2 reads, and 1 write for a purchase that
    /// waits.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn notice(
        &self,
        account: &AccountId,
        report: &OrderReport,
        now: Timestamp,
    ) -> Result<Noticed, StoreError> {
        let Some(id) = report.mark.as_deref().and_then(Marker::any) else { return Ok(Noticed::Unrouted) };
        let purchase = self.purchases.marked_purchase(id).await?;
        // An account speaks for itself only; and the mark may be another stack's.
        let ours = |purchase: &Purchase| {
            purchase.account == *account && report.mark.as_ref() == Some(&purchase.mark)
        };
        let Some(purchase) = purchase.filter(ours) else { return Ok(Noticed::Unrouted) };
        // A purchase in another state is in somebody's hands, who has the provider's own answer.
        if purchase.state == PurchaseState::Ordered && self.purchases.hasten(&purchase, now).await? {
            tracing::info!(purchase = %purchase.id, account = %account, "An order has ended");
            return Ok(Noticed::Hastened);
        }
        Ok(Noticed::Known)
    }
}
