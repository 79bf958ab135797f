//! What the router may know of provider accounts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use telephony::domain::ids::{AccountId, TenantId};
use telephony::domain::routing::{AccountState, Scope};
use telephony::ports::{AccountStates, Accounts, StoreError};

/// The states that follow from the credential store: an account that it has is configured and active,
/// with the usual priority. For those that may read credentials.
#[derive(Clone)]
pub struct StatesOfAccounts(pub Arc<dyn Accounts>);

impl std::fmt::Debug for StatesOfAccounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StatesOfAccounts")
    }
}

#[async_trait]
impl AccountStates for StatesOfAccounts {
    async fn states(
        &self,
        tenant: &TenantId,
        accounts: &BTreeSet<AccountId>,
    ) -> Result<BTreeMap<AccountId, AccountState>, StoreError> {
        let mut states = BTreeMap::new();
        for id in accounts {
            if let Some(account) = self.0.account(tenant, id).await? {
                let scope = if account.tenant.is_some() { Scope::Own } else { Scope::Platform };
                states.insert(id.clone(), AccountState { scope, ..AccountState::default() });
            }
        }
        Ok(states)
    }
}

/// Takes every account for configured, for functions that may not read credentials: whether it is, the
/// sending worker finds out.
#[derive(Clone, Copy, Debug, Default)]
pub struct AssumedStates;

#[async_trait]
impl AccountStates for AssumedStates {
    async fn states(
        &self,
        _tenant: &TenantId,
        accounts: &BTreeSet<AccountId>,
    ) -> Result<BTreeMap<AccountId, AccountState>, StoreError> {
        Ok(accounts.iter().map(|id| (id.clone(), AccountState::default())).collect())
    }
}
