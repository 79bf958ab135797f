//! Reading messages.

use async_trait::async_trait;
use telephony::domain::ids::{ConversationId, MessageId, TenantId};
use telephony::domain::message::MessageView;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{Messages, Page, PageRequest, StoreError};

use super::Store;
use super::cursor;
use super::listing::{Listing, size};
use super::message_item::{self, Whole};
use crate::item::{Fields, Item, corrupt, text};
use crate::keys::{self, PK, SK, TIMELINE};

impl Store {
    /// A message with its attempts and its hold. 1 consistent query.
    pub(super) async fn read_whole(
        &self,
        tenant: &TenantId,
        id: MessageId,
    ) -> Result<Option<Whole>, StoreError> {
        let items = self.read_partition(&keys::message_partition(tenant, id), "").await?;
        message_item::whole(&items)
    }

    /// The months in which the tenant's log has entries, the last first.
    async fn months(&self, tenant: &TenantId) -> Result<Vec<String>, StoreError> {
        let items = self.read_partition(&keys::months(tenant), "").await?;
        let months = items.iter().map(|item| Fields(item).text(SK).map(str::to_owned));
        let mut months = months.collect::<Result<Vec<_>, _>>()?;
        months.reverse();
        Ok(months)
    }

    /// Sort keys of the log with their months, newest first, at most `most`.
    async fn log_entries(
        &self,
        tenant: &TenantId,
        after: Option<[String; 2]>,
        most: usize,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let mut entries = Vec::new();
        let mut after = after;
        for month in self.months(tenant).await? {
            let start = match &after {
                Some([last, _]) if month > *last => continue,
                Some([last, sk]) if month == *last => Some(Item::from([
                    (PK.to_owned(), text(keys::log_month(tenant, &month))),
                    (SK.to_owned(), text(sk.clone())),
                ])),
                Some(_) | None => None,
            };
            after = None;
            let listing = Listing::newest_first(keys::log_month(tenant, &month));
            for item in self.slice(&listing, start, most - entries.len()).await? {
                entries.push((month.clone(), Fields(&item).text(SK)?.to_owned()));
            }
            if entries.len() >= most {
                break;
            }
        }
        Ok(entries)
    }
}

#[async_trait]
impl Messages for Store {
    async fn message(&self, tenant: &TenantId, id: MessageId) -> Result<Option<MessageView>, StoreError> {
        Ok(self.read_whole(tenant, id).await?.map(|whole| whole.view))
    }

    async fn of_conversation(
        &self,
        tenant: &TenantId,
        conversation: ConversationId,
        page: &PageRequest,
    ) -> Result<Page<MessageView>, StoreError> {
        let listing = Listing::newest_first(keys::conversation_partition(tenant, conversation)).on(TIMELINE);
        let page = self.list_whole(&listing, page).await?;
        let items = page.items.iter().map(message_item::brief).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }

    async fn of_tenant(
        &self,
        tenant: &TenantId,
        page: &PageRequest,
        _now: Timestamp,
    ) -> Result<Page<MessageView>, StoreError> {
        let list = keys::months(tenant);
        let after = page.cursor.as_deref().map(|cursor| cursor::read::<2>(&list, cursor)).transpose()?;
        let size = size(page);
        let mut entries = self.log_entries(tenant, after, size + 1).await?;
        let more = entries.len() > size;
        entries.truncate(size);
        let next = match entries.last() {
            Some((month, sk)) if more => Some(cursor::write(&list, &[month, sk])),
            Some(_) | None => None,
        };
        let key = |(_, sk): &(String, String)| {
            let (_, id) = keys::read_moment(sk)?;
            Some(keys::message(tenant, id.parse().ok()?))
        };
        let keys =
            entries.iter().map(|entry| key(entry).ok_or_else(|| corrupt("log"))).collect::<Result<_, _>>()?;
        let items = self.read_many(keys).await?;
        Ok(Page { items: items.iter().map(message_item::brief).collect::<Result<_, _>>()?, next })
    }
}
