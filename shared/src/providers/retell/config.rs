//! What a Retell account needs.

use crate::domain::secret::Secret;
use crate::provider::account::ProviderAccount;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::{Environment, ProviderId};

/// OpenAPI, `servers`.
const API: &str = "https://api.retellai.com";

/// A usable account.
#[derive(Debug)]
pub(crate) struct Config {
    /// Where the API is, without a slash at the end.
    pub(crate) base: String,
    /// The `Authorization` header.
    pub(crate) authorization: Secret,
}

impl Config {
    /// Reads the settings.
    pub(crate) fn of(account: &ProviderAccount, environment: &Environment) -> Result<Self, ProviderError> {
        let setting = |name| account.config.get(name).map(Secret::expose);
        let key = setting("api_key").filter(|key| is_key(key)).ok_or_else(|| {
            ProviderError::new(ProviderId::Retell, "configure", ErrorKind::Config, Effect::NotSent)
        })?;
        let local = setting("api_base").filter(|_| environment.local);
        Ok(Self {
            base: local.unwrap_or(API).trim_end_matches('/').to_owned(),
            authorization: Secret::new(format!("Bearer {key}")),
        })
    }
}

/// Something that a header can carry. Retell publishes no form for its keys.
pub(crate) fn is_key(key: &str) -> bool {
    (8..=256).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::is_key;

    #[test]
    fn a_key_is_one_word() {
        assert!(is_key("key_0123456789"));
        for bad in ["", "key", "key 0123456789", "key_0123456789\n", "clé_0123456789"] {
            assert!(!is_key(bad), "{bad:?}");
        }
    }
}
