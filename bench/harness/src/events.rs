//! Webhooks as an HTTP API delivers them, signed with the demo accounts' keys. All values are invented.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use telephony_testkit::sign::{sign_signalwire, sign_twilio};
use telephony_testkit::webhooks::form_body;

/// The value of `PUBLIC_BASE_URL`.
pub const PUBLIC_BASE_URL: &str = "https://bench.execute-api.us-east-1.amazonaws.com";
/// The tenant that holds the numbers.
pub const TENANT: &str = "demo";

/// One account at a provider, and a number that it holds.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    /// The provider's word.
    pub provider: &'static str,
    /// Our id of the account.
    pub id: &'static str,
    /// The number.
    pub number: &'static str,
    remote: &'static str,
    key: &'static str,
    header: &'static str,
    sign: fn(&str, &str, &[u8]) -> String,
}

/// At Twilio.
pub const TWILIO: Account = Account {
    provider: "twilio",
    id: "platform-twilio",
    number: "+12025550100",
    remote: "AC00000000000000000000000000000001",
    key: "bench-twilio-token",
    header: "x-twilio-signature",
    sign: sign_twilio,
};

/// At SignalWire.
pub const SIGNALWIRE: Account = Account {
    provider: "signalwire",
    id: "platform-signalwire",
    number: "+12025550101",
    remote: "00000000-0000-4000-8000-000000000001",
    key: "bench-signalwire-key",
    header: "x-signalwire-signature",
    sign: sign_signalwire,
};

/// The secret with both accounts.
pub fn secret() -> String {
    json!({"accounts": [
        {"id": TWILIO.id, "provider": TWILIO.provider,
         "config": {"account_sid": TWILIO.remote, "auth_token": TWILIO.key}},
        {"id": SIGNALWIRE.id, "provider": SIGNALWIRE.provider,
         "config": {"project_id": SIGNALWIRE.remote, "token": "bench-signalwire-token",
                    "space_url": "bench.signalwire.com", "signing_key": SIGNALWIRE.key}},
    ]})
    .to_string()
}

impl Account {
    fn sid(&self, n: u32) -> String {
        if self.provider == "twilio" {
            format!("SM{n:032x}")
        } else {
            format!("10000000-0000-4000-8000-{n:012x}")
        }
    }

    /// The `n`th inbound text, from one of a thousand telephones.
    pub fn inbound(&self, n: u32, body: &str) -> String {
        let (sid, from) = (self.sid(n), format!("+1415555{:04}", n % 1_000));
        self.event(
            &format!("/api/webhooks/{}/sms", self.provider),
            "",
            &[
                ("ToCountry", "US"),
                ("ToState", "DC"),
                ("SmsMessageSid", &sid),
                ("NumMedia", "0"),
                ("ToCity", "WASHINGTON"),
                ("FromZip", "94107"),
                ("SmsSid", &sid),
                ("FromState", "CA"),
                ("SmsStatus", "received"),
                ("FromCity", "SAN FRANCISCO"),
                ("Body", body),
                ("FromCountry", "US"),
                ("To", self.number),
                ("ToZip", "20001"),
                ("NumSegments", "1"),
                ("MessageSid", &sid),
                ("AccountSid", self.remote),
                ("From", &from),
                ("ApiVersion", "2010-04-01"),
            ],
        )
    }

    /// A status of the `n`th outbound text; `callback_id` is our id of the attempt.
    pub fn status(&self, n: u32, status: &str, callback_id: &str) -> String {
        let sid = self.sid(n);
        self.event(
            &format!("/api/webhooks/{}/status-callback", self.provider),
            &format!("m={callback_id}"),
            &[
                ("SmsSid", &sid),
                ("SmsStatus", status),
                ("MessageStatus", status),
                ("To", "+14155550123"),
                ("MessageSid", &sid),
                ("AccountSid", self.remote),
                ("From", self.number),
                ("ApiVersion", "2010-04-01"),
            ],
        )
    }

    fn event(&self, path: &str, query: &str, parameters: &[(&str, &str)]) -> String {
        let body = form_body(parameters);
        let separator = if query.is_empty() { "" } else { "?" };
        let url = format!("{PUBLIC_BASE_URL}{path}{separator}{query}");
        let signature = (self.sign)(self.key, &url, body.as_bytes());
        let mut event: Value = json!({
            "version": "2.0",
            "routeKey": "POST /api/webhooks/{provider}/{event}",
            "rawPath": path,
            "rawQueryString": query,
            "headers": {
                "accept": "*/*",
                "content-length": body.len().to_string(),
                "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
                "host": "bench.execute-api.us-east-1.amazonaws.com",
                "i-twilio-idempotency-token": "6a8d1b5e-6f77-4c1e-8d9e-0a4a3c5d2b1f",
                "user-agent": "TwilioProxy/1.1",
                "x-amzn-trace-id": "Root=1-5e1b4151-5ac6c58f3c3f4a1a1a1a1a1a",
                "x-forwarded-for": "198.51.100.7",
                "x-forwarded-port": "443",
                "x-forwarded-proto": "https",
            },
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "bench",
                "domainName": "bench.execute-api.us-east-1.amazonaws.com",
                "domainPrefix": "bench",
                "http": {
                    "method": "POST",
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "198.51.100.7",
                    "userAgent": "TwilioProxy/1.1",
                },
                "requestId": "JKJaXmPLvHcESHA=",
                "routeKey": "POST /api/webhooks/{provider}/{event}",
                "stage": "$default",
                "time": "21/Nov/2026:08:00:00 +0000",
                "timeEpoch": 1_795_248_000_000_u64,
            },
            "body": STANDARD.encode(&body),
            "isBase64Encoded": true,
        });
        if let Some(headers) = event.get_mut("headers").and_then(Value::as_object_mut) {
            headers.insert(self.header.to_owned(), signature.into());
        }
        event.to_string()
    }
}
