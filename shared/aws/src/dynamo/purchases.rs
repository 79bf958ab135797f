//! Purchases of numbers: each transition is one transaction, or one conditional write.

use async_trait::async_trait;
use telephony::domain::ids::{PurchaseId, TenantId};
use telephony::domain::money::Micros;
use telephony::domain::number::PhoneNumber;
use telephony::domain::phone::E164;
use telephony::domain::purchase::Purchase;
use telephony::domain::timestamp::Timestamp;
use telephony::domain::usage::{Usage, UsageLine};
use telephony::domain::wallet::{HoldState, LedgerEntry, Subject, Wallet};
use telephony::ports::{
    Begun, BoundPurchase, Completed, IdempotencyBinding, Purchases, StockNumber, StoreError, Task,
};

use super::Store;
use super::money::{self, Hold};
use super::numbers::{Taken, holding, taken};
use super::requests::{Refusals, Transacted, Written};
use super::spending::Unpaid;
use super::stock;
use super::tries::Tries;
use super::usage;
use super::write::Write;
use crate::item::{Fields, Item, corrupt, json, keyed, number as integer, text};
use crate::keys::{self, GSI2PK, GSI2SK, TTL};

const ENTITY: &str = "buy";

fn read(item: &Item) -> Result<Purchase, StoreError> {
    Fields(item).json("doc")
}

fn item(purchase: &Purchase, due: Option<Timestamp>) -> Result<Item, StoreError> {
    let mut item = keyed(&keys::purchase(&purchase.tenant, purchase.id), ENTITY);
    item.insert("doc".into(), json(purchase)?);
    item.insert("v".into(), integer(purchase.version));
    if let Some(due) = due {
        let (pk, sk) = keys::task(&Task::Purchase(purchase.tenant.clone(), purchase.id), due);
        item.insert(GSI2PK.into(), text(pk));
        item.insert(GSI2SK.into(), text(sk));
    }
    Ok(item)
}

/// `after` in the place of `before`, if it is still as it was read.
fn replacing(before: &Purchase, after: &Purchase, due: Option<Timestamp>) -> Result<Write, StoreError> {
    let write = Write::put(item(after, due)?);
    Ok(write.when("#v = :before").with("before", integer(before.version)))
}

fn next(before: &Purchase, after: &Purchase) -> Purchase {
    Purchase { version: before.version.saturating_add(1), ..after.clone() }
}

/// The purchase of this id claims the number, until it has ended.
fn claim(purchase: &Purchase) -> Write {
    let mut item = keyed(&keys::buying(&purchase.phone), "claim");
    item.insert("tenant".into(), text(purchase.tenant.as_str()));
    item.insert("id".into(), text(purchase.id.to_string()));
    Write::put(item).if_absent()
}

/// A mark at a provider leads to the purchase, for as long as there are numbers.
fn owner(purchase: &Purchase) -> Write {
    let mut item = keyed(&keys::purchase_owner(purchase.id), "buyer");
    item.insert("tenant".into(), text(purchase.tenant.as_str()));
    Write::put(item).if_absent()
}

fn unclaim(purchase: &Purchase) -> Write {
    Write::delete(keys::buying(&purchase.phone))
        .when("attribute_not_exists(#PK) OR #id = :ours")
        .with("ours", text(purchase.id.to_string()))
}

fn claimed(item: &Item) -> Result<(TenantId, PurchaseId), StoreError> {
    let fields = Fields(item);
    Ok((fields.parsed("tenant")?, fields.parsed("id")?))
}

fn read_bound(item: &Item) -> Result<BoundPurchase, StoreError> {
    let fields = Fields(item);
    Ok(BoundPurchase { body: fields.text("body")?.to_owned(), purchase: fields.parsed("buy")? })
}

fn binding_write(purchase: &Purchase, binding: &IdempotencyBinding) -> Write {
    let mut item = keyed(&keys::idempotency(&purchase.tenant, &binding.key), "idem");
    item.insert("body".into(), text(binding.body.clone()));
    item.insert("buy".into(), text(purchase.id.to_string()));
    item.insert(TTL.into(), integer(binding.expires_at.seconds()));
    // The table removes expired items hours late, so the time is compared here.
    Write::put(item)
        .when("attribute_not_exists(#PK) OR #expires_at <= :now")
        .with("now", integer(purchase.created_at.seconds()))
}

/// What is held for a purchase; nothing for what is free.
fn charge(purchase: &Purchase) -> Option<Micros> {
    purchase.charge.filter(|charge| *charge > Micros::ZERO)
}

const PURCHASE: usize = 0;
const CLAIM: usize = 1;
const OWN: usize = 2;
const ROUTE: usize = 3;

/// The writes of a beginning, at the places above; then whose it is, the key, and the money.
struct Beginning {
    writes: Vec<Write>,
    key: Option<usize>,
    wallet: Option<usize>,
}

