//! What a SignalWire project needs.

use crate::domain::secret::Secret;
use crate::provider::account::ProviderAccount;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::{Environment, ProviderId};
use crate::providers::twilio::compat::credentials::basic;

/// A usable project.
#[derive(Debug)]
pub(crate) struct Config {
    /// Where the API is, without a slash at the end.
    pub(crate) base: String,
    /// A UUID: `AccountSid` in the compatible API.
    pub(crate) project_id: String,
    /// The `Authorization` header.
    pub(crate) authorization: Secret,
}

impl Config {
    /// Reads the settings.
    pub(crate) fn of(account: &ProviderAccount, environment: &Environment) -> Result<Self, ProviderError> {
        let wrong =
            || ProviderError::new(ProviderId::SignalWire, "configure", ErrorKind::Config, Effect::NotSent);
        let setting = |name| account.config.get(name).map(Secret::expose);
        let project_id = setting("project_id").filter(|id| is_uuid(id)).ok_or_else(wrong)?;
        let token = setting("token").ok_or_else(wrong)?;
        // The token is sent to this host: it must be SignalWire's, whoever wrote the setting.
        let space = setting("space_url").filter(|space| is_space(space));
        let base = match setting("api_base").filter(|_| environment.local) {
            Some(local) => local.trim_end_matches('/').to_owned(),
            None => format!("https://{}", space.ok_or_else(wrong)?),
        };
        Ok(Self { base, project_id: project_id.to_owned(), authorization: basic(project_id, token) })
    }
}

/// `[a-z0-9-]+\.signalwire\.com`.
pub(crate) fn is_space(host: &str) -> bool {
    host.strip_suffix(".signalwire.com").is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    })
}

/// Every id is a UUID (Compatibility OpenAPI, `uuid`).
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::{is_space, is_uuid};

    #[test]
    fn a_space_is_a_host_of_signalwire() {
        assert!(is_space("demo-1.signalwire.com"));
        for bad in [
            "",
            ".signalwire.com",
            "signalwire.com",
            "a.b.signalwire.com",
            "Demo.signalwire.com",
            "demo.signalwire.com.evil.example",
            "demo.signalwire.com/",
            "evil.example/x.signalwire.com",
            "a@b.signalwire.com",
            "https://demo.signalwire.com",
            "demo.signalwire.com:8080",
            "demo.signalwire.com\n",
        ] {
            assert!(!is_space(bad), "{bad:?}");
        }
    }

    #[test]
    fn ids_are_uuids() {
        assert!(is_uuid("0a1b2c3d-1111-4222-8333-444455556666"));
        for bad in ["", "0a1b2c3d11114222833344445555666600aa", "0a1b2c3d-1111-4222-8333-44445555666g"] {
            assert!(!is_uuid(bad), "{bad:?}");
        }
    }
}
