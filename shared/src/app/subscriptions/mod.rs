//! `/api/subscriptions`: a subaccount, a first number in it, and where their events go; once for each
//! subscription, whoever asks how often, and gone on with after a crash at any step.

mod cancel;
mod provision;
mod request;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::api::subscription::{SubscriptionBody, SubscriptionRequest};
use crate::app::numbers::purchase::saga::PurchaseSaga;
use crate::app::numbers::release::Release;
use crate::app::problem::{Code, Problem};
use crate::app::provider_accounts::{Actor, ProviderAccounts};
use crate::domain::account::{AccountRecord, AccountState, Owner};
use crate::domain::ids::{AccountId, MessageId, NumberId, PurchaseId, SubscriptionId, TenantId, UserId};
use crate::domain::mark::Marker;
use crate::domain::number::PhoneNumber;
use crate::domain::price::PriceTable;
use crate::domain::purchase::Purchase;
use crate::domain::subscription::{Billing, Subscription, SubscriptionState, Trouble, Wish};
use crate::domain::timestamp::Timestamp;
use crate::ports::{Begun, StoreError, SubscriptionRecords, Task, TaskKind, Tasks};
use crate::provider::numbers::NumberKind;
use crate::provider::{ProviderId, registry};

/// Past it, whoever was at work on a subscription is dead: longer than any function may run (30 s).
pub const LEASE: Duration = Duration::from_secs(60);
/// After this no step is begun while a client waits.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a change is laid over what somebody else wrote in between.
const TRIES: u32 = 4;

/// Buys numbers, each purchase once.
#[async_trait]
pub trait BuyNumber: Send + Sync {
    /// Begins a purchase, due for the reconciler at `due`. One that was begun before is not begun again.
    async fn begin(&self, purchase: &Purchase, due: Timestamp) -> Result<Begun, StoreError>;

    /// Goes on with a purchase; after `until` no step is begun. The answer is the purchase as it was left.
    /// `None`: there is no such purchase.
    async fn resume(
        &self,
        tenant: &TenantId,
        id: PurchaseId,
        until: Timestamp,
    ) -> Result<Option<Purchase>, StoreError>;
}

/// Gives numbers back.
#[async_trait]
pub trait ReleaseNumber: Send + Sync {
    /// Begins a release, or goes on with it. The answer is the number as it was left.
    async fn release(&self, tenant: &TenantId, id: NumberId) -> Result<PhoneNumber, Problem>;
}

#[async_trait]
impl BuyNumber for PurchaseSaga {
    async fn begin(&self, purchase: &Purchase, due: Timestamp) -> Result<Begun, StoreError> {
        self.purchases.begin(purchase, None, due).await
    }

    async fn resume(
        &self,
        tenant: &TenantId,
        id: PurchaseId,
        until: Timestamp,
    ) -> Result<Option<Purchase>, StoreError> {
        Self::resume(self, tenant, id, until).await
    }
}

#[async_trait]
impl ReleaseNumber for Release {
    async fn release(&self, tenant: &TenantId, id: NumberId) -> Result<PhoneNumber, Problem> {
        let platform = Actor { tenant: tenant.clone(), admin: true, tenant_admin: true };
        Self::release(self, &platform, &id.to_string()).await
    }
}

/// Provisions and cancels subscriptions.
pub struct Subscriptions {
    /// The subscriptions.
    pub records: Arc<dyn SubscriptionRecords>,
    /// Which of them are due.
    pub tasks: Arc<dyn Tasks>,
    /// Opens and stops their accounts, and knows their numbers.
    pub accounts: ProviderAccounts,
    /// Buys their numbers.
    pub buyer: Arc<dyn BuyNumber>,
    /// Gives them back.
    pub releaser: Arc<dyn ReleaseNumber>,
    /// What numbers are charged.
    pub prices: &'static PriceTable,
    /// Marks what is bought.
    pub marker: Marker,
    /// The country that numbers are of (ISO 3166).
    pub country: String,
}

