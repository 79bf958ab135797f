//! What the router may know of provider accounts: everything but their credentials.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use telephony::domain::account::{AccountState as Making, DEFAULT_PRIORITY, Owner};
use telephony::domain::ids::{AccountId, TenantId};
use telephony::domain::routing::{AccountState, Scope};
use telephony::ports::{AccountStates, StoreError};

use crate::dynamo::{Store, StoredAccount};
use crate::item::Fields;
use crate::keys;

/// The states that the table tells, of accounts that the deployment has and of those that were written
/// through the API. Reads no secret, and needs no key.
#[derive(Clone, Debug)]
pub struct TableStates {
    store: Store,
    deployed: BTreeSet<AccountId>,
}

impl TableStates {
    /// `deployed`: the accounts whose credentials the deployment was given, separated by commas.
    pub fn new(store: Store, deployed: &str) -> Self {
        let deployed = deployed.split(',').filter_map(|id| id.trim().parse().ok()).collect();
        Self { store, deployed }
    }

    fn state(&self, id: &AccountId, owner: &Owner, stored: Option<&StoredAccount>) -> Option<AccountState> {
        let deployed = *owner == Owner::Platform && self.deployed.contains(id);
        let fields = stored.map(|stored| Fields(stored.item()));
        // A note about an account that the deployment does not have any more is nobody's account.
        let written = stored.is_some_and(|stored| stored.envelope.is_some());
        if !deployed && !written {
            return None;
        }
        let opening = fields.is_some_and(|fields| fields.maybe_word("st") == Ok(Some(Making::Opening)));
        let priority = fields.and_then(|fields| fields.maybe_number("prio"));
        let scope = match owner {
            Owner::Platform => Scope::Platform,
            Owner::Tenant(_) => Scope::Own,
        };
        Some(AccountState {
            configured: !opening,
            active: !fields.is_some_and(|fields| fields.flag("off")),
            priority: priority.and_then(|p| u32::try_from(p).ok()).unwrap_or(u32::from(DEFAULT_PRIORITY)),
            scope,
        })
    }
}

#[async_trait]
impl AccountStates for TableStates {
    /// 1 batch read.
    async fn states(
        &self,
        tenant: &TenantId,
        accounts: &BTreeSet<AccountId>,
    ) -> Result<BTreeMap<AccountId, AccountState>, StoreError> {
        let owners = [Owner::Tenant(tenant.clone()), Owner::Platform];
        let wanted: Vec<_> =
            owners.iter().flat_map(|owner| accounts.iter().map(move |id| keys::account(owner, id))).collect();
        let stored = self.store.accounts_by_key(wanted).await?;
        let mut states = BTreeMap::new();
        for id in accounts {
            let found = owners.iter().find_map(|owner| {
                let key = keys::account(owner, id);
                self.state(id, owner, stored.get(&key))
            });
            if let Some(state) = found {
                states.insert(id.clone(), state);
            }
        }
        Ok(states)
    }
}
