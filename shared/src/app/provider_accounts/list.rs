//! `list_providers` and `list_numbers`.

use super::cursor::{Cursor, foreign};
use super::show::{shown, unconfigured};
use super::{Actor, Asked, ProviderAccounts};
use crate::api::provider_management::{
    ChannelsBody, ProviderAnswer, ProviderBody, ProviderNumberBody, ProviderRequest,
};
use crate::app::problem::Problem;
use crate::domain::account::{AccountRecord, Owner};
use crate::domain::ids::AccountId;
use crate::domain::number::PhoneNumber;
use crate::ports::{PageRequest, StockNumber};
use crate::provider::ProviderId;

const DEFAULT_LIMIT: u32 = 25;
const MAX_LIMIT: u32 = 100;

impl ProviderAccounts {
    pub(super) async fn list_providers(
        &self,
        actor: &Actor,
        asked: &Asked,
    ) -> Result<ProviderAnswer, Problem> {
        let records = self.all(&asked.tenant).await?;
        let counts = self.counts(&asked.tenant).await?;
        let mut providers = Vec::with_capacity(records.len() + ProviderId::ALL.len());
        for record in &records {
            let count = counts.get(&record.id).copied().unwrap_or(0);
            providers.push(self.body(actor, record, Some(count)));
        }
        let missing = ProviderId::ALL.into_iter().filter(|id| !records.iter().any(|r| r.provider == *id));
        providers.extend(missing.map(unconfigured));
        Ok(ProviderAnswer { providers: Some(providers), ..ProviderAnswer::default() })
    }

    /// An account as this caller may see it.
    pub(super) fn body(&self, actor: &Actor, record: &AccountRecord, numbers: Option<u64>) -> ProviderBody {
        shown(record, self.desk.settings(record.provider), actor.manages(&record.owner), numbers)
    }

    pub(super) async fn list_numbers(
        &self,
        actor: &Actor,
        asked: &Asked,
        request: &ProviderRequest,
    ) -> Result<ProviderAnswer, Problem> {
        let limit = request.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Problem::field("limit", "must be a whole number from 1 to 100"));
        }
        let account = match &asked.id {
            Some(id) => Some(self.find(&asked.tenant, id).await?),
            None => None,
        };
        if let (Some(account), Some(kind)) = (&account, asked.kind)
            && account.provider != kind
        {
            return Err(Problem::field("provider_type", "is not the provider of this account"));
        }
        // The platform's stock is a list of its own, after the tenant's numbers.
        let stock = account.filter(|account| account.owner == Owner::Platform && actor.admin);
        let (numbers, next) = self.page(asked, stock.as_ref(), limit, request.cursor.as_deref()).await?;
        Ok(ProviderAnswer { numbers: Some(numbers), next_cursor: Some(next), ..ProviderAnswer::default() })
    }

    /// A tenant's numbers are few and are read whole; a cursor among them is the last number shown.
    async fn page(
        &self,
        asked: &Asked,
        stock: Option<&AccountRecord>,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<(Vec<ProviderNumberBody>, Option<String>), Problem> {
        let size = usize::try_from(limit).unwrap_or(1);
        let mut shown: Vec<ProviderNumberBody> = Vec::new();
        let mut from_stock = None;
        match Cursor::read(cursor)? {
            Some(Cursor::Stock(next)) if stock.is_some() => from_stock = next,
            Some(Cursor::Stock(_) | Cursor::Page(..) | Cursor::Missing(..)) => return Err(foreign()),
            after => {
                let mut numbers = self.numbers.of_tenant(&asked.tenant).await?;
                numbers.retain(|number| fits(asked, &number.account, number.provider));
                numbers.sort_by(|a, b| a.phone.cmp(&b.phone));
                if let Some(Cursor::Number(after)) = after {
                    numbers.retain(|number| number.phone.expose() > after.as_str());
                }
                shown.extend(numbers.iter().take(size).map(held));
                if numbers.len() > size {
                    let last = shown.last().map(|number| Cursor::Number(number.number.clone()).text());
                    return Ok((shown, last));
                }
            }
        }
        let Some(account) = stock else { return Ok((shown, None)) };
        let room = u32::try_from(size.saturating_sub(shown.len())).unwrap_or(0);
        if room == 0 {
            return Ok((shown, Some(Cursor::Stock(None).text())));
        }
        let page = PageRequest { limit: room, cursor: from_stock };
        let page = self.stock.stock(&account.id, &page).await?;
        shown.extend(page.items.iter().map(stocked));
        Ok((shown, page.next.map(|next| Cursor::Stock(Some(next)).text())))
    }
}

fn fits(asked: &Asked, account: &AccountId, provider: ProviderId) -> bool {
    asked.id.as_ref().is_none_or(|id| id == account) && asked.kind.is_none_or(|kind| kind == provider)
}

/// A tenant's number.
pub(super) fn held(number: &PhoneNumber) -> ProviderNumberBody {
    ProviderNumberBody {
        number: number.phone.expose().to_owned(),
        id: Some(number.id.to_string()),
        provider_type: number.provider.as_str(),
        provider_id: number.account.to_string(),
        provider_sid: number.sid.as_ref().map(ToString::to_string),
        status: if number.is_active { "active" } else { "inactive" },
        display_name: Some(number.display_name.clone()),
        capabilities: ChannelsBody { voice: number.voice, sms: number.sms, mms: number.mms },
        created_at: number.created_at.to_string(),
    }
}

/// A number that nobody has.
pub(super) fn stocked(number: &StockNumber) -> ProviderNumberBody {
    ProviderNumberBody {
        number: number.phone.expose().to_owned(),
        id: None,
        provider_type: number.provider.as_str(),
        provider_id: number.account.to_string(),
        provider_sid: number.sid.as_ref().map(ToString::to_string),
        status: "unassigned",
        display_name: None,
        capabilities: ChannelsBody { voice: number.voice, sms: number.sms, mms: number.mms },
        created_at: number.imported_at.to_string(),
    }
}
