//! Attachments that Twilio keeps.

use url::Url;

use super::config::{self, Config};
use crate::provider::account::ProviderAccount;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::media::{MediaRequest, MediaSource};
use crate::provider::{Environment, ProviderId};

/// The media half of one account.
///
/// # Errors
/// [`ErrorKind::Config`] when the account's settings cannot be used.
pub fn media(
    account: &ProviderAccount,
    environment: &Environment,
) -> Result<Box<dyn MediaSource>, ProviderError> {
    Config::of(account, environment).map(|config| -> Box<dyn MediaSource> { Box::new(TwilioMedia(config)) })
}

struct TwilioMedia(Config);

impl MediaSource for TwilioMedia {
    /// `/2010-04-01/Accounts/{account}/Messages/{message}/Media/{media}` of the API's own host and
    /// nothing else: Twilio demands credentials for it and redirects to its CDN
    /// (https://www.twilio.com/docs/messaging/api/media-resource).
    fn media_request(&self, url: &str) -> Result<MediaRequest, ProviderError> {
        let refused =
            || ProviderError::new(ProviderId::Twilio, "media", ErrorKind::InvalidRequest, Effect::NotSent);
        let url = Url::parse(url).map_err(|_| refused())?;
        let path = path_below(&url, &self.0.base).ok_or_else(refused)?;
        let segments: Vec<&str> = path.split('/').collect();
        match segments.as_slice() {
            ["", "2010-04-01", "Accounts", account, "Messages", message, "Media", media]
                if *account == self.0.account_sid
                    && config::is_message(message)
                    && config::is_media(media) =>
            {
                Ok(MediaRequest { authorization: Some(self.0.authorization.clone()), url })
            }
            _ => Err(refused()),
        }
    }
}

/// The path of a bare URL (no user, query or fragment) below a base, when it is on the same origin.
pub(crate) fn path_below<'u>(url: &'u Url, base: &str) -> Option<&'u str> {
    let base = Url::parse(base).ok()?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !bare || url.origin() != base.origin() {
        return None;
    }
    url.path().strip_prefix(base.path().trim_end_matches('/'))
}
