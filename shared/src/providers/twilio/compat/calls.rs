//! The Calls resource: placing calls, asking about them, ending them.

use async_trait::async_trait;
use form_urlencoded::Serializer;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};
use std::time::Duration;

use super::answer::{self, Listing};
use super::client::DAY;
use super::rest::{MAX_PAGES, PAGE_SIZE, Rest};
use crate::domain::address::Address;
use crate::domain::call::CallStatus;
use crate::domain::timestamp::Timestamp;
use crate::provider::calling::{AnswerWith, CallQuery, Calling, OutboundCall, PlacedCall, RemoteCall};
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::providers::twilio::wire::Figure;

/// What is reported about a call that we place (OpenAPI api_v2010, CreateCall, `StatusCallbackEvent`).
const EVENTS: [&str; 4] = ["initiated", "ringing", "answered", "completed"];

/// How long it may ring (https://www.twilio.com/docs/voice/api/call-resource, `Timeout`; SignalWire's
/// compatibility API, `Timeout`).
const RING: [u64; 2] = [1, 600];

/// The statuses of a call (OpenAPI api_v2010, `call_enum_status`; SignalWire's compatibility API,
/// `CallStatus`), and the one that only callbacks have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WireCallStatus {
    Queued,
    Initiated,
    Ringing,
    InProgress,
    Canceled,
    Completed,
    Failed,
    Busy,
    NoAnswer,
    #[serde(other)]
    Unknown,
}

/// The status of the providers' word. `None`: a word that this version does not know.
pub fn status_from_word(word: &str) -> Option<CallStatus> {
    let word: StrDeserializer<'_, Error> = word.into_deserializer();
    match WireCallStatus::deserialize(word).unwrap_or(WireCallStatus::Unknown) {
        WireCallStatus::Queued => Some(CallStatus::Queued),
        WireCallStatus::Initiated => Some(CallStatus::Initiated),
        WireCallStatus::Ringing => Some(CallStatus::Ringing),
        WireCallStatus::InProgress => Some(CallStatus::InProgress),
        WireCallStatus::Canceled => Some(CallStatus::Canceled),
        WireCallStatus::Completed => Some(CallStatus::Completed),
        WireCallStatus::Failed => Some(CallStatus::Failed),
        WireCallStatus::Busy => Some(CallStatus::Busy),
        WireCallStatus::NoAnswer => Some(CallStatus::NoAnswer),
        WireCallStatus::Unknown => None,
    }
}

/// A call (OpenAPI api_v2010, `api.v2010.account.call`; SignalWire's compatibility API, `Call`).
#[derive(Debug, Deserialize)]
struct WireCall {
    sid: Option<String>,
    status: Option<String>,
    direction: Option<String>,
    from: Option<String>,
    to: Option<String>,
    date_created: Option<String>,
    start_time: Option<String>,
    end_time: Option<String>,
    duration: Option<Figure>,
    price: Option<Figure>,
    price_unit: Option<String>,
}

/// The calls of one account.
pub(crate) struct Calls(pub(crate) Rest);

#[async_trait]
impl Calling for Calls {
    async fn dial(&self, call: &OutboundCall) -> Result<PlacedCall, ProviderError> {
        const OPERATION: &str = "dial";
        let dialect = self.0.dialect;
        match call.then {
            AnswerWith::Webhook => {}
            // Agents live elsewhere; here a document decides who speaks.
            AnswerWith::Agent(_) => return Err(self.0.unsupported(OPERATION)),
        }
        let answer = self.0.post(OPERATION, &self.0.url(&self.calls()), self.form(call)).await?;
        let wire: WireCall = answer::read_as(dialect, OPERATION, dialect.call_created, &answer)?;
        let sid = wire.sid.and_then(|sid| sid.parse().ok());
        Ok(PlacedCall {
            sid: sid.ok_or_else(|| answer::unexpected(dialect, OPERATION, &answer))?,
            control_id: None,
            session: None,
            // A first status that we do not know is still a call that was taken.
            status: wire.status.as_deref().and_then(status_from_word).unwrap_or(CallStatus::Queued),
        })
    }

    async fn fetch(&self, id: &str) -> Result<RemoteCall, ProviderError> {
        const OPERATION: &str = "fetch";
        let answer = self.0.get(OPERATION, &self.call(OPERATION, id)?).await?;
        let wire: WireCall = answer::read_as(self.0.dialect, OPERATION, &[200], &answer)?;
        remote(wire).ok_or_else(|| answer::unexpected(self.0.dialect, OPERATION, &answer))
    }

