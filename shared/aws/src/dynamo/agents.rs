//! Agents.

use async_trait::async_trait;
use telephony::domain::agent::{Agent, Character};
use telephony::domain::endpoint::Sealed;
use telephony::domain::ids::{AgentId, TenantId};
use telephony::ports::{Agents, Page, PageRequest, StoreError};

use super::Store;
use super::listing::Listing;
use super::write::Write;
use crate::item::{Fields, Item, json, keyed, millis, text, word};
use crate::keys::{self, SK};

fn item(agent: &Agent) -> Result<Item, StoreError> {
    let mut item = keyed(&keys::agent(&agent.tenant, &agent.id), "agt");
    item.insert("tenant".into(), text(agent.tenant.as_str()));
    item.insert("name".into(), text(agent.name.clone()));
    item.insert("ca".into(), millis(agent.created_at));
    item.insert("ua".into(), millis(agent.updated_at));
    let url = agent.sms_url.clone().map(|url| ("url".to_owned(), text(url)));
    let secret = agent.secret.clone().map(|secret| ("sec".to_owned(), text(secret.0)));
    item.extend(url.into_iter().chain(secret));
    if let Some(line) = &agent.line {
        item.insert("line".into(), json(line)?);
    }
    if agent.character != Character::default() {
        item.insert("chr".into(), json(&agent.character)?);
    }
    if let Some(fallback) = &agent.fallback {
        item.insert("fb".into(), word(fallback)?);
    }
    Ok(item)
}

fn read(item: &Item) -> Result<Agent, StoreError> {
    let fields = Fields(item);
    Ok(Agent {
        id: fields.parsed(SK)?,
        tenant: fields.parsed("tenant")?,
        name: fields.text("name")?.to_owned(),
        line: fields.maybe_json("line")?,
        character: fields.maybe_json("chr")?.unwrap_or_default(),
        fallback: fields.maybe_word("fb")?,
        sms_url: fields.owned("url"),
        secret: fields.owned("sec").map(Sealed),
        created_at: fields.time("ca")?,
        updated_at: fields.time("ua")?,
    })
}

#[async_trait]
impl Agents for Store {
    async fn agents(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<Agent>, StoreError> {
        let page = self.list(&Listing::in_order(keys::agents(tenant)), page).await?;
        Ok(Page { items: page.items.iter().map(read).collect::<Result<_, _>>()?, next: page.next })
    }

    async fn agent(&self, tenant: &TenantId, id: &AgentId) -> Result<Option<Agent>, StoreError> {
        self.read(&keys::agent(tenant, id), true).await?.as_ref().map(read).transpose()
    }

    async fn put_agent(&self, agent: &Agent, create: bool) -> Result<bool, StoreError> {
        let write = Write::put(item(agent)?);
        self.wrote(if create { write.if_absent() } else { write }).await
    }

    async fn remove_agent(&self, tenant: &TenantId, id: &AgentId) -> Result<bool, StoreError> {
        self.wrote(Write::delete(keys::agent(tenant, id)).if_present()).await
    }
}
