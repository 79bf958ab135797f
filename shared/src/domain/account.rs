//! Accounts at providers as they are administered: whose they are, what they are called, what was
//! found out about them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ids::{AccountId, TenantId};
use super::secret::Secret;
use super::timestamp::Timestamp;
use crate::provider::account::{AccountConfig, ProviderAccount};
use crate::provider::webhooks::KeyRole;
use crate::provider::{ProviderId, registry};

/// The priority of an account that was given none. The lowest comes first.
pub const DEFAULT_PRIORITY: u16 = 100;

/// Whose account it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// The platform's: every tenant may use it, and pays for it.
    Platform,
    /// A tenant's own.
    Tenant(TenantId),
}

impl Owner {
    /// The tenant, if it is one's.
    pub const fn tenant(&self) -> Option<&TenantId> {
        match self {
            Self::Platform => None,
            Self::Tenant(tenant) => Some(tenant),
        }
    }
}

/// Settings by name. An empty text takes a setting away that lies underneath.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct ConfigPatch(BTreeMap<String, Secret>);

impl fmt::Debug for ConfigPatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The names only; the values would print as `***` anyway.
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl PartialEq for ConfigPatch {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().zip(&other.0).all(|(a, b)| a.0 == b.0 && a.1.expose() == b.1.expose())
    }
}

impl ConfigPatch {
    /// Sets a setting.
    pub fn set(&mut self, name: &str, value: Secret) {
        self.0.insert(name.to_owned(), value);
    }

    /// Forgets what is said about a setting.
    pub fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// The settings, the empty ones too.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Nothing is said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What `base` becomes under this.
    pub fn over(&self, base: &AccountConfig) -> AccountConfig {
        let mut config = base.clone();
        for (name, value) in self.iter() {
            config.set(name, value.clone());
        }
        config
    }

    /// With what `later` says besides, which wins.
    pub fn extend(&mut self, later: &Self) {
        for (name, value) in later.iter() {
            self.set(name, value.clone());
        }
    }
}

/// How far the making of an account has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountState {
    /// A subaccount that was asked for, and may exist at the provider or not.
    Opening,
    /// It can be used.
    #[default]
    Open,
}

/// What the last question about an account was answered with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionTest {
    /// When.
    pub at: Timestamp,
    /// What is wrong: `credentials`, `suspended`, `balance`, `network`. `None`: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// What is left, where the provider tells: amount and currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<super::money::Cost>,
    /// What limits it, for a person to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The first webhook that was signed with a next key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextKeyUse {
    /// When.
    pub at: Timestamp,
    /// Which key, by [`fingerprint`].
    pub key: String,
}

/// Tells keys apart and says nothing about them: a part of a hash of what has at least 128 random bits.
pub fn fingerprint(key: &Secret) -> String {
    hex::encode(Sha256::digest(key.expose().as_bytes()).iter().take(8).copied().collect::<Vec<_>>())
}

/// An account with everything that is known about it.
#[derive(Clone, Debug)]
pub struct AccountRecord {
    /// Our name for it. No two accounts of a stack share one.
    pub id: AccountId,
    /// Whose account it is at which provider.
    pub provider: ProviderId,
    /// Whose it is here.
    pub owner: Owner,
    /// What people call it.
    pub display_name: Option<String>,
    /// Which of several comes first: the lowest.
    pub priority: u16,
    /// May be used; its webhooks are accepted.
    pub active: bool,
    /// The account that it was opened below.
    pub parent: Option<AccountId>,
    /// How far its making has come.
    pub state: AccountState,
    /// The settings that the deployment's parameters give it.
    pub deployed: Option<AccountConfig>,
    /// The settings that were written through the API, over those.
    pub own: ConfigPatch,
    /// The names under which webhooks find it, as they are stored.
    pub indexed: BTreeSet<String>,
    /// Since when it is proven that its credentials are good.
    pub proven_at: Option<Timestamp>,
    /// The last test.
    pub last_test: Option<ConnectionTest>,
    /// The first use of a next key.
    pub next_key_used: Option<NextKeyUse>,
    /// When it was written first.
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// Counts changes; 0 while nothing is stored (a deployment's account as it is deployed).
    pub version: u64,
}

