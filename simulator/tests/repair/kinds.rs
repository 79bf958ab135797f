//! Everything that can go wrong with where events go, one kind a row.

use serde_json::{Map, Value};
use telephony::provider::ProviderId::{self, Retell, SignalWire, Telnyx, Twilio};

use crate::harness::ACCOUNT;
use crate::world::{PROJECT, RETELL_KEY, World, ours};

/// What a person changes, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// A number.
    Number,
    /// Telnyx: how its calls are treated; its texts.
    Voice,
    Texts,
    /// Twilio: where its calls are handled.
    Region,
    /// What numbers share.
    Service,
    Application,
    Profile,
    Agent,
}

/// One kind of drift: what is written, what is found then, and in what word.
pub struct Kind {
    pub provider: ProviderId,
    pub at: At,
    pub field: &'static str,
    pub reason: &'static str,
    /// Names and values: texts in forms, JSON elsewhere.
    pub writes: &'static [(&'static str, &'static str)],
}

const fn kind(
    provider: ProviderId,
    at: At,
    field: &'static str,
    reason: &'static str,
    writes: &'static [(&'static str, &'static str)],
) -> Kind {
    Kind { provider, at, field, reason, writes }
}

const DEMO: &str = "https://demo.twilio.com/welcome/sms/reply/";
const DEMO_CALL: &str = "https://demo.twilio.com/welcome/voice/";
const THEIRS: &str = "https://hooks.example.net/in";
const AP: &str = "APaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const TK: &str = "TKaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const UUID: &str = "b3877c40-da60-4998-90ad-b792e98472af";
const OLD: &str = "https://phone.example.com/prod/api/webhooks/twilio/sms?agentId=42#rc=2&rp=5xx,ct,rt";
const OLD_CALL: &str = "https://old.example.org/twilio/voice?agentId=42";
const PLAIN: &str = "http://phone.example.com/prod/api/webhooks/twilio/sms#rc=2&rp=5xx,ct,rt";
const BARE: &str = "https://phone.example.com/prod/api/webhooks/twilio/voice";
const SWAPPED: &str = "https://phone.example.com/prod/api/webhooks/twilio/voice#rc=2&rp=5xx,ct,rt";

