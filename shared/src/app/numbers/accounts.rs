//! The accounts behind numbers, and what can be done with them.

use crate::app::provider_accounts::desk::{Capability, Desk};
use crate::domain::account::{AccountRecord, Owner};
use crate::domain::ids::{AccountId, TenantId};
use crate::ports::{AccountBook, StoreError};
use crate::provider::error::ProviderError;
use crate::provider::numbers::HeldNumbers;

/// The account of this id among a tenant's and the platform's. `own`: it is more likely the tenant's, so
/// that it is looked for there first.
pub(super) async fn account(
    book: &dyn AccountBook,
    tenant: Option<&TenantId>,
    id: &AccountId,
    own: bool,
) -> Result<Option<AccountRecord>, StoreError> {
    let mut owners: Vec<Owner> = tenant.cloned().map(Owner::Tenant).into_iter().collect();
    owners.insert(if own { owners.len() } else { 0 }, Owner::Platform);
    for owner in owners {
        if let Some(record) = book.find(&owner, id).await? {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

/// What a capability comes to: an account that is gone, or a provider that lacks it, cannot be reached
/// ever; settings that cannot be used may be mended.
pub(in crate::app) enum Reach<T: ?Sized> {
    /// There it is.
    Yes(Box<T>),
    /// Not as it is now.
    Broken(ProviderError),
    /// Not at all.
    No,
}

impl<T: ?Sized> From<Capability<T>> for Reach<T> {
    fn from(capability: Capability<T>) -> Self {
        match capability {
            Some(Ok(it)) => Self::Yes(it),
            Some(Err(error)) => Self::Broken(error),
            None => Self::No,
        }
    }
}

/// The numbers that an account holds.
pub(in crate::app) fn holdings(desk: &dyn Desk, record: Option<&AccountRecord>) -> Reach<dyn HeldNumbers> {
    record.map_or(Reach::No, |record| desk.held_numbers(&record.account()).into())
}
