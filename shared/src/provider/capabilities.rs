//! What a provider can do, declared once per provider.
//!
//! What can be *called* here (placing calls, holding numbers, …) is not declared: the registry has it
//! or has it not ([`super::registry::features`]).

use serde::Serialize;

/// A provider's capabilities and limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Capabilities {
    /// Sends and receives SMS.
    pub sms: bool,
    /// Sends and receives MMS.
    pub mms: bool,
    /// Places and receives calls.
    pub voice: bool,
    /// Can leave a message in a mailbox. The phone rings: no provider here has a ringless product.
    pub rvm: bool,
    /// Signs outbound calls (STIR/SHAKEN) with full attestation for numbers that it sold.
    pub shaken: bool,
    /// The longest text in characters; 0 without texts.
    pub max_body: usize,
    /// The most attachments of one message; 0 without MMS.
    pub max_media: usize,
    /// The provider reports when an MMS was delivered.
    pub mms_receipts: bool,
    /// The provider itself answers and enforces STOP on long codes.
    pub manages_opt_outs: bool,
    /// Texts a second that one long code may send, unless its campaign allows more; in hundredths
    /// (100 is one a second). `None`: not published, or no texts.
    pub long_code_rate: Option<u32>,
    /// Calls that an account may have at the same time, unless more were granted. `None`: not
    /// published.
    pub concurrent_calls: Option<u32>,
    /// Seconds that the provider waits for the answer to a webhook.
    pub webhook_patience: u32,
    /// Where each figure comes from: its name here, and the page.
    #[serde(skip)]
    pub sources: &'static [Source],
}

/// Where a figure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The member of [`Capabilities`], in the words of the contract.
    pub member: &'static str,
    /// The page, or the place in the provider's own document.
    pub page: &'static str,
}

impl Source {
    /// A source.
    pub const fn new(member: &'static str, page: &'static str) -> Self {
        Self { member, page }
    }
}
