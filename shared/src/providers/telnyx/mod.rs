//! Telnyx: messaging, and calls by call control.

pub mod accounts;
pub mod calls;
pub mod control;
pub mod error;
pub mod market;
pub mod media;
pub mod messages;
pub mod numbers;
pub mod recordings;
pub mod webhook;

use crate::provider::capabilities::Capabilities;
use crate::provider::registry::Setting;

/// What Telnyx can do, and its limits.
pub const CAPABILITIES: Capabilities = Capabilities {
    sms: true,
    mms: true,
    voice: true,
    rvm: true,
    shaken: true,
    max_body: 1600,
    max_media: 10,
    mms_receipts: true,
    manages_opt_outs: true,
    long_code_rate: None,
    concurrent_calls: None,
    webhook_patience: 2,
    sources: &[],
};

/// The settings of an account (api.md, provider management).
pub const SETTINGS: &[Setting] = &[];