fn beginning(
    purchase: &Purchase,
    key: Option<&IdempotencyBinding>,
    due: Timestamp,
    wallet: Wallet,
) -> Result<Beginning, StoreError> {
    let Purchase { tenant, phone, account, .. } = purchase;
    let mut writes = vec![
        Write::put(item(purchase, Some(due))?).if_absent(),
        claim(purchase),
        Write::check(keys::number(tenant, phone)).when("attribute_not_exists(#PK)"),
        Write::check(keys::route(account, phone)).when("attribute_not_exists(#PK)"),
        owner(purchase),
    ];
    let key = key.map(|binding| {
        writes.push(binding_write(purchase, binding));
        writes.len() - 1
    });
    let mut place = None;
    if let Some(charge) = charge(purchase) {
        place = Some(writes.len());
        let subject = Subject::Purchase(purchase.id);
        writes.extend(money::reserve(tenant, subject, charge, wallet, purchase.created_at)?);
    }
    Ok(Beginning { writes, key, wallet: place })
}

impl Store {
    /// What the refusals mean; `None`: the wallet moved in between, and it may be tried again.
    async fn not_begun(
        &self,
        purchase: &Purchase,
        (key, key_place): (Option<&IdempotencyBinding>, Option<usize>),
        wallet_place: Option<usize>,
        refusals: &Refusals,
        first: bool,
    ) -> Result<Option<Begun>, StoreError> {
        if let (Some(binding), Some(stored)) = (key, key_place.and_then(|at| refusals.at(at))) {
            let bound = match stored.is_empty() {
                true => self.bound_purchase(&purchase.tenant, &binding.key, purchase.created_at).await?,
                false => Some(read_bound(stored)?),
            };
            return Ok(bound.map(|bound| {
                // An earlier try of this very call was written after all.
                let ours = !first && bound.purchase == purchase.id;
                if ours { Begun::New } else { Begun::Replay(bound) }
            }));
        }
        if refusals.at(PURCHASE).is_some() {
            return Ok(Some(if first { Begun::Exists } else { Begun::New }));
        }
        if let Some(stored) = refusals.at(CLAIM) {
            let claim = match stored.is_empty() {
                true => self.open_purchase(&purchase.phone).await?,
                false => Some(claimed(stored)?),
            };
            return Ok(claim.map(|(tenant, id)| Begun::Busy((tenant == purchase.tenant).then_some(id))));
        }
        if refusals.at(OWN).is_some() || refusals.at(ROUTE).is_some() {
            return Ok(Some(Begun::Held));
        }
        let wallet = wallet_place.and_then(|at| refusals.at(at));
        if let (Some(stored), Some(charge)) = (wallet, charge(purchase)) {
            let unpaid = self.unpaid(&purchase.tenant, stored, charge, purchase.created_at).await?;
            return Ok(unpaid.map(|why| match why {
                Unpaid::InsufficientBalance => Begun::InsufficientBalance,
                Unpaid::SpendCapReached(reached) => Begun::SpendCapReached(reached),
            }));
        }
        Ok(None)
    }

    /// The writes that end the money of a purchase, and where they stand: at the end.
    async fn settling(
        &self,
        purchase: &Purchase,
        to: HoldState,
        at: Timestamp,
    ) -> Result<Vec<Write>, StoreError> {
        if charge(purchase).is_none() {
            return Ok(Vec::new());
        }
        let subject = Subject::Purchase(purchase.id);
        let hold = self.read(&keys::hold(&purchase.tenant, subject), true).await?;
        let hold = Hold::read(&hold.ok_or_else(|| corrupt("hold"))?)?;
        // A hold that has ended already ended with this purchase, which the condition on it will tell.
        let Some(moved) = hold.moves(to) else { return Ok(Vec::new()) };
        let wallet = self.read_wallet(&purchase.tenant).await?.ok_or_else(|| corrupt("wallet"))?;
        let (_, posting) = &moved;
        let month = (to == HoldState::Captured).then(|| first_month(purchase, posting.balance.negated()));
        let mut writes = Vec::from(money::settle(&purchase.tenant, subject, hold, moved, wallet, at)?);
        writes.extend(month.and_then(|(line, used)| usage::write(&line, &used)));
        Ok(writes)
    }
}

/// The first month of the number, in the books of the day on which it was asked for.
fn first_month(purchase: &Purchase, charge: Micros) -> (UsageLine, Usage) {
    let line = UsageLine {
        tenant: purchase.tenant.clone(),
        day: purchase.created_at.day(),
        provider: purchase.provider,
        number: purchase.phone.expose().to_owned(),
        user: purchase.user.clone(),
    };
    (line, Usage { months: 1, charge, ..Usage::default() })
}

