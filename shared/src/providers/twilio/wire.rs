//! What Twilio's API writes, as it writes it. Everything is optional and open: a member that is
//! missing or new must not cost us the rest.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

/// The statuses of a message (OpenAPI api_v2010, `message_enum_status`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WireStatus {
    /// `accepted`.
    Accepted,
    /// `scheduled`.
    Scheduled,
    /// `queued`.
    Queued,
    /// `sending`.
    Sending,
    /// `sent`.
    Sent,
    /// `partially_delivered`.
    PartiallyDelivered,
    /// `canceled`.
    Canceled,
    /// `failed`.
    Failed,
    /// `undelivered`.
    Undelivered,
    /// `delivered`.
    Delivered,
    /// `read`.
    Read,
    /// `receiving`.
    Receiving,
    /// `received`.
    Received,
    /// A word that this version does not know.
    #[serde(other)]
    Unknown,
}

impl WireStatus {
    /// The variant of a word.
    pub fn from_word(word: &str) -> Self {
        let word: StrDeserializer<'_, Error> = word.into_deserializer();
        Self::deserialize(word).unwrap_or(Self::Unknown)
    }
}

/// A number that one provider writes as a number and the other as a text.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Figure {
    /// `30007`, `0.005`.
    Number(serde_json::Number),
    /// `"30007"`, `"-0.00750"`.
    Text(String),
}

impl Figure {
    /// Its decimal text.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// A message (OpenAPI api_v2010, `api.v2010.account.message`; SignalWire's compatibility API,
/// `Message`).
#[derive(Debug, Deserialize)]
pub(crate) struct WireMessage {
    pub(crate) sid: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) direction: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) error_code: Option<Figure>,
    pub(crate) date_created: Option<String>,
    pub(crate) date_sent: Option<String>,
    pub(crate) num_media: Option<Figure>,
    pub(crate) price: Option<Figure>,
    pub(crate) price_unit: Option<String>,
    pub(crate) num_segments: Option<Figure>,
}

/// A page of messages (OpenAPI api_v2010, `ListMessageResponse`; SignalWire, `MessageListResponse`).
#[derive(Debug, Deserialize)]
pub(crate) struct WirePage {
    pub(crate) messages: Vec<WireMessage>,
    pub(crate) next_page_uri: Option<String>,
}

/// An error: Twilio's form (https://www.twilio.com/docs/usage/twilios-response), and the list that
/// SignalWire answers with in places (`CompatibilityErrorStringArrayResponse`, and its REST form).
#[derive(Debug, Default, Deserialize)]
pub(crate) struct WireError {
    #[serde(default)]
    pub(crate) code: Option<Figure>,
    #[serde(default)]
    pub(crate) message: Option<String>,
    #[serde(default)]
    pub(crate) errors: Vec<WireErrorItem>,
}

/// One entry of an error list.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum WireErrorItem {
    /// Only words.
    Words(String),
    /// A code and words.
    Coded {
        /// The code, where there is one.
        #[serde(default)]
        code: Option<Figure>,
        /// The words.
        #[serde(default)]
        message: Option<String>,
    },
}
