//! What is posted to whom: a webhook before it goes out.

use std::time::Duration;

use time::macros::format_description;

use crate::{
    ids,
    model::{Message, Provider, Status},
    state::State,
};

#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) provider: Provider,
    pub(crate) account: String,
    /// `status` or `inbound`.
    pub(crate) kind: &'static str,
    pub(crate) message_sid: String,
    pub(crate) status: Option<Status>,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) method: String,
    /// As configured, with its fragment.
    pub(crate) url: String,
    /// Tried when `url` fails (the number's SmsFallbackUrl).
    pub(crate) fallback: Option<String>,
    pub(crate) params: Vec<(String, String)>,
    /// `I-Twilio-Idempotency-Token`: the same over all retries.
    pub(crate) token: String,
    /// A fault has already had its say (it was delayed or held back).
    pub(crate) faulted: bool,
    pub(crate) redelivery_of: Option<u64>,
}

/// The status callback for the status that the message has now.
pub(crate) fn status_callback(
    state: &State,
    message: &Message,
    status: Status,
    error: Option<u32>,
) -> Option<Delivery> {
    let url = message.status_callback.clone()?;
    let from = message.from.clone().unwrap_or_default();
    let mut params: Vec<(&str, String)> = Vec::new();
    match message.provider {
        // twilio docs, messaging/guides/track-outbound-message-status
        Provider::Twilio => {
            if let Some(code) = error {
                params.push(("ErrorCode", code.to_string()));
            }
            params.push(("SmsSid", message.sid.clone()));
            params.push(("SmsStatus", status.as_str().to_owned()));
            params.push(("MessageStatus", status.as_str().to_owned()));
            params.push(("To", message.to.clone()));
            if let Some(service) = &message.messaging_service {
                params.push(("MessagingServiceSid", service.clone()));
            }
            params.push(("MessageSid", message.sid.clone()));
            params.push(("AccountSid", message.account.clone()));
            params.push(("From", from.clone()));
            params.push(("ApiVersion", "2010-04-01".to_owned()));
            if status == Status::Delivered && message.to.starts_with("+1") {
                let format = format_description!("[year repr:last_two][month][day][hour][minute]");
                params.push(("RawDlrDoneDate", state.now().format(format).unwrap_or_default()));
            }
        }
        // compatibility-openapi.yaml, SmsStatusCallbackPayload
        Provider::SignalWire => {
            params.push(("MessageStatus", status.as_str().to_owned()));
            if let Some(code) = error {
                params.push(("ErrorCode", code.to_string()));
            }
            params.push(("MessageSid", message.sid.clone()));
            params.push(("AccountSid", message.account.clone()));
            params.push(("From", from.clone()));
            params.push(("To", message.to.clone()));
            params.push(("Body", message.body.clone()));
            params.push(("NumMedia", message.num_media().to_string()));
            params.push(("NumSegments", message.num_segments.to_string()));
        }
    }
    Some(Delivery {
        provider: message.provider,
        account: message.account.clone(),
        kind: "status",
        message_sid: message.sid.clone(),
        status: Some(status),
        from,
        to: message.to.clone(),
        method: "POST".to_owned(),
        url,
        fallback: None,
        params: params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        token: ids::uuid(),
        faulted: false,
        redelivery_of: None,
    })
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
    pub(crate) fn of(provider: Provider, kind: &str, url: &str) -> Self {
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
        match provider {
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
                retries: if kind == "status" { 2 } else { 0 },
                on: vec!["all".to_owned()],
            },
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