#[async_trait]
impl Purchases for Store {
    async fn bound_purchase(
        &self,
        tenant: &TenantId,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<BoundPurchase>, StoreError> {
        let Some(item) = self.read(&keys::idempotency(tenant, key), true).await? else { return Ok(None) };
        if Fields(&item).number(TTL)? <= now.seconds() {
            return Ok(None);
        }
        read_bound(&item).map(Some)
    }

    async fn begin(
        &self,
        purchase: &Purchase,
        key: Option<&IdempotencyBinding>,
        due: Timestamp,
    ) -> Result<Begun, StoreError> {
        let mut tries = Tries::default();
        loop {
            let wallet = match charge(purchase) {
                Some(_) => self.read_wallet(&purchase.tenant).await?.unwrap_or_default(),
                None => Wallet::default(),
            };
            let Beginning { writes, key: key_place, wallet: wallet_place } =
                beginning(purchase, key, due, wallet)?;
            match self.transact(writes).await? {
                Transacted::Done => return Ok(Begun::New),
                Transacted::Refused(refusals) => {
                    let first = tries.is_first();
                    let begun =
                        self.not_begun(purchase, (key, key_place), wallet_place, &refusals, first).await?;
                    if let Some(begun) = begun {
                        return Ok(begun);
                    }
                }
                Transacted::Conflict => {}
            }
            tries.again().await?;
        }
    }

    async fn purchase(&self, tenant: &TenantId, id: PurchaseId) -> Result<Option<Purchase>, StoreError> {
        self.read(&keys::purchase(tenant, id), true).await?.as_ref().map(read).transpose()
    }

    async fn marked_purchase(&self, id: PurchaseId) -> Result<Option<Purchase>, StoreError> {
        let Some(owner) = self.read(&keys::purchase_owner(id), true).await? else { return Ok(None) };
        self.purchase(&Fields(&owner).parsed("tenant")?, id).await
    }

    async fn open_purchase(&self, phone: &E164) -> Result<Option<(TenantId, PurchaseId)>, StoreError> {
        self.read(&keys::buying(phone), true).await?.as_ref().map(claimed).transpose()
    }

    async fn advance(
        &self,
        before: &Purchase,
        after: &Purchase,
        due: Timestamp,
    ) -> Result<Option<Purchase>, StoreError> {
        let after = next(before, after);
        let written = self.write(replacing(before, &after, Some(due))?, false).await?;
        Ok(matches!(written, Written::Done(_)).then_some(after))
    }

    async fn complete(
        &self,
        before: &Purchase,
        after: &Purchase,
        number: &PhoneNumber,
    ) -> Result<Completed, StoreError> {
        let after = next(before, after);
        let mut tries = Tries::default();
        loop {
            let mut writes = vec![
                replacing(before, &after, None)?,
                unclaim(before),
                Write::delete(keys::stocked(&number.account, &number.phone)),
            ];
            let (first, holding) = (writes.len(), holding(number)?);
            let ways = holding.len();
            writes.extend(holding);
            writes.extend(self.settling(before, HoldState::Captured, after.updated_at).await?);
            match self.transact(writes).await? {
                Transacted::Done => return Ok(Completed::Done),
                Transacted::Refused(refusals) => {
                    if refusals.at(PURCHASE).is_some() {
                        return Ok(Completed::Changed);
                    }
                    match taken(&refusals, first, ways) {
                        Some(Taken::Routed) => return Ok(Completed::Held),
                        Some(Taken::Elsewhere) => return Ok(Completed::Elsewhere),
                        // The wallet moved in between.
                        None => {}
                    }
                }
                Transacted::Conflict => {}
            }
            tries.again().await?;
        }
    }

    async fn fail(
        &self,
        before: &Purchase,
        after: &Purchase,
        kept: Option<&StockNumber>,
    ) -> Result<bool, StoreError> {
        let after = next(before, after);
        let mut tries = Tries::default();
        let mut kept = kept;
        loop {
            let mut writes = vec![replacing(before, &after, None)?, unclaim(before)];
            let route = writes.len();
            if let Some(kept) = kept {
                writes.push(
                    Write::check(keys::route(&kept.account, &kept.phone)).when("attribute_not_exists(#PK)"),
                );
                writes.push(Write::put(stock::item(kept)?));
            }
            writes.extend(self.settling(before, HoldState::Released, after.updated_at).await?);
            match self.transact(writes).await? {
                Transacted::Done => return Ok(true),
                Transacted::Refused(refusals) if refusals.at(PURCHASE).is_some() => return Ok(false),
                Transacted::Refused(refusals) => {
                    // A tenant has it after all: then it is in the inventory and not in the stock.
                    if kept.is_some() && refusals.at(route).is_some() {
                        kept = None;
                    }
                }
                Transacted::Conflict => {}
            }
            tries.again().await?;
        }
    }

    async fn hasten(&self, purchase: &Purchase, due: Timestamp) -> Result<bool, StoreError> {
        let (_, sk) = keys::task(&Task::Purchase(purchase.tenant.clone(), purchase.id), due);
        let write = Write::update(keys::purchase(&purchase.tenant, purchase.id))
            .set(GSI2SK, text(sk))
            .when("#v = :before AND attribute_exists(#GSI2PK)")
            .with("before", integer(purchase.version));
        Ok(matches!(self.write(write, false).await?, Written::Done(_)))
    }

    async fn receipt(&self, purchase: &Purchase) -> Result<Option<LedgerEntry>, StoreError> {
        if charge(purchase).is_none() {
            return Ok(None);
        }
        let subject = Subject::Purchase(purchase.id);
        let key = money::capture_key(&purchase.tenant, subject, purchase.updated_at);
        self.read(&key, true).await?.as_ref().map(|item| Fields(item).json("doc")).transpose()
    }
}
