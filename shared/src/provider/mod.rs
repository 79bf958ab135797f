//! The seam: what the rest of the system may ask of a provider.
//!
//! One small trait per capability, so that what a provider cannot do is a missing registry arm and
//! not a runtime surprise, and so that a webhook's binary does not carry the code that sends.

pub mod account;
pub mod agents;
pub mod audit;
pub mod calling;
pub mod capabilities;
pub mod connection;
pub mod error;
pub mod history;
pub mod media;
pub mod messaging;
pub mod numbers;
pub mod recordings;
pub mod registry;
pub mod request;
pub mod subaccounts;
pub mod transport;
pub mod webhooks;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A provider. The noun is *provider*; a *carrier* is the mobile network behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderId {
    /// Twilio.
    Twilio,
    /// SignalWire, through its Twilio-compatible API.
    SignalWire,
    /// Telnyx: messaging, and calls by call control.
    Telnyx,
    /// Retell AI: calls by agents, and no messaging.
    Retell,
}

impl ProviderId {
    /// All of them, in the order of their names in answers.
    pub const ALL: [Self; 4] = [Self::Twilio, Self::SignalWire, Self::Telnyx, Self::Retell];

    /// The word used in paths, answers, logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Twilio => "twilio",
            Self::SignalWire => "signalwire",
            Self::Telnyx => "telnyx",
            Self::Retell => "retell",
        }
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The word names no provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a provider")]
pub struct UnknownProvider;

impl FromStr for ProviderId {
    type Err = UnknownProvider;

    fn from_str(word: &str) -> Result<Self, UnknownProvider> {
        Self::ALL.into_iter().find(|id| id.as_str() == word).ok_or(UnknownProvider)
    }
}

/// Where this process runs, as far as a provider must know.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// True only on a local stack (`AWS_ENDPOINT_URL` is a loopback address). Only then is an
    /// account's `api_base` honoured, and only then may signatures be switched off.
    pub local: bool,
    /// Local only: origins (`http://127.0.0.1:4000`) that the SSRF guard lets through, which are
    /// the simulator's.
    pub local_origins: Vec<String>,
}
