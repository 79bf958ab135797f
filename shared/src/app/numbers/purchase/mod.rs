//! `POST /api/numbers/purchase`: one number, bought once, paid for once, or not at all.
//!
//! [`Buy`] reads and reserves; [`saga`] does the rest, a step at a time, here and in the reconciler alike.

mod ask;
mod choose;
mod end;
mod failure;
pub mod notice;
mod request;
pub mod saga;

use std::sync::Arc;
use std::time::Duration;

use self::choose::Chosen;
pub use self::failure::problem as failure_problem;
use self::request::Wanted;
use self::saga::{LEASE, PurchaseSaga};
use crate::api::numbers::number::NumberBody;
use crate::api::numbers::purchase::{PurchaseBody, PurchaseRequest, Purchased};
use crate::app::idempotency;
use crate::app::money::cap::cap_reached;
use crate::app::problem::{Code, Problem};
use crate::app::provider_accounts::Actor;
use crate::domain::ids::{PurchaseId, TenantId, UserId};
use crate::domain::mark::Marker;
use crate::domain::price::PriceTable;
use crate::domain::purchase::{Purchase, PurchaseState};
use crate::ports::{Agents, Begun, BoundPurchase, IdempotencyBinding, Inventory, Random, Wallets};

/// After this no step is begun while a client waits, who is then told to come back.
const PATIENCE: Duration = Duration::from_secs(10);

/// Buys numbers.
pub struct Buy {
    /// What every purchase goes through.
    pub saga: PurchaseSaga,
    /// The numbers that were bought.
    pub inventory: Arc<dyn Inventory>,
    /// What is left.
    pub wallets: Arc<dyn Wallets>,
    /// Agents that numbers are bought for.
    pub agents: Arc<dyn Agents>,
    /// What numbers are charged.
    pub prices: &'static PriceTable,
    /// Marks what is bought.
    pub marker: Marker,
    /// Ids.
    pub random: Arc<dyn Random>,
}

/// What became of a request.
#[derive(Clone, Debug)]
pub struct Bought {
    /// The answer.
    pub answer: Answer,
    /// The key had been used before; nothing was started.
    pub replayed: bool,
}

/// What a client is told.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The number is bought.
    Done(Box<Purchased>),
    /// It is not decided yet.
    Pending(Box<PurchaseBody>),
    /// It is not bought. A repeated request is told so again.
    Failed(Problem),
}

impl Buy {
    /// Buys a number. `key` is the `Idempotency-Key` header. A key that was bound before is answered
    /// first, whatever has changed since.
    ///
    /// # Errors
    /// A problem of the contract.
    pub async fn buy(
        &self,
        actor: &Actor,
        user: &UserId,
        request: &PurchaseRequest,
        key: Option<&str>,
    ) -> Result<Bought, Problem> {
        if !actor.admin && !actor.tenant_admin {
            return Err(Problem::new(Code::Forbidden).with_detail("This needs the role tenant-admin."));
        }
        let now = self.saga.clock.now();
        let binding = key
            .map(|key| idempotency::binding("POST /api/numbers/purchase", key, request, now))
            .transpose()?;
        if let Some(binding) = &binding
            && let Some(bound) = self.saga.purchases.bound_purchase(&actor.tenant, &binding.key, now).await?
        {
            return self.replay(&actor.tenant, binding, &bound).await;
        }
        let wanted = Wanted::read(request)?;
        if let Some(agent) = &wanted.agent
            && self.agents.agent(&actor.tenant, agent).await?.is_none()
        {
            return Err(Problem::new(Code::AgentNotFound).and_field("agentId", "names no agent of yours"));
        }
        let chosen = self.choose(&actor.tenant, &wanted).await?;
        let purchase = self.purchase(&actor.tenant, user, wanted, &chosen);
        match self.saga.purchases.begin(&purchase, binding.as_ref(), now.plus(LEASE)).await? {
            Begun::New => {}
            Begun::Replay(bound) => {
                return match &binding {
                    Some(binding) => self.replay(&actor.tenant, binding, &bound).await,
                    None => Err(Problem::new(Code::Internal)),
                };
            }
            // A fresh random id that is taken: nothing was written, so the caller may simply retry.
            Begun::Exists => return Err(Problem::new(Code::Internal)),
            Begun::Busy(Some(own)) => {
                return Err(Problem::new(Code::InProgress)
                    .with_detail(format!("This number is being bought by your purchase {own}.")));
            }
            Begun::Busy(None) => {
                return Err(Problem::new(Code::NumberUnavailable)
                    .and_field("phoneNumber", "is not available any more"));
            }
            Begun::Held => {
                return Err(Problem::new(Code::NumberUnavailable).and_field("phoneNumber", "is held already"));
            }
            Begun::InsufficientBalance => return Err(Problem::new(Code::InsufficientBalance)),
            Begun::SpendCapReached(reached) => return Err(cap_reached(&reached)),
        }
        tracing::info!(
            provider = %purchase.provider, account = %purchase.account, tenant = %purchase.tenant,
            purchase = %purchase.id, "Purchase begun"
        );
        let purchase = self.saga.run(purchase, now.plus(PATIENCE)).await?;
        Ok(Bought { answer: self.answer(&purchase).await?, replayed: false })
    }

