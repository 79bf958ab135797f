//! `import_number`: one number, if the account proves that it holds it.

use super::list::{held, stocked};
use super::reach::is_own;
use super::{Actor, Asked, ProviderAccounts};
use crate::api::provider_management::{ProviderAnswer, ProviderNumberBody, ProviderRequest, TrunkBody};
use crate::app::numbers::entry::prove;
use crate::app::problem::{Code, Problem};
use crate::app::provider_problem;
use crate::domain::account::{AccountRecord, Owner};
use crate::domain::ids::{NumberId, TenantId};
use crate::domain::number::{Holding, NumberStatus, PhoneNumber, VoiceBinding};
use crate::domain::phone::E164;
use crate::ports::{NumberChange, StockNumber};
use crate::provider::numbers::{HeldNumbers, RemoteNumber, TrunkNumber};
use crate::provider::registry;

/// How often a change is laid over what somebody else wrote in between.
const TRIES: u32 = 4;

/// What became of a number.
pub(super) enum Imported {
    /// It was stored now.
    New(ProviderNumberBody),
    /// It was stored before.
    Known(ProviderNumberBody),
    /// Another tenant has it through this account.
    OfAnother,
    /// This tenant has it through another account.
    Elsewhere,
}

impl ProviderAccounts {
    pub(super) async fn import_number(
        &self,
        actor: &Actor,
        asked: &Asked,
        request: &ProviderRequest,
    ) -> Result<ProviderAnswer, Problem> {
        let number = request.number.as_deref().unwrap_or_default();
        let wrong = "must be a number in E.164 form, such as +14155550123";
        let phone: E164 =
            number.parse().map_err(|_| Problem::new(Code::InvalidNumber).and_field("number", wrong))?;
        let record = self.meant(actor, asked, |record| actor.manages(&record.owner)).await?;
        let remote = match &request.trunk {
            Some(trunk) => self.bring_along(&record, phone, trunk).await?,
            None => self.held_at_provider(&record, &phone).await?,
        };
        let tenant = destination(&record, request.tenant_id.as_ref().map(|_| &asked.tenant));
        if let Some(bound) = self.bind_calls(&record, tenant, &remote).await? {
            return Ok(ProviderAnswer { number: Some(bound), ..ProviderAnswer::default() });
        }
        match self.import(&record, tenant, &remote).await? {
            Imported::New(number) | Imported::Known(number) => {
                Ok(ProviderAnswer { number: Some(number), ..ProviderAnswer::default() })
            }
            Imported::OfAnother => {
                Err(Problem::new(Code::NumberUnavailable).and_field("number", "is held by somebody else"))
            }
            Imported::Elsewhere => Err(Problem::new(Code::NumberUnavailable)
                .and_field("number", "exists already, through another account of yours")),
        }
    }

    async fn held_at_provider(&self, record: &AccountRecord, phone: &E164) -> Result<RemoteNumber, Problem> {
        let holdings = self.holdings(record)?;
        let found = holdings.find(phone).await;
        let found = found.map_err(|error| provider_problem::problem(&error, "Reading the number"))?;
        found.ok_or_else(|| {
            Problem::new(Code::NoProviderForNumber)
                .with_detail(
                    "The account does not hold this number at the provider, or its key may not read numbers.",
                )
                .and_field("number", "is not held by this account")
        })
    }

