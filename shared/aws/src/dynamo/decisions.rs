//! Stored decisions: one item beside each message for which a sender was chosen.

use async_trait::async_trait;
use telephony::domain::ids::{MessageId, TenantId};
use telephony::domain::routing::RouteRecord;
use telephony::ports::{Decisions, StoreError};

use super::Store;
use super::write::Write;
use crate::item::{Fields, json, keyed};
use crate::keys;

/// Under no condition of its own: it goes with its message, whose condition holds for both.
pub(super) fn write(tenant: &TenantId, id: MessageId, record: &RouteRecord) -> Result<Write, StoreError> {
    let mut item = keyed(&keys::decision(tenant, id), "dec");
    item.insert("doc".into(), json(record)?);
    Ok(Write::put(item))
}

#[async_trait]
impl Decisions for Store {
    async fn decision(&self, tenant: &TenantId, id: MessageId) -> Result<Option<RouteRecord>, StoreError> {
        let item = self.read(&keys::decision(tenant, id), true).await?;
        item.map(|item| Fields(&item).json("doc")).transpose()
    }
}
