//! What is posted to whom: a webhook before it goes out.

use std::time::Duration;

use serde_json::Value;

use crate::model::Provider;

#[derive(Debug, Clone)]
pub(crate) enum Body {
    Form(Vec<(String, String)>),
    /// Telnyx: the `data` of an event; `meta` differs from one attempt to the next.
    Event(Value),
    /// JSON that is posted as it is.
    Json(String),
}

impl Body {
    pub(crate) fn params(&self) -> &[(String, String)] {
        match self {
            Self::Form(params) => params,
            Self::Event(_) | Self::Json(_) => &[],
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) provider: Provider,
    pub(crate) account: String,
    /// `status`, `inbound`, `call`, `order`, `inbound_call`, `voice` (a document is asked for), `recording`,
    /// `transcription`, `amd` or `stream`.
    pub(crate) kind: &'static str,
    /// What it is about: a message, a call or an order.
    pub(crate) message_sid: String,
    /// The status that it announces, in the provider's word.
    pub(crate) status: Option<String>,
    /// Telnyx's `event_type`, Retell's `event`.
    pub(crate) event: Option<String>,
    /// Nothing follows it: a `reorder` has nothing to wait for.
    pub(crate) last: bool,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) method: String,
    /// As configured, with its fragment.
    pub(crate) url: String,
    /// Tried one after the other when `url` fails.
    pub(crate) fallbacks: Vec<String>,
    pub(crate) body: Body,
    /// `I-Twilio-Idempotency-Token`: the same over all retries.
    pub(crate) token: String,
    /// How long an answer may take, where the customer can say so.
    pub(crate) timeout: Option<Duration>,
    /// A fault has already had its say (it was delayed or held back).
    pub(crate) faulted: bool,
    pub(crate) redelivery_of: Option<u64>,
}

/// How long to wait for an answer and how often to try again.
pub(crate) struct Patience {
    pub(crate) connect: Duration,
    pub(crate) read: Duration,
    pub(crate) retries: u32,
    on: Vec<String>,
}

/// What came of one attempt, in the words of Twilio's `rp` override.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    ClientError,
    ServerError,
    ConnectFailed,
    ReadTimeout,
}

impl Patience {
    /// The provider's defaults, changed by the overrides in the URL's fragment.
    pub(crate) fn of(delivery: &Delivery, url: &str) -> Self {
        let (kind, timeout) = (delivery.kind, delivery.timeout);
        let overrides: Vec<(String, String)> = url
            .split_once('#')
            .map(|(_, fragment)| form_urlencoded::parse(fragment.as_bytes()).into_owned().collect())
            .unwrap_or_default();
        let given =
            |name: &str| overrides.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let millis = |name: &str, default: u64, most: u64| {
            let value = given(name).and_then(|value| value.parse::<u64>().ok());
            Duration::from_millis(value.map_or(default, |value| value.clamp(100, most)))
        };
        let all = || vec!["all".to_owned()];
        match delivery.provider {
            // twilio docs, usage/webhooks/webhooks-connection-overrides: ct 5 s, rt 15 s, one retry on connect failure
            Provider::Twilio => Self {
                connect: millis("ct", 5_000, 10_000),
                read: millis("rt", 15_000, 15_000),
                retries: given("rc").and_then(|rc| rc.parse().ok()).map_or(1, |rc: u32| rc.min(5)),
                on: given("rp").unwrap_or("ct").split(',').map(str::to_owned).collect(),
            },
            // signalwire docs, common-webhook-errors: connect 2 s (its override is `ot`), read 5 s; status callbacks
            // have three attempts, action webhooks one
            Provider::SignalWire => Self {
                connect: millis("ot", 2_000, 10_000),
                read: millis("rt", 5_000, 15_000),
                retries: if matches!(kind, "inbound" | "voice") { 0 } else { 2 },
                on: all(),
            },
            // telnyx.md, section 7: three attempts per URL; messaging waits 2 s, voice as long as the application says,
            // and does not repeat after a 4xx other than 408 and 429
            Provider::Telnyx => {
                let read = timeout.unwrap_or(Duration::from_secs(if kind == "call" { 10 } else { 2 }));
                let on = if kind == "call" { ["5xx", "ct", "rt"].map(str::to_owned).to_vec() } else { all() };
                Self { connect: read, read, retries: 2, on }
            }
            // retell.md, section 5: 10 s; events are repeated up to three times, the inbound webhook has three tries
            Provider::Retell => {
                let read = timeout.unwrap_or(Duration::from_secs(10));
                Self { connect: read, read, retries: if kind == "inbound_call" { 2 } else { 3 }, on: all() }
            }
        }
    }

    pub(crate) fn retries_after(&self, outcome: Outcome) -> bool {
        let name = match outcome {
            Outcome::Ok => return false,
            Outcome::ClientError => "4xx",
            Outcome::ServerError => "5xx",
            Outcome::ConnectFailed => "ct",
            Outcome::ReadTimeout => "rt",
        };
        self.on.iter().any(|on| on == name || on == "all")
    }
}
