//! Accounts, the names that webhooks find them by, and the client's keys that made them. Settings are
//! sealed before they come here and opened after they left.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use telephony::domain::account::{AccountRecord, AccountState, ConnectionTest, Owner};
use telephony::domain::ids::{AccountId, TenantId};
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{AccountWrite, BoundAccount, IdempotencyBinding, StoreError};
use telephony::provider::ProviderId;

use super::Store;
use super::account_item::{ENTITY, Holder, StoredAccount, sealed, set_of};
use super::listing::Listing;
use super::requests::{Refusals, Transacted, key_of};
use super::tries::Tries;
use super::write::Write;
use crate::envelope::Envelope;
use crate::item::{ENTITY as KIND, Fields, Item, corrupt, json, keyed, millis, number, text, word};
use crate::keys::{self, GSI1PK, GSI1SK, Key, TIMELINE, TTL};

/// All of a list. A number, because DynamoDB takes one.
const ALL: usize = 1_000_000;

/// Who owns a key: what `own` says of the account that a client's key made.
const OF_PLATFORM: &str = "#platform";

/// The names under which an account is to be found. The platform's need none: they are all known. One
/// without a name is found by the empty one.
fn index(account: &AccountRecord) -> BTreeSet<String> {
    match (account.home(), account.state) {
        (Owner::Platform, _) | (_, AccountState::Opening) => BTreeSet::new(),
        (Owner::Tenant(_), AccountState::Open) => {
            let names: BTreeSet<String> = account.names().into_iter().collect();
            if names.is_empty() { BTreeSet::from([String::new()]) } else { names }
        }
    }
}

/// A name, if it is free for this account.
fn claim(
    account: &AccountRecord,
    tenant: &TenantId,
    name: &str,
    proven: Option<Timestamp>,
    created: Timestamp,
) -> Write {
    let key = keys::account_name(account.provider, name, tenant, &account.id);
    let mut item = keyed(&key, "acn");
    item.insert("tenant".into(), text(tenant.as_str()));
    item.insert("acct".into(), text(account.id.as_str()));
    item.insert("ca".into(), millis(created));
    if let Some(at) = proven {
        item.insert("pa".into(), millis(at));
    }
    let write = Write::put(item);
    write.when("attribute_not_exists(#PK) OR #acct = :acct").with("acct", text(account.id.as_str()))
}

/// The condition that the account is still as it was read.
fn unchanged(write: Write, version: u64) -> Write {
    match version {
        0 => write.when("attribute_not_exists(#v)"),
        version => write.when("#v = :read").with("read", number(i64::try_from(version).unwrap_or(i64::MAX))),
    }
}

/// Everything that an administrator decides.
fn settled(write: Write, account: &AccountRecord, names: &BTreeSet<String>) -> Result<Write, StoreError> {
    let home = account.home();
    let lent = account.owner.tenant().filter(|_| home == Owner::Platform);
    let listed = home.tenant().map(|tenant| keys::account_of_tenant(tenant, &account.id));
    Ok(write
        .assign(GSI1PK, listed.as_ref().map(|_| text(keys::accounts_of_tenants(account.provider))))
        .assign(GSI1SK, listed.map(text))
        .assign("ten", lent.map(|tenant| text(tenant.as_str())))
        .set(KIND, text(ENTITY))
        .set("prov", text(account.provider.as_str()))
        .assign("name", account.display_name.clone().map(text))
        .set("prio", number(i64::from(account.priority)))
        .assign("off", (!account.active).then_some(AttributeValue::Bool(true)))
        .assign("par", account.parent.as_ref().map(|parent| text(parent.as_str())))
        .set("st", word(&account.state)?)
        .assign("nms", set_of(names)))
}

fn enclosed(write: Write, envelope: Option<&Envelope>) -> Write {
    match envelope {
        Some(envelope) => {
            sealed(envelope).into_iter().fold(write, |write, (name, value)| write.set(name, value))
        }
        None => write.remove("ek").remove("cfg"),
    }
}

fn binding_write(
    tenant: &TenantId,
    binding: &IdempotencyBinding,
    account: &AccountRecord,
    now: Timestamp,
) -> Write {
    let mut item = keyed(&keys::idempotency(tenant, &binding.key), "idem");
    item.insert("body".into(), text(binding.body.clone()));
    item.insert("acct".into(), text(account.id.as_str()));
    let owner = account.owner.tenant().map_or(OF_PLATFORM, TenantId::as_str);
    item.insert("own".into(), text(owner));
    item.insert(TTL.into(), number(binding.expires_at.seconds()));
    Write::put(item)
        .when("attribute_not_exists(#PK) OR #expires_at <= :now")
        .with("now", number(now.seconds()))
}

