//! Attachments that Telnyx keeps.

use url::{Host, Url};

use super::config::Config;
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
    let config = Config::of(account, environment)?;
    Ok(Box::new(TelnyxMedia { local: config.local_host() }))
}

struct TelnyxMedia {
    /// The host of a simulator.
    local: Option<Host>,
}

impl MediaSource for TelnyxMedia {
    /// Any public `https` URL, without credentials. Telnyx documents no host for its media, and its
    /// links (30 days) and those of recordings (10 minutes) are signed addresses at whatever storage it
    /// uses; so a list of hosts here would lose attachments on the day that they move. What makes it
    /// safe: the URL came in a verified event, nothing of ours is sent along, and the fetcher refuses
    /// addresses that are not public.
    fn media_request(&self, url: &str) -> Result<MediaRequest, ProviderError> {
        download(url, self.local.as_ref()).ok_or_else(|| {
            ProviderError::new(ProviderId::Telnyx, "media", ErrorKind::InvalidRequest, Effect::NotSent)
        })
    }
}

/// How to fetch a file, when it may be: from a named host at the port of `https`, or from a simulator. That
/// serves files at another port than its API, as Telnyx does at another host; at which ports, the fetcher
/// has been told.
pub(crate) fn download(url: &str, local: Option<&Host>) -> Option<MediaRequest> {
    let url = Url::parse(url).ok()?;
    let bare = url.username().is_empty() && url.password().is_none();
    let allowed = match local {
        Some(host) => url.host().is_some_and(|of_url| of_url.to_owned() == *host),
        None => {
            let named =
                matches!(url.host(), Some(Host::Domain(name)) if name.contains('.') && !name.ends_with('.'));
            url.scheme() == "https" && named && url.port_or_known_default() == Some(443)
        }
    };
    (bare && allowed).then_some(MediaRequest { url, authorization: None })
}