impl AccountRecord {
    /// An account with nothing but what everyone has.
    pub fn new(id: AccountId, provider: ProviderId, owner: Owner) -> Self {
        Self {
            id,
            provider,
            owner,
            display_name: None,
            priority: DEFAULT_PRIORITY,
            active: true,
            parent: None,
            state: AccountState::Open,
            deployed: None,
            own: ConfigPatch::default(),
            indexed: BTreeSet::new(),
            proven_at: None,
            last_test: None,
            next_key_used: None,
            created_at: None,
            updated_at: None,
            version: 0,
        }
    }

    /// Where it is stored: what the deployment names belongs to the platform's partition, also when
    /// it is a tenant's.
    pub fn home(&self) -> Owner {
        if self.deployed.is_some() { Owner::Platform } else { self.owner.clone() }
    }

    /// The settings in force.
    pub fn config(&self) -> AccountConfig {
        self.own.over(&self.deployed.clone().unwrap_or_default())
    }

    /// The account as the providers' adapters take it.
    pub fn account(&self) -> ProviderAccount {
        ProviderAccount {
            id: self.id.clone(),
            provider: self.provider,
            tenant: self.owner.tenant().cloned(),
            config: self.config(),
        }
    }

    /// It may be used.
    pub fn is_usable(&self) -> bool {
        self.active && self.state == AccountState::Open
    }

    /// The names by which its webhooks may claim it.
    pub fn names(&self) -> Vec<String> {
        registry::webhooks(self.provider).names(&self.account())
    }

    /// When the next key that is set now was first seen at work.
    pub fn next_key_first_used_at(&self) -> Option<Timestamp> {
        let used = self.next_key_used.as_ref()?;
        next_key(&self.account()).is_some_and(|key| fingerprint(&key) == used.key).then_some(used.at)
    }
}

/// The next verification key of an account.
pub fn next_key(account: &ProviderAccount) -> Option<Secret> {
    let keys = registry::webhooks(account.provider).keys(account);
    keys.into_iter().find(|key| key.role == KeyRole::Next).map(|key| key.secret)
}

#[cfg(test)]
mod tests {
    use super::{AccountRecord, ConfigPatch, Owner};
    use crate::domain::secret::Secret;
    use crate::provider::ProviderId;
    use crate::provider::account::AccountConfig;
    use proptest::prelude::*;

    fn patch(pairs: &[(String, String)]) -> ConfigPatch {
        let mut patch = ConfigPatch::default();
        for (name, value) in pairs {
            patch.set(name, Secret::new(value.clone()));
        }
        patch
    }

    fn shown(config: &AccountConfig) -> Vec<(String, String)> {
        config.iter().map(|(name, value)| (name.to_owned(), value.expose().to_owned())).collect()
    }

    #[test]
    fn an_overlay_wins_member_by_member_and_an_empty_text_takes_away() {
        let base =
            AccountConfig::from([("account_sid", "AC1"), ("auth_token", "a"), ("next_auth_token", "b")]);
        let over = patch(&[("auth_token".into(), "b".into()), ("next_auth_token".into(), String::new())]);
        assert_eq!(
            shown(&over.over(&base)),
            [("account_sid".to_owned(), "AC1".to_owned()), ("auth_token".to_owned(), "b".to_owned()),]
        );
        assert_eq!(format!("{over:?}"), r#"{"auth_token", "next_auth_token"}"#);
    }

    #[test]
    fn a_deployed_account_lives_with_the_platform_whoever_owns_it() {
        let tenant = Owner::Tenant("acme".parse().unwrap());
        let mut record = AccountRecord::new("acme".parse().unwrap(), ProviderId::Twilio, tenant.clone());
        assert_eq!(record.home(), tenant);
        record.deployed = Some(AccountConfig::default());
        assert_eq!(record.home(), Owner::Platform);
    }

    proptest! {
        /// Two changes one after the other are the same as both at once.
        #[test]
        fn changes_add_up(
            base in proptest::collection::vec(("[a-d]", "[x-z]{0,2}"), 0..5),
            first in proptest::collection::vec(("[a-d]", "[x-z]{0,2}"), 0..5),
            second in proptest::collection::vec(("[a-d]", "[x-z]{0,2}"), 0..5),
        ) {
            let base = patch(&base).over(&AccountConfig::default());
            let (first, second) = (patch(&first), patch(&second));
            let mut both = first.clone();
            both.extend(&second);
            prop_assert_eq!(shown(&second.over(&first.over(&base))), shown(&both.over(&base)));
        }
    }
}
