//! What users want to become of their calls, in JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::voice::preferences::Preferences;

/// What `PUT /api/preferences` reads: all of it; what is left out is switched off.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreferencesRequest {
    /// Forward calls to `callForwardingNumber`.
    #[serde(default)]
    pub call_forwarding_enabled: bool,
    /// Where to, in E.164 form.
    pub call_forwarding_number: Option<String>,
    /// Whoever answers a forwarded call must press a key, so that no carrier's mailbox takes it.
    #[serde(default)]
    pub call_screening: bool,
    /// Callers whom nobody answers may leave a message.
    #[serde(default)]
    pub voicemail_enabled: bool,
    /// A name of the IANA database, e.g. `America/New_York`.
    pub time_zone: Option<String>,
}

/// A user's preferences.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreferencesBody {
    /// Calls are forwarded.
    pub call_forwarding_enabled: bool,
    /// Where to.
    pub call_forwarding_number: Option<String>,
    /// Whoever answers must press a key.
    pub call_screening: bool,
    /// Callers may leave a message.
    pub voicemail_enabled: bool,
    /// The user's zone.
    pub time_zone: Option<String>,
}

impl From<&Preferences> for PreferencesBody {
    fn from(wishes: &Preferences) -> Self {
        Self {
            call_forwarding_enabled: wishes.call_forwarding,
            call_forwarding_number: wishes.forward_to.as_ref().map(|number| number.expose().to_owned()),
            call_screening: wishes.call_screening,
            voicemail_enabled: wishes.voicemail,
            time_zone: wishes.time_zone.as_ref().map(|zone| zone.as_str().to_owned()),
        }
    }
}
