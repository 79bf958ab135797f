//! Templates and opt-outs, as users see and set them.

use super::Page;
use super::PageRequest;
use super::StoreError;
use crate::domain::address::Address;
use crate::domain::consent::ConsentChange;
use crate::domain::consent::ContactConsent;
use crate::domain::ids::TemplateId;
use crate::domain::ids::TenantId;
use crate::domain::template::Template;
use async_trait::async_trait;

/// Templates.
#[async_trait]
pub trait Templates: Send + Sync {
    /// One template. 1 consistent read.
    async fn get(&self, tenant: &TenantId, id: &TemplateId) -> Result<Option<Template>, StoreError>;

    /// All, by page.
    async fn list(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<Template>, StoreError>;

    /// Writes one; with `create`, only if there is none of this id (false: there is one).
    async fn put(&self, tenant: &TenantId, template: &Template, create: bool) -> Result<bool, StoreError>;

    /// Removes one. False: there was none.
    async fn delete(&self, tenant: &TenantId, id: &TemplateId) -> Result<bool, StoreError>;
}

/// Opt-outs, as users see and set them.
#[async_trait]
pub trait Consents: Send + Sync {
    /// What a contact allows. 1 consistent read.
    async fn consent(
        &self,
        tenant: &TenantId,
        contact: &Address,
    ) -> Result<Option<ContactConsent>, StoreError>;

    /// Contacts that are blocked, by page. 1 query a page.
    async fn blocked(
        &self,
        tenant: &TenantId,
        page: &PageRequest,
    ) -> Result<Page<ContactConsent>, StoreError>;

    /// Changes it, with its history, in one transaction.
    async fn change(&self, change: &ConsentChange) -> Result<(), StoreError>;
}
