//! Numbers: an item for the tenant and an item for the provider's first contact, always both.

use async_trait::async_trait;
use telephony::domain::ids::{AccountId, TenantId};
use telephony::domain::number::PhoneNumber;
use telephony::domain::phone::E164;
use telephony::ports::{Numbers, StoreError};
use telephony::provider::ProviderId;

use super::Store;
use super::requests::Transacted;
use super::tries::Tries;
use super::write::Write;
use crate::item::{Fields, Item, json, keyed, millis, text};
use crate::keys::{self, GSI1PK, GSI1SK, Key};

const ENTITY: &str = "num";

fn item(key: &Key, number: &PhoneNumber) -> Result<Item, StoreError> {
    let mut item = keyed(key, ENTITY);
    item.insert("doc".into(), json(number)?);
    item.insert("id".into(), text(number.id.to_string()));
    item.insert("tenant".into(), text(number.tenant.as_str()));
    item.insert("acct".into(), text(number.account.as_str()));
    Ok(item)
}

/// The number as a name under which the account is found.
fn account_name(number: &PhoneNumber, provider: ProviderId, account: &AccountId) -> Write {
    let key = keys::account_name(provider, number.phone.expose(), &number.tenant, account);
    let mut item = keyed(&key, "acn");
    item.insert("tenant".into(), text(number.tenant.as_str()));
    item.insert("acct".into(), text(account.as_str()));
    item.insert("ca".into(), millis(number.created_at));
    Write::put(item)
        .when("attribute_not_exists(#PK) OR #acct = :same_name")
        .with("same_name", text(account.as_str()))
}

fn read(item: &Item) -> Result<PhoneNumber, StoreError> {
    Fields(item).json("doc")
}

/// Both items of a number, unless somebody else has it. The route is also in the index, under its account.
pub(super) fn holding(number: &PhoneNumber) -> Result<Vec<Write>, StoreError> {
    let own = item(&keys::number(&number.tenant, &number.phone), number)?;
    let mut route = item(&keys::route(&number.account, &number.phone), number)?;
    route.insert(GSI1PK.into(), text(keys::numbers_of(&number.account)));
    route.insert(GSI1SK.into(), text(number.phone.expose()));
    let same = |write: Write| {
        write
            .when("attribute_not_exists(#PK) OR (#id = :same_id AND #tenant = :same_tenant AND #acct = :same_acct)")
            .with("same_id", text(number.id.to_string()))
            .with("same_tenant", text(number.tenant.as_str()))
            .with("same_acct", text(number.account.as_str()))
    };
    let mut writes = vec![same(Write::put(own)), same(Write::put(route))];
    // A webhook of a tenant's own account may name nothing but our number.
    if number.own_account {
        writes.push(account_name(number, number.provider, &number.account));
    }
    if let Some(via) = &number.voice_via {
        let route = item(&keys::route(&via.account, &number.phone), number)?;
        writes.push(same(Write::put(route)));
        writes.push(account_name(number, via.provider, &via.account));
    }
    Ok(writes)
}

#[async_trait]
impl Numbers for Store {
    async fn by_account(&self, account: &AccountId, phone: &E164) -> Result<Option<PhoneNumber>, StoreError> {
        self.read(&keys::route(account, phone), false).await?.as_ref().map(read).transpose()
    }

    async fn by_tenant(&self, tenant: &TenantId, phone: &E164) -> Result<Option<PhoneNumber>, StoreError> {
        self.read(&keys::number(tenant, phone), false).await?.as_ref().map(read).transpose()
    }

    async fn of_tenant(&self, tenant: &TenantId) -> Result<Vec<PhoneNumber>, StoreError> {
        self.read_partition(&keys::numbers(tenant), "").await?.iter().map(read).collect()
    }

    async fn put(&self, number: &PhoneNumber) -> Result<bool, StoreError> {
        let writes = holding(number)?;
        let mut tries = Tries::default();
        loop {
            match self.transact(writes.clone()).await? {
                Transacted::Done => return Ok(true),
                Transacted::Refused(_) => return Ok(false),
                Transacted::Conflict => tries.again().await?,
            }
        }
    }
}
