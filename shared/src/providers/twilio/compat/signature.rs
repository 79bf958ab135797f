//! The parts of which signatures are made: URL spellings, the string of a form, HMAC-SHA1.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::form::{Form, is_form};
use crate::provider::request::{InboundRequest, Verified};
use crate::provider::webhooks::{VerificationKey, WebhookError};
use http::Method;

/// The most keys that one request is tried with.
const MAX_KEYS: usize = 4;

/// The spellings of a URL that its signer may have used.
pub(crate) struct Spellings {
    /// Try without the port, whatever it is, and not only without the default one.
    pub(crate) any_port_removed: bool,
    /// Try `'` as `%27` in the query and the other way round.
    pub(crate) quotes: bool,
}

impl Spellings {
    /// The URL as it is, first, and then its other spellings.
    pub(crate) fn of(&self, url: &str) -> Vec<String> {
        let mut urls = vec![url.to_owned()];
        if let Some(parts) = Parts::of(url) {
            let hosts = [Some(parts.host), parts.host_without_userinfo()];
            for host in hosts.into_iter().flatten() {
                urls.push(parts.spell(host, parts.port));
                match parts.port {
                    Some(port) if self.any_port_removed || port == parts.default_port => {
                        urls.push(parts.spell(host, None));
                    }
                    Some(_) => {}
                    None => urls.push(parts.spell(host, Some(parts.default_port))),
                }
            }
        }
        if self.quotes {
            for index in 0..urls.len() {
                let Some((path, query)) = urls.get(index).and_then(|url| url.split_once('?')) else {
                    continue;
                };
                let escaped = format!("{path}?{}", query.replace('\'', "%27"));
                let plain = format!("{path}?{}", query.replace("%27", "'"));
                urls.extend([escaped, plain]);
            }
        }
        let mut unique: Vec<String> = Vec::with_capacity(urls.len());
        for url in urls {
            if !unique.contains(&url) {
                unique.push(url);
            }
        }
        unique
    }
}

/// A URL cut up without changing a byte of it: a signature is over the spelling, which a URL parser
/// would normalise.
struct Parts<'u> {
    scheme: &'u str,
    host: &'u str,
    port: Option<&'u str>,
    default_port: &'static str,
    rest: &'u str,
}

impl<'u> Parts<'u> {
    fn of(url: &'u str) -> Option<Self> {
        let (scheme, after) = url.split_once("://")?;
        let default_port = match scheme {
            "https" => "443",
            "http" => "80",
            _ => return None,
        };
        let end = after.find(['/', '?', '#']).unwrap_or(after.len());
        let (authority, rest) = after.split_at_checked(end)?;
        let (host, port) = match authority.rsplit_once(':') {
            // A colon elsewhere belongs to the user's password or to an IPv6 address.
            Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
                (host, Some(port))
            }
            _ => (authority, None),
        };
        Some(Self { scheme, host, port, default_port, rest })
    }

    /// Twilio says that it drops `user:password@` before it signs (docs/usage/security), its
    /// libraries keep it; both are tried.
    fn host_without_userinfo(&self) -> Option<&'u str> {
        self.host.rsplit_once('@').map(|(_, host)| host)
    }

    fn spell(&self, host: &str, port: Option<&str>) -> String {
        let Self { scheme, rest, .. } = self;
        match port {
            Some(port) => format!("{scheme}://{host}:{port}{rest}"),
            None => format!("{scheme}://{host}{rest}"),
        }
    }
}

/// A name and its value.
pub(crate) type Pair<'f> = (&'f [u8], &'f [u8]);

/// Puts a form's pairs into the order in which they are signed, which is where the providers differ.
pub(crate) type Sort = fn(&mut Vec<Pair<'_>>);

/// What a form adds to the URL in the signed string.
fn form_string(form: &Form, sort: Sort) -> Vec<u8> {
    let mut pairs = form.pairs().collect();
    sort(&mut pairs);
    pairs.into_iter().flat_map(|(name, value)| name.iter().chain(value)).copied().collect()
}

/// HMAC-SHA1 over the parts in a row.
pub(crate) fn hmac_sha1(key: &str, parts: &[&[u8]]) -> Option<Vec<u8>> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).ok()?;
    for part in parts {
        mac.update(part);
    }
    Some(mac.finalize().into_bytes().to_vec())
}

