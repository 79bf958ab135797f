//! The way out, made of an HTTP client: [`ReqwestTransport`] carries provider calls, [`MediaFetcher`]
//! downloads files from addresses that strangers may have named.
//!
//! Invariant: this is the only crate that names `reqwest`, so that a function which never dials does
//! not link it. Invariant: neither of the two retries, follows a redirect unseen, or uses a proxy.

mod address;
mod client;
mod media;
mod policy;
mod transport;

pub use address::is_forbidden;
pub use client::SetupError;
pub use media::{Download, FetchError, FetchLimits, MediaFetcher};
pub use transport::{DEFAULT_TIMEOUT, ReqwestTransport};
