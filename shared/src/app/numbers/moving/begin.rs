//! `POST /api/numbers/{id}/move`: what is asked for is checked and written down; no provider is asked.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::super::accounts::account;
use super::super::inventory::opaque;
use crate::api::numbers::moving::MoveRequest;
use crate::app::problem::{Code, Problem};
use crate::app::provider_accounts::desk::Desk;
use crate::app::provider_accounts::reach::is_own;
use crate::app::provider_problem;
use crate::domain::account::{AccountRecord, Owner};
use crate::domain::ids::{AccountId, BusinessId, NumberId, TenantId, UserId};
use crate::domain::moving::Move;
use crate::domain::number::{Holding, NumberStatus, PhoneNumber};
use crate::domain::timestamp::Timestamp;
use crate::ports::{
    AccountBook, BoundMove, Clock, IdempotencyBinding, Inventory, MoveBegun, Moves, NumberChange, Numbers,
};

const MAX_KEY_CHARS: usize = 255;
/// As for other writes.
const KEY_KEPT: Duration = Duration::from_secs(24 * 3600);
/// A month that is due is charged within so long.
const RENT_RUN: Duration = Duration::from_secs(60);

/// Sets numbers on their way.
pub struct MoveNumber {
    /// The numbers.
    pub inventory: Arc<dyn Inventory>,
    /// The numbers that are held now.
    pub numbers: Arc<dyn Numbers>,
    /// Where moves begin.
    pub moves: Arc<dyn Moves>,
    /// The accounts.
    pub book: Arc<dyn AccountBook>,
    /// What the providers have.
    pub desk: Arc<dyn Desk>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// A number on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moving {
    /// As it is now.
    pub number: PhoneNumber,
    /// The key had been used before; nothing was begun.
    pub replayed: bool,
}

/// What is asked for, checked as far as it goes without looking anything up.
struct Wanted {
    tenant: TenantId,
    account: AccountId,
    user: Option<UserId>,
    business: Option<BusinessId>,
}

impl MoveNumber {
    /// Sets a number of `tenant` on its way. Asked again while it is, it changes nothing. The key is one
    /// of `caller`'s.
    ///
    /// # Errors
    /// A problem of the contract.
    pub async fn begin(
        &self,
        caller: &TenantId,
        tenant: &TenantId,
        id: NumberId,
        request: &MoveRequest,
        key: Option<&str>,
    ) -> Result<Moving, Problem> {
        let now = self.clock.now();
        let binding = key.map(|key| binding(key, tenant, id, request, now)).transpose()?;
        if let Some(binding) = &binding
            && let Some(bound) = self.moves.bound_move(caller, &binding.key, now).await?
        {
            return self.replay(binding, &bound).await;
        }
        let number = self.number(tenant, id).await?;
        let wanted = wanted(request, &number)?;
        if number.status == NumberStatus::Moving {
            return already(number, &wanted);
        }
        may_move(&number, &wanted, now)?;
        let moving = self.checked(&number, wanted, now).await?;
        let after = PhoneNumber {
            status: NumberStatus::Moving,
            holding: Holding {
                due: Some(moving.ripe_at()),
                moving: Some(Box::new(moving)),
                move_refused: None,
                updated_at: Some(now),
                ..number.holding.clone()
            },
            ..number.clone()
        };
        let change = NumberChange { before: number, after };
        let key = binding.as_ref().map(|binding| (caller, binding));
        match self.moves.begin_move(&change, key, now).await? {
            MoveBegun::New => {
                let NumberChange { before, after } = change;
                tracing::info!(%tenant, number = %id, account = %after.account, "A number's move has begun");
                let version = before.version.saturating_add(1);
                Ok(Moving { number: PhoneNumber { version, ..after }, replayed: false })
            }
            MoveBegun::Replay(bound) => match &binding {
                Some(binding) => self.replay(binding, &bound).await,
                None => Err(Problem::new(Code::Internal)),
            },
            // Somebody was faster, perhaps with the same wish, or an earlier try of this very call was.
            MoveBegun::Changed => {
                let number = self.number(tenant, id).await?;
                if number.status != NumberStatus::Moving {
                    return Err(busy());
                }
                let wanted = self::wanted(request, &number)?;
                already(number, &wanted)
            }
            MoveBegun::Held => Err(held()),
        }
    }

