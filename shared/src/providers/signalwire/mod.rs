//! SignalWire, through its Compatibility API: a dialect of Twilio's. What differs is here; the rest
//! is [`crate::providers::twilio::compat`].

pub mod accounts;
pub mod audit;
pub mod calls;
mod config;
mod dialect;
pub mod error;
pub mod media;
pub mod messages;
pub mod numbers;
pub mod recordings;
pub mod status;
mod verify;
pub mod webhook;

use crate::provider::capabilities::{Capabilities, Source};
use crate::provider::registry::Setting;
use crate::providers::twilio::compat::credentials::is_word;

/// What SignalWire can do, and its limits.
pub const CAPABILITIES: Capabilities = Capabilities {
    sms: true,
    mms: true,
    voice: true,
    rvm: true,
    shaken: false,
    max_body: 1600,
    max_media: 8,
    mms_receipts: false,
    manages_opt_outs: false,
    long_code_rate: Some(400),
    concurrent_calls: None,
    webhook_patience: 5,
    sources: &[
        Source::new("longCodeRate", "docs, platform/core/rate-limits, 10DLC"),
        Source::new("rvm", "Compatibility OpenAPI, CreateCallRequest, MachineDetection"),
        Source::new(
            "shaken",
            "docs, platform/calling/voice/stir-shaken: attestation C until support has vetted the account",
        ),
        Source::new("maxBody", "Compatibility OpenAPI, Message, body"),
        Source::new("maxMedia", "Compatibility OpenAPI, CreateMessageRequest, MediaUrl"),
        Source::new("mmsReceipts", "Compatibility OpenAPI, smsStatusCallback"),
        Source::new("managesOptOuts", "docs, platform/messaging/sms/overview"),
        Source::new("webhookPatience", "docs, common-webhook-errors"),
    ],
};

/// The settings of an account (api.md, provider management).
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "project_id",
        secret: false,
        required: true,
        is_valid: config::is_uuid,
        expected: "the project's id, a UUID",
    },
    Setting { name: "token", secret: true, required: true, is_valid: is_word, expected: "an API token" },
    Setting {
        name: "space_url",
        secret: false,
        required: true,
        is_valid: config::is_space,
        expected: "the space's host, `name.signalwire.com`",
    },
    Setting {
        name: "signing_key",
        secret: true,
        required: false,
        is_valid: is_word,
        expected: "the project's signing key: it signs the webhooks",
    },
    Setting {
        name: "next_signing_key",
        secret: true,
        required: false,
        is_valid: is_word,
        expected: "the signing key that a rotation gave",
    },
];
