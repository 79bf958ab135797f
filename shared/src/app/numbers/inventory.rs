//! The inventory as its tenant sees and changes it.

use std::sync::Arc;

use crate::api::numbers::inventory::NumberChangeRequest;
use crate::app::problem::{Code, Problem};
use crate::app::provider_accounts::desk::Desk;
use crate::app::provider_problem;
use crate::domain::account::{AccountRecord, Owner};
use crate::domain::ids::{AccountId, AgentId, BusinessId, NumberId, TenantId, UserId};
use crate::domain::number::{NumberStatus, PhoneNumber};
use crate::domain::phone::E164;
use crate::ports::{
    AccountBook, Agents, Clock, Inventory, NumberChange, Numbers, Page, PageRequest, Random, StoreError,
};
use crate::provider::ProviderId;
use crate::provider::numbers::NumberSettings;

/// How many pages one request looks through for numbers that pass a filter, as for conversations.
const MAX_PAGES: usize = 10;
/// How often a change is laid over what somebody else wrote in between.
const TRIES: u32 = 4;
const MAX_NAME_CHARS: usize = 100;
const MAX_NOTES_CHARS: usize = 2_000;

/// Which numbers are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Held through this provider.
    pub provider: Option<ProviderId>,
    /// Assigned to this user.
    pub user: Option<UserId>,
    /// Assigned to this business.
    pub business: Option<BusinessId>,
    /// Answered by this agent.
    pub agent: Option<AgentId>,
    /// Of this status. Unless said, any but released.
    pub status: Option<NumberStatus>,
    /// This number.
    pub phone: Option<E164>,
}

impl Filter {
    fn passes(&self, number: &PhoneNumber) -> bool {
        let is_wanted = match self.status {
            Some(status) => number.status == status,
            None => number.status != NumberStatus::Released,
        };
        is_wanted
            && self.provider.is_none_or(|provider| number.provider == provider)
            && self.user.as_ref().is_none_or(|user| number.user.as_ref() == Some(user))
            && self
                .business
                .as_ref()
                .is_none_or(|business| number.holding.business.as_ref() == Some(business))
            && self.agent.as_ref().is_none_or(|agent| number.agent.as_ref() == Some(agent))
            && self.phone.as_ref().is_none_or(|phone| number.phone == *phone)
    }
}

/// Reads and changes the inventory.
pub struct ManageNumbers {
    /// The inventory.
    pub inventory: Arc<dyn Inventory>,
    /// The numbers that are held now.
    pub numbers: Arc<dyn Numbers>,
    /// Who may answer them.
    pub agents: Arc<dyn Agents>,
    /// The accounts that hold them.
    pub book: Arc<dyn AccountBook>,
    /// The providers.
    pub desk: Arc<dyn Desk>,
    /// What stands before `/api/` in our URLs, without a slash at the end.
    pub public_base_url: String,
    /// The country in whose national form numbers are read.
    pub default_country: String,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub random: Arc<dyn Random>,
}

/// A change, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Wanted {
    user: Option<Option<UserId>>,
    business: Option<Option<BusinessId>>,
    agent: Option<Option<AgentId>>,
    display_name: Option<String>,
    is_primary: Option<bool>,
    is_active: Option<bool>,
    notes: Option<Option<String>>,
}

impl ManageNumbers {
    /// A page of the numbers that pass, the newest first. It may hold fewer than were asked for, or none,
    /// and yet have a cursor: then there is more to look through.
    ///
    /// # Errors
    /// When the store fails, or the cursor is not of this list.
    pub async fn list(
        &self,
        tenant: &TenantId,
        filter: &Filter,
        page: &PageRequest,
    ) -> Result<Page<PhoneNumber>, StoreError> {
        if let Some(phone) = &filter.phone
            && filter.status != Some(NumberStatus::Released)
        {
            // There is one at most: released ones are found in the inventory only.
            let found = self.numbers.by_tenant(tenant, phone).await?;
            return Ok(Page { items: found.into_iter().filter(|n| filter.passes(n)).collect(), next: None });
        }
        let mut wanted = page.clone();
        let mut items = Vec::new();
        for _ in 0..MAX_PAGES {
            let got = self.inventory.numbers(tenant, &wanted).await?;
            items.extend(got.items.into_iter().filter(|number| filter.passes(number)));
            wanted.cursor = got.next;
            let room = page.limit.saturating_sub(u32::try_from(items.len()).unwrap_or(u32::MAX));
            if wanted.cursor.is_none() || room == 0 {
                break;
            }
            // No more than there is room for: a number that did not fit would be lost behind the cursor.
            wanted.limit = room;
        }
        Ok(Page { items, next: wanted.cursor })
    }

