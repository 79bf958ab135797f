//! What a user wants to become of calls to the user's numbers.

use serde::{Deserialize, Serialize};

use crate::domain::local_time::TimeZone;
use crate::domain::phone::E164;

/// A user's wishes. Without any, nothing is forwarded and there is no mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// Calls are forwarded, if there is a number to forward them to.
    #[serde(default)]
    pub call_forwarding: bool,
    /// Where to. Kept while forwarding is switched off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward_to: Option<E164>,
    /// Whoever answers a forwarded call must press a key, so that no carrier's mailbox takes it.
    #[serde(default)]
    pub call_screening: bool,
    /// Callers whom nobody answers may leave a message.
    #[serde(default)]
    pub voicemail: bool,
    /// The user's zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<TimeZone>,
}

impl Preferences {
    /// Where calls are forwarded to now.
    pub const fn forwards_to(&self) -> Option<&E164> {
        match (&self.forward_to, self.call_forwarding) {
            (Some(number), true) => Some(number),
            (_, _) => None,
        }
    }
}
