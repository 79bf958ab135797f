//! Numbers by account: the platform's unassigned ones, and, through the index, whoever has the others.

use async_trait::async_trait;
use telephony::domain::ids::AccountId;
use telephony::domain::number::PhoneNumber;
use telephony::domain::phone::E164;
use telephony::ports::{NumberStock, Page, PageRequest, StockNumber, StoreError, Task};

use super::Store;
use super::listing::Listing;
use super::numbers::holding;
use super::write::Write;
use crate::item::{Fields, Item, json, keyed, number as integer, text};
use crate::keys::{self, GSI1SK, GSI2PK, GSI2SK, TIMELINE};

fn read(item: &Item) -> Result<StockNumber, StoreError> {
    Fields(item).json("doc")
}

/// An item of the stock: due, when it is to be given back.
pub(super) fn item(number: &StockNumber) -> Result<Item, StoreError> {
    let mut item = keyed(&keys::stocked(&number.account, &number.phone), "stk");
    item.insert("doc".into(), json(number)?);
    if let Some(back) = &number.release {
        item.insert("back".into(), integer(back.tries));
        let task = Task::Stock(number.account.clone(), number.phone.clone());
        let (pk, sk) = keys::task(&task, back.next);
        item.insert(GSI2PK.into(), text(pk));
        item.insert(GSI2SK.into(), text(sk));
    }
    Ok(item)
}

#[async_trait]
impl NumberStock for Store {
    async fn stock(&self, account: &AccountId, page: &PageRequest) -> Result<Page<StockNumber>, StoreError> {
        let page = self.list(&Listing::in_order(keys::stock(account)), page).await?;
        Ok(Page { items: page.items.iter().map(read).collect::<Result<_, _>>()?, next: page.next })
    }

    async fn in_stock(&self, account: &AccountId, phone: &E164) -> Result<Option<StockNumber>, StoreError> {
        self.read(&keys::stocked(account, phone), true).await?.as_ref().map(read).transpose()
    }

    async fn put_stock(&self, number: &StockNumber) -> Result<bool, StoreError> {
        let item = item(number)?;
        let route = keys::route(&number.account, &number.phone);
        let writes =
            vec![Write::put(item).if_absent(), Write::check(route).when("attribute_not_exists(#PK)")];
        self.all_or_none(writes).await
    }

    async fn assign(&self, number: &PhoneNumber) -> Result<bool, StoreError> {
        let mut writes = holding(number)?;
        // What is on its way back would be gone the next moment.
        let stocked = Write::delete(keys::stocked(&number.account, &number.phone));
        writes.push(stocked.when("attribute_not_exists(#back)"));
        self.all_or_none(writes).await
    }

    async fn forget_stock(&self, account: &AccountId) -> Result<(), StoreError> {
        for item in self.read_partition(&keys::stock(account), "").await? {
            let number = read(&item)?;
            self.wrote(Write::delete(keys::stocked(account, &number.phone))).await?;
        }
        Ok(())
    }

    async fn assigned(&self, account: &AccountId, page: &PageRequest) -> Result<Page<E164>, StoreError> {
        let listing = Listing::in_order(keys::numbers_of(account)).on(TIMELINE);
        let page = self.list(&listing, page).await?;
        let items = page.items.iter().map(|item| Fields(item).parsed(GSI1SK)).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }
}
