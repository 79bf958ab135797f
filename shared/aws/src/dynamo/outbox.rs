//! Accepting sends.

use async_trait::async_trait;
use telephony::domain::address::Address;
use telephony::domain::ids::{MessageId, TenantId};
use telephony::domain::money::Micros;
use telephony::domain::status::MessageStatus;
use telephony::domain::timestamp::Timestamp;
use telephony::domain::wallet::{Subject, Wallet};
use telephony::ports::{Accepted, Bound, IdempotencyBinding, Intent, Outbox, StoreError};

use super::Store;
use super::decisions;
use super::message_item;
use super::money;
use super::requests::{Refusals, Transacted};
use super::spending::Unpaid;
use super::tries::Tries;
use super::write::Write;
use crate::item::{Fields, Item, keyed, number, text};
use crate::keys::{self, TTL};

/// Where in the transaction each write stands; conditions are looked at in this order, because a key
/// that is bound outweighs everything that may have changed since.
#[derive(Default)]
struct Places {
    key: Option<usize>,
    message: usize,
    consent: Option<usize>,
    wallet: Option<usize>,
}

fn read_bound(item: &Item) -> Result<Bound, StoreError> {
    let fields = Fields(item);
    Ok(Bound { body: fields.text("body")?.to_owned(), message: fields.parsed("msg")? })
}

fn binding_write(intent: &Intent, binding: &IdempotencyBinding) -> Write {
    let mut item = keyed(&keys::idempotency(&intent.message.tenant, &binding.key), "idem");
    item.insert("body".into(), text(binding.body.clone()));
    item.insert("msg".into(), text(intent.message.id.to_string()));
    item.insert(TTL.into(), number(binding.expires_at.seconds()));
    // The table removes expired items hours late, so the time is compared here.
    Write::put(item)
        .when("attribute_not_exists(#PK) OR #expires_at <= :now")
        .with("now", number(intent.message.created_at.seconds()))
}

/// The contact has not opted out: the one condition that every send is under.
pub(super) fn not_opted_out(tenant: &TenantId, contact: &Address) -> Write {
    Write::check(keys::consent(tenant, contact))
        .when("attribute_not_exists(#text_at) AND attribute_not_exists(#dnc_at)")
}

/// What is held for a message; nothing for what is free.
fn charge(intent: &Intent) -> Option<Micros> {
    intent.message.price.filter(|price| *price > Micros::ZERO)
}

fn writes(intent: &Intent, wallet: Wallet) -> Result<(Vec<Write>, Places), StoreError> {
    let message = &intent.message;
    let mut places = Places::default();
    let mut writes = Vec::with_capacity(7);
    if let Some(binding) = &intent.idempotency {
        places.key = Some(writes.len());
        writes.push(binding_write(intent, binding));
    }
    places.message = writes.len();
    writes.push(Write::put(message_item::item(message, intent.status, Some(intent.due))?).if_absent());
    if let Some(decision) = &intent.decision {
        writes.push(decisions::write(&message.tenant, message.id, decision)?);
    }
    if !message.origin.exempt_from_opt_out() {
        places.consent = Some(writes.len());
        writes.push(not_opted_out(&message.tenant, &message.to));
    }
    if let Some(price) = charge(intent) {
        places.wallet = Some(writes.len());
        let subject = Subject::Message(message.id);
        writes.extend(money::reserve(&message.tenant, subject, price, wallet, message.created_at)?);
    }
    Ok((writes, places))
}

impl Store {
    /// What the refusals mean; `None`: the wallet moved in between, and it may be tried again.
    async fn refused(
        &self,
        intent: &Intent,
        places: &Places,
        refusals: &Refusals,
        first: bool,
    ) -> Result<Option<Accepted>, StoreError> {
        let message = &intent.message;
        if let (Some(binding), Some(stored)) =
            (&intent.idempotency, places.key.and_then(|at| refusals.at(at)))
        {
            let bound = match stored.is_empty() {
                true => self.bound(&message.tenant, &binding.key, message.created_at).await?,
                false => Some(read_bound(stored)?),
            };
            return Ok(bound.map(|bound| {
                // An earlier try of this very call was written after all.
                if !first && bound.message == message.id { Accepted::New } else { Accepted::Replay(bound) }
            }));
        }
        if refusals.at(places.message).is_some() {
            return Ok(Some(Accepted::Exists));
        }
        if places.consent.is_some_and(|at| refusals.at(at).is_some()) {
            return Ok(Some(Accepted::OptedOut));
        }
        let wallet = places.wallet.and_then(|at| refusals.at(at));
        if let (Some(stored), Some(price)) = (wallet, charge(intent)) {
            let unpaid = self.unpaid(&message.tenant, stored, price, message.created_at).await?;
            return Ok(unpaid.map(|why| match why {
                Unpaid::InsufficientBalance => Accepted::InsufficientBalance,
                Unpaid::SpendCapReached(reached) => Accepted::SpendCapReached(reached),
            }));
        }
        Ok(None)
    }
}

#[async_trait]
impl Outbox for Store {
    async fn bound(&self, tenant: &TenantId, key: &str, now: Timestamp) -> Result<Option<Bound>, StoreError> {
        let Some(item) = self.read(&keys::idempotency(tenant, key), true).await? else { return Ok(None) };
        if Fields(&item).number(TTL)? <= now.seconds() {
            return Ok(None);
        }
        read_bound(&item).map(Some)
    }

    async fn accept(&self, intent: &Intent) -> Result<Accepted, StoreError> {
        let mut tries = Tries::default();
        loop {
            let wallet = match charge(intent) {
                Some(_) => self.read_wallet(&intent.message.tenant).await?.unwrap_or_default(),
                None => Wallet::default(),
            };
            let (writes, places) = writes(intent, wallet)?;
            match self.transact(writes).await? {
                Transacted::Done => return Ok(Accepted::New),
                Transacted::Refused(refusals) => {
                    if let Some(accepted) = self.refused(intent, &places, &refusals, tries.is_first()).await?
                    {
                        return Ok(accepted);
                    }
                }
                Transacted::Conflict => {}
            }
            tries.again().await?;
        }
    }

    async fn cancel(&self, tenant: &TenantId, id: MessageId, now: Timestamp) -> Result<bool, StoreError> {
        let mut tries = Tries::default();
        loop {
            let Some(whole) = self.read_whole(tenant, id).await? else { return Ok(false) };
            let progress = &whole.view.progress;
            if progress.attempt > 0 || progress.status >= MessageStatus::Sent {
                // Withdrawing it a second time is no failure.
                return Ok(progress.attempt == 0 && progress.status == MessageStatus::Canceled);
            }
            if self.move_message(&whole, MessageStatus::Canceled, None, now).await? {
                return Ok(true);
            }
            tries.again().await?;
        }
    }
}