    /// One number, a released one too.
    ///
    /// # Errors
    /// `NOT_FOUND`; when the store fails.
    pub async fn number(&self, tenant: &TenantId, id: NumberId) -> Result<PhoneNumber, Problem> {
        self.inventory.number(tenant, id).await?.ok_or_else(|| Problem::new(Code::NotFound))
    }

    /// Changes what is assigned, shown and switched. A managed number is pointed at us again before an
    /// agent gets it.
    ///
    /// # Errors
    /// A problem that names the field; `AGENT_NOT_FOUND`; `IN_PROGRESS` while something else happens to
    /// the number; what the provider fails with, and then nothing is stored.
    pub async fn change(
        &self,
        tenant: &TenantId,
        id: NumberId,
        request: &NumberChangeRequest,
    ) -> Result<PhoneNumber, Problem> {
        let wanted = wanted(request)?;
        let mut configured = false;
        for _ in 0..TRIES {
            let before = self.number(tenant, id).await?;
            may_change(&before)?;
            let after = laid_over(&wanted, &before);
            if let Some(Some(agent)) = &wanted.agent {
                self.is_agent(tenant, agent).await?;
                if !configured && before.agent.as_ref() != Some(agent) {
                    self.configure(&before).await?;
                    configured = true;
                }
            }
            if after == before {
                return Ok(before);
            }
            let mut changes = self.demoted(&before, &after).await?;
            let after = touched(after, &*self.clock);
            changes.push(NumberChange { before: before.clone(), after: after.clone() });
            if self.inventory.change_numbers(&changes).await? {
                tracing::info!(%tenant, number_id = %id, "Number changed");
                return Ok(PhoneNumber { version: before.version.saturating_add(1), ..after });
            }
        }
        Err(busy())
    }

    async fn is_agent(&self, tenant: &TenantId, agent: &AgentId) -> Result<(), Problem> {
        match self.agents.agent(tenant, agent).await? {
            Some(_) => Ok(()),
            None => Err(agent_not_found()),
        }
    }

    /// Who is primary now, and is not any more when `after` is.
    async fn demoted(&self, before: &PhoneNumber, after: &PhoneNumber) -> Result<Vec<NumberChange>, Problem> {
        let rises =
            after.is_primary && !(before.is_primary && before.holding.business == after.holding.business);
        if !rises {
            return Ok(Vec::new());
        }
        let others = self.numbers.of_tenant(&before.tenant).await?.into_iter();
        let others = others.filter(|other| {
            other.id != before.id && other.is_primary && other.holding.business == after.holding.business
        });
        let demoted = |other: PhoneNumber| {
            let after = PhoneNumber { is_primary: false, ..other.clone() };
            NumberChange { before: other, after: touched(after, &*self.clock) }
        };
        Ok(others.map(demoted).collect())
    }

    /// An account of the tenant's, or of the platform's.
    pub(super) async fn account(
        &self,
        tenant: &TenantId,
        id: &AccountId,
    ) -> Result<Option<AccountRecord>, StoreError> {
        match self.book.find(&Owner::Tenant(tenant.clone()), id).await? {
            Some(own) => Ok(Some(own)),
            None => self.book.find(&Owner::Platform, id).await,
        }
    }

    /// Points a number that we bought at us, so that who is assigned to it hears of its events. What is not
    /// ours is not touched: the answer says which URLs are to be set there by hand.
    async fn configure(&self, number: &PhoneNumber) -> Result<(), Problem> {
        let (Some(mark), Some(sid)) = (&number.holding.mark, &number.sid) else { return Ok(()) };
        let record = self.account(&number.tenant, &number.account).await?.filter(AccountRecord::is_usable);
        let record =
            record.ok_or_else(|| Problem::new(Code::ProviderNotConfigured(Some(number.provider))))?;
        let fails = |error| provider_problem::problem(&error, "Configuring the number");
        let holdings = match self.desk.held_numbers(&record.account()) {
            Some(holdings) => holdings.map_err(fails)?,
            None => return Err(Problem::new(Code::CapabilityMissing)),
        };
        let settings =
            NumberSettings { webhooks: Some(self.public_base_url.clone()), mark: Some(mark.clone()) };
        holdings.configure(sid, &settings).await.map_err(fails)?;
        Ok(())
    }
}

