//! The telephony domain: what a message, a number, a conversation and a wallet are, what may happen
//! to them, and the seam behind which the providers live.
//!
//! Map of the crate:
//! * [`api`]: the members of the HTTP contract, and the OpenAPI document made of them.
//! * [`domain`]: values and laws. No wire formats, no I/O, no `async`.
//! * [`provider`]: the seam. One small trait per capability, the error model, the registry.
//! * [`providers`]: one folder per provider, all with the same file names.
//! * [`app`]: the use-cases, one file each. They see the world through [`ports`] only.
//! * [`ports`]: what the use-cases need from a store, a queue, a clock.
//!
//! Invariant: nothing in here knows AWS, Lambda, an HTTP client or an async runtime; `cargo tree`
//! is asked in the tests. Invariant: only [`provider::registry`] matches on [`provider::ProviderId`].

pub mod api;
pub mod app;
pub mod domain;
pub mod ports;
pub mod provider;
pub mod providers;
