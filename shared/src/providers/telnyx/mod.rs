//! Telnyx: messaging, and calls by call control.
//!
//! Everything that Telnyx has to say comes to one URL, signed with one key per account
//! ([`webhook`]); everything that we say goes through one client (`client`), which knows the JSON of
//! API version 2 and the classes of its errors.

pub mod accounts;
pub mod audit;
pub mod calls;
mod client;
mod config;
pub mod control;
pub mod error;
mod events;
pub mod hangup;
mod history;
mod json;
pub mod market;
pub mod media;
pub mod messages;
pub mod numbers;
mod paging;
mod prepare;
pub mod recordings;
pub mod status;
mod verify;
pub mod voices;
pub mod webhook;
mod wire;

use crate::provider::capabilities::{Capabilities, Source};
use crate::provider::registry::Setting;

/// What Telnyx can do, and its limits.
///
/// `max_body`: the API takes a text of at most 10 parts (`parts`, 1 to 10), and a text of 10 parts has
/// at least 670 characters (UCS-2, 67 a part) and at most 1 530 (GSM-7, 153 a part). The lower figure
/// would refuse texts that pass, so the higher one is declared; what is too long in UCS-2 is refused
/// by Telnyx with 40302.
pub const CAPABILITIES: Capabilities = Capabilities {
    sms: true,
    mms: true,
    voice: true,
    rvm: true,
    shaken: true,
    max_body: 1530,
    max_media: 10,
    mms_receipts: true,
    manages_opt_outs: true,
    long_code_rate: None,
    concurrent_calls: None,
    webhook_patience: 2,
    sources: &[
        Source::new("sms", "OpenAPI, POST /messages, type"),
        Source::new("mms", "OpenAPI, POST /messages, type"),
        Source::new("voice", "OpenAPI, POST /calls"),
        Source::new("rvm", "OpenAPI, POST /calls, answering_machine_detection; there is no ringless product"),
        Source::new("shaken", "docs, stir-shaken: A for numbers of the account"),
        Source::new("maxBody", "OpenAPI, OutboundMessagePayload, parts; 3GPP TS 23.040, 9.2.3.24.1"),
        Source::new("maxMedia", "error code 40317"),
        Source::new("mmsReceipts", "OpenAPI, OutboundMessageEvent, to.status"),
        Source::new("managesOptOuts", "docs, advanced-opt-in-out-management"),
        Source::new(
            "longCodeRate",
            "docs, messaging rate limits: 0.1 a second outside the US; of the US as the campaign allows",
        ),
        Source::new("webhookPatience", "docs, receiving-webhooks-for-messaging"),
    ],
};

/// The settings of an account (api.md, provider management).
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "api_key",
        secret: true,
        required: true,
        is_valid: config::is_api_key,
        expected: "an API key of version 2 (KEY…)",
    },
    Setting {
        name: "public_key",
        secret: false,
        required: false,
        is_valid: verify::is_public_key,
        expected: "the account's public key: base64 of 32 bytes. Webhooks cannot be verified without it",
    },
    Setting {
        name: "next_public_key",
        secret: false,
        required: false,
        is_valid: verify::is_public_key,
        expected: "the public key that a rotation is about to put in force: base64 of 32 bytes",
    },
    Setting {
        name: "messaging_key",
        secret: true,
        required: false,
        is_valid: config::is_api_key,
        expected: "an API key of version 2 that is used for messages alone",
    },
    Setting {
        name: "account_id",
        secret: false,
        required: false,
        is_valid: config::is_id,
        expected: "the organization's id, as webhooks of messages name it",
    },
    Setting {
        name: "connection_id",
        secret: false,
        required: false,
        is_valid: config::is_connection,
        expected: "the id of the call control application: digits. Calls cannot be placed without it",
    },
    Setting {
        name: "messaging_profile_id",
        secret: false,
        required: false,
        is_valid: config::is_uuid,
        expected: "the id of the messaging profile: a UUID",
    },
];