/// What a request came to.
#[derive(Clone, Debug)]
pub struct Provisioned {
    /// The subscription, as it is now.
    pub body: SubscriptionBody,
    /// It had been asked for before.
    pub replayed: bool,
    /// Something is still to be done.
    pub pending: bool,
}

/// What a run over due subscriptions came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many came to rest.
    pub settled: u32,
    /// How many are still under way.
    pub pending: u32,
    /// How many could not be looked at.
    pub failed: u32,
}

/// What a step has come to.
enum Next {
    /// The next one can be taken now.
    On(Subscription),
    /// Nothing can be done before it is due, or ever.
    Rest(Subscription),
}

impl Subscriptions {
    /// Provisions a subscription, or tells what became of the one of this name.
    ///
    /// # Errors
    /// A problem that names the field; `IDEMPOTENCY_MISMATCH` when it was asked for with another body. What
    /// fails later is no error of the request: it is told with the subscription, and tried again.
    pub async fn provision(
        &self,
        tenant: &TenantId,
        user: &UserId,
        request: &SubscriptionRequest,
    ) -> Result<Provisioned, Problem> {
        let (id, wish) = self.read(request)?;
        let known = self.records.subscription(tenant, &id).await?;
        let known = match known {
            Some(known) => Some(known),
            None => {
                let new = self.new_subscription(tenant, user, id, wish.clone()).await?;
                match self.records.add_subscription(&new).await? {
                    None => {
                        tracing::info!(%tenant, account = %new.account, provider = %new.provider, "Subscription begun");
                        let until = self.now().plus(PATIENCE);
                        let done = self.work(new, until, true).await?;
                        return self.shown(&done, false).await;
                    }
                    // Somebody asked at the same time.
                    Some(known) => Some(known),
                }
            }
        };
        let known = known.ok_or_else(|| Problem::new(Code::Internal))?;
        if known.wish != wish {
            return Err(Problem::new(Code::IdempotencyMismatch)
                .with_detail("This subscription was asked for with another body."));
        }
        let done = self.run(known).await?;
        self.shown(&done, true).await
    }

    /// One subscription.
    ///
    /// # Errors
    /// `NOT_FOUND`; when the store fails.
    pub async fn show(&self, tenant: &TenantId, id: &str) -> Result<Provisioned, Problem> {
        let found = self.found(tenant, id).await?;
        self.shown(&found, true).await
    }

    /// Cancels a subscription: its numbers are given back and its account is stopped. Repeating it changes
    /// nothing.
    ///
    /// # Errors
    /// `NOT_FOUND`; when the store fails. What fails at a provider is tried again.
    pub async fn cancel(&self, tenant: &TenantId, id: &str) -> Result<Provisioned, Problem> {
        for _ in 0..TRIES {
            let before = self.found(tenant, id).await?;
            let canceling = if before.state.is_canceled() {
                Some(before)
            } else {
                let now = self.now();
                let after = Subscription {
                    state: SubscriptionState::Canceling,
                    trouble: None,
                    tries: 0,
                    // Whoever is at work on it ends its step first.
                    due: before.busy_until.or(Some(now)),
                    ..before.clone()
                };
                self.save(&before, after).await?
            };
            if let Some(canceling) = canceling {
                let done = self.run(canceling).await?;
                return self.shown(&done, false).await;
            }
        }
        Err(StoreError::Contended.into())
    }

