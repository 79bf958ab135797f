//! What all our HTTP clients have in common.

use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};

/// Long enough for a SYN to be sent again (1 s) and answered; DNS and TLS are within it.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Shorter than the 20 s after which some servers close an idle connection: a connection that was
/// frozen with its Lambda function is not used again (aws-sdk-rust issue 1417).
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// An HTTP client could not be made: a fault of the build, not of the network.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be set up")]
pub struct SetupError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl SetupError {
    pub(crate) fn new(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self(Box::new(source))
    }
}

/// A client that does what it is told and nothing besides: no redirect, no retry, no proxy, no cookies.
pub(crate) fn builder() -> Result<reqwest::ClientBuilder, SetupError> {
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls()?)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .user_agent(concat!("tandem/", env!("CARGO_PKG_VERSION"))))
}

/// Mozilla's roots, compiled in: reading and parsing a system's 145 certificates costs 2 ms of CPU, at
/// a 128 MB share some 40 ms, at each cold start.
fn tls() -> Result<ClientConfig, SetupError> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(SetupError::new)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