    /// Makes a number of another provider known to this one, which it reaches over a trunk.
    async fn bring_along(
        &self,
        record: &AccountRecord,
        phone: E164,
        trunk: &TrunkBody,
    ) -> Result<RemoteNumber, Problem> {
        let trunks = match self.desk.trunk_numbers(&record.account()) {
            Some(Ok(trunks)) => trunks,
            Some(Err(error)) => return Err(provider_problem::problem(&error, "Importing the number")),
            None => {
                return Err(Problem::new(Code::CapabilityMissing)
                    .and_field("trunk", "is for providers that take numbers over a trunk"));
            }
        };
        let uri = trunk.termination_uri.trim();
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':');
        if uri.is_empty() || uri.len() > 255 || !uri.bytes().all(plain) {
            return Err(Problem::field("trunk.termination_uri", "must be the host of a SIP trunk"));
        }
        let number = TrunkNumber {
            phone,
            termination_uri: uri.to_owned(),
            user: trunk.username.clone(),
            password: trunk.password.clone(),
            inbound_agent: trunk.agent_id.clone(),
            outbound_agent: trunk.outbound_agent_id.clone(),
            lookup_url: Some(format!("{}/api/webhooks/{}", self.public_base_url, record.provider)),
            mark: None,
        };
        let imported = trunks.import(&number).await;
        imported.map_err(|error| provider_problem::problem(&error, "Importing the number"))
    }

    /// A number that the tenant holds through another account already, and that reaches this one over a
    /// trunk: from now on its calls go here. `None`: it is no such number.
    async fn bind_calls(
        &self,
        record: &AccountRecord,
        tenant: Option<&TenantId>,
        remote: &RemoteNumber,
    ) -> Result<Option<ProviderNumberBody>, Problem> {
        let Some(tenant) = tenant else { return Ok(None) };
        if !registry::features(record.provider).trunk_numbers {
            return Ok(None);
        }
        let via = VoiceBinding {
            provider: record.provider,
            account: record.id.clone(),
            sid: Some(remote.sid.clone()),
        };
        for _ in 0..TRIES {
            let Some(found) = self.numbers.by_tenant(tenant, &remote.phone).await? else { return Ok(None) };
            if found.account == record.id {
                return Ok(None);
            }
            // As it is now: what was found first may be older.
            let Some(before) = self.inventory.number(tenant, found.id).await? else { return Ok(None) };
            if before.voice_via.as_ref() == Some(&via) {
                return Ok(Some(held(&before)));
            }
            let mut after = PhoneNumber { voice_via: Some(via.clone()), ..before.clone() };
            after.holding.updated_at = Some(self.clock.now());
            let change = NumberChange { before, after };
            if self.inventory.change_numbers(std::slice::from_ref(&change)).await? {
                return Ok(Some(held(&change.after)));
            }
        }
        Err(Problem::new(Code::NumberUnavailable).and_field("number", "is held by somebody else"))
    }

    /// The numbers of an account at the provider.
    pub(super) fn holdings(&self, record: &AccountRecord) -> Result<Box<dyn HeldNumbers>, Problem> {
        match self.desk.held_numbers(&record.account()) {
            Some(Ok(holdings)) => Ok(holdings),
            Some(Err(error)) => Err(provider_problem::problem(&error, "Reading the numbers")),
            None => Err(Problem::new(Code::CapabilityMissing)),
        }
    }

    /// Stores a number that an account has proven to hold. Repeating it changes nothing.
    pub(super) async fn import(
        &self,
        record: &AccountRecord,
        tenant: Option<&TenantId>,
        remote: &RemoteNumber,
    ) -> Result<Imported, Problem> {
        Ok(match (self.numbers.by_account(&record.id, &remote.phone).await?, tenant) {
            (Some(known), Some(tenant)) if known.tenant == *tenant => Imported::Known(held(&known)),
            (Some(_), _) => Imported::OfAnother,
            (None, Some(tenant)) => match self.entered(record, tenant, remote).await? {
                Some(imported) => imported,
                None => self.give(record, tenant, remote).await?,
            },
            (None, None) => self.keep(record, remote).await?,
        })
    }

    /// A number that the tenant entered by hand, and that waits for just this proof. `None`: there is none.
    async fn entered(
        &self,
        record: &AccountRecord,
        tenant: &TenantId,
        remote: &RemoteNumber,
    ) -> Result<Option<Imported>, Problem> {
        let Some(number) = self.numbers.by_tenant(tenant, &remote.phone).await? else { return Ok(None) };
        if number.status != NumberStatus::Pending || number.account != record.id {
            return Ok(None);
        }
        let now = self.clock.now();
        Ok(Some(match prove(self.inventory.as_ref(), &number, remote, now).await? {
            Some(active) => Imported::New(held(&active)),
            None => Imported::OfAnother,
        }))
    }

    async fn give(
        &self,
        record: &AccountRecord,
        tenant: &TenantId,
        remote: &RemoteNumber,
    ) -> Result<Imported, Problem> {
        let now = self.clock.now();
        let number = PhoneNumber {
            id: NumberId::from_bits(self.random.ulid(now)),
            tenant: tenant.clone(),
            phone: remote.phone.clone(),
            provider: record.provider,
            account: record.id.clone(),
            sid: Some(remote.sid.clone()),
            voice_via: None,
            own_account: is_own(self.book.as_ref(), record).await?,
            user: None,
            agent: None,
            auto_answer: None,
            routes: Vec::new(),
            display_name: remote.mark.clone().unwrap_or_else(|| remote.phone.expose().to_owned()),
            status: NumberStatus::Active,
            is_active: remote.active,
            // The oldest of a tenant sends while none is primary.
            is_primary: false,
            voice: remote.capabilities.voice,
            sms: remote.capabilities.sms,
            mms: remote.capabilities.mms,
            holding: Holding {
                country: remote.phone.country().map(str::to_owned),
                kind: remote.phone.kind(),
                updated_at: Some(now),
                ..Holding::default()
            },
            version: 0,
            created_at: now,
        };
        let put = match record.owner {
            Owner::Platform => self.stock.assign(&number).await?,
            Owner::Tenant(_) => self.numbers.put(&number).await?,
        };
        if put {
            return Ok(Imported::New(held(&number)));
        }
        // Somebody was faster, or the tenant has it elsewhere.
        Ok(match self.numbers.by_account(&record.id, &remote.phone).await? {
            Some(known) if known.tenant == *tenant => Imported::Known(held(&known)),
            Some(_) => Imported::OfAnother,
            None => Imported::Elsewhere,
        })
    }

    async fn keep(&self, record: &AccountRecord, remote: &RemoteNumber) -> Result<Imported, Problem> {
        let number = StockNumber {
            phone: remote.phone.clone(),
            provider: record.provider,
            account: record.id.clone(),
            sid: Some(remote.sid.clone()),
            voice: remote.capabilities.voice,
            sms: remote.capabilities.sms,
            mms: remote.capabilities.mms,
            imported_at: self.clock.now(),
            release: None,
        };
        if self.stock.put_stock(&number).await? {
            return Ok(Imported::New(stocked(&number)));
        }
        Ok(match self.stock.in_stock(&record.id, &remote.phone).await? {
            Some(known) => Imported::Known(stocked(&known)),
            None => Imported::OfAnother,
        })
    }
}

/// Whose an imported number becomes: a tenant's own account's numbers are the tenant's, the platform's
/// are nobody's unless the platform names a tenant.
pub(super) fn destination<'t>(
    record: &'t AccountRecord,
    named: Option<&'t TenantId>,
) -> Option<&'t TenantId> {
    record.owner.tenant().or(named)
}
