//! Where a download may go. Checked for the first hop and for every redirect.

use std::error::Error as _;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use telephony::domain::internet::is_forbidden;
use telephony::provider::Environment;
use url::{Host, Origin, Url};

/// The way to an allowed address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Through the resolver that vets what it finds.
    Vetted,
    /// To an origin of the local stack, as it is named.
    Local,
}

/// What is allowed: https on port 443 to the public internet, and on a local stack its own origins.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    local: Vec<Origin>,
}

impl Policy {
    pub(crate) fn new(environment: &Environment) -> Self {
        let named = environment.local_origins.iter().filter(|_| environment.local);
        let origins = named.filter_map(|text| Url::parse(text).ok()).map(|url| url.origin());
        Self { local: origins.filter(Origin::is_tuple).collect() }
    }

    /// The way to `url`, or `None` when there is none. A name is vetted once more, by its addresses,
    /// when it is resolved ([`VettingResolver`]); a literal address, in whatever spelling, has been
    /// normalised by the URL parser and is vetted here, because no resolver ever sees it.
    pub(crate) fn way(&self, url: &Url) -> Option<Way> {
        if !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        if self.local.contains(&url.origin()) {
            return Some(Way::Local);
        }
        let literal = match url.host()? {
            Host::Domain(_) => None,
            Host::Ipv4(ip) => Some(IpAddr::V4(ip)),
            Host::Ipv6(ip) => Some(IpAddr::V6(ip)),
        };
        let allowed = url.scheme() == "https" && url.port_or_known_default() == Some(443);
        (allowed && !literal.is_some_and(is_forbidden)).then_some(Way::Vetted)
    }
}

/// A name leads to an address that is not on the public internet.
#[derive(Debug)]
pub(crate) struct ForbiddenAddress;

impl fmt::Display for ForbiddenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name leads to a forbidden address")
    }
}

impl std::error::Error for ForbiddenAddress {}

/// The connection was not made because of it.
pub(crate) fn is_forbidden_address(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.is::<ForbiddenAddress>() {
            return true;
        }
        source = cause.source();
    }
    false
}

/// Resolves a name once for each connection, and lets it through only when all its addresses may be
/// reached. The connection is made to these very addresses, so that a name which changes between the
/// check and the use (DNS rebinding) gains nothing.
pub(crate) struct VettingResolver;

impl Resolve for VettingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let vetted: Addrs = Box::new(vet(found)?.into_iter());
            Ok(vetted)
        })
    }
}

/// All or nothing: a name with one private address among public ones is an attempt.
fn vet(found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, ForbiddenAddress> {
    if found.iter().any(|address| is_forbidden(address.ip())) { Err(ForbiddenAddress) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::{Policy, Way, vet};
    use telephony::provider::Environment;
    use url::Url;

    fn policy(local: bool) -> Policy {
        Policy::new(&Environment {
            local,
            local_origins: vec!["http://127.0.0.1:4000".into(), "data:".into()],
        })
    }

    #[test]
    fn the_attack_list_finds_no_way() {
        for bad in [
            "http://example.com/",
            "https://example.com:8443/",
            "https://example.com:25/",
            "http://example.com:443/",
            "https://user@example.com/",
            "https://user:pass@example.com/",
            "https://:pass@example.com/",
            "file:///etc/passwd",
            "gopher://example.com/",
            "ftp://example.com/",
            "data:text/plain,x",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://0177.0.0.1/",
            "https://0/",
            "https://0.0.0.0/",
            "https://169.254.169.254/latest",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:169.254.169.254]/",
            "https://[fd00:ec2::254]/",
            "https://[64:ff9b::a9fe:a9fe]/",
            "https://100.64.0.1/",
            "https://192.168.0.1/",
            "http://127.0.0.1:9001/",
            "https://①②⑦.0.0.1/",
            "http://127.0.0.1:4001/",
            "https://127.0.0.1:4000/",
            "http://localhost:4000/",
            "http://user@127.0.0.1:4000/",
        ] {
            assert_eq!(policy(true).way(&Url::parse(bad).unwrap()), None, "{bad}");
        }
    }

    #[test]
    fn https_to_the_internet_and_the_exact_local_origin() {
        let way = |local, url| policy(local).way(&Url::parse(url).unwrap());
        for good in [
            "https://api.twilio.com/2010",
            "https://example.com:443/",
            "https://8.8.8.8/",
            "https://localhost./",
        ] {
            // `localhost.` is a name like any other here: the resolver refuses it.
            assert_eq!(way(true, good), Some(Way::Vetted), "{good}");
        }
        assert_eq!(way(true, "http://127.0.0.1:4000/media/1"), Some(Way::Local));
        assert_eq!(way(true, "http://2130706433:4000/media/1"), Some(Way::Local));
        assert_eq!(way(false, "http://127.0.0.1:4000/media/1"), None);
    }

    #[test]
    fn one_private_address_spoils_a_name() {
        let address = |text: &str| text.parse().unwrap();
        assert!(vet(vec![address("8.8.8.8:0"), address("[2606:4700::1]:0")]).is_ok());
        assert!(vet(vec![address("8.8.8.8:0"), address("10.0.0.1:0")]).is_err());
    }
}
