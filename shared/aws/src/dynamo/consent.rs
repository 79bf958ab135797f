//! Opt-outs, as users see and set them.

use async_trait::async_trait;
use telephony::domain::address::Address;
use telephony::domain::consent::{ConsentChange, ContactConsent};
use telephony::domain::ids::TenantId;
use telephony::ports::{Consents, Page, PageRequest, StoreError};

use super::Store;
use super::contact;
use super::listing::Listing;
use super::requests::Transacted;
use super::tries::Tries;
use crate::keys::{self, TIMELINE};

impl Store {
    /// What a contact allows.
    pub(super) async fn read_consent(
        &self,
        tenant: &TenantId,
        address: &Address,
    ) -> Result<Option<ContactConsent>, StoreError> {
        self.read(&keys::consent(tenant, address), true).await?.as_ref().map(contact::read).transpose()
    }

    /// Changes it, with its history, in one transaction.
    pub(super) async fn change_consent(&self, change: &ConsentChange) -> Result<(), StoreError> {
        let mut tries = Tries::default();
        loop {
            let stored = self.read(&keys::consent(&change.tenant, &change.contact), true).await?;
            match self.transact(contact::writes(change, stored.as_ref())?.into()).await? {
                Transacted::Done => return Ok(()),
                Transacted::Conflict | Transacted::Refused(_) => tries.again().await?,
            }
        }
    }
}

#[async_trait]
impl Consents for Store {
    async fn consent(
        &self,
        tenant: &TenantId,
        contact: &Address,
    ) -> Result<Option<ContactConsent>, StoreError> {
        self.read_consent(tenant, contact).await
    }

    async fn blocked(
        &self,
        tenant: &TenantId,
        page: &PageRequest,
    ) -> Result<Page<ContactConsent>, StoreError> {
        let listing = Listing::newest_first(keys::blocked(tenant)).on(TIMELINE);
        let page = self.list_whole(&listing, page).await?;
        let items = page.items.iter().map(contact::read).collect::<Result<Vec<_>, _>>()?;
        // The index lags behind the table: a contact whose block was just lifted is not shown.
        Ok(Page { items: items.into_iter().filter(ContactConsent::is_blocked).collect(), next: page.next })
    }

    async fn change(&self, change: &ConsentChange) -> Result<(), StoreError> {
        self.change_consent(change).await
    }
}
