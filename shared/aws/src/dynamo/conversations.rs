//! Conversations.

use async_trait::async_trait;
use telephony::domain::conversation::Conversation;
use telephony::domain::ids::{ConversationId, TenantId};
use telephony::ports::{Conversations, Page, PageRequest, StoreError};

use super::Store;
use super::listing::Listing;
use super::write::Write;
use crate::item::{Fields, Item, corrupt, number};
use crate::keys::{self, PK, TIMELINE};

fn read(item: &Item) -> Result<Conversation, StoreError> {
    let fields = Fields(item);
    let (tenant, id) = keys::read_conversation_partition(fields.text(PK)?).ok_or_else(|| corrupt(PK))?;
    let mut own_numbers = item.get("own").and_then(|own| own.as_ss().ok()).cloned().unwrap_or_default();
    own_numbers.sort_unstable();
    Ok(Conversation {
        id,
        tenant,
        contact: fields.json("contact")?,
        own_numbers,
        last_own_number: fields.text("lon")?.to_owned(),
        user: fields.maybe_parsed("usr")?,
        agent: fields.maybe_parsed("agt")?,
        last_message: fields.parsed("lm")?,
        last_direction: fields.maybe_word("ld")?.ok_or_else(|| corrupt("ld"))?,
        preview: fields.text("pv")?.to_owned(),
        last_message_at: fields.time("la")?,
        messages: fields.count("cnt")?,
        unread: fields.count("unread")?,
    })
}

#[async_trait]
impl Conversations for Store {
    async fn list(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<Conversation>, StoreError> {
        let listing = Listing::newest_first(keys::conversations(tenant)).on(TIMELINE);
        let page = self.list_whole(&listing, page).await?;
        Ok(Page { items: page.items.iter().map(read).collect::<Result<_, _>>()?, next: page.next })
    }

    async fn get(&self, tenant: &TenantId, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        self.read(&keys::conversation(tenant, id), true).await?.as_ref().map(read).transpose()
    }

    async fn mark_read(&self, tenant: &TenantId, id: ConversationId) -> Result<bool, StoreError> {
        self.wrote(Write::update(keys::conversation(tenant, id)).set("unread", number(0)).if_present()).await
    }
}
