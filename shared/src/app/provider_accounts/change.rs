//! `update_provider` and `delete_provider`.

use super::add::taken;
use super::config::{Change, complete};
use super::{Actor, Asked, ProviderAccounts};
use crate::api::provider_management::{ProviderAnswer, ProviderRequest};
use crate::app::problem::{Code, Problem};
use crate::domain::account::{AccountRecord, AccountState, Owner};
use crate::ports::{AccountWrite, PageRequest, StoreError};

/// How often a change is laid over what somebody else wrote in between.
const TRIES: u32 = 4;
/// How many numbers are counted before it is "at least".
const COUNTED: u32 = 100;

impl ProviderAccounts {
    pub(super) async fn update_provider(
        &self,
        actor: &Actor,
        asked: &Asked,
        request: &ProviderRequest,
    ) -> Result<ProviderAnswer, Problem> {
        let body = request.config.as_ref().ok_or_else(|| Problem::field("config", "is required"))?;
        for _ in 0..TRIES {
            let now = self.clock.now();
            let before = self.managed(actor, asked).await?;
            let settings = self.desk.settings(before.provider);
            let change = Change::read(body, settings, &self.environment, false)?;
            let after = change.onto(&before);
            let opening = before.state == AccountState::Opening;
            if opening && body.0.is_empty() {
                let opened = self.open(before, false).await?;
                return Ok(self.changed(actor, &opened));
            }
            // What is opening has no credentials yet, unless they are given here.
            let whole = complete(&after.config(), settings);
            let after = match (opening, whole) {
                (true, Ok(())) => AccountRecord { state: AccountState::Open, ..after },
                (true, Err(_)) => after,
                (false, whole) => {
                    whole?;
                    after
                }
            };
            self.is_new(&after).await?;
            match self.book.replace(&before, &after, now).await? {
                AccountWrite::Done => {
                    tracing::info!(provider = %after.provider, account = %after.id, "Provider account changed");
                    let mut after = self.managed(actor, asked).await?;
                    if after.state == AccountState::Opening {
                        // The write above counts as news; its lease is over at once.
                        after.updated_at = before.updated_at;
                        after = self.open(after, false).await?;
                    }
                    return Ok(self.changed(actor, &after));
                }
                AccountWrite::NameTaken(other) => return Err(taken(&other)),
                AccountWrite::Changed | AccountWrite::Replay(_) => {}
            }
        }
        Err(StoreError::Contended.into())
    }

    fn changed(&self, actor: &Actor, record: &AccountRecord) -> ProviderAnswer {
        ProviderAnswer { provider: Some(self.body(actor, record, None)), ..ProviderAnswer::default() }
    }

    pub(super) async fn delete_provider(
        &self,
        actor: &Actor,
        asked: &Asked,
    ) -> Result<ProviderAnswer, Problem> {
        let record = self.managed(actor, asked).await?;
        if record.deployed.is_some() {
            return self.delete_overlay(actor, asked, &record).await;
        }
        let held = self.held(&record).await?;
        if held > 0 {
            let at_least = if held >= u64::from(COUNTED) { "at least " } else { "" };
            return Err(Problem::new(Code::ProviderInUse).with_detail(format!(
                "{at_least}{held} numbers are held through this account. Release them or move them to another \
                 account first, or switch it off with active: false."
            )));
        }
        if record.state == AccountState::Opening && self.exists_at_provider(&record).await? {
            return Err(Problem::new(Code::ProviderInUse).with_detail(
                "The subaccount exists at the provider. Finish it with update_provider, so that it is not lost.",
            ));
        }
        if !self.book.remove(&record).await? {
            return Err(StoreError::Contended.into());
        }
        if record.owner == Owner::Platform {
            self.stock.forget_stock(&record.id).await?;
        }
        tracing::info!(provider = %record.provider, account = %record.id, "Provider account removed");
        Ok(ProviderAnswer::default())
    }

    /// What the deployment's parameters say cannot be deleted here, but what was laid over it can.
    async fn delete_overlay(
        &self,
        actor: &Actor,
        asked: &Asked,
        record: &AccountRecord,
    ) -> Result<ProviderAnswer, Problem> {
        if record.version == 0 {
            let message = "is set by the deployment's parameters and cannot be deleted; switch it off with \
                           active: false, or remove the parameters";
            return Err(Problem::field("provider_id", message));
        }
        if !self.book.remove(record).await? {
            return Err(StoreError::Contended.into());
        }
        tracing::info!(provider = %record.provider, account = %record.id, "Overlay of a provider account removed");
        let left = self.managed(actor, asked).await?;
        Ok(self.changed(actor, &left))
    }

    /// How many numbers point at an account.
    async fn held(&self, record: &AccountRecord) -> Result<u64, Problem> {
        if let Owner::Tenant(tenant) = &record.owner {
            return Ok(self.counts(tenant).await?.get(&record.id).copied().unwrap_or(0));
        }
        let page = PageRequest { limit: COUNTED, cursor: None };
        let page = self.stock.assigned(&record.id, &page).await?;
        Ok(u64::try_from(page.items.len()).unwrap_or(u64::MAX))
    }
}
