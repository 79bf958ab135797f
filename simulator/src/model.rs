//! What the simulated providers hold.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::ids;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Provider {
    Twilio,
    SignalWire,
    Telnyx,
    Retell,
}

impl Provider {
    pub(crate) const ALL: [Self; 4] = [Self::Twilio, Self::SignalWire, Self::Telnyx, Self::Retell];

    pub(crate) fn name(self) -> &'static str {
        self.mount().trim_start_matches('/')
    }

    /// Where its API hangs below the simulator's origin; a client's `api_base` ends with it.
    pub(crate) fn mount(self) -> &'static str {
        match self {
            Self::Twilio => "/twilio",
            Self::SignalWire => "/signalwire",
            Self::Telnyx => "/telnyx",
            Self::Retell => "/retell",
        }
    }

    /// The path in front of the API, as it appears in the `uri` members of the 2010 API.
    pub(crate) fn api_root(self) -> &'static str {
        match self {
            Self::Twilio => "/2010-04-01",
            Self::SignalWire => "/api/laml/2010-04-01",
            Self::Telnyx => "/v2",
            Self::Retell => "",
        }
    }

    /// Twilio: two letters and 32 hex digits. SignalWire and Telnyx: a UUID, except that Telnyx's numbers (`PN`) have
    /// digits.
    pub(crate) fn new_sid(self, prefix: &str) -> String {
        match self {
            Self::Twilio => ids::sid(prefix),
            Self::Telnyx if prefix == "PN" => ids::digits(),
            Self::SignalWire | Self::Telnyx | Self::Retell => ids::uuid(),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ApiKey {
    pub(crate) sid: String,
    pub(crate) secret: String,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Account {
    pub(crate) provider: Provider,
    pub(crate) sid: String,
    pub(crate) auth_token: String,
    /// SignalWire signs with a key of its own, Twilio with the auth token; Retell with the API key that carries the
    /// webhook badge, which is the `auth_token` unless this is given.
    pub(crate) signing_key: Option<String>,
    /// Telnyx: base64 of the 32 secret bytes of its Ed25519 key…
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signing_seed: Option<String>,
    /// …and of the 32 public ones, which a customer copies from the portal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) public_key: Option<String>,
    /// Retell: the account's webhook. Telnyx: where notifications about number orders go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) webhook_url: Option<String>,
    /// Telnyx: what a managed account was created with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    pub(crate) owner_sid: Option<String>,
    pub(crate) friendly_name: String,
    pub(crate) status: AccountStatus,
    pub(crate) api_keys: Vec<ApiKey>,
    /// Further tokens of a SignalWire project, further API keys at Telnyx and Retell.
    pub(crate) tokens: Vec<String>,
    pub(crate) balance_micros: i64,
    /// SignalWire's "Media URL Protection": media then needs Basic auth.
    pub(crate) media_protection: bool,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) updated: OffsetDateTime,
}

impl Account {
    pub(crate) fn webhook_key(&self) -> &str {
        match self.provider {
            Provider::Twilio => &self.auth_token,
            Provider::SignalWire => self.signing_key.as_deref().unwrap_or_default(),
            Provider::Telnyx => self.signing_seed.as_deref().unwrap_or_default(),
            Provider::Retell => self.signing_key.as_deref().unwrap_or(&self.auth_token),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AccountStatus {
    Active,
    Suspended,
    Closed,
}

impl AccountStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Closed => "closed",
        }
    }
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Capabilities {
    #[serde(default = "yes")]
    pub(crate) voice: bool,
    #[serde(default = "yes")]
    pub(crate) sms: bool,
    #[serde(default = "yes")]
    pub(crate) mms: bool,
    #[serde(default)]
    pub(crate) fax: bool,
}

fn yes() -> bool {
    true
}

impl Default for Capabilities {
    fn default() -> Self {
        Self { voice: true, sms: true, mms: true, fax: false }
    }
}

/// A number that an account owns.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Number {
    pub(crate) provider: Provider,
    pub(crate) sid: String,
    pub(crate) account: String,
    pub(crate) phone_number: String,
    pub(crate) friendly_name: String,
    pub(crate) country: String,
    pub(crate) capabilities: Capabilities,
    /// The configurable members under their request names: `SmsUrl`, `VoiceMethod`, `StatusCallback`…
    pub(crate) settings: std::collections::BTreeMap<String, String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) updated: OffsetDateTime,
}

impl Number {
    pub(crate) fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Every status of `message_enum_status` that a text message can have (twilio_api_v2010.json).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Scheduled,
    Accepted,
    Queued,
    Sending,
    Sent,
    Delivered,
    #[serde(alias = "delivery_failed")]
    Undelivered,
    #[serde(alias = "sending_failed")]
    Failed,
    /// Telnyx only: the end of a message without a receipt.
    #[serde(alias = "delivery_unconfirmed")]
    Unconfirmed,
    #[serde(alias = "cancelled")]
    Canceled,
    Receiving,
    Received,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Accepted => "accepted",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
            Self::Unconfirmed => "unconfirmed",
            Self::Canceled => "canceled",
            Self::Receiving => "receiving",
            Self::Received => "received",
        }
    }

    pub(crate) fn rank(self) -> u8 {
        match self {
            Self::Scheduled | Self::Receiving => 0,
            Self::Accepted => 1,
            Self::Queued => 2,
            Self::Sending => 3,
            Self::Sent => 4,
            Self::Delivered
            | Self::Undelivered
            | Self::Failed
            | Self::Unconfirmed
            | Self::Canceled
            | Self::Received => 5,
        }
    }

    pub(crate) fn is_final(self) -> bool {
        self.rank() == 5
    }

    /// Whether a message in this status may still change by itself (deleting it is refused: 20009).
    pub(crate) fn is_in_progress(self) -> bool {
        self.rank() < 4
    }
}

/// How a message will end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Fate {
    pub(crate) status: Status,
    pub(crate) error_code: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Direction {
    #[serde(rename = "inbound")]
    Inbound,
    #[serde(rename = "outbound-api")]
    OutboundApi,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Message {
    pub(crate) provider: Provider,
    pub(crate) sid: String,
    pub(crate) account: String,
    pub(crate) direction: Direction,
    pub(crate) from: Option<String>,
    pub(crate) to: String,
    pub(crate) body: String,
    /// What an outbound message names; recorded, never fetched.
    pub(crate) media_urls: Vec<String>,
    /// Sids of the media that the simulator itself holds.
    pub(crate) media: Vec<String>,
    pub(crate) num_segments: u32,
    pub(crate) status: Status,
    pub(crate) fate: Fate,
    pub(crate) error_code: Option<u32>,
    pub(crate) messaging_service: Option<String>,
    pub(crate) status_callback: Option<String>,
    /// Positive; what it cost, known from `sent` on.
    pub(crate) price_micros: Option<i64>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) updated: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) sent: Option<OffsetDateTime>,
    /// What only Telnyx's messages have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) telnyx: Option<Box<crate::telnyx::MessageDetails>>,
}

impl Message {
    pub(crate) fn is_mms(&self) -> bool {
        !self.media_urls.is_empty() || !self.media.is_empty()
    }

    pub(crate) fn num_media(&self) -> usize {
        self.media_urls.len() + self.media.len()
    }
}
