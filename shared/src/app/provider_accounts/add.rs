//! `add_provider`: one account for each key, with its credentials sealed.

use sha2::{Digest, Sha256};

use super::config::{Change, complete};
use super::{Actor, Asked, Managed, ProviderAccounts};
use crate::api::provider_management::{ConfigValue, ProviderAnswer, ProviderRequest};
use crate::app::idempotency;
use crate::app::problem::{Code, Problem};
use crate::domain::account::{AccountRecord, AccountState, Owner};
use crate::domain::ids::{AccountId, MessageId};
use crate::domain::timestamp::Timestamp;
use crate::ports::{AccountWrite, BoundAccount, IdempotencyBinding};
use crate::provider::ProviderId;

impl ProviderAccounts {
    pub(super) async fn add_provider(
        &self,
        actor: &Actor,
        asked: &Asked,
        request: &ProviderRequest,
        key: Option<&str>,
    ) -> Result<Managed, Problem> {
        let now = self.clock.now();
        let owner = owner(actor, asked, request)?;
        let (Some(kind), Some(body)) = (asked.kind, &request.config) else {
            return Err(Problem::new(Code::ValidationFailed));
        };
        let binding = key.map(|key| binding(key, request, now)).transpose()?;
        if let Some(binding) = &binding
            && let Some(bound) = self.book.bound_account(&actor.tenant, &binding.key, now).await?
        {
            return self.replay(actor, binding, &bound).await;
        }
        let change = Change::read(body, self.desk.settings(kind), &self.environment, true)?;
        let mut record = change.onto(&AccountRecord::new(self.new_id(kind, now)?, kind, owner));
        record.created_at = Some(now);
        record.updated_at = Some(now);
        if let Some(parent) = &change.subaccount_of {
            self.parent(actor, asked, kind, parent).await?;
            record.parent = Some(parent.clone());
            record.state = AccountState::Opening;
        } else {
            complete(&record.config(), self.desk.settings(kind))?;
            self.is_new(&record).await?;
        }
        match self.book.add(&actor.tenant, &record, binding.as_ref(), now).await? {
            AccountWrite::Done => {}
            AccountWrite::NameTaken(other) => return Err(taken(&other)),
            AccountWrite::Replay(bound) => {
                return match &binding {
                    Some(binding) => self.replay(actor, binding, &bound).await,
                    None => Err(Problem::new(Code::Internal)),
                };
            }
            // A fresh random id that is taken: nothing was written, so the caller may simply retry.
            AccountWrite::Changed => return Err(Problem::new(Code::Internal)),
        }
        tracing::info!(provider = %kind, account = %record.id, "Provider account added");
        record.version = 1;
        if record.state == AccountState::Opening {
            record = self.open(record, true).await?;
        }
        Ok(ProviderAnswer { provider: Some(self.body(actor, &record, Some(0))), ..ProviderAnswer::default() }
            .into())
    }

    fn new_id(&self, kind: ProviderId, now: Timestamp) -> Result<AccountId, Problem> {
        // The same spelling as every other id of ours, in lower case because it becomes part of names.
        let unique = MessageId::from_bits(self.random.ulid(now)).to_string().to_ascii_lowercase();
        format!("{kind}-{unique}").parse().map_err(Problem::internal)
    }

    /// The account below which another is to be opened: usable, of the same provider, and managed by
    /// whoever asks, because the provider bills it.
    pub(super) async fn parent(
        &self,
        actor: &Actor,
        asked: &Asked,
        kind: ProviderId,
        id: &AccountId,
    ) -> Result<AccountRecord, Problem> {
        let parent = match self.find(&asked.tenant, id).await {
            Ok(parent) => parent,
            Err(problem) if problem.code() == Code::ProviderNotFound => {
                return Err(Problem::new(Code::ProviderNotFound)
                    .and_field("config.subaccount_of", "names no account of yours"));
            }
            Err(problem) => return Err(problem),
        };
        if !actor.manages(&parent.owner) {
            return Err(
                Problem::new(Code::Forbidden).with_detail("The platform's accounts need the role admin.")
            );
        }
        if parent.provider != kind || !parent.is_usable() {
            let message = "must be an active account of the same provider";
            return Err(Problem::field("config.subaccount_of", message));
        }
        if self.desk.subaccounts(&parent.account()).is_none() {
            let message = "is at a provider without subaccounts";
            return Err(Problem::new(Code::CapabilityMissing).and_field("config.subaccount_of", message));
        }
        Ok(parent)
    }

    /// The platform's accounts have no name items, so that theirs are compared here.
    pub(super) async fn is_new(&self, record: &AccountRecord) -> Result<(), Problem> {
        if record.owner != Owner::Platform {
            return Ok(());
        }
        let names = record.names();
        let known = self.book.list(&Owner::Platform).await?;
        let same = |other: &&AccountRecord| {
            other.id != record.id
                && other.provider == record.provider
                && other.names().iter().any(|name| names.contains(name))
        };
        known.iter().find(same).map_or(Ok(()), |other| Err(taken(&other.id)))
    }

    /// What the key's first request made, as it is now. One that is still opening is gone on with.
    async fn replay(
        &self,
        actor: &Actor,
        binding: &IdempotencyBinding,
        bound: &BoundAccount,
    ) -> Result<Managed, Problem> {
        if bound.body != binding.body {
            return Err(Problem::new(Code::IdempotencyMismatch));
        }
        let record = self.book.find(&bound.owner, &bound.account).await?;
        let mut record = record.ok_or_else(|| Problem::new(Code::NotFound))?;
        if record.state == AccountState::Opening {
            record = self.open(record, false).await?;
        }
        let answer =
            ProviderAnswer { provider: Some(self.body(actor, &record, None)), ..ProviderAnswer::default() };
        Ok(Managed { answer, replayed: true })
    }
}

/// The same account at the provider is registered already.
pub(super) fn taken(other: &AccountId) -> Problem {
    Problem::new(Code::ProviderInUse)
        .with_detail(format!("This account at the provider is registered already, as {other}."))
}

fn owner(actor: &Actor, asked: &Asked, request: &ProviderRequest) -> Result<Owner, Problem> {
    match request.scope.as_deref() {
        None | Some("tenant") => Ok(Owner::Tenant(asked.tenant.clone())),
        Some("platform") if !actor.admin => {
            Err(Problem::new(Code::Forbidden).with_detail("The platform's accounts need the role admin."))
        }
        Some("platform") if request.tenant_id.is_some() => {
            Err(Problem::field("tenant_id", "cannot be given with the scope platform"))
        }
        Some("platform") => Ok(Owner::Platform),
        Some(_) => Err(Problem::field("scope", "must be tenant or platform")),
    }
}

/// The hash of the body is of secrets, and is therefore salted with the key, which only the caller knows.
fn binding(key: &str, request: &ProviderRequest, now: Timestamp) -> Result<IdempotencyBinding, Problem> {
    let mut body = Sha256::new();
    let mut part = |text: &str| {
        body.update((text.len() as u64).to_be_bytes());
        body.update(text.as_bytes());
    };
    part(key);
    for member in [&request.provider_type, &request.scope, &request.tenant_id] {
        part(member.as_deref().unwrap_or_default());
    }
    for (name, value) in request.config.iter().flat_map(|config| &config.0) {
        part(name);
        match value {
            ConfigValue::Text(text) => part(text.expose()),
            ConfigValue::Number(number) => part(&number.to_string()),
            ConfigValue::Flag(flag) => part(&flag.to_string()),
            ConfigValue::Nothing => part(""),
        }
    }
    idempotency::binding_of_digest("POST /api/provider-management", key, body, now)
}
