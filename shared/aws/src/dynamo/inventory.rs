//! The inventory: numbers by their ids, and changes of every copy at once.

use std::collections::BTreeMap;

use async_trait::async_trait;
use telephony::domain::ids::{BusinessId, NumberId, TenantId};
use telephony::domain::number::{NumberStatus, PhoneNumber};
use telephony::ports::{Inventory, NumberChange, Page, PageRequest, StoreError};

use super::Store;
use super::listing::Listing;
use super::numbers::{inventoried, read, same, ways, ways_of};
use super::write::Write;
use crate::item::{corrupt, keyed, number as integer, text};
use crate::keys;

/// The business of which a number is the primary one. `None`: of none.
fn primary_of(number: &PhoneNumber) -> Option<Option<&BusinessId>> {
    let counts = number.is_primary && number.status != NumberStatus::Released;
    counts.then_some(number.holding.business.as_ref())
}

/// Who is the primary number of each business: its pointer moves only from the number that is demoted
/// with it.
pub(super) fn pointers(changes: &[NumberChange]) -> Result<Vec<Write>, StoreError> {
    let mut moved: BTreeMap<Option<&BusinessId>, (Option<NumberId>, Option<NumberId>)> = BTreeMap::new();
    for change in changes {
        let (was, is) = (primary_of(&change.before), primary_of(&change.after));
        if was == is {
            continue;
        }
        if let Some(business) = was {
            moved.entry(business).or_default().0 = Some(change.before.id);
        }
        if let Some(business) = is {
            let taken = moved.entry(business).or_default().1.replace(change.after.id);
            if taken.is_some() {
                return Err(corrupt("two primary numbers of one business"));
            }
        }
    }
    let tenant = changes.first().map(|change| &change.before.tenant);
    let Some(tenant) = tenant else { return Ok(Vec::new()) };
    let write = |(business, (from, to)): (Option<&BusinessId>, (Option<NumberId>, Option<NumberId>))| {
        let key = keys::primary(tenant, business);
        let write = match to {
            Some(id) => {
                let mut item = keyed(&key, "pri");
                item.insert("id".into(), text(id.to_string()));
                Write::put(item)
            }
            None => Write::delete(key),
        };
        match from.or(to) {
            Some(known) => {
                write.when("attribute_not_exists(#PK) OR #id = :known").with("known", text(known.to_string()))
            }
            None => write,
        }
    };
    Ok(moved.into_iter().map(write).collect())
}

/// The writes of one change, the one that checks the version first. A change of who is primary needs
/// [`pointers`] besides.
pub(super) fn writes(change: &NumberChange) -> Result<Vec<Write>, StoreError> {
    let NumberChange { before, after } = change;
    if (before.id, &before.tenant, &before.phone) != (after.id, &after.tenant, &after.phone) {
        return Err(corrupt("change of a number's identity"));
    }
    let after = PhoneNumber { version: before.version.saturating_add(1), ..after.clone() };
    let unchanged = inventoried(&after)?.when("#v = :before").with("before", integer(before.version));
    let mut writes = vec![unchanged];
    let kept = if after.status == NumberStatus::Released { Vec::new() } else { ways_of(&after) };
    if !kept.is_empty() {
        writes.extend(ways(&after)?);
    }
    // What a tenant has is in nobody's stock.
    if after.is_routed() && !before.is_routed() {
        writes.push(Write::delete(keys::stocked(&after.account, &after.phone)));
    }
    if before.status != NumberStatus::Released {
        for key in ways_of(before) {
            if !kept.contains(&key) {
                // An account's name has no id; it is this number's by its key.
                let named = key.pk.starts_with("AN#");
                let gone = Write::delete(key);
                writes.push(if named { gone } else { same(gone, before) });
            }
        }
    }
    Ok(writes)
}

/// The writes of all changes.
pub(super) fn changing(changes: &[NumberChange]) -> Result<Vec<Write>, StoreError> {
    let mut all = pointers(changes)?;
    for change in changes {
        all.extend(writes(change)?);
    }
    Ok(all)
}

#[async_trait]
impl Inventory for Store {
    async fn number(&self, tenant: &TenantId, id: NumberId) -> Result<Option<PhoneNumber>, StoreError> {
        self.read(&keys::inventoried(tenant, id), true).await?.as_ref().map(read).transpose()
    }

    async fn numbers(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<PhoneNumber>, StoreError> {
        let page = self.list(&Listing::newest_first(keys::inventory(tenant)), page).await?;
        Ok(Page { items: page.items.iter().map(read).collect::<Result<_, _>>()?, next: page.next })
    }

    async fn change_numbers(&self, changes: &[NumberChange]) -> Result<bool, StoreError> {
        let all = changing(changes)?;
        self.all_or_none(all).await
    }
}