    /// Asks for all calls of the pair, whatever their date: `StartTime` filters by the time of dialling,
    /// and a call that waits has none yet. Left out of the answer, it would read as never placed, and be
    /// placed again. The rest is sifted here by the time of creation, to the second, which is all that
    /// the providers tell.
    async fn find(&self, query: &CallQuery) -> Result<Vec<RemoteCall>, ProviderError> {
        const OPERATION: &str = "find";
        let since = Timestamp::from_millis(query.since.seconds().saturating_mul(1000));
        let mut found = Vec::new();
        let mut url = self.find_url(query);
        for _ in 0..MAX_PAGES {
            let answer = self.0.get(OPERATION, &url).await?;
            let strange = || answer::unexpected(self.0.dialect, OPERATION, &answer);
            let page: Listing<WireCall> = answer::listing(self.0.dialect, OPERATION, "calls", &answer)?;
            // Lists are newest first; a whole page from before yesterday ends the search.
            let mut past = !page.items.is_empty();
            for wire in page.items {
                let created = wire.date_created.as_deref().and_then(Timestamp::parse_rfc2822);
                past &= created.is_some_and(|at| at < since.minus(DAY));
                // A filter that a provider ignored must not make a stranger's call ours.
                let ours = wire.direction.as_deref().is_none_or(|word| word.starts_with("outbound"))
                    && wire.from.as_deref() == Some(query.from.as_str())
                    && wire.to.as_deref() == Some(query.to.as_str());
                let call = remote(wire).ok_or_else(strange)?;
                if ours && created.is_none_or(|at| at >= since) {
                    found.push(call);
                }
            }
            match page.next {
                None => return Ok(found),
                Some(_) if past => return Ok(found),
                Some(next) => url = self.0.next_url(&self.calls(), &next).ok_or_else(strange)?,
            }
        }
        // A list that was cut short must not read as "it is not there".
        Err(self.0.error(OPERATION, ErrorKind::UnexpectedResponse, Effect::Unknown))
    }

    /// `completed` ends a call whatever it is doing (OpenAPI api_v2010, UpdateCall, `Status`).
    async fn hang_up(&self, id: &str) -> Result<(), ProviderError> {
        const OPERATION: &str = "hang up";
        let url = self.call(OPERATION, id)?;
        let answer = self.0.post(OPERATION, &url, "Status=completed".to_owned()).await?;
        let refused = match answer::read_as::<WireCall>(self.0.dialect, OPERATION, &[200], &answer) {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        let kind = refused.kind();
        if kind == ErrorKind::NotFound {
            // There is no such call, so that it is not under way.
            return Ok(());
        }
        if kind == ErrorKind::Conflict || kind == ErrorKind::InvalidRequest {
            // Perhaps its state does not allow it because it has ended.
            let call = self.fetch(id).await;
            if call.is_ok_and(|call| call.status.is_some_and(CallStatus::is_settled)) {
                return Ok(());
            }
        }
        Err(refused)
    }
}

impl Calls {
    fn calls(&self) -> String {
        self.0.resource("Calls")
    }

    fn call(&self, operation: &'static str, id: &str) -> Result<String, ProviderError> {
        Ok(self.0.url(&format!("{}/{}", self.calls(), self.0.checked(operation, id)?)))
    }

    fn find_url(&self, query: &CallQuery) -> String {
        let mut filter = Serializer::new(String::new());
        filter
            .append_pair("To", &query.to)
            .append_pair("From", &query.from)
            .append_pair("PageSize", PAGE_SIZE);
        format!("{}?{}", self.0.url(&self.calls()), filter.finish())
    }

    fn form(&self, call: &OutboundCall) -> String {
        let id = format!("?c={}", call.callback.id);
        let to = |path| self.0.callback(&call.callback.base, path, &id);
        let [shortest, longest] = RING;
        let mut form = Serializer::new(String::new());
        form.append_pair("To", &call.to)
            .append_pair("From", &call.from)
            .append_pair("Url", &to("voice"))
            .append_pair("Method", "POST")
            .append_pair("FallbackUrl", &to("voice"))
            .append_pair("FallbackMethod", "POST")
            .append_pair("StatusCallback", &to("call-status"))
            .append_pair("StatusCallbackMethod", "POST");
        for event in EVENTS {
            form.append_pair("StatusCallbackEvent", event);
        }
        form.append_pair("Timeout", &seconds(call.ring_timeout).clamp(shortest, longest).to_string());
        if let Some(limit) = call.time_limit.filter(|_| self.0.dialect.call_limit) {
            form.append_pair("TimeLimit", &seconds(limit).to_string());
        }
        if let Some(detection) = call.machine_detection {
            let kind = if detection.until_greeting_ends { "DetectMessageEnd" } else { "Enable" };
            form.append_pair("MachineDetection", kind)
                // The called party is not kept waiting for the verdict.
                .append_pair("AsyncAmd", "true")
                .append_pair("AsyncAmdStatusCallback", &to("amd-status"))
                .append_pair("AsyncAmdStatusCallbackMethod", "POST");
        }
        if call.record {
            form.append_pair("Record", "true")
                .append_pair("RecordingStatusCallback", &to("recording-status"))
                .append_pair("RecordingStatusCallbackMethod", "POST");
        }
        form.finish()
    }
}

/// Whole seconds; a part of one is not given away.
fn seconds(time: Duration) -> u64 {
    time.as_secs()
}

fn remote(wire: WireCall) -> Option<RemoteCall> {
    let moment = |text: Option<String>| text.as_deref().and_then(Timestamp::parse_rfc2822);
    let price = wire.price.map(|price| price.text()).zip(wire.price_unit);
    Some(RemoteCall {
        sid: wire.sid?.parse().ok()?,
        from: wire.from.as_deref().map(Address::parse),
        to: wire.to.as_deref().map(Address::parse),
        status: status_from_word(&wire.status?),
        // Neither provider keeps anything of ours with a call: it travels in the callback's URL.
        callback_id: None,
        started_at: moment(wire.start_time).or_else(|| moment(wire.date_created)),
        answered_at: None,
        ended_at: moment(wire.end_time),
        duration: wire.duration.and_then(|time| time.text().parse().ok()).map(Duration::from_secs),
        cost: price.and_then(|(price, unit)| answer::cost(&price, &unit)),
    })
}
