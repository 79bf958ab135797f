//! Lists by page.

use telephony::ports::{Page, PageRequest, StoreError};

use super::Store;
use super::cursor;
use super::failure::{ServiceCode as _, failure};
use super::requests::key_of;
use crate::item::{Fields, Item, text};
use crate::keys::{GSI1PK, GSI1SK, PK, SK};

const MOST: u32 = 100;

/// A list: one partition of the table or of an index, or a part of one.
#[derive(Clone, Debug)]
pub(super) struct Listing {
    pk: String,
    prefix: Option<&'static str>,
    index: Option<&'static str>,
    forward: bool,
}

impl Listing {
    /// The last sort key first.
    pub(super) fn newest_first(pk: String) -> Self {
        Self { pk, prefix: None, index: None, forward: false }
    }

    /// The first sort key first.
    pub(super) fn in_order(pk: String) -> Self {
        Self { pk, prefix: None, index: None, forward: true }
    }

    /// Only sort keys that begin so.
    pub(super) fn of(self, prefix: &'static str) -> Self {
        Self { prefix: Some(prefix), ..self }
    }

    /// In an index.
    pub(super) fn on(self, index: &'static str) -> Self {
        Self { index: Some(index), ..self }
    }

    /// The name that its cursors are bound to.
    fn name(&self) -> String {
        format!("{}|{}|{}", self.index.unwrap_or_default(), self.pk, self.prefix.unwrap_or_default())
    }

    fn start(&self, cursor: &str) -> Result<Item, StoreError> {
        let name = |name: &str| name.to_owned();
        Ok(if self.index.is_some() {
            let [pk, sk, index_sk] = cursor::read(&self.name(), cursor)?;
            Item::from([
                (name(GSI1PK), text(self.pk.clone())),
                (name(GSI1SK), text(index_sk)),
                (name(PK), text(pk)),
                (name(SK), text(sk)),
            ])
        } else {
            let [sk] = cursor::read(&self.name(), cursor)?;
            Item::from([(name(PK), text(self.pk.clone())), (name(SK), text(sk))])
        })
    }

    fn end(&self, last: &Item) -> Result<String, StoreError> {
        let fields = Fields(last);
        let sk = fields.text(SK)?;
        Ok(if self.index.is_some() {
            cursor::write(&self.name(), &[fields.text(PK)?, sk, fields.text(GSI1SK)?])
        } else {
            cursor::write(&self.name(), &[sk])
        })
    }
}

/// How many a page may have.
pub(super) fn size(page: &PageRequest) -> usize {
    usize::try_from(page.limit.clamp(1, MOST)).unwrap_or(1)
}

impl Store {
    /// Items of a partition after `start`, at most `most`.
    pub(super) async fn slice(
        &self,
        listing: &Listing,
        start: Option<Item>,
        most: usize,
    ) -> Result<Vec<Item>, StoreError> {
        let (pk, sk) = if listing.index.is_some() { (GSI1PK, GSI1SK) } else { (PK, SK) };
        let from_cursor = start.is_some();
        let mut start = start;
        let mut items = Vec::new();
        loop {
            let missing = i32::try_from(most.saturating_sub(items.len())).unwrap_or(1);
            let mut request = self
                .client
                .query()
                .table_name(&*self.table)
                .set_index_name(listing.index.map(str::to_owned))
                .consistent_read(listing.index.is_none())
                .scan_index_forward(listing.forward)
                .limit(missing)
                .expression_attribute_names("#pk", pk)
                .expression_attribute_values(":pk", text(listing.pk.clone()))
                .set_exclusive_start_key(start.take());
            request = match listing.prefix {
                None => request.key_condition_expression("#pk = :pk"),
                Some(prefix) => request
                    .key_condition_expression("#pk = :pk AND begins_with(#sk, :sk)")
                    .expression_attribute_names("#sk", sk)
                    .expression_attribute_values(":sk", text(prefix)),
            };
            let answer = request.send().await.map_err(|error| match error.code_of_service() {
                // The scope fits, the keys do not: somebody built this cursor by hand.
                Some("ValidationException") if from_cursor => StoreError::BadCursor,
                _ => failure(&error),
            })?;
            items.extend(answer.items.unwrap_or_default());
            match answer.last_evaluated_key {
                Some(last) if items.len() < most => start = Some(last),
                Some(_) | None => return Ok(items),
            }
        }
    }

    /// One page. It asks for one item more than it gives out, so that the last page says that it is.
    pub(super) async fn list(&self, listing: &Listing, page: &PageRequest) -> Result<Page<Item>, StoreError> {
        let start = page.cursor.as_deref().map(|cursor| listing.start(cursor)).transpose()?;
        let size = size(page);
        let mut items = self.slice(listing, start, size + 1).await?;
        let more = items.len() > size;
        items.truncate(size);
        let next = match items.last() {
            Some(last) if more => Some(listing.end(last)?),
            Some(_) | None => None,
        };
        Ok(Page { items, next })
    }

    /// One page of an index that holds keys only, with the items behind them.
    pub(super) async fn list_whole(
        &self,
        listing: &Listing,
        page: &PageRequest,
    ) -> Result<Page<Item>, StoreError> {
        let page = self.list(listing, page).await?;
        let keys = page.items.iter().map(key_of).collect::<Result<Vec<_>, _>>()?;
        Ok(Page { items: self.read_many(keys).await?, next: page.next })
    }
}