    async fn number(&self, tenant: &TenantId, id: NumberId) -> Result<PhoneNumber, Problem> {
        self.inventory.number(tenant, id).await?.ok_or_else(|| Problem::new(Code::NotFound))
    }

    async fn replay(&self, binding: &IdempotencyBinding, bound: &BoundMove) -> Result<Moving, Problem> {
        if bound.body != binding.body {
            return Err(Problem::new(Code::IdempotencyMismatch));
        }
        Ok(Moving { number: self.number(&bound.tenant, bound.number).await?, replayed: true })
    }

    /// What is to happen, from the accounts that there are.
    async fn checked(&self, number: &PhoneNumber, wanted: Wanted, now: Timestamp) -> Result<Move, Problem> {
        let Wanted { tenant, account: id, user, business } = wanted;
        let to = match self.book.find(&Owner::Tenant(tenant.clone()), &id).await? {
            Some(own) => Some(own),
            None => self.book.find(&Owner::Platform, &id).await?,
        };
        let to = to.filter(AccountRecord::is_usable).ok_or_else(|| {
            Problem::new(Code::ProviderNotFound)
                .and_field("providerAccountId", "names no account that the new holder can use")
        })?;
        if to.provider != number.provider {
            return Err(Problem::new(Code::CapabilityMissing)
                .with_detail("To another provider a number is ported; it cannot be moved there.")
                .and_field("providerAccountId", "is an account of another provider"));
        }
        if tenant != number.tenant && self.numbers.by_tenant(&tenant, &number.phone).await?.is_some() {
            return Err(held());
        }
        let above = if to.id == number.account { None } else { Some(self.above(number, &to).await?) };
        let parts = [number.tenant.as_str(), &number.id.to_string(), &number.version.to_string()];
        let same = tenant == number.tenant;
        Ok(Move {
            number: if same { number.id } else { NumberId::derived_at(now, &parts) },
            own_account: is_own(self.book.as_ref(), &to).await?,
            account: to.id,
            above,
            user: user.or_else(|| number.user.clone().filter(|_| same)),
            business: business.or_else(|| number.holding.business.clone().filter(|_| same)),
            tenant,
            since: now,
            asked: false,
            ended_at: None,
            refused: false,
        })
    }

    /// The account that can move it: one of the two, when the other is below it, or the one above both.
    async fn above(&self, number: &PhoneNumber, to: &AccountRecord) -> Result<AccountId, Problem> {
        let none = || {
            Problem::new(Code::CapabilityMissing)
                .with_detail("A number moves between an account and those below it, where the provider can.")
        };
        let own = number.own_account;
        let from = account(self.book.as_ref(), Some(&number.tenant), &number.account, own).await?;
        let from = from.ok_or_else(|| Problem::new(Code::ProviderNotConfigured(Some(number.provider))))?;
        let related = match (&from.parent, &to.parent) {
            (_, Some(above)) if *above == from.id => Some(above),
            (Some(above), _) if *above == to.id => Some(above),
            (Some(above), Some(other)) if above == other => Some(above),
            _ => None,
        };
        let id = related.ok_or_else(none)?;
        let mut found = None;
        for owner in [Owner::Platform, Owner::Tenant(number.tenant.clone()), to.owner.clone()] {
            if found.is_none() {
                found = self.book.find(&owner, id).await?;
            }
        }
        let above = found.filter(AccountRecord::is_usable);
        let above = above.ok_or_else(|| Problem::new(Code::ProviderNotConfigured(Some(number.provider))))?;
        match self.desk.number_transfers(&above.account()) {
            Some(Ok(_)) => Ok(above.id),
            Some(Err(error)) => Err(provider_problem::problem(&error, "The move")),
            None => Err(none()),
        }
    }
}

fn busy() -> Problem {
    Problem::new(Code::InProgress).with_detail("Something else is happening to this number.")
}

fn held() -> Problem {
    Problem::new(Code::NumberUnavailable).with_detail("The new holder has this number already.")
}

