//! The way out, made of an HTTP client: [`ReqwestTransport`] carries provider calls, [`MediaFetcher`]
//! downloads files from addresses that strangers may have named, [`WebhookPoster`] posts to addresses that
//! customers have named.
//!
//! Invariant: this is the only crate that names `reqwest`, so that a function which never dials does
//! not link it. Invariant: none of them retries, follows a redirect unseen, or uses a proxy.

mod client;
mod media;
mod outward;
mod policy;
mod transport;
mod webhook;

pub use client::SetupError;
pub use media::{Download, FetchError, FetchLimits, MediaFetcher};
pub use telephony::domain::internet::is_forbidden;
pub use transport::{DEFAULT_TIMEOUT, ReqwestTransport};
pub use webhook::WebhookPoster;
