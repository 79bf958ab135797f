//! Numbers: an item for the inventory, one for the tenant's sends, and one for the provider's first
//! contact, always as many as the number's status wants.

use async_trait::async_trait;
use telephony::domain::ids::{AccountId, TenantId};
use telephony::domain::moving::Move;
use telephony::domain::number::{NumberStatus, PhoneNumber};
use telephony::domain::phone::E164;
use telephony::ports::{Numbers, StoreError, Task};
use telephony::provider::ProviderId;

use super::Store;
use super::requests::Refusals;
use super::write::Write;
use crate::item::{Fields, Item, json, keyed, millis, number as integer, text};
use crate::keys::{self, GSI1PK, GSI1SK, GSI2PK, GSI2SK, Key};

const ENTITY: &str = "num";
/// The value of `ent` on what the inventory lists.
pub(super) const INVENTORY: &str = "inv";
/// The value of `ent` on what keeps a number's place with a tenant who is about to get it.
const COMING: &str = "coming";

fn item(key: &Key, entity: &'static str, number: &PhoneNumber) -> Result<Item, StoreError> {
    let mut item = keyed(key, entity);
    item.insert("doc".into(), json(number)?);
    item.insert("id".into(), text(number.id.to_string()));
    item.insert("tenant".into(), text(number.tenant.as_str()));
    item.insert("acct".into(), text(number.account.as_str()));
    item.insert("v".into(), integer(number.version));
    Ok(item)
}

/// A condition that the item is this very holding, or not there.
pub(super) fn same(write: Write, number: &PhoneNumber) -> Write {
    write
        .when(
            "attribute_not_exists(#PK) OR (#id = :same_id AND #tenant = :same_tenant AND #acct = :same_acct)",
        )
        .with("same_id", text(number.id.to_string()))
        .with("same_tenant", text(number.tenant.as_str()))
        .with("same_acct", text(number.account.as_str()))
}

fn name_key(number: &PhoneNumber, provider: ProviderId, account: &AccountId) -> Key {
    keys::account_name(provider, number.phone.expose(), &number.tenant, account)
}

/// The number as a name under which the account is found: for providers whose webhooks name no account.
/// What has a route was proven to be held, so that its name stands before those that are merely claimed.
fn account_name(number: &PhoneNumber, provider: ProviderId, account: &AccountId) -> Write {
    let mut item = keyed(&name_key(number, provider, account), "acn");
    item.insert("tenant".into(), text(number.tenant.as_str()));
    item.insert("acct".into(), text(account.as_str()));
    item.insert("ca".into(), millis(number.created_at));
    item.insert("pa".into(), millis(number.created_at));
    Write::put(item)
        .when("attribute_not_exists(#PK) OR #acct = :same_name")
        .with("same_name", text(account.as_str()))
}

pub(super) fn read(item: &Item) -> Result<PhoneNumber, StoreError> {
    Fields(item).json("doc")
}

/// It is the tenant's, and not only on its way there.
fn is_here(item: &&Item) -> bool {
    Fields(item).entity() != COMING
}

/// What the inventory lists, with the time at which the number is to be looked at again.
pub(super) fn inventoried(number: &PhoneNumber) -> Result<Write, StoreError> {
    let mut item = item(&keys::inventoried(&number.tenant, number.id), INVENTORY, number)?;
    if let Some(due) = number.holding.due {
        let (pk, sk) = keys::task(&Task::Number(number.tenant.clone(), number.id), due);
        item.insert(GSI2PK.into(), text(pk));
        item.insert(GSI2SK.into(), text(sk));
    }
    Ok(Write::put(item))
}

/// Where the webhooks of an account find the number, and the account's part of the index.
fn route(number: &PhoneNumber, was: &PhoneNumber, account: &AccountId) -> Result<Write, StoreError> {
    let mut route = item(&keys::route(account, &number.phone), ENTITY, number)?;
    route.insert(GSI1PK.into(), text(keys::numbers_of(account)));
    route.insert(GSI1SK.into(), text(number.phone.expose()));
    Ok(same(Write::put(route), was))
}

/// The ways by which sends and webhooks find a number, each unless somebody else has it: the tenant's,
/// the route under its account, and the one under the account of its calls.
pub(super) fn ways(number: &PhoneNumber) -> Result<Vec<Write>, StoreError> {
    ways_after(number, number)
}

