//! Signatures of calls: one item for each that was given out.

use async_trait::async_trait;
use telephony::domain::ids::TenantId;
use telephony::domain::passport::{CallSignature, OrigId};
use telephony::ports::{CallSignatures, StoreError};

use super::Store;
use super::write::Write;
use crate::item::{Fields, json, keyed, text};
use crate::keys;

#[async_trait]
impl CallSignatures for Store {
    async fn record_signature(&self, signature: &CallSignature) -> Result<(), StoreError> {
        let mut item = keyed(&keys::call_signature(&signature.tenant, &signature.id), "sig");
        item.insert("src".into(), text("local"));
        item.insert("doc".into(), json(signature)?);
        // Under no condition: only a repetition of this very write can meet it.
        self.wrote(Write::put(item)).await.map(|_| ())
    }

    async fn signature(&self, tenant: &TenantId, id: &OrigId) -> Result<Option<CallSignature>, StoreError> {
        let item = self.read(&keys::call_signature(tenant, id), true).await?;
        item.map(|item| Fields(&item).json("doc")).transpose()
    }
}
