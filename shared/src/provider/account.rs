//! Credentials of one account or subaccount at a provider.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::ProviderId;
use crate::domain::ids::{AccountId, TenantId};
use crate::domain::secret::Secret;

/// One account at a provider, as it is kept in the credential store.
#[derive(Clone, Debug, Deserialize)]
pub struct ProviderAccount {
    /// Our name for it, e.g. `platform-twilio`. Numbers and attempts point at it.
    pub id: AccountId,
    /// Whose account it is.
    pub provider: ProviderId,
    /// The tenant that brought it along; `None` for the platform's own. What goes through a tenant's
    /// own account is not charged.
    #[serde(default)]
    pub tenant: Option<TenantId>,
    /// The provider's own settings, by the names of the contract (`account_sid`, `auth_token`, …).
    pub config: AccountConfig,
}

/// The settings of an account, every one of them unprintable. Only the provider's adapter knows
/// which there are.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct AccountConfig(BTreeMap<String, Secret>);

impl AccountConfig {
    /// The setting of this name; an empty text counts as absent, because a deployment's parameter
    /// that was left empty arrives as one.
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.0.get(name).filter(|value| !value.is_empty())
    }
}

impl AccountConfig {
    /// Every setting that is not empty, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.0.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.as_str(), value))
    }

    /// Puts a setting in place of the one of this name. An empty value takes it away.
    pub fn set(&mut self, name: &str, value: Secret) {
        if value.is_empty() {
            self.0.remove(name);
        } else {
            self.0.insert(name.to_owned(), value);
        }
    }
}

impl<const N: usize> From<[(&str, &str); N]> for AccountConfig {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), Secret::new(value))).collect())
    }
}
