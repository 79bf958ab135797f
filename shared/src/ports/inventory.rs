//! The inventory: every number that a tenant has or had.

use super::{Page, PageRequest, StoreError};
use crate::domain::ids::{NumberId, TenantId};
use crate::domain::number::PhoneNumber;
use async_trait::async_trait;

/// One number before and after a change. Id, tenant and phone stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberChange {
    /// As it was read.
    pub before: PhoneNumber,
    /// As it is to be; the store counts its version on.
    pub after: PhoneNumber,
}

/// The inventory.
#[async_trait]
pub trait Inventory: Send + Sync {
    /// One number, released ones too. 1 consistent read.
    async fn number(&self, tenant: &TenantId, id: NumberId) -> Result<Option<PhoneNumber>, StoreError>;

    /// Every number, the newest first, released ones too. 1 query a page.
    async fn numbers(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<PhoneNumber>, StoreError>;

    /// Puts each `after` in place of its `before`, all of them or none, in one transaction: every copy of
    /// a number, and the ways to find it as its status wants them (a released number is found by its id
    /// alone). A business has one primary number: who becomes it must come with the change that demotes
    /// the other. False: one of them is no longer as it was read, or somebody else has the number.
    async fn change_numbers(&self, changes: &[NumberChange]) -> Result<bool, StoreError>;
}