/// Compares the *text* of a signature: decoding it first would let several spellings of one
/// signature pass.
pub(crate) fn same(expected: &str, offered: &str) -> bool {
    bool::from(expected.as_bytes().ct_eq(offered.as_bytes()))
}

/// The standard base64 of a digest.
pub(crate) fn base64_text(digest: &[u8]) -> String {
    STANDARD.encode(digest)
}

/// Checks the body against the `bodySHA256` of the URL: `None` when the URL has none, `Some(true)`
/// only when it has exactly one and that one is the body's.
pub(crate) fn body_digest_matches(request: &InboundRequest) -> Option<bool> {
    let mut digests = request
        .raw_query()?
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .filter(|(name, _)| *name == "bodySHA256")
        .map(|(_, digest)| digest);
    let digest = digests.next()?;
    let actual = hex::encode(Sha256::digest(&request.body));
    Some(digests.next().is_none() && same(&actual, digest))
}

/// What a base64 signature covers beside the URL.
pub(crate) enum Covered {
    /// This string, made of the form.
    Form(Vec<u8>),
    /// The URL alone, and through it the whole request: there is no body, or the URL carries its digest.
    Url,
    /// The body is covered by nothing, so that no signature over the URL proves anything.
    Uncovered,
}

/// Decides what a base64 signature over this request can prove.
pub(crate) fn covered(request: &InboundRequest, sort: Sort) -> Covered {
    if is_form(request) && request.method != Method::GET {
        let form = Form::decode(&request.body);
        if !form.is_empty() {
            return Covered::Form(form_string(&form, sort));
        }
    }
    match body_digest_matches(request) {
        Some(true) => Covered::Url,
        Some(false) => Covered::Uncovered,
        None if request.body.is_empty() => Covered::Url,
        None => Covered::Uncovered,
    }
}

/// Tries the keys that may be tried: at most four, none empty (an empty key signs for everybody),
/// and only those of the account that the request names.
pub(crate) fn try_keys<'r>(
    request: &'r InboundRequest,
    named: Option<&str>,
    keys: &[VerificationKey],
    signed_by: impl Fn(&str) -> bool,
) -> Result<Verified<'r>, WebhookError> {
    keys.iter()
        .take(MAX_KEYS)
        .filter(|key| !key.secret.is_empty() && named.is_none_or(|named| named == key.remote_id))
        .find(|key| signed_by(key.secret.expose()))
        .map(|key| Verified::new(request, key.account.clone(), key.role))
        .ok_or(WebhookError::BadSignature)
}

#[cfg(test)]
mod tests {
    use super::Spellings;

    const ALL: Spellings = Spellings { any_port_removed: true, quotes: true };

    #[test]
    fn spellings_change_nothing_but_port_userinfo_and_quotes() {
        for (url, other) in [
            ("https://a.example/p?q=1", "https://a.example:443/p?q=1"),
            ("http://a.example", "http://a.example:80"),
            ("https://a.example:8443/p", "https://a.example/p"),
            ("https://u:p@a.example/p", "https://a.example/p"),
            ("https://[::1]:8443/", "https://[::1]/"),
            ("https://a.example/'?q='", "https://a.example/'?q=%27"),
            ("https://a.example/%27?q=%27", "https://a.example/%27?q='"),
        ] {
            let all = ALL.of(url);
            assert_eq!(all.first().map(String::as_str), Some(url));
            assert!(all.iter().any(|spelling| spelling == other), "{url}: {all:?}");
        }
        assert_eq!(ALL.of("wss://a.example/"), ["wss://a.example/"]);
    }

    #[test]
    fn a_dialect_may_keep_a_port_that_is_not_the_default() {
        let strict = Spellings { any_port_removed: false, quotes: false };
        assert_eq!(strict.of("https://a.example:8443/?'"), ["https://a.example:8443/?'"]);
        assert_eq!(strict.of("https://a.example:443/"), ["https://a.example:443/", "https://a.example/"]);
    }
}