/// The same, where `was` may stand in their places.
pub(super) fn ways_after(number: &PhoneNumber, was: &PhoneNumber) -> Result<Vec<Write>, StoreError> {
    let own = item(&keys::number(&number.tenant, &number.phone), ENTITY, number)?;
    let mut writes = vec![same(Write::put(own), was)];
    if !number.is_routed() {
        return Ok(writes);
    }
    writes.push(route(number, was, &number.account)?);
    // A webhook of a tenant's own account may name nothing but our number.
    if number.own_account {
        writes.push(account_name(number, number.provider, &number.account));
    }
    if let Some(via) = &number.voice_via {
        writes.push(route(number, was, &via.account)?);
        writes.push(account_name(number, via.provider, &via.account));
    }
    if let Some(moving) = on_its_way(number) {
        // What comes through the new account before the end is parked as well.
        if moving.account != number.account {
            writes.push(route(number, was, &moving.account)?);
        }
        if moving.tenant != number.tenant {
            let mut coming = keyed(&keys::number(&moving.tenant, &number.phone), COMING);
            coming.insert("id".into(), text(number.id.to_string()));
            coming.insert("tenant".into(), text(number.tenant.as_str()));
            coming.insert("acct".into(), text(number.account.as_str()));
            writes.push(same(Write::put(coming), was));
        }
    }
    Ok(writes)
}

/// Where it is going.
fn on_its_way(number: &PhoneNumber) -> Option<&Move> {
    number.holding.moving.as_deref().filter(|_| number.status == NumberStatus::Moving)
}

/// All items of a number, unless somebody else has it.
pub(super) fn holding(number: &PhoneNumber) -> Result<Vec<Write>, StoreError> {
    let mut writes = ways(number)?;
    writes.push(same(inventoried(number)?, number));
    Ok(writes)
}

/// The keys of the ways of a number, as [`ways`] writes them.
pub(super) fn ways_of(number: &PhoneNumber) -> Vec<Key> {
    let mut keys = vec![keys::number(&number.tenant, &number.phone)];
    if !number.is_routed() {
        return keys;
    }
    keys.push(keys::route(&number.account, &number.phone));
    if number.own_account {
        keys.push(name_key(number, number.provider, &number.account));
    }
    if let Some(via) = &number.voice_via {
        keys.push(keys::route(&via.account, &number.phone));
        keys.push(name_key(number, via.provider, &via.account));
    }
    if let Some(moving) = on_its_way(number) {
        if moving.account != number.account {
            keys.push(keys::route(&moving.account, &number.phone));
        }
        if moving.tenant != number.tenant {
            keys.push(keys::number(&moving.tenant, &number.phone));
        }
    }
    keys
}

/// What became of the writes of [`holding`], which stand at `first` of a transaction.
pub(super) enum Taken {
    /// Somebody has the number through this account.
    Routed,
    /// The tenant has it through another account.
    Elsewhere,
}

/// Which write of [`holding`] was refused.
pub(super) fn taken(refusals: &Refusals, first: usize, writes: usize) -> Option<Taken> {
    // The tenant's own stands first. When it is this account's, its route was refused with it.
    let refused = |offset: usize| refusals.at(first.saturating_add(offset)).is_some();
    if (1..writes).any(refused) { Some(Taken::Routed) } else { refused(0).then_some(Taken::Elsewhere) }
}

#[async_trait]
impl Numbers for Store {
    async fn by_account(&self, account: &AccountId, phone: &E164) -> Result<Option<PhoneNumber>, StoreError> {
        self.read(&keys::route(account, phone), false).await?.as_ref().map(read).transpose()
    }

    async fn by_tenant(&self, tenant: &TenantId, phone: &E164) -> Result<Option<PhoneNumber>, StoreError> {
        let item = self.read(&keys::number(tenant, phone), false).await?;
        item.as_ref().filter(is_here).map(read).transpose()
    }

    async fn of_tenant(&self, tenant: &TenantId) -> Result<Vec<PhoneNumber>, StoreError> {
        self.read_partition(&keys::numbers(tenant), "").await?.iter().filter(is_here).map(read).collect()
    }

    async fn put(&self, number: &PhoneNumber) -> Result<bool, StoreError> {
        let writes = holding(number)?;
        self.all_or_none(writes).await
    }
}
