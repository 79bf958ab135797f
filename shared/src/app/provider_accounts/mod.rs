//! `POST /api/provider-management`: accounts at providers, and the numbers that they hold. One file for
//! each group of actions.

mod add;
mod below;
mod change;
mod config;
mod cursor;
pub mod desk;
mod import;
mod list;
mod opening;
pub mod reach;
mod show;
mod sync;
mod test;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::provider_management::{Action, ProviderAnswer, ProviderRequest};
use crate::app::problem::{Code, Problem};
use crate::domain::account::{AccountRecord, Owner};
use crate::domain::ids::{AccountId, TenantId};
use crate::ports::{AccountBook, Clock, Inventory, NumberStock, Numbers, Random};
use crate::provider::{Environment, ProviderId};

use desk::Desk;
use reach::within_reach;

/// Who asks.
#[derive(Clone, Debug)]
pub struct Actor {
    /// For which tenant.
    pub tenant: TenantId,
    /// The platform itself.
    pub admin: bool,
    /// Manages the tenant's accounts.
    pub tenant_admin: bool,
}

impl Actor {
    /// May change, test and see the accounts of this owner.
    fn manages(&self, owner: &Owner) -> bool {
        match owner {
            Owner::Platform => self.admin,
            Owner::Tenant(tenant) => self.admin || (self.tenant_admin && *tenant == self.tenant),
        }
    }
}

/// What was done.
#[derive(Clone, Debug)]
pub struct Managed {
    /// The answer.
    pub answer: ProviderAnswer,
    /// The key had been used before; nothing was started.
    pub replayed: bool,
}

impl From<ProviderAnswer> for Managed {
    fn from(answer: ProviderAnswer) -> Self {
        Self { answer, replayed: false }
    }
}

/// Manages accounts.
pub struct ProviderAccounts {
    /// The accounts.
    pub book: Arc<dyn AccountBook>,
    /// What stands before `/api/` in our URLs, without a slash at the end.
    pub public_base_url: String,
    /// The tenants' numbers.
    pub numbers: Arc<dyn Numbers>,
    /// The same, to change them.
    pub inventory: Arc<dyn Inventory>,
    /// Numbers by account.
    pub stock: Arc<dyn NumberStock>,
    /// The providers.
    pub desk: Arc<dyn Desk>,
    /// Where this runs.
    pub environment: Environment,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub random: Arc<dyn Random>,
}

/// What the members of a request name, checked.
struct Asked {
    tenant: TenantId,
    kind: Option<ProviderId>,
    id: Option<AccountId>,
}

impl ProviderAccounts {
    /// Does what a request asks for. `key` is the `Idempotency-Key` header.
    ///
    /// # Errors
    /// A problem of the contract.
    pub async fn manage(
        &self,
        actor: &Actor,
        request: &ProviderRequest,
        key: Option<&str>,
    ) -> Result<Managed, Problem> {
        only_its_members(request)?;
        let asked = Asked { tenant: tenant(actor, request)?, kind: kind(request)?, id: account_id(request)? };
        let reads = matches!(request.action, Action::ListProviders | Action::ListNumbers);
        if !reads && !actor.admin && !actor.tenant_admin {
            return Err(Problem::new(Code::Forbidden).with_detail("This needs the role tenant-admin."));
        }
        match request.action {
            Action::ListProviders => self.list_providers(actor, &asked).await.map(Managed::from),
            Action::AddProvider => self.add_provider(actor, &asked, request, key).await,
            Action::UpdateProvider => self.update_provider(actor, &asked, request).await.map(Managed::from),
            Action::DeleteProvider => self.delete_provider(actor, &asked).await.map(Managed::from),
            Action::TestConnection => self.test_connection(actor, &asked).await.map(Managed::from),
            Action::ListNumbers => self.list_numbers(actor, &asked, request).await.map(Managed::from),
            Action::ImportNumber => self.import_number(actor, &asked, request).await.map(Managed::from),
            Action::SyncNumbers => self.sync_numbers(actor, &asked, request).await.map(Managed::from),
        }
    }

    /// The account of this id among the tenant's and the platform's. Whose else it may be is not told.
    async fn find(&self, tenant: &TenantId, id: &AccountId) -> Result<AccountRecord, Problem> {
        if let Some(record) = self.book.find(&Owner::Tenant(tenant.clone()), id).await? {
            return Ok(record);
        }
        self.book.find(&Owner::Platform, id).await?.ok_or_else(|| {
            Problem::new(Code::ProviderNotFound).and_field("provider_id", "names no account of yours")
        })
    }

    /// The same, for whoever manages it.
    async fn managed(&self, actor: &Actor, asked: &Asked) -> Result<AccountRecord, Problem> {
        let id = asked.id.as_ref().ok_or_else(|| Problem::field("provider_id", "is required"))?;
        let record = self.find(&asked.tenant, id).await?;
        if actor.manages(&record.owner) {
            return Ok(record);
        }
        Err(Problem::new(Code::Forbidden).with_detail("The platform's accounts need the role admin."))
    }

