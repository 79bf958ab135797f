//! Retell AI: calls by agents.

pub mod accounts;
pub mod agents;
pub mod calls;
pub mod error;
pub mod numbers;
pub mod webhook;

use crate::provider::capabilities::Capabilities;
use crate::provider::registry::Setting;

/// What Retell can do, and its limits.
pub const CAPABILITIES: Capabilities = Capabilities {
    sms: false,
    mms: false,
    voice: true,
    rvm: false,
    shaken: false,
    max_body: 0,
    max_media: 0,
    mms_receipts: false,
    manages_opt_outs: false,
    long_code_rate: None,
    concurrent_calls: None,
    webhook_patience: 10,
    sources: &[],
};

/// The settings of an account (api.md, provider management).
pub const SETTINGS: &[Setting] = &[];
