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
    /// Takes notice of a report that this account has signed: 1 read for each number of the order and 1
    /// of the purchase, and 1 write.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn notice(
        &self,
        account: &AccountId,
        report: &OrderReport,
        now: Timestamp,
    ) -> Result<Noticed, StoreError> {
        for (phone, _) in &report.numbers {
            let Some((tenant, id)) = self.purchases.open_purchase(phone).await? else { continue };
            let Some(purchase) = self.purchases.purchase(&tenant, id).await? else { continue };
            if !is_about(report, &purchase, account) {
                continue;
            }
            // A purchase in another state is in somebody's hands, who has the provider's own answer.
            if purchase.state == PurchaseState::Ordered && self.purchases.hasten(&purchase, now).await? {
                tracing::info!(purchase = %purchase.id, account = %account, "An order has ended");
                return Ok(Noticed::Hastened);
            }
            return Ok(Noticed::Known);
        }
        // Most orders are done before their webhook comes, and then nobody claims the number any more.
        let ours = report.mark.as_deref().is_some_and(Marker::is_mark);
        Ok(if ours { Noticed::Known } else { Noticed::Unrouted })
    }
}

fn is_about(report: &OrderReport, purchase: &Purchase, account: &AccountId) -> bool {
    let same = purchase.order.as_ref() == Some(&report.order) || report.mark.as_ref() == Some(&purchase.mark);
    same && purchase.account == *account
}
