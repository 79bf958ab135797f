//! What the tests that run over every provider must know of one: everything about it that is not in the
//! registry. A new provider has one more arm here, and no test that runs over all of them changes.

use serde_json::json;
use telephony::domain::ids::ProviderSid;
use telephony::domain::timestamp::Timestamp;
use telephony::provider::ProviderId;
use telephony::provider::account::ProviderAccount;
use telephony::provider::request::InboundRequest;

use crate::webhooks::Sample;
use crate::{retell, telnyx, webhooks};

/// One provider's facts.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// A usable account.
    pub account: ProviderAccount,
    /// Its secrets, none of which may ever be printed.
    pub secrets: Vec<&'static str>,
    /// The host of its API (its OpenAPI document, `servers`).
    pub host: &'static str,
    /// The id of one of its resources, by Twilio's two letters for the kind.
    pub sid: fn(&str) -> String,
    /// The settings of the current and of the next key that webhooks are signed with.
    pub keys: [&'static str; 2],
    /// What such a setting holds for the key of this number.
    pub key: fn(u8) -> String,
    /// A genuine webhook of the account at this time, signed with the key of this number.
    pub signed: fn(u8, Timestamp) -> InboundRequest,
    /// What it does not offer within a capability that it has, and why: refused before anything is sent.
    pub without: &'static [(&'static str, &'static str)],
}

impl Fixture {
    /// The id of a resource.
    pub fn sid(&self, kind: &str) -> ProviderSid {
        (self.sid)(kind).parse().expect("an id of the provider's form")
    }
}

const URL: &str = "https://phone.example.com/prod/api/webhooks/x";

fn word(n: u8) -> String {
    format!("key-{n}")
}

fn text(sample: &Sample) -> String {
    webhooks::form_body(&sample.inbound_params(&sample.message_sid(1), "+14155552671", "+14155550100", "hi"))
}

/// The facts of a provider.
pub fn fixture(provider: ProviderId) -> Fixture {
    match provider {
        ProviderId::Twilio => Fixture {
            account: webhooks::TWILIO.account(),
            secrets: webhooks::TWILIO.secrets.to_vec(),
            host: "api.twilio.com",
            sid: |kind| format!("{kind}{:032x}", 7),
            keys: ["auth_token", "next_auth_token"],
            key: word,
            signed: |n, _| webhooks::TWILIO.signed_form(&word(n), URL, &text(&webhooks::TWILIO)),
            without: &[],
        },
        ProviderId::SignalWire => Fixture {
            account: webhooks::SIGNALWIRE.account(),
            secrets: webhooks::SIGNALWIRE.secrets.to_vec(),
            host: "demo.signalwire.com",
            sid: |_| "10000000-0000-4000-8000-000000000007".to_owned(),
            keys: ["signing_key", "next_signing_key"],
            key: word,
            signed: |n, _| webhooks::SIGNALWIRE.signed_form(&word(n), URL, &text(&webhooks::SIGNALWIRE)),
            without: &[("subaccounts.set_active", "a subproject can only be deleted")],
        },
        ProviderId::Telnyx => Fixture {
            account: telnyx::account(),
            secrets: telnyx::SECRETS.to_vec(),
            host: "api.telnyx.com",
            sid: |_| "1293384261075731499".to_owned(),
            keys: ["public_key", "next_public_key"],
            key: |n| telnyx::public_key(&[n; 32]),
            signed: |n, now| {
                let event = telnyx::message_received(1, telnyx::THEIRS, telnyx::OURS, "hi").to_string();
                telnyx::signed(&[n; 32], now.seconds(), URL, &event)
            },
            without: &[(
                "messaging.find",
                "there is no list of messages; detail records have no text, and only of what has ended",
            )],
        },
        ProviderId::Retell => Fixture {
            account: retell::account(),
            secrets: retell::SECRETS.to_vec(),
            host: "api.retellai.com",
            // A number's id is the number.
            sid: |kind| if kind == "PN" { "14155550100".to_owned() } else { "call_7".to_owned() },
            keys: ["api_key", "next_api_key"],
            key: word,
            signed: |n, now| {
                let event = retell::event("call_started", &retell::call("call_1", "ongoing", &json!({})));
                retell::signed(&word(n), now.millis(), URL, &event)
            },
            without: &[],
        },
    }
}
