//! What became of inbound attachments.

use async_trait::async_trait;
use telephony::domain::ids::{MessageId, TenantId};
use telephony::domain::message::{MediaCopy, MessageView};
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{MediaRecords, PendingKind, StoreError};

use super::Store;
use super::requests::Written;
use super::write::Write;
use crate::item::{Fields, Item, json, millis, number};
use crate::keys::{self, GSI2PK, GSI2SK};

/// How many attachments there are, and whether every one of them is final.
fn all_final(item: &Item) -> Option<i64> {
    let wanted = Fields(item).maybe_number("mn")?;
    let known =
        item.get("mc").and_then(|copies| copies.as_m().ok()).map_or(0, std::collections::HashMap::len);
    (i64::try_from(known).ok()? >= wanted && item.contains_key(GSI2PK)).then_some(wanted)
}

#[async_trait]
impl MediaRecords for Store {
    async fn load(&self, tenant: &TenantId, id: MessageId) -> Result<Option<MessageView>, StoreError> {
        Ok(self.read_whole(tenant, id).await?.map(|whole| whole.view))
    }

    async fn set_copy(
        &self,
        tenant: &TenantId,
        id: MessageId,
        index: u32,
        copy: &MediaCopy,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if *copy == MediaCopy::Pending {
            return Ok(());
        }
        let key = keys::message(tenant, id);
        let write = Write::update(key.clone())
            .set_member("mc", &index.to_string(), json(copy)?)
            .set("ua", millis(now))
            .when("#mn > :index AND attribute_not_exists(#mc.#member)")
            .with("index", number(index));
        let (Written::Done(item) | Written::Refused(item)) = self.write(write, true).await?;
        // Also after a refusal: whoever wrote the last copy may have died before clearing the mark.
        if let Some(wanted) = all_final(&item) {
            let write = Write::update(key)
                .remove(GSI2PK)
                .remove(GSI2SK)
                .when("size(#mc) >= :wanted")
                .with("wanted", number(wanted));
            self.wrote(write).await?;
        }
        Ok(())
    }

    async fn set_due(
        &self,
        tenant: &TenantId,
        id: MessageId,
        due: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.mark_due(PendingKind::Media, tenant, id, due).await
    }
}
