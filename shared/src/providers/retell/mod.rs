//! Retell AI: calls by agents that live there, over numbers that reach it through a trunk.

pub mod accounts;
pub mod agents;
pub mod audit;
pub mod calls;
mod client;
mod config;
pub mod error;
pub mod numbers;
pub mod reason;
mod verify;
pub mod webhook;
mod wire;

use crate::provider::capabilities::{Capabilities, Source};
use crate::provider::registry::Setting;

/// What Retell can do, and its limits. It has texts of its own for chat agents; they are not ours to
/// send, so that there are none here.
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
    concurrent_calls: Some(20),
    webhook_patience: 10,
    sources: &[
        Source::new("voice", "OpenAPI, createPhoneCall"),
        Source::new("concurrentCalls", "OpenAPI, getConcurrency, base_concurrency"),
        Source::new(
            "webhookPatience",
            "OpenAPI, AgentRequest, webhook_timeout_ms; https://docs.retellai.com/features/inbound-call-webhook",
        ),
    ],
};

/// The settings of an account (api.md, provider management).
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "api_key",
        secret: true,
        required: true,
        is_valid: config::is_key,
        expected: "the API key that has the webhook badge: it signs the webhooks",
    },
    Setting {
        name: "next_api_key",
        secret: true,
        required: false,
        is_valid: config::is_key,
        expected: "the API key that will get the webhook badge",
    },
];
