//! What a Telnyx account needs.

use crate::domain::secret::Secret;
use crate::provider::account::ProviderAccount;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::{Environment, ProviderId};

/// OpenAPI, `servers`: https://api.telnyx.com/v2.
const API: &str = "https://api.telnyx.com";

/// A usable account.
#[derive(Debug)]
pub(crate) struct Config {
    /// Where the API is, without `/v2` and without a slash at the end.
    pub(crate) base: String,
    /// The base is a simulator's.
    pub(crate) local: bool,
    /// The `Authorization` header.
    pub(crate) authorization: Secret,
    /// The `Authorization` header of everything about messages: its own key, or the same.
    pub(crate) messaging_authorization: Secret,
    /// The call control application.
    pub(crate) connection_id: Option<String>,
    /// The messaging profile.
    pub(crate) messaging_profile_id: Option<String>,
}

impl Config {
    /// Reads the settings.
    pub(crate) fn of(account: &ProviderAccount, environment: &Environment) -> Result<Self, ProviderError> {
        let wrong = || unusable("configure");
        let setting = |name| account.config.get(name).map(Secret::expose);
        let checked = |name, is_valid: fn(&str) -> bool| match setting(name) {
            Some(value) if is_valid(value) => Ok(Some(value.to_owned())),
            Some(_) => Err(wrong()),
            None => Ok(None),
        };
        let api_key = checked("api_key", is_api_key)?.ok_or_else(wrong)?;
        let messaging_key = checked("messaging_key", is_api_key)?;
        let local = setting("api_base").filter(|_| environment.local);
        Ok(Self {
            base: local.unwrap_or(API).trim_end_matches('/').to_owned(),
            local: local.is_some(),
            messaging_authorization: bearer(messaging_key.as_ref().unwrap_or(&api_key)),
            authorization: bearer(&api_key),
            connection_id: checked("connection_id", is_connection)?,
            messaging_profile_id: checked("messaging_profile_id", is_uuid)?,
        })
    }

    /// The host of a simulator, which serves files as well. `None`: this is Telnyx itself.
    pub(crate) fn local_host(&self) -> Option<url::Host> {
        url::Url::parse(&self.base).ok().filter(|_| self.local)?.host().map(|host| host.to_owned())
    }
}

/// The account's settings cannot be used.
pub(crate) fn unusable(operation: &'static str) -> ProviderError {
    ProviderError::new(ProviderId::Telnyx, operation, ErrorKind::Config, Effect::NotSent)
}

/// OpenAPI, `securitySchemes`, bearerAuth.
pub(super) fn bearer(key: &str) -> Secret {
    Secret::new(format!("Bearer {key}"))
}

/// Visible ASCII without spaces: what a header can carry. (Keys of version 2 begin with `KEY`; a
/// simulator's need not.)
pub(crate) fn is_api_key(key: &str) -> bool {
    (1..=256).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
}

/// A number of 64 bits in decimal (OpenAPI, connection ids: `x-format: int64`).
pub(crate) fn is_connection(id: &str) -> bool {
    (1..=20).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit())
}

/// An id of an account or organization: a UUID where it is documented.
pub(crate) fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// Ids of messages, profiles and orders (OpenAPI, `format: uuid`).
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::{is_api_key, is_connection, is_id, is_uuid};

    #[test]
    fn what_goes_into_headers_and_paths_has_a_form() {
        for (check, good, bad) in [
            (is_api_key as fn(&str) -> bool, "KEY0123_abc-d", &["", "a b", "a\nb", "ключ"][..]),
            (is_connection, "1293384261075731499", &["", "12a", "-1", "1/2", "111111111111111111111"]),
            (is_id, "47a530f8-4362-4526-829b-bcee17fd9f7a", &["", "a/b", "a b", "é"]),
            (
                is_uuid,
                "740572b6-099c-44a1-89b9-6c92163bc68d",
                &["", "740572b6-099c-44a1-89b9-6c92163bc68", "740572b6_099c-44a1-89b9-6c92163bc68d"],
            ),
        ] {
            assert!(check(good), "{good}");
            for bad in bad {
                assert!(!check(bad), "{bad:?}");
            }
        }
    }
}
