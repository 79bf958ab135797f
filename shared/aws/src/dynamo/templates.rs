//! Templates.

use async_trait::async_trait;
use telephony::domain::ids::{TemplateId, TenantId};
use telephony::domain::template::Template;
use telephony::ports::{Page, PageRequest, StoreError, Templates};

use super::Store;
use super::listing::Listing;
use super::write::Write;
use crate::item::{Fields, Item, json, keyed};
use crate::keys;

fn read(item: &Item) -> Result<Template, StoreError> {
    Fields(item).json("doc")
}

#[async_trait]
impl Templates for Store {
    async fn get(&self, tenant: &TenantId, id: &TemplateId) -> Result<Option<Template>, StoreError> {
        self.read(&keys::template(tenant, id), true).await?.as_ref().map(read).transpose()
    }

    async fn list(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<Template>, StoreError> {
        let page = Store::list(self, &Listing::in_order(keys::templates(tenant)), page).await?;
        Ok(Page { items: page.items.iter().map(read).collect::<Result<_, _>>()?, next: page.next })
    }

    async fn put(&self, tenant: &TenantId, template: &Template, create: bool) -> Result<bool, StoreError> {
        let mut item = keyed(&keys::template(tenant, &template.id), "tpl");
        item.insert("doc".into(), json(template)?);
        let write = Write::put(item);
        self.wrote(if create { write.if_absent() } else { write }).await
    }

    async fn delete(&self, tenant: &TenantId, id: &TemplateId) -> Result<bool, StoreError> {
        self.wrote(Write::delete(keys::template(tenant, id)).if_present()).await
    }
}
