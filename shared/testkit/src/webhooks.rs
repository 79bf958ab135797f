//! Sample accounts and webhooks with invented values, signed under them.

use bytes::Bytes;
use form_urlencoded::Serializer;
use http::{HeaderMap, HeaderValue, Method};
use telephony::provider::ProviderId;
use telephony::provider::account::{AccountConfig, ProviderAccount};
use telephony::provider::request::InboundRequest;

use crate::sign::{sign_signalwire, sign_twilio, signalwire_string, twilio_string};

/// One provider's sample: an account, its keys and how it signs.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Whose.
    pub provider: ProviderId,
    /// The provider's name for the account.
    pub remote_id: &'static str,
    /// The current and the next key that webhooks are signed with.
    pub keys: [&'static str; 2],
    /// Every secret of the account.
    pub secrets: &'static [&'static str],
    /// The header of the signature.
    pub header: &'static str,
    /// The string that is signed for a form: URL, body.
    pub string: fn(&str, &[u8]) -> Vec<u8>,
    /// Signs a form: key, URL, body.
    pub sign: fn(&str, &str, &[u8]) -> String,
    config: fn() -> AccountConfig,
    sid: fn(u32) -> String,
}

/// Twilio's sample.
pub const TWILIO: Sample = Sample {
    provider: ProviderId::Twilio,
    remote_id: "AC00000000000000000000000000000001",
    keys: ["twilio-token-current", "twilio-token-next"],
    secrets: &["twilio-token-current", "twilio-token-next"],
    header: "x-twilio-signature",
    string: twilio_string,
    sign: sign_twilio,
    config: || {
        [
            ("account_sid", "AC00000000000000000000000000000001"),
            ("auth_token", "twilio-token-current"),
            ("next_auth_token", "twilio-token-next"),
        ]
        .into()
    },
    sid: |n| format!("SM{n:032x}"),
};

/// SignalWire's sample. Its API token signs nothing.
pub const SIGNALWIRE: Sample = Sample {
    provider: ProviderId::SignalWire,
    remote_id: "00000000-0000-4000-8000-000000000001",
    keys: ["signalwire-key-current", "signalwire-key-next"],
    secrets: &["signalwire-key-current", "signalwire-key-next", "signalwire-api-token"],
    header: "x-signalwire-signature",
    string: signalwire_string,
    sign: sign_signalwire,
    config: || {
        [
            ("project_id", "00000000-0000-4000-8000-000000000001"),
            ("token", "signalwire-api-token"),
            ("space_url", "demo.signalwire.com"),
            ("signing_key", "signalwire-key-current"),
            ("next_signing_key", "signalwire-key-next"),
        ]
        .into()
    },
    sid: |n| format!("10000000-0000-4000-8000-{n:012x}"),
};

/// The samples of all providers.
pub const SAMPLES: [Sample; 2] = [TWILIO, SIGNALWIRE];

impl Sample {
    /// The account.
    pub fn account(&self) -> ProviderAccount {
        ProviderAccount {
            id: format!("test-{}", self.provider).parse().expect("an id"),
            provider: self.provider,
            tenant: None,
            config: (self.config)(),
        }
    }

    /// A message id of the provider's form, different for each `n`.
    pub fn message_sid(&self, n: u32) -> String {
        (self.sid)(n)
    }

    /// A form signed with `key`.
    pub fn signed_form(&self, key: &str, url: &str, body: &str) -> InboundRequest {
        let signature = (self.sign)(key, url, body.as_bytes());
        let headers = [
            ("content-type", "application/x-www-form-urlencoded; charset=UTF-8"),
            (self.header, signature.as_str()),
        ];
        request(Method::POST, url, &headers, body.to_owned())
    }

    /// The parameters of an inbound text, as many as the provider always sends.
    pub fn inbound_params<'p>(
        &self,
        sid: &'p str,
        from: &'p str,
        to: &'p str,
        body: &'p str,
    ) -> Vec<(&'p str, &'p str)> {
        vec![
            ("AccountSid", self.remote_id),
            ("ApiVersion", "2010-04-01"),
            ("Body", body),
            ("From", from),
            ("MessageSid", sid),
            ("NumMedia", "0"),
            ("NumSegments", "1"),
            ("SmsSid", sid),
            ("SmsStatus", "received"),
            ("To", to),
        ]
    }

    /// The parameters of a status report.
    pub fn status_params<'p>(&self, sid: &'p str, status: &'p str) -> Vec<(&'p str, &'p str)> {
        vec![
            ("AccountSid", self.remote_id),
            ("ApiVersion", "2010-04-01"),
            ("From", "+14155550100"),
            ("MessageSid", sid),
            ("MessageStatus", status),
            ("SmsSid", sid),
            ("SmsStatus", status),
            ("To", "+14155552671"),
        ]
    }
}

/// Parameters as a form's body.
pub fn form_body(params: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(params).finish()
}

/// A request with this body and these headers.
pub fn request(
    method: Method,
    url: &str,
    headers: &[(&'static str, &str)],
    body: impl Into<Bytes>,
) -> InboundRequest {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_str(value).expect("a header's value"));
    }
    InboundRequest { method, public_url: url.to_owned(), headers: map, body: body.into() }
}