/// It is on its way: there, or elsewhere.
fn already(number: PhoneNumber, wanted: &Wanted) -> Result<Moving, Problem> {
    let there = number.holding.moving.as_ref().is_some_and(|moving| {
        moving.tenant == wanted.tenant
            && moving.account == wanted.account
            && wanted.user.as_ref().is_none_or(|user| moving.user.as_ref() == Some(user))
            && wanted.business.as_ref().is_none_or(|business| moving.business.as_ref() == Some(business))
    });
    if there { Ok(Moving { number, replayed: false }) } else { Err(busy()) }
}

/// Only what works and is paid for moves: whoever gets it gets no debts with it, and nobody is rid of
/// theirs by giving a number away.
fn may_move(number: &PhoneNumber, wanted: &Wanted, now: Timestamp) -> Result<(), Problem> {
    match number.status {
        NumberStatus::Active if number.holding.moving.is_none() => {}
        NumberStatus::Active | NumberStatus::Moving | NumberStatus::Releasing => return Err(busy()),
        NumberStatus::Suspended => return Err(owed()),
        NumberStatus::Pending => {
            return Err(Problem::new(Code::NumberUnavailable)
                .with_detail("Its account has not proven that it holds the number."));
        }
        NumberStatus::Released => {
            return Err(Problem::new(Code::NumberUnavailable).with_detail("The number was given back."));
        }
    }
    let charged = number.holding.monthly_charge.is_some() && !number.own_account;
    if let Some(rent) = number.holding.rent.as_ref().filter(|_| charged) {
        if rent.owed_since.is_some() {
            return Err(owed());
        }
        if rent.paid_until() <= now {
            return Err(Problem::new(Code::InProgress)
                .with_detail("A month of its rental is being charged.")
                .with_retry_after(Some(RENT_RUN)));
        }
    }
    if number.is_primary && wanted.tenant != number.tenant {
        return Err(
            Problem::new(Code::PrimaryNumberDelete).with_detail("Make another number the primary one first.")
        );
    }
    if number.voice_via.is_some() {
        return Err(Problem::new(Code::CapabilityMissing)
            .with_detail("Its calls go over a trunk to another account, which would stay behind."));
    }
    Ok(())
}

fn owed() -> Problem {
    Problem::new(Code::InsufficientBalance)
        .with_detail("The number's rental is owed. It moves when it is paid.")
}

fn wanted(request: &MoveRequest, number: &PhoneNumber) -> Result<Wanted, Problem> {
    let tenant = match &request.tenant_id {
        Some(text) => text.parse().map_err(|_| Problem::field("tenantId", "is not a tenant id"))?,
        None => number.tenant.clone(),
    };
    let account = match &request.provider_account_id {
        Some(text) => text.parse().map_err(|_| {
            Problem::new(Code::ProviderNotFound).and_field("providerAccountId", "names no provider account")
        })?,
        None => number.account.clone(),
    };
    if tenant == number.tenant && account == number.account {
        return Err(match (&request.tenant_id, &request.provider_account_id) {
            (None, None) => Problem::field("tenantId", "or providerAccountId must be given"),
            (None, Some(_)) => Problem::field("providerAccountId", "holds the number already"),
            (Some(_), _) => Problem::field("tenantId", "holds the number already"),
        });
    }
    Ok(Wanted {
        tenant,
        account,
        user: opaque("userId", request.user_id.as_deref())?,
        business: opaque("businessId", request.business_id.as_deref())?,
    })
}

fn binding(
    key: &str,
    tenant: &TenantId,
    id: NumberId,
    request: &MoveRequest,
    now: Timestamp,
) -> Result<IdempotencyBinding, Problem> {
    let visible = key.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    if key.trim().is_empty() || key.len() > MAX_KEY_CHARS || !visible {
        return Err(Problem::field("Idempotency-Key", "must have 1 to 255 visible ASCII characters"));
    }
    let body = serde_json::to_vec(&(tenant, id, request)).map_err(Problem::internal)?;
    Ok(IdempotencyBinding {
        key: hex::encode(Sha256::digest(format!("POST /api/numbers/move\n{key}"))),
        body: hex::encode(Sha256::digest(body)),
        expires_at: now.plus(KEY_KEPT),
    })
}