fn read_bound(item: &Item) -> Result<BoundAccount, StoreError> {
    let fields = Fields(item);
    let owner = match fields.text("own")? {
        OF_PLATFORM => Owner::Platform,
        _ => Owner::Tenant(fields.parsed("own")?),
    };
    Ok(BoundAccount { body: fields.text("body")?.to_owned(), owner, account: fields.parsed("acct")? })
}

/// The first name of a transaction that somebody else of this tenant has. Names begin at `from`.
fn taken(refusals: &Refusals, from: usize, names: usize) -> Option<AccountId> {
    (from..from + names).filter_map(|at| refusals.at(at)).find_map(|item| Fields(item).parsed("acct").ok())
}

impl Store {
    /// What is stored of an owner's accounts. 1 query.
    pub(crate) async fn stored_accounts(&self, owner: &Owner) -> Result<Vec<StoredAccount>, StoreError> {
        self.read_partition(&keys::accounts(owner), "").await?.into_iter().map(StoredAccount::read).collect()
    }

    /// What is stored under these keys. 1 batch read.
    pub(crate) async fn accounts_by_key(
        &self,
        wanted: Vec<Key>,
    ) -> Result<HashMap<Key, StoredAccount>, StoreError> {
        let items = self.read_many(wanted).await?;
        items.into_iter().map(|item| Ok((key_of(&item)?, StoredAccount::read(item)?))).collect()
    }

    /// What is stored of one account. 1 consistent read.
    pub(crate) async fn stored_account(
        &self,
        owner: &Owner,
        id: &AccountId,
    ) -> Result<Option<StoredAccount>, StoreError> {
        self.read(&keys::account(owner, id), true).await?.map(StoredAccount::read).transpose()
    }

    /// The accounts of a provider that tenants brought along. 1 query of the index.
    pub(crate) async fn accounts_of_tenants(
        &self,
        provider: ProviderId,
    ) -> Result<Vec<(TenantId, AccountId)>, StoreError> {
        let listing = Listing::in_order(keys::accounts_of_tenants(provider)).on(TIMELINE);
        let items = self.slice(&listing, None, ALL).await?;
        let read =
            |item| keys::read_account_of_tenant(Fields(item).text(GSI1SK)?).ok_or_else(|| corrupt(GSI1SK));
        items.iter().map(read).collect()
    }

    /// Who claims a name, in their order. 1 query.
    pub(crate) async fn holders(&self, provider: ProviderId, name: &str) -> Result<Vec<Holder>, StoreError> {
        let items = self.read_partition(&keys::account_names(provider, name), "").await?;
        let mut holders = items.iter().map(Holder::read).collect::<Result<Vec<_>, _>>()?;
        holders.sort_by(|a, b| a.rank().cmp(&b.rank()));
        Ok(holders)
    }

