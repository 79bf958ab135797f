//! Subscriptions, each one item, in the index while something is due.

use async_trait::async_trait;
use telephony::domain::ids::{SubscriptionId, TenantId};
use telephony::domain::subscription::Subscription;
use telephony::ports::{StoreError, SubscriptionRecords, Task};

use super::Store;
use super::requests::Written;
use super::write::Write;
use crate::item::{Fields, Item, json, keyed, number, text};
use crate::keys::{self, GSI2PK, GSI2SK};

fn item(subscription: &Subscription) -> Result<Item, StoreError> {
    let Subscription { tenant, id, .. } = subscription;
    let mut item = keyed(&keys::subscription(tenant, id), "sub");
    item.insert("doc".into(), json(subscription)?);
    item.insert("v".into(), number(subscription.version));
    if let Some(due) = subscription.due {
        let (pk, sk) = keys::task(&Task::Subscription(tenant.clone(), id.clone()), due);
        item.insert(GSI2PK.into(), text(pk));
        item.insert(GSI2SK.into(), text(sk));
    }
    Ok(item)
}

fn read(item: &Item) -> Result<Subscription, StoreError> {
    Fields(item).json("doc")
}

#[async_trait]
impl SubscriptionRecords for Store {
    async fn add_subscription(&self, new: &Subscription) -> Result<Option<Subscription>, StoreError> {
        match self.write(Write::put(item(new)?).if_absent(), false).await? {
            Written::Done(_) => Ok(None),
            // An earlier try of this very call may have been written after all: nobody else has its account.
            Written::Refused(known) => Ok(Some(read(&known)?).filter(|known| known != new)),
        }
    }

    async fn subscription(
        &self,
        tenant: &TenantId,
        id: &SubscriptionId,
    ) -> Result<Option<Subscription>, StoreError> {
        self.read(&keys::subscription(tenant, id), true).await?.as_ref().map(read).transpose()
    }

    async fn replace_subscription(
        &self,
        before: &Subscription,
        after: &Subscription,
    ) -> Result<Option<Subscription>, StoreError> {
        let after = Subscription { version: before.version.saturating_add(1), ..after.clone() };
        let write = Write::put(item(&after)?).when("#v = :before").with("before", number(before.version));
        Ok(self.wrote(write).await?.then_some(after))
    }
}