    /// A purchase as it is now.
    ///
    /// # Errors
    /// `NOT_FOUND`, and whatever the store fails with.
    pub async fn show(&self, tenant: &TenantId, id: &str) -> Result<PurchaseBody, Problem> {
        let id: PurchaseId = id.parse().map_err(|_| Problem::new(Code::NotFound))?;
        let purchase = self.saga.purchases.purchase(tenant, id).await?;
        Ok(body(&purchase.ok_or_else(|| Problem::new(Code::NotFound))?))
    }

    fn purchase(&self, tenant: &TenantId, user: &UserId, wanted: Wanted, chosen: &Chosen) -> Purchase {
        let now = self.saga.clock.now();
        let id = PurchaseId::from_bits(self.random.ulid(now));
        Purchase {
            id,
            tenant: tenant.clone(),
            requested_by: user.clone(),
            phone: wanted.phone,
            provider: chosen.record.provider,
            account: chosen.record.id.clone(),
            own_account: chosen.charge.is_none(),
            country: wanted.country,
            kind: wanted.kind,
            display_name: wanted.display_name,
            business: wanted.business,
            user: wanted.user,
            agent: wanted.agent,
            subscription: None,
            papers: wanted.papers,
            charge: chosen.charge,
            cost: chosen.cost.clone(),
            mark: self.marker.mark(id),
            state: PurchaseState::Reserved,
            asked_at: None,
            order: None,
            sid: None,
            capabilities: chosen.capabilities,
            number: None,
            failure: None,
            failure_code: None,
            failure_message: None,
            tries: 0,
            version: 0,
            created_at: now,
            updated_at: now,
        }
    }

    async fn replay(
        &self,
        tenant: &TenantId,
        binding: &IdempotencyBinding,
        bound: &BoundPurchase,
    ) -> Result<Bought, Problem> {
        if bound.body != binding.body {
            return Err(Problem::new(Code::IdempotencyMismatch));
        }
        let purchase = self.saga.purchases.purchase(tenant, bound.purchase).await?;
        let purchase = purchase.ok_or_else(|| Problem::new(Code::NotFound))?;
        Ok(Bought { answer: self.answer(&purchase).await?, replayed: true })
    }

    async fn answer(&self, purchase: &Purchase) -> Result<Answer, Problem> {
        match (purchase.state, purchase.number) {
            (PurchaseState::Done, Some(id)) => {
                let number = self.inventory.number(&purchase.tenant, id).await?;
                let number = number.ok_or_else(|| Problem::new(Code::NotFound))?;
                let receipt = self.saga.purchases.receipt(purchase).await?;
                let wallet = self.wallets.wallet(&purchase.tenant).await?;
                Ok(Answer::Done(Box::new(Purchased {
                    number: NumberBody::new(&number, &self.saga.public_base_url),
                    transaction: receipt.as_ref().map(Into::into),
                    balance: wallet.balance.into(),
                })))
            }
            (PurchaseState::Failed, _) => Ok(Answer::Failed(failure::problem(purchase))),
            _ => Ok(Answer::Pending(Box::new(body(purchase)))),
        }
    }
}

/// A purchase in JSON, with why it failed.
fn body(purchase: &Purchase) -> PurchaseBody {
    let failed = purchase.state == PurchaseState::Failed;
    let problem = failed.then(|| failure::problem(purchase));
    let told =
        problem.map(|problem| (problem.code().as_str().into_owned(), problem.detail().map(str::to_owned)));
    PurchaseBody::new(purchase, told)
}