    async fn all(&self, tenant: &TenantId) -> Result<Vec<AccountRecord>, Problem> {
        Ok(within_reach(self.book.as_ref(), tenant).await?)
    }

    /// The account that a request means by its id, or by its provider: the best that fits.
    async fn meant(
        &self,
        actor: &Actor,
        asked: &Asked,
        fits: impl Fn(&AccountRecord) -> bool,
    ) -> Result<AccountRecord, Problem> {
        let kind = match (&asked.id, asked.kind) {
            (Some(_), None) => return self.managed(actor, asked).await,
            (None, Some(kind)) => kind,
            (None, None) => {
                return Err(Problem::field("provider_id", "is required, or provider_type"));
            }
            (Some(_), Some(_)) => {
                return Err(Problem::field("provider_type", "cannot be given with provider_id"));
            }
        };
        let usable = |record: &AccountRecord| record.provider == kind && record.is_usable() && fits(record);
        self.all(&asked.tenant)
            .await?
            .into_iter()
            .find(usable)
            .ok_or_else(|| Problem::new(Code::ProviderNotConfigured(Some(kind))))
    }

    /// How many numbers of a tenant go through each account, or have their calls go through it.
    async fn counts(&self, tenant: &TenantId) -> Result<BTreeMap<AccountId, u64>, Problem> {
        let mut counts = BTreeMap::new();
        for number in self.numbers.of_tenant(tenant).await? {
            let calls = number.voice_via.map(|via| via.account).filter(|via| *via != number.account);
            for account in calls.into_iter().chain([number.account]) {
                *counts.entry(account).or_default() += 1;
            }
        }
        Ok(counts)
    }
}

/// Whose accounts are meant: the caller's tenant's, or, for the platform, those of `tenant_id`.
fn tenant(actor: &Actor, request: &ProviderRequest) -> Result<TenantId, Problem> {
    match request.tenant_id.as_deref() {
        None => Ok(actor.tenant.clone()),
        Some(own) if own == actor.tenant.as_str() => Ok(actor.tenant.clone()),
        Some(other) if actor.admin => {
            other.parse().map_err(|_| Problem::field("tenant_id", "is not a tenant id"))
        }
        Some(_) => {
            Err(Problem::new(Code::Forbidden).with_detail("Only the platform may name another tenant."))
        }
    }
}

fn kind(request: &ProviderRequest) -> Result<Option<ProviderId>, Problem> {
    let wrong = |_| Problem::field("provider_type", "must be twilio, signalwire, telnyx or retell");
    request.provider_type.as_deref().map(str::parse).transpose().map_err(wrong)
}

/// What cannot be an id is as wrong as one that nobody has.
fn account_id(request: &ProviderRequest) -> Result<Option<AccountId>, Problem> {
    let wrong =
        |_| Problem::new(Code::ProviderNotFound).and_field("provider_id", "names no account of yours");
    request.provider_id.as_deref().map(str::parse).transpose().map_err(wrong)
}

/// A member that an action does not take is refused, and one that it needs is demanded.
fn only_its_members(request: &ProviderRequest) -> Result<(), Problem> {
    let (needed, allowed): (&[&str], &[&str]) = match request.action {
        Action::ListProviders => (&[], &[]),
        Action::AddProvider => (&["provider_type", "config"], &["scope"]),
        Action::UpdateProvider => (&["provider_id", "config"], &[]),
        Action::DeleteProvider => (&["provider_id"], &[]),
        Action::TestConnection => (&[], &["provider_type", "provider_id"]),
        Action::ListNumbers => (&[], &["provider_type", "provider_id", "limit", "cursor"]),
        Action::ImportNumber => (&["number"], &["provider_type", "provider_id", "trunk"]),
        Action::SyncNumbers => (&[], &["provider_type", "provider_id", "cursor"]),
    };
    let given = [
        ("provider_type", request.provider_type.is_some()),
        ("provider_id", request.provider_id.is_some()),
        ("config", request.config.is_some()),
        ("scope", request.scope.is_some()),
        ("number", request.number.is_some()),
        ("trunk", request.trunk.is_some()),
        ("limit", request.limit.is_some()),
        ("cursor", request.cursor.is_some()),
    ];
    let mut problem: Option<Problem> = None;
    for (name, given) in given {
        let message = match (given, needed.contains(&name), allowed.contains(&name)) {
            (false, true, _) => "is required".to_owned(),
            (true, false, false) => format!("is not a member of {}", request.action.as_str()),
            (true, ..) | (false, false, _) => continue,
        };
        problem =
            Some(problem.unwrap_or_else(|| Problem::new(Code::ValidationFailed)).and_field(name, message));
    }
    problem.map_or(Ok(()), Err)
}
