//! The accounts that a tenant can use.

use futures_util::future::try_join;

use crate::domain::account::{AccountRecord, Owner};
use crate::domain::ids::TenantId;
use crate::ports::{AccountBook, StoreError};

/// The tenant's accounts and the platform's, those that cannot be used as well: by priority, the tenant's
/// own first among equals. 2 queries.
///
/// # Errors
/// When the store fails.
pub async fn within_reach(
    book: &dyn AccountBook,
    tenant: &TenantId,
) -> Result<Vec<AccountRecord>, StoreError> {
    let (own, platform) = (Owner::Tenant(tenant.clone()), Owner::Platform);
    let (mut records, platforms) = try_join(book.list(&own), book.list(&platform)).await?;
    records.extend(platforms);
    records.sort_by_key(|record| record.priority);
    Ok(records)
}

/// Whether the provider bills the platform for this account, so that the tenant is charged: the
/// platform's accounts, and those below them. `known` are the accounts within reach.
pub fn is_charged(record: &AccountRecord, known: &[AccountRecord]) -> bool {
    let parent = record.parent.as_ref().and_then(|id| known.iter().find(|other| other.id == *id));
    match (&record.owner, parent) {
        (Owner::Platform, _) => true,
        // Accounts below accounts below accounts exist nowhere.
        (Owner::Tenant(_), Some(parent)) => parent.owner == Owner::Platform,
        (Owner::Tenant(_), None) => false,
    }
}

/// The tenant's own, also at the provider: nobody here is billed for what goes through it. 1 query.
///
/// # Errors
/// When the store fails.
pub async fn is_own(book: &dyn AccountBook, record: &AccountRecord) -> Result<bool, StoreError> {
    Ok(!is_charged(record, &book.list(&Owner::Platform).await?))
}

#[cfg(test)]
mod tests {
    use super::{AccountRecord, Owner, is_charged};
    use crate::provider::ProviderId;

    #[test]
    fn whom_the_provider_bills_pays() {
        let record = |id: &str, owner: Owner, parent: Option<&str>| {
            let mut record = AccountRecord::new(id.parse().unwrap(), ProviderId::Twilio, owner);
            record.parent = parent.map(|parent| parent.parse().unwrap());
            record
        };
        let acme = || Owner::Tenant("acme".parse().unwrap());
        let known = [
            record("platform", Owner::Platform, None),
            record("own", acme(), None),
            record("below-platform", acme(), Some("platform")),
            record("below-own", acme(), Some("own")),
            record("orphan", acme(), Some("gone")),
        ];
        let charged: Vec<bool> = known.iter().map(|record| is_charged(record, &known)).collect();
        assert_eq!(charged, [true, false, true, false, false]);
    }
}
