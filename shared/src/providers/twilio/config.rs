//! What a Twilio account needs.

use super::compat::credentials::basic;
use crate::domain::secret::Secret;
use crate::provider::account::ProviderAccount;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::{Environment, ProviderId};

/// https://www.twilio.com/docs/usage/api; OpenAPI api_v2010, `servers`.
const API: &str = "https://api.twilio.com";

/// A usable account.
#[derive(Debug)]
pub(crate) struct Config {
    /// Where the API is, without a slash at the end.
    pub(crate) base: String,
    /// The base is a simulator's, where everything is.
    local: bool,
    /// `AC…`.
    pub(crate) account_sid: String,
    /// The `Authorization` header. An API key is preferred: it can be withdrawn by itself.
    pub(crate) authorization: Secret,
    /// The messaging service that sends, if any.
    pub(crate) messaging_service: Option<String>,
}

impl Config {
    /// Reads the settings.
    pub(crate) fn of(account: &ProviderAccount, environment: &Environment) -> Result<Self, ProviderError> {
        let wrong =
            || ProviderError::new(ProviderId::Twilio, "configure", ErrorKind::Config, Effect::NotSent);
        let setting = |name| account.config.get(name).map(Secret::expose);
        let sid = setting("account_sid").filter(|sid| is_account(sid)).ok_or_else(wrong)?;
        let authorization = match (setting("api_key"), setting("api_secret"), setting("auth_token")) {
            (Some(key), Some(secret), _) => basic(key, secret),
            (_, _, Some(token)) => basic(sid, token),
            (_, _, None) => return Err(wrong()),
        };
        let messaging_service = match setting("messaging_service_sid") {
            Some(service) if is_messaging_service(service) => Some(service.to_owned()),
            Some(_) => return Err(wrong()),
            None => None,
        };
        let local = setting("api_base").filter(|_| environment.local);
        Ok(Self {
            base: local.unwrap_or(API).trim_end_matches('/').to_owned(),
            local: local.is_some(),
            account_sid: sid.to_owned(),
            authorization,
            messaging_service,
        })
    }

    /// Where another product of Twilio's has its API (OpenAPI messaging_v1 and routes_v2, `servers`).
    pub(crate) fn product(&self, name: &str) -> String {
        if self.local { self.base.clone() } else { format!("https://{name}.twilio.com") }
    }
}

/// `AC` and 32 hexadecimal digits (OpenAPI api_v2010, parameter `AccountSid`).
pub(crate) fn is_account(sid: &str) -> bool {
    is_sid(sid, &["AC"])
}

/// `SM` or `MM` and 32 hexadecimal digits (OpenAPI api_v2010, `api.v2010.account.message`, `sid`).
pub(crate) fn is_message(sid: &str) -> bool {
    is_sid(sid, &["SM", "MM"])
}

/// `CA` and 32 hexadecimal digits (OpenAPI api_v2010, `api.v2010.account.call`, `sid`).
pub(crate) fn is_call(sid: &str) -> bool {
    is_sid(sid, &["CA"])
}

/// `ME` and 32 hexadecimal digits (OpenAPI api_v2010, FetchMedia, `Sid`).
pub(crate) fn is_media(sid: &str) -> bool {
    is_sid(sid, &["ME"])
}

/// `SK` and 32 hexadecimal digits (OpenAPI api_v2010, FetchKey, `Sid`).
pub(crate) fn is_api_key(sid: &str) -> bool {
    is_sid(sid, &["SK"])
}

/// `MG` and 32 hexadecimal digits (OpenAPI api_v2010, CreateMessage, `MessagingServiceSid`).
pub(crate) fn is_messaging_service(sid: &str) -> bool {
    is_sid(sid, &["MG"])
}

fn is_sid(sid: &str, prefixes: &[&str]) -> bool {
    prefixes
        .iter()
        .filter_map(|prefix| sid.strip_prefix(prefix))
        .any(|digits| digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}
