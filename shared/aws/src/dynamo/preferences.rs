//! Users' preferences.

use async_trait::async_trait;
use telephony::domain::ids::{TenantId, UserId};
use telephony::domain::voice::preferences::Preferences as Wishes;
use telephony::ports::{Preferences, StoreError};

use super::Store;
use super::write::Write;
use crate::item::{Fields, json, keyed};
use crate::keys;

#[async_trait]
impl Preferences for Store {
    async fn preferences(&self, tenant: &TenantId, user: &UserId) -> Result<Option<Wishes>, StoreError> {
        let item = self.read(&keys::preferences(tenant, user), true).await?;
        item.as_ref().map(|item| Fields(item).json("doc")).transpose()
    }

    async fn put_preferences(
        &self,
        tenant: &TenantId,
        user: &UserId,
        wishes: &Wishes,
    ) -> Result<(), StoreError> {
        let mut item = keyed(&keys::preferences(tenant, user), "pref");
        item.insert("doc".into(), json(wishes)?);
        self.wrote(Write::put(item)).await.map(|_| ())
    }
}
