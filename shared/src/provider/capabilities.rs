//! What a provider can do, declared once per provider.

use serde::Serialize;

/// A provider's capabilities and limits. Each figure carries its source where it is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// Sends and receives SMS.
    pub sms: bool,
    /// Sends and receives MMS.
    pub mms: bool,
    /// The longest text in characters.
    pub max_body: usize,
    /// The most attachments of one message.
    pub max_media: usize,
    /// The provider reports when an MMS was delivered.
    pub mms_receipts: bool,
    /// The provider itself answers and enforces STOP on long codes.
    pub manages_opt_outs: bool,
}
