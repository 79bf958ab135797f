//! `POST /api/numbers/repair-webhooks`: where the numbers' events go at their providers, held against
//! where they ought to go, and brought back.
//!
//! A dry run and a repair look at the same things in the same order; a repair writes what a dry run calls
//! `repairable`, and reads it again before it says that it is repaired. Nothing is kept between two runs:
//! repeating one finishes what another left undone.

mod claim;
mod cursor;
mod reason;
mod run;

use std::sync::Arc;
use std::time::Duration;

use self::cursor::{Cursor, Place};
use self::run::{Ended, Run};
use crate::api::repair::{RepairAnswer, RepairRequest, UnavailableBody};
use crate::app::problem::{Code, Problem};
use crate::app::provider_accounts::desk::Desk;
use crate::app::provider_problem;
use crate::domain::account::{AccountRecord, Owner};
use crate::domain::ids::TenantId;
use crate::domain::mark::Marker;
use crate::ports::{AccountBook, Clock, Numbers};
use crate::provider::ProviderId;

pub use self::claim::is_ours;

/// An HTTP API gives up after 30 seconds. After this no further number is begun.
const LONGEST: Duration = Duration::from_secs(20);

/// Audits and repairs.
pub struct WebhookRepair {
    /// The accounts.
    pub book: Arc<dyn AccountBook>,
    /// The tenants' numbers.
    pub numbers: Arc<dyn Numbers>,
    /// The providers.
    pub desk: Arc<dyn Desk>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// What stands before `/api/` in our URLs, without a slash at the end.
    pub public_base_url: String,
    /// This stack's marks.
    pub marker: Marker,
}

/// What a request means.
struct Asked {
    owner: Owner,
    provider: Option<ProviderId>,
    dry_run: bool,
}

impl Asked {
    fn read(request: &RepairRequest) -> Result<Self, Problem> {
        let owner = match &request.tenant_id {
            Some(tenant) => Owner::Tenant(
                tenant.parse::<TenantId>().map_err(|_| Problem::field("tenantId", "is not a tenant id"))?,
            ),
            None => Owner::Platform,
        };
        let wrong = |_| Problem::field("provider", "must be twilio, signalwire, telnyx or retell");
        let provider = request.provider.as_deref().map(str::parse).transpose().map_err(wrong)?;
        Ok(Self { owner, provider, dry_run: request.dry_run.unwrap_or_default() })
    }

    /// What a cursor is bound to.
    fn text(&self) -> String {
        let owner = self.owner.tenant().map_or("", TenantId::as_str);
        let provider = self.provider.map_or("", ProviderId::as_str);
        format!("{owner}|{provider}|{}", self.dry_run)
    }
}

impl WebhookRepair {
    /// Does what a request of the platform asks for.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` naming the member; `PROVIDER_NOT_CONFIGURED` for a provider without an account;
    /// what the store fails with. A provider that fails is reported in the answer.
    pub async fn repair(&self, request: &RepairRequest) -> Result<RepairAnswer, Problem> {
        let until = self.clock.now().plus(LONGEST);
        let asked = Asked::read(request)?;
        let from = Cursor::read(request.cursor.as_deref(), &asked.text())?;
        let accounts = self.accounts(&asked).await?;
        let mut run = Run::new(self, asked.dry_run, until);
        let mut next = None;
        for account in &accounts {
            let place = match &from {
                Some(from) if account.id < from.account => continue,
                Some(from) if account.id == from.account => from.place.clone(),
                Some(_) | None => Place::Start,
            };
            match run.account(account, place).await {
                Ok(None) => {}
                Ok(Some(place)) => {
                    let account = account.id.clone();
                    next = Some(Cursor { asked: asked.text(), account, place }.text());
                    break;
                }
                Err(Ended::Problem(problem)) => return Err(problem),
                Err(Ended::Provider(error)) => {
                    let code = provider_problem::problem(&error, "Reading the settings").code();
                    let code = code.as_str().into_owned();
                    tracing::warn!(
                        provider = %account.provider, account = %account.id, code, error = %error,
                        "An account could not be audited"
                    );
                    run.answer.unavailable.push(UnavailableBody {
                        provider: account.provider.as_str(),
                        provider_account_id: account.id.to_string(),
                        code,
                    });
                }
            }
        }
        let mut answer = run.answer;
        answer.next_cursor = next;
        tracing::info!(
            dry_run = asked.dry_run,
            accounts = accounts.len(),
            checked = answer.checked,
            drifted = answer.drifted.len(),
            unmanaged = answer.unmanaged,
            repaired = answer.drifted.iter().filter(|drift| drift.repaired).count(),
            unavailable = answer.unavailable.len(),
            done = answer.next_cursor.is_none(),
            "Webhooks audited"
        );
        Ok(answer)
    }

    /// The accounts that are meant, by their ids. One that is switched off is not asked.
    async fn accounts(&self, asked: &Asked) -> Result<Vec<AccountRecord>, Problem> {
        let mut accounts = self.book.list(&asked.owner).await?;
        accounts.retain(|account| {
            account.is_usable() && asked.provider.is_none_or(|provider| provider == account.provider)
        });
        accounts.sort_by(|a, b| a.id.cmp(&b.id));
        match asked.provider {
            Some(provider) if accounts.is_empty() => {
                Err(Problem::new(Code::ProviderNotConfigured(Some(provider))))
            }
            Some(_) | None => Ok(accounts),
        }
    }
}
