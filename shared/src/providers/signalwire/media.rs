//! Attachments that SignalWire keeps.

use url::{Origin, Url};

use super::config::{Config, is_uuid};
use crate::provider::account::ProviderAccount;
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::media::{MediaRequest, MediaSource};
use crate::provider::{Environment, ProviderId};
use crate::providers::twilio::media::path_below;

/// The media half of one project.
///
/// # Errors
/// [`ErrorKind::Config`] when the project's settings cannot be used.
pub fn media(
    account: &ProviderAccount,
    environment: &Environment,
) -> Result<Box<dyn MediaSource>, ProviderError> {
    let config = Config::of(account, environment)?;
    let local = environment.local && account.config.get("api_base").is_some();
    Ok(Box::new(SignalWireMedia { config, local }))
}

struct SignalWireMedia {
    config: Config,
    local: bool,
}

impl MediaSource for SignalWireMedia {
    /// The project's own media through the API, with credentials (a project may have its media
    /// protected), and whatever else SignalWire serves, without: its media are public under a URL that
    /// cannot be guessed unless protected (docs, platform/dashboard/guides/media-protection).
    fn media_request(&self, url: &str) -> Result<MediaRequest, ProviderError> {
        let refused = || {
            ProviderError::new(ProviderId::SignalWire, "media", ErrorKind::InvalidRequest, Effect::NotSent)
        };
        let url = Url::parse(url).map_err(|_| refused())?;
        let segments: Vec<&str> =
            path_below(&url, &self.config.base).unwrap_or_default().split('/').collect();
        match segments.as_slice() {
            ["", "api", "laml", "2010-04-01", "Accounts", project, "Messages", message, "Media", media]
                if *project == self.config.project_id && is_uuid(message) && is_uuid(media) =>
            {
                Ok(MediaRequest { authorization: Some(self.config.authorization.clone()), url })
            }
            _ if self.is_public(&url) => Ok(MediaRequest { authorization: None, url }),
            _ => Err(refused()),
        }
    }
}

impl SignalWireMedia {
    fn is_public(&self, url: &Url) -> bool {
        let bare = url.username().is_empty() && url.password().is_none();
        let here = if self.local {
            Url::parse(&self.config.base).is_ok_and(|base| base.origin() == url.origin())
        } else {
            match url.origin() {
                Origin::Tuple(scheme, url::Host::Domain(host), 443) => {
                    scheme == "https" && host.ends_with(".signalwire.com")
                }
                Origin::Tuple(..) | Origin::Opaque(_) => false,
            }
        };
        bare && here
    }
}
