//! Twilio: Programmable Messaging through the 2010-04-01 API.

pub mod compat;
mod config;
pub mod error;
pub mod media;
pub mod messages;
pub mod status;
mod verify;
pub mod webhook;
pub mod wire;

use crate::provider::capabilities::Capabilities;

/// What Twilio can do, and its limits.
pub const CAPABILITIES: Capabilities = Capabilities {
    sms: true,
    mms: true,
    // https://www.twilio.com/docs/api/errors/21617; OpenAPI api_v2010 CreateMessage, `Body`.
    max_body: 1600,
    // https://www.twilio.com/docs/api/errors/21623.
    max_media: 10,
    // https://www.twilio.com/docs/messaging/guides/track-outbound-message-status.
    mms_receipts: true,
    // https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out, "default behavior".
    manages_opt_outs: true,
};
