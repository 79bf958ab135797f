//! Twilio: messaging, calls and numbers through the 2010-04-01 API.

pub mod accounts;
pub mod audit;
pub mod calls;
pub mod compat;
mod config;
mod dialect;
pub mod elsewhere;
pub mod error;
pub mod media;
pub mod messages;
pub mod numbers;
pub mod recordings;
pub mod status;
mod verify;
pub mod webhook;
pub mod wire;

use self::compat::credentials::is_word;
use crate::provider::capabilities::{Capabilities, Source};
use crate::provider::registry::Setting;

/// What Twilio can do, and its limits.
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
    webhook_patience: 15,
    sources: &[
        Source::new(
            "rvm",
            "https://www.twilio.com/docs/voice/answering-machine-detection, leaving a voicemail",
        ),
        Source::new(
            "shaken",
            "https://www.twilio.com/docs/voice/trusted-calling-with-shakenstir: with an approved business profile",
        ),
        Source::new(
            "maxBody",
            "https://www.twilio.com/docs/api/errors/21617; OpenAPI api_v2010, CreateMessage, Body",
        ),
        Source::new("maxMedia", "https://www.twilio.com/docs/api/errors/21623"),
        Source::new(
            "mmsReceipts",
            "https://www.twilio.com/docs/messaging/guides/track-outbound-message-status",
        ),
        Source::new(
            "managesOptOuts",
            "https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out, default behavior",
        ),
        Source::new(
            "webhookPatience",
            "https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides, rt",
        ),
    ],
};

/// The settings of an account (api.md, provider management).
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "account_sid",
        secret: false,
        required: true,
        is_valid: config::is_account,
        expected: "`AC` and 32 hexadecimal digits",
    },
    Setting {
        name: "auth_token",
        secret: true,
        required: false,
        is_valid: is_word,
        expected: "the primary auth token: it signs the webhooks",
    },
    Setting {
        name: "next_auth_token",
        secret: true,
        required: false,
        is_valid: is_word,
        expected: "the secondary auth token that is to be promoted",
    },
    Setting {
        name: "api_key",
        secret: false,
        required: false,
        is_valid: config::is_api_key,
        expected: "`SK` and 32 hexadecimal digits, together with `api_secret`",
    },
    Setting {
        name: "api_secret",
        secret: true,
        required: false,
        is_valid: is_word,
        expected: "the secret of `api_key`",
    },
    Setting {
        name: "messaging_service_sid",
        secret: false,
        required: false,
        is_valid: config::is_messaging_service,
        expected: "`MG` and 32 hexadecimal digits",
    },
];