    /// Goes on with what is due, at most `limit` of each shard, the oldest first. What fails stays due.
    ///
    /// # Errors
    /// When the store cannot be asked what is due.
    pub async fn run_due(&self, now: Timestamp, limit: u32) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        for (task, _) in self.tasks.due_tasks(TaskKind::Subscription, now, limit).await? {
            let Task::Subscription(tenant, id) = task else { continue };
            match self.resume(&tenant, &id).await {
                Ok(Some(done)) if done.state.is_at_rest() => swept.settled += 1,
                Ok(Some(_)) => swept.pending += 1,
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%tenant, %error, "A subscription could not be gone on with");
                    swept.failed += 1;
                }
            }
        }
        Ok(swept)
    }

    /// Goes on with one of them. `None`: there is none of this name.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn resume(
        &self,
        tenant: &TenantId,
        id: &SubscriptionId,
    ) -> Result<Option<Subscription>, StoreError> {
        match self.records.subscription(tenant, id).await? {
            Some(found) => self.run(found).await.map(Some),
            None => Ok(None),
        }
    }

    /// Takes steps, unless somebody else does or there is nothing to do.
    async fn run(&self, found: Subscription) -> Result<Subscription, StoreError> {
        let now = self.now();
        if found.state.is_at_rest() || found.is_busy(now) {
            return Ok(found);
        }
        let busy = now.plus(LEASE);
        let claimed = Subscription { busy_until: Some(busy), due: Some(busy), ..found.clone() };
        match self.save(&found, claimed).await? {
            Some(mine) => self.work(mine, now.plus(PATIENCE), false).await,
            None => Ok(self.records.subscription(&found.tenant, &found.id).await?.unwrap_or(found)),
        }
    }

    /// Takes steps until it rests, or `until`. Whoever calls this has the lease.
    async fn work(
        &self,
        mine: Subscription,
        until: Timestamp,
        fresh: bool,
    ) -> Result<Subscription, StoreError> {
        let (mut mine, mut fresh) = (mine, fresh);
        loop {
            let next = match mine.state {
                SubscriptionState::Opening => self.open(mine, fresh).await?,
                SubscriptionState::Buying => self.buy(mine, until).await?,
                SubscriptionState::Canceling => self.cancel_step(mine, until).await?,
                SubscriptionState::Active | SubscriptionState::Canceled => Next::Rest(mine),
            };
            fresh = false;
            match next {
                Next::On(next) if self.now() < until => mine = next,
                // There is more to do, and no time for it now.
                Next::On(next) => {
                    let due = Some(self.now());
                    let free = Subscription { busy_until: None, due, ..next.clone() };
                    return Ok(self.save(&next, free).await?.unwrap_or(next));
                }
                Next::Rest(next) => return Ok(next),
            }
        }
    }

    /// Writes a step down. A cancellation that came in between wins, and whoever has the lease goes on with
    /// that. `None`: somebody else has the subscription.
    async fn settle(&self, before: &Subscription, after: Subscription) -> Result<Next, StoreError> {
        if let Some(saved) = self.save(before, after.clone()).await? {
            return Ok(if after.busy_until.is_some() { Next::On(saved) } else { Next::Rest(saved) });
        }
        let now = self.records.subscription(&before.tenant, &before.id).await?;
        let now = now.ok_or_else(|| StoreError::Corrupt("a subscription is gone".to_owned()))?;
        let mine = now.busy_until.is_some() && now.busy_until == before.busy_until;
        Ok(if mine { Next::On(now) } else { Next::Rest(now) })
    }

    /// Nothing more can be done now: says why, and when it is tried again.
    async fn troubled(&self, before: Subscription, problem: &Problem) -> Result<Next, StoreError> {
        tracing::warn!(
            tenant = %before.tenant, account = %before.account, code = %problem.code(), tries = before.tries,
            cause = problem.cause().map(ToString::to_string), "A subscription does not get on"
        );
        let trouble =
            Trouble { code: problem.code().to_string(), detail: problem.detail().map(str::to_owned) };
        let asked = Duration::from_secs(problem.retry_after_seconds().unwrap_or_default());
        let after = Subscription {
            trouble: Some(trouble),
            due: Some(self.now().plus(before.wait().max(asked))),
            tries: before.tries.saturating_add(1),
            busy_until: None,
            ..before.clone()
        };
        self.settle(&before, after).await
    }

    /// Something else is waited for, which is no trouble.
    async fn later(&self, before: Subscription, wait: Duration) -> Result<Next, StoreError> {
        let due = Some(self.now().plus(wait));
        let after = Subscription { due, busy_until: None, trouble: None, ..before.clone() };
        self.settle(&before, after).await
    }

    async fn save(
        &self,
        before: &Subscription,
        after: Subscription,
    ) -> Result<Option<Subscription>, StoreError> {
        let after = Subscription { updated_at: self.now(), ..after };
        self.records.replace_subscription(before, &after).await
    }

    async fn found(&self, tenant: &TenantId, id: &str) -> Result<Subscription, Problem> {
        let none = || Problem::new(Code::NotFound);
        let id: SubscriptionId = id.parse().map_err(|_| none())?;
        self.records.subscription(tenant, &id).await?.ok_or_else(none)
    }

    async fn shown(&self, subscription: &Subscription, replayed: bool) -> Result<Provisioned, Problem> {
        let owner = Owner::Tenant(subscription.tenant.clone());
        let record = match subscription.state {
            SubscriptionState::Active => self.accounts.book.find(&owner, &subscription.account).await?,
            _ => None,
        };
        let webhooks = record.map(|record| {
            match registry::webhooks(record.provider).keys(&record.account()).is_empty() {
                true => "unverifiable",
                false => "ready",
            }
        });
        let pending = !subscription.state.is_at_rest();
        Ok(Provisioned { body: SubscriptionBody::new(subscription, webhooks), replayed, pending })
    }

    async fn new_subscription(
        &self,
        tenant: &TenantId,
        user: &UserId,
        id: SubscriptionId,
        wish: Wish,
    ) -> Result<Subscription, Problem> {
        let parent = self.parent(&wish).await?;
        let now = self.now();
        let unique = MessageId::from_bits(self.accounts.random.ulid(now)).to_string().to_ascii_lowercase();
        let account: AccountId =
            format!("{}-{unique}", parent.provider).parse().map_err(Problem::internal)?;
        Ok(Subscription {
            id,
            tenant: tenant.clone(),
            requested_by: user.clone(),
            wish,
            provider: parent.provider,
            parent: parent.id,
            account,
            state: SubscriptionState::Opening,
            order: None,
            purchases: 0,
            tried: Vec::new(),
            number: None,
            trouble: None,
            tries: 0,
            busy_until: Some(now.plus(LEASE)),
            due: Some(now.plus(LEASE)),
            version: 0,
            created_at: now,
            updated_at: now,
        })
    }

    /// The platform's account below which it is opened: of the provider that is named, else the first by
    /// priority whose provider has subaccounts and sells numbers.
    async fn parent(&self, wish: &Wish) -> Result<AccountRecord, Problem> {
        let sells = |provider: ProviderId| {
            let features = registry::features(provider);
            features.subaccounts && features.number_market
        };
        if let Some(provider) = wish.provider.filter(|provider| !sells(*provider)) {
            let message = "has no subaccounts with numbers";
            tracing::info!(%provider, "Subscription at a provider that cannot have any");
            return Err(Problem::new(Code::CapabilityMissing).and_field("provider", message));
        }
        if wish.billing == Billing::Wallet && self.charge().is_none() {
            return Err(Problem::field("billing", "numbers of this country have no price here"));
        }
        let mut records = self.accounts.book.list(&Owner::Platform).await?;
        records.retain(|record| {
            record.is_usable()
                && record.parent.is_none()
                && wish.provider.is_none_or(|provider| record.provider == provider)
                && sells(record.provider)
                // Without credentials it is as if it were not there.
                && matches!(self.accounts.desk.subaccounts(&record.account()), Some(Ok(_)))
        });
        records
            .into_iter()
            .min_by_key(|record| record.priority)
            .ok_or_else(|| Problem::new(Code::ProviderNotConfigured(wish.provider)))
    }

    /// What its number is charged a month, where it is.
    fn charge(&self) -> Option<crate::domain::money::Micros> {
        self.prices.number_charge(&self.country, NumberKind::Local)
    }

    fn now(&self) -> Timestamp {
        self.accounts.clock.now()
    }
}

/// Its account, as it is to be.
fn own_account(subscription: &Subscription) -> AccountRecord {
    let owner = Owner::Tenant(subscription.tenant.clone());
    let mut record = AccountRecord::new(subscription.account.clone(), subscription.provider, owner);
    record.parent = Some(subscription.parent.clone());
    record.state = AccountState::Opening;
    record.display_name = Some(format!("Subscription {}", subscription.id)).filter(|name| name.len() <= 100);
    record
}