pub const KINDS: &[Kind] = &[
    // Twilio: numbers.
    kind(Twilio, At::Number, "sms_url", "missing", &[("SmsUrl", "")]),
    kind(Twilio, At::Number, "sms_url", "demo", &[("SmsUrl", DEMO)]),
    kind(Twilio, At::Number, "sms_url", "foreign_host", &[("SmsUrl", THEIRS)]),
    kind(Twilio, At::Number, "sms_url", "old_url", &[("SmsUrl", OLD)]),
    kind(Twilio, At::Number, "sms_url", "scheme", &[("SmsUrl", PLAIN)]),
    kind(Twilio, At::Number, "sms_url", "other_path", &[("SmsUrl", SWAPPED)]),
    kind(Twilio, At::Number, "sms_method", "differs", &[("SmsMethod", "GET")]),
    kind(Twilio, At::Number, "sms_fallback_url", "missing", &[("SmsFallbackUrl", "")]),
    kind(Twilio, At::Number, "sms_fallback_method", "differs", &[("SmsFallbackMethod", "GET")]),
    kind(Twilio, At::Number, "sms_application_sid", "overrides", &[("SmsApplicationSid", AP)]),
    kind(Twilio, At::Number, "voice_url", "demo", &[("VoiceUrl", DEMO_CALL)]),
    kind(Twilio, At::Number, "voice_url", "old_url", &[("VoiceUrl", OLD_CALL)]),
    kind(Twilio, At::Number, "voice_url", "no_retries", &[("VoiceUrl", BARE)]),
    kind(Twilio, At::Number, "voice_method", "differs", &[("VoiceMethod", "GET")]),
    kind(Twilio, At::Number, "voice_fallback_url", "foreign_host", &[("VoiceFallbackUrl", THEIRS)]),
    kind(Twilio, At::Number, "voice_fallback_method", "differs", &[("VoiceFallbackMethod", "GET")]),
    kind(Twilio, At::Number, "voice_application_sid", "overrides", &[("VoiceApplicationSid", AP)]),
    kind(Twilio, At::Number, "trunk_sid", "overrides", &[("TrunkSid", TK)]),
    kind(Twilio, At::Number, "status_callback", "missing", &[("StatusCallback", "")]),
    kind(Twilio, At::Number, "status_callback_method", "differs", &[("StatusCallbackMethod", "GET")]),
    kind(Twilio, At::Number, "api_version", "differs", &[("ApiVersion", "2008-08-01")]),
    kind(Twilio, At::Number, "voice_receive_mode", "differs", &[("VoiceReceiveMode", "fax")]),
    kind(Twilio, At::Region, "voice_region", "differs", &[("VoiceRegion", "ie1")]),
    // Twilio: the messaging service.
    kind(
        Twilio,
        At::Service,
        "use_inbound_webhook_on_number",
        "differs",
        &[("UseInboundWebhookOnNumber", "false")],
    ),
    kind(Twilio, At::Service, "inbound_request_url", "foreign_host", &[("InboundRequestUrl", THEIRS)]),
    kind(Twilio, At::Service, "inbound_method", "differs", &[("InboundMethod", "GET")]),
    kind(Twilio, At::Service, "fallback_url", "missing", &[("FallbackUrl", "")]),
    kind(Twilio, At::Service, "fallback_method", "differs", &[("FallbackMethod", "GET")]),
    kind(Twilio, At::Service, "status_callback", "old_url", &[("StatusCallback", OLD)]),
    // SignalWire.
    kind(SignalWire, At::Number, "sms_url", "missing", &[("SmsUrl", "")]),
    kind(SignalWire, At::Number, "sms_url", "foreign_host", &[("SmsUrl", THEIRS)]),
    kind(
        SignalWire,
        At::Number,
        "sms_url",
        "old_url",
        &[("SmsUrl", "https://phone.example.com/prod/signalwire/sms?agentId=42")],
    ),
    kind(
        SignalWire,
        At::Number,
        "sms_url",
        "other_path",
        &[("SmsUrl", "https://phone.example.com/prod/api/webhooks/twilio/sms")],
    ),
    kind(SignalWire, At::Number, "sms_method", "differs", &[("SmsMethod", "GET")]),
    kind(SignalWire, At::Number, "sms_fallback_url", "missing", &[("SmsFallbackUrl", "")]),
    kind(SignalWire, At::Number, "sms_fallback_method", "differs", &[("SmsFallbackMethod", "GET")]),
    kind(SignalWire, At::Number, "sms_application_sid", "overrides", &[("SmsApplicationSid", UUID)]),
    kind(
        SignalWire,
        At::Number,
        "voice_url",
        "scheme",
        &[("VoiceUrl", "http://phone.example.com/prod/api/webhooks/signalwire/voice")],
    ),
    kind(SignalWire, At::Number, "voice_method", "differs", &[("VoiceMethod", "GET")]),
    kind(SignalWire, At::Number, "voice_fallback_url", "missing", &[("VoiceFallbackUrl", "")]),
    kind(SignalWire, At::Number, "voice_fallback_method", "differs", &[("VoiceFallbackMethod", "GET")]),
    kind(SignalWire, At::Number, "voice_application_sid", "overrides", &[("VoiceApplicationSid", UUID)]),
    kind(
        SignalWire,
        At::Number,
        "status_callback",
        "other_query",
        &[("StatusCallback", "https://phone.example.com/prod/api/webhooks/signalwire/call-status?c=1")],
    ),
    kind(SignalWire, At::Number, "status_callback_method", "differs", &[("StatusCallbackMethod", "GET")]),
    // Telnyx: numbers.
    kind(Telnyx, At::Number, "connection_id", "missing", &[("connection_id", "null")]),
    kind(Telnyx, At::Number, "connection_id", "differs", &[("connection_id", "\"{another application}\"")]),
    kind(Telnyx, At::Texts, "messaging_profile_id", "missing", &[("messaging_profile_id", "null")]),
    kind(
        Telnyx,
        At::Texts,
        "messaging_profile_id",
        "differs",
        &[("messaging_profile_id", "\"{another profile}\"")],
    ),
    kind(
        Telnyx,
        At::Voice,
        "call_forwarding",
        "overrides",
        &[(
            "call_forwarding",
            r#"{"call_forwarding_enabled":true,"forwards_to":"+13035559123","forwarding_type":"always"}"#,
        )],
    ),
    kind(Telnyx, At::Voice, "translated_number", "overrides", &[("translated_number", "\"+13035559999\"")]),
    // Telnyx: the application and the profile.
    kind(Telnyx, At::Application, "active", "differs", &[("active", "false")]),
    kind(Telnyx, At::Application, "webhook_api_version", "differs", &[("webhook_api_version", "\"1\"")]),
    kind(
        Telnyx,
        At::Application,
        "webhook_event_url",
        "foreign_host",
        &[("webhook_event_url", "\"https://hooks.example.net/in\"")],
    ),
    kind(
        Telnyx,
        At::Application,
        "webhook_event_url",
        "old_url",
        &[("webhook_event_url", "\"https://phone.example.com/telnyx?agentId=42\"")],
    ),
    kind(
        Telnyx,
        At::Application,
        "webhook_event_failover_url",
        "missing",
        &[("webhook_event_failover_url", "null")],
    ),
    kind(Telnyx, At::Application, "webhook_timeout_secs", "differs", &[("webhook_timeout_secs", "1")]),
    kind(Telnyx, At::Application, "webhook_timeout_secs", "missing", &[("webhook_timeout_secs", "null")]),
    kind(Telnyx, At::Profile, "enabled", "differs", &[("enabled", "false")]),
    kind(Telnyx, At::Profile, "webhook_api_version", "differs", &[("webhook_api_version", "\"2010-04-01\"")]),
    kind(Telnyx, At::Profile, "webhook_url", "missing", &[("webhook_url", "\"\"")]),
    kind(
        Telnyx,
        At::Profile,
        "webhook_url",
        "scheme",
        &[("webhook_url", "\"http://phone.example.com/prod/api/webhooks/telnyx\"")],
    ),
    kind(
        Telnyx,
        At::Profile,
        "webhook_failover_url",
        "foreign_host",
        &[("webhook_failover_url", "\"https://hooks.example.net/in\"")],
    ),
    kind(Telnyx, At::Profile, "whitelisted_destinations", "missing", &[("whitelisted_destinations", "[]")]),
    // Retell.
    kind(Retell, At::Number, "inbound_webhook_url", "missing", &[("inbound_webhook_url", "null")]),
    kind(
        Retell,
        At::Number,
        "inbound_webhook_url",
        "foreign_host",
        &[("inbound_webhook_url", "\"https://hooks.example.net/in\"")],
    ),
    kind(
        Retell,
        At::Number,
        "inbound_webhook_url",
        "old_url",
        &[("inbound_webhook_url", "\"https://phone.example.com/retell?agentId=42\"")],
    ),
    kind(
        Retell,
        At::Agent,
        "webhook_url",
        "foreign_host",
        &[("webhook_url", "\"https://hooks.example.net/in\"")],
    ),
    kind(
        Retell,
        At::Agent,
        "webhook_url",
        "scheme",
        &[("webhook_url", "\"http://phone.example.com/prod/api/webhooks/retell\"")],
    ),
    kind(Retell, At::Agent, "webhook_events", "differs", &[("webhook_events", r#"["call_started"]"#)]),
    kind(Retell, At::Agent, "webhook_events", "differs", &[("webhook_events", "[]")]),
];

impl Kind {
    pub fn name(&self) -> String {
        format!("{} {:?} {} {}", self.provider, self.at, self.field, self.reason)
    }

    /// Changes the setting, of the second number where it is a number's, through the provider's own API.
    pub async fn seed(&self, world: &World) {
        let phone = ours(self.provider, 2);
        let sid = world.number(&phone).await["sid"].as_str().unwrap().to_owned();
        match (self.provider, self.at) {
            (Twilio, At::Number) => {
                let path = format!("/twilio/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers/{sid}.json");
                world.twilio_form(&path, ACCOUNT, self.writes).await;
            }
            (Twilio, At::Region) => {
                world.twilio_form(&format!("/twilio/v2/PhoneNumbers/{phone}"), ACCOUNT, self.writes).await;
            }
            (Twilio, _) => {
                let path = format!("/twilio/v1/Services/{}", world.service);
                world.twilio_form(&path, ACCOUNT, self.writes).await;
            }
            (SignalWire, _) => {
                let numbers = format!("/signalwire/api/laml/2010-04-01/Accounts/{PROJECT}");
                let path = format!("{numbers}/IncomingPhoneNumbers/{sid}");
                world.twilio_form(&path, PROJECT, self.writes).await;
            }
            (Telnyx, at) => {
                let path = match at {
                    At::Voice => format!("phone_numbers/{sid}/voice"),
                    At::Texts => format!("phone_numbers/{sid}/messaging"),
                    At::Application => format!("call_control_applications/{}", world.application),
                    At::Profile => format!("messaging_profiles/{}", world.profile),
                    _ => format!("phone_numbers/{sid}"),
                };
                world.at_telnyx("PATCH", &path, self.json(world).await).await;
            }
            (Retell, At::Agent) => {
                let path = format!("/retell/update-agent/{}", world.agent);
                let body = self.json(world).await;
                let (status, answer) = world.simulator.call(RETELL_KEY, "PATCH", &path, body).await;
                assert_eq!(status, 200, "{answer}");
            }
            (Retell, _) => world.at_retell(&phone, self.json(world).await).await,
        }
    }

    async fn json(&self, world: &World) -> Value {
        let mut body = Map::new();
        for (name, value) in self.writes {
            let stranger = world.number(&ours(Telnyx, 7)).await["settings"].clone();
            let value = value
                .replace("{another application}", stranger["connection_id"].as_str().unwrap())
                .replace("{another profile}", stranger["messaging_profile_id"].as_str().unwrap());
            body.insert((*name).to_owned(), serde_json::from_str(&value).unwrap());
        }
        body.into()
    }

    /// What `World::everything` calls the thing that is changed.
    pub fn subject(&self, world: &World) -> String {
        match self.at {
            At::Number | At::Voice | At::Texts | At::Region => {
                format!("\"{}\" \"{}\"", self.provider, ours(self.provider, 2))
            }
            At::Service => world.service.clone(),
            At::Application => world.application.clone(),
            At::Profile => world.profile.clone(),
            At::Agent => world.agent.clone(),
        }
    }
}