    /// What a client's key made.
    pub(crate) async fn read_bound_account(
        &self,
        tenant: &TenantId,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<BoundAccount>, StoreError> {
        let Some(item) = self.read(&keys::idempotency(tenant, key), true).await? else { return Ok(None) };
        if Fields(&item).number(TTL)? <= now.seconds() {
            return Ok(None);
        }
        read_bound(&item).map(Some)
    }

    /// A new account.
    pub(crate) async fn add_account(
        &self,
        caller: &TenantId,
        account: &AccountRecord,
        envelope: Option<&Envelope>,
        binding: Option<&IdempotencyBinding>,
        now: Timestamp,
    ) -> Result<AccountWrite, StoreError> {
        let home = account.home();
        let names = index(account);
        let write = Write::update(keys::account(&home, &account.id)).if_absent();
        let write = settled(write, account, &names)?;
        let write = enclosed(write, envelope)
            .set("ca", millis(now))
            .set("ua", millis(now))
            .assign("pa", account.proven_at.map(millis))
            .set("v", number(1_i64));
        let mut writes = vec![write];
        if let Some(tenant) = home.tenant() {
            writes.extend(names.iter().map(|name| claim(account, tenant, name, account.proven_at, now)));
        }
        let key_at = binding.map(|binding| {
            writes.push(binding_write(caller, binding, account, now));
            writes.len() - 1
        });
        let mut tries = Tries::default();
        loop {
            match self.transact(writes.clone()).await? {
                Transacted::Done => return Ok(AccountWrite::Done),
                Transacted::Conflict => tries.again().await?,
                Transacted::Refused(refusals) => {
                    if let Some(stored) = key_at.and_then(|at| refusals.at(at)) {
                        let bound = read_bound(stored)?;
                        // An earlier try of this very call was written after all.
                        let mine = !tries.is_first() && bound.account == account.id;
                        return Ok(if mine { AccountWrite::Done } else { AccountWrite::Replay(bound) });
                    }
                    return Ok(match taken(&refusals, 1, names.len()) {
                        Some(other) => AccountWrite::NameTaken(other),
                        None => AccountWrite::Changed,
                    });
                }
            }
        }
    }

    /// A changed account, with its names moved.
    pub(crate) async fn replace_account(
        &self,
        before: &AccountRecord,
        after: &AccountRecord,
        envelope: Option<&Envelope>,
        now: Timestamp,
    ) -> Result<AccountWrite, StoreError> {
        let home = before.home();
        let names = index(after);
        // What was proven was proven of these names; of an account without names, of these keys.
        let proof_holds =
            before.names() == after.names() && (!before.names().is_empty() || before.own == after.own);
        let write = unchanged(Write::update(keys::account(&home, &before.id)), before.version);
        let write = enclosed(settled(write, after, &names)?, envelope)
            .set_once("ca", millis(now))
            .set("ua", millis(now))
            .set("v", number(i64::try_from(before.version + 1).unwrap_or(i64::MAX)));
        let write = if proof_holds { write } else { write.remove("pa") };
        let mut writes = vec![write];
        if let Some(tenant) = home.tenant() {
            let proven = before.proven_at.filter(|_| proof_holds);
            let created = before.created_at.unwrap_or(now);
            writes.extend(names.iter().map(|name| claim(after, tenant, name, proven, created)));
            writes.extend(before.indexed.difference(&names).map(|name| release(before, tenant, name)));
        }
        let mut tries = Tries::default();
        loop {
            match self.transact(writes.clone()).await? {
                Transacted::Done => return Ok(AccountWrite::Done),
                Transacted::Conflict => tries.again().await?,
                Transacted::Refused(refusals) if refusals.at(0).is_some() => {
                    return Ok(AccountWrite::Changed);
                }
                Transacted::Refused(refusals) => {
                    return Ok(match taken(&refusals, 1, names.len()) {
                        Some(other) => AccountWrite::NameTaken(other),
                        None => AccountWrite::Changed,
                    });
                }
            }
        }
    }

    /// No account any more, and no names.
    pub(crate) async fn remove_account(&self, account: &AccountRecord) -> Result<bool, StoreError> {
        let home = account.home();
        let write = Write::delete(keys::account(&home, &account.id)).if_present();
        let mut writes = vec![unchanged(write, account.version)];
        if let Some(tenant) = home.tenant() {
            writes.extend(account.indexed.iter().map(|name| release(account, tenant, name)));
        }
        self.all_or_none(writes).await
    }

    /// What a test came to, and, where it proves something, the same at the names.
    pub(crate) async fn note_account_test(
        &self,
        account: &AccountRecord,
        test: &ConnectionTest,
        proven: bool,
    ) -> Result<bool, StoreError> {
        let home = account.home();
        let write = Write::update(keys::account(&home, &account.id));
        // Of the deployment's accounts there may be nothing yet; any other must be there.
        let write = if account.deployed.is_some() { write } else { write.if_present() };
        let mut write = unchanged(write, account.version).set(KIND, text(ENTITY)).set("lt", json(test)?);
        if proven {
            write = write.set_once("pa", millis(test.at));
        }
        let mut writes = vec![write];
        if let (true, Some(tenant)) = (proven && account.proven_at.is_none(), home.tenant()) {
            writes.extend(account.indexed.iter().map(|name| {
                Write::update(keys::account_name(account.provider, name, tenant, &account.id))
                    .set_once("pa", millis(test.at))
                    .when("#acct = :acct")
                    .with("acct", text(account.id.as_str()))
            }));
        }
        self.all_or_none(writes).await
    }

    /// The first use of a next key: noted once for each key.
    pub(crate) async fn note_next_key(
        &self,
        home: &Owner,
        id: &AccountId,
        key: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let write = Write::update(keys::account(home, id))
            .set(KIND, text(ENTITY))
            .set("nk", millis(at))
            .set("nkf", text(key))
            .when("attribute_not_exists(#nkf) OR #nkf <> :nkf");
        // A tenant's account that is gone must not come back as a note; the deployment's need no item.
        self.wrote(if home.tenant().is_some() { write.if_present() } else { write }).await
    }
}

fn release(account: &AccountRecord, tenant: &TenantId, name: &str) -> Write {
    Write::delete(keys::account_name(account.provider, name, tenant, &account.id))
        .when("attribute_not_exists(#PK) OR #acct = :acct")
        .with("acct", text(account.id.as_str()))
}
