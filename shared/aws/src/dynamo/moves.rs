//! Numbers that move, and the texts that wait for the end of it.

use async_trait::async_trait;
use telephony::domain::ids::{NumberId, TenantId};
use telephony::domain::number::PhoneNumber;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{
    BoundMove, IdempotencyBinding, MoveBegun, Moves, NumberChange, ParkedText, StoreError,
};

use super::Store;
use super::inventory::{changing, pointers};
use super::numbers::{inventoried, same, ways_after, ways_of};
use super::requests::Transacted;
use super::tries::Tries;
use super::write::Write;
use crate::item::{Fields, Item, corrupt, keyed, number as integer, text};
use crate::keys::{self, TTL};

/// The value of `ent` on a text that waits.
pub(super) const PARKED: &str = "park";

fn binding_write(
    caller: &TenantId,
    binding: &IdempotencyBinding,
    number: &PhoneNumber,
    now: Timestamp,
) -> Write {
    let mut item = keyed(&keys::idempotency(caller, &binding.key), "idem");
    item.insert("body".into(), text(binding.body.clone()));
    item.insert("tenant".into(), text(number.tenant.as_str()));
    item.insert("num".into(), text(number.id.to_string()));
    item.insert(TTL.into(), integer(binding.expires_at.seconds()));
    // The table removes expired items hours late, so the time is compared here.
    Write::put(item)
        .when("attribute_not_exists(#PK) OR #expires_at <= :now")
        .with("now", integer(now.seconds()))
}

fn read_bound(item: &Item) -> Result<BoundMove, StoreError> {
    let fields = Fields(item);
    let body = fields.text("body")?.to_owned();
    Ok(BoundMove { body, tenant: fields.parsed("tenant")?, number: fields.parsed("num")? })
}

/// Every item of `held` in the place of those of `before`.
fn handing_over(
    before: &PhoneNumber,
    left: Option<&PhoneNumber>,
    held: &PhoneNumber,
) -> Result<Vec<Write>, StoreError> {
    let next =
        |number: &PhoneNumber| PhoneNumber { version: before.version.saturating_add(1), ..number.clone() };
    let replaced = |number: &PhoneNumber| -> Result<Write, StoreError> {
        Ok(inventoried(number)?.when("#v = :before").with("before", integer(before.version)))
    };
    let (stays, held) = match left {
        Some(left) => (next(left), held.clone()),
        None => (next(held), next(held)),
    };
    if (stays.id, &stays.tenant, &stays.phone) != (before.id, &before.tenant, &before.phone) {
        return Err(corrupt("change of a number's identity"));
    }
    let mut writes = vec![replaced(&stays)?];
    if left.is_some() {
        writes.push(inventoried(&held)?.if_absent());
    }
    writes.extend(pointers(&[NumberChange { before: before.clone(), after: stays }])?);
    writes.extend(ways_after(&held, before)?);
    let kept = ways_of(&held);
    for key in ways_of(before).into_iter().filter(|key| !kept.contains(key)) {
        let named = key.pk.starts_with("AN#");
        let gone = Write::delete(key);
        writes.push(if named { gone } else { same(gone, before) });
    }
    Ok(writes)
}

#[async_trait]
impl Moves for Store {
    async fn bound_move(
        &self,
        caller: &TenantId,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<BoundMove>, StoreError> {
        let Some(item) = self.read(&keys::idempotency(caller, key), true).await? else { return Ok(None) };
        if Fields(&item).number(TTL)? <= now.seconds() {
            return Ok(None);
        }
        read_bound(&item).map(Some)
    }

    async fn begin_move(
        &self,
        change: &NumberChange,
        key: Option<(&TenantId, &IdempotencyBinding)>,
        now: Timestamp,
    ) -> Result<MoveBegun, StoreError> {
        let mut writes = Vec::new();
        if let Some((caller, binding)) = key {
            writes.push(binding_write(caller, binding, &change.before, now));
        }
        let first = writes.len();
        writes.extend(changing(std::slice::from_ref(change))?);
        let mut tries = Tries::default();
        loop {
            let refusals = match self.transact(writes.clone()).await? {
                Transacted::Done => return Ok(MoveBegun::New),
                Transacted::Refused(refusals) => refusals,
                Transacted::Conflict => {
                    tries.again().await?;
                    continue;
                }
            };
            if let (Some((caller, binding)), Some(_)) = (key, refusals.at(0).filter(|_| first > 0)) {
                if let Some(bound) = self.bound_move(caller, &binding.key, now).await? {
                    return Ok(MoveBegun::Replay(bound));
                }
                tries.again().await?;
                continue;
            }
            // The write that checks the version is the first of the change.
            let changed = refusals.at(first).is_some();
            return Ok(if changed { MoveBegun::Changed } else { MoveBegun::Held });
        }
    }

    async fn hand_over(
        &self,
        before: &PhoneNumber,
        left: Option<&PhoneNumber>,
        held: &PhoneNumber,
    ) -> Result<bool, StoreError> {
        let writes = handing_over(before, left, held)?;
        let mut tries = Tries::default();
        loop {
            match self.transact(writes.clone()).await? {
                Transacted::Done => return Ok(true),
                Transacted::Refused(_) => return Ok(false),
                Transacted::Conflict => tries.again().await?,
            }
        }
    }

    async fn parked(&self, tenant: &TenantId, number: NumberId) -> Result<Vec<ParkedText>, StoreError> {
        let items = self.read_partition(&keys::parking(tenant, number), "").await?;
        items.iter().map(|item| Fields(item).json("doc")).collect()
    }

    async fn unpark(&self, parked: &ParkedText) -> Result<(), StoreError> {
        let key = keys::parked(&parked.tenant, parked.number, parked.message);
        self.wrote(Write::delete(key)).await.map(|_| ())
    }
}
