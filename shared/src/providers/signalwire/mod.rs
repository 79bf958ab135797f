//! SignalWire, through its Compatibility API: a dialect of Twilio's. What differs is here; the rest
//! is [`crate::providers::twilio::compat`].

mod config;
pub mod error;
pub mod media;
pub mod messages;
pub mod status;
mod verify;
pub mod webhook;

use crate::provider::capabilities::Capabilities;

/// What SignalWire can do, and its limits.
pub const CAPABILITIES: Capabilities = Capabilities {
    sms: true,
    mms: true,
    // Compatibility OpenAPI, `Message`, `body`.
    max_body: 1600,
    // Compatibility OpenAPI, `CreateMessageRequest`, `MediaUrl`.
    max_media: 8,
    // "MMS messages never receive DLRs": Compatibility OpenAPI, `smsStatusCallback`.
    mms_receipts: false,
    // "SignalWire does not manage opt-outs": docs, platform/messaging/sms/overview.
    manages_opt_outs: false,
};