/// What happens to a number by itself is not interfered with.
fn may_change(number: &PhoneNumber) -> Result<(), Problem> {
    match number.status {
        NumberStatus::Pending | NumberStatus::Active | NumberStatus::Suspended => Ok(()),
        NumberStatus::Moving | NumberStatus::Releasing => Err(busy()),
        NumberStatus::Released => {
            Err(Problem::new(Code::NumberUnavailable).with_detail("The number was given back."))
        }
    }
}

fn busy() -> Problem {
    Problem::new(Code::InProgress).with_detail("Something else is happening to this number.")
}

fn touched(number: PhoneNumber, clock: &dyn Clock) -> PhoneNumber {
    let mut number = number;
    number.holding.updated_at = Some(clock.now());
    number
}

/// What the number becomes. Being primary belongs to a business: it stays behind with that.
fn laid_over(wanted: &Wanted, before: &PhoneNumber) -> PhoneNumber {
    let mut after = before.clone();
    if let Some(user) = &wanted.user {
        after.user.clone_from(user);
    }
    if let Some(agent) = &wanted.agent {
        after.agent.clone_from(agent);
    }
    if let Some(business) = &wanted.business {
        after.is_primary &= after.holding.business == *business;
        after.holding.business.clone_from(business);
    }
    if let Some(name) = &wanted.display_name {
        after.display_name.clone_from(name);
    }
    if let Some(notes) = &wanted.notes {
        after.holding.notes.clone_from(notes);
    }
    after.is_primary = wanted.is_primary.unwrap_or(after.is_primary);
    after.is_active = wanted.is_active.unwrap_or(after.is_active);
    after
}

fn wanted(request: &NumberChangeRequest) -> Result<Wanted, Problem> {
    if *request == NumberChangeRequest::default() {
        return Err(Problem::field("body", "must change something"));
    }
    let agent = |text: &String| text.parse::<AgentId>().map_err(|_| agent_not_found());
    Ok(Wanted {
        user: request.user_id.as_ref().map(|user| opaque("userId", user.as_deref())).transpose()?,
        business: request.business_id.as_ref().map(|id| opaque("businessId", id.as_deref())).transpose()?,
        agent: request.agent_id.as_ref().map(|id| id.as_ref().map(agent).transpose()).transpose()?,
        display_name: request.display_name.as_deref().map(display_name).transpose()?,
        is_primary: request.is_primary,
        is_active: request.is_active,
        notes: request.notes.as_ref().map(|text| notes(text.as_deref())).transpose()?,
    })
}

/// The body names an agent that there is not.
fn agent_not_found() -> Problem {
    Problem::new(Code::AgentNotFound).and_field("agentId", "names no agent of yours")
}

/// An id of the caller's own, which is not looked up anywhere.
pub(super) fn opaque<T: std::str::FromStr>(
    field: &'static str,
    text: Option<&str>,
) -> Result<Option<T>, Problem> {
    let message = "must have 1 to 128 letters, digits, dots, dashes, underscores or @";
    text.map(str::parse).transpose().map_err(|_| Problem::field(field, message))
}

/// What people call a number.
pub(super) fn display_name(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let fits = (1..=MAX_NAME_CHARS).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits {
        Ok(text.to_owned())
    } else {
        Err(Problem::field("displayName", "must have 1 to 100 characters, on one line"))
    }
}

/// Notes; empty ones are none.
pub(super) fn notes(text: Option<&str>) -> Result<Option<String>, Problem> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    let readable = |c: char| !c.is_control() || matches!(c, '\n' | '\t' | '\r');
    if text.is_some_and(|text| text.chars().count() > MAX_NOTES_CHARS || !text.chars().all(readable)) {
        return Err(Problem::field("notes", "must have at most 2,000 characters that can be read"));
    }
    Ok(text.map(str::to_owned))
}
