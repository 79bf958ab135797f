//! A provider with the Messages resource of Twilio's API and of SignalWire's dialect: create, list,
//! fetch; with state, a life in virtual time, callbacks, and moods.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};
use telephony::domain::status::MessageStatus;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::Clock;
use telephony::provider::error::ProviderCode;
use telephony::provider::transport::TransportError;
use telephony::provider::webhooks::StatusReport;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::mailbox::Mailbox;
use crate::queue::FakeClock;

/// How the provider takes the next create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Takes,
    /// No connection.
    Away,
    /// It takes the text, and the answer is lost.
    TakesAndIsLost,
    /// It takes the text, and says 500.
    TakesAndFails,
    /// 429 with this `Retry-After`.
    Busy(u64),
    /// 400 with this code.
    Refuses(u32),
}

/// What becomes of what was taken: seconds after, and the word.
pub type Fate = &'static [(u64, &'static str, Option<&'static str>)];
pub const DELIVERED: Fate = &[(1, "sending", None), (2, "sent", None), (5, "delivered", None)];
pub const UNDELIVERED: Fate = &[(2, "sent", None), (9, "undelivered", Some("30005"))];
pub const FAILED: Fate = &[(3, "failed", Some("30007"))];

/// A text that was taken.
#[derive(Clone, Debug)]
pub struct Remote {
    pub sid: String,
    pub from: String,
    pub to: String,
    pub body: String,
    pub callback: String,
    pub created: Timestamp,
    told: usize,
}

#[derive(Default)]
struct State {
    moods: VecDeque<Mood>,
    taken: Vec<Remote>,
}

/// The provider.
pub struct Provider {
    /// What it has received.
    pub mailbox: Mailbox,
    clock: Arc<FakeClock>,
    fate: Fate,
    state: Mutex<State>,
}

impl Provider {
    pub fn new(clock: Arc<FakeClock>, fate: Fate, moods: &[Mood]) -> Self {
        let state = State { moods: moods.iter().copied().collect(), ..State::default() };
        Self { mailbox: Mailbox::default(), clock, fate, state: Mutex::new(state) }
    }

    /// What it has taken.
    pub fn taken(&self) -> Vec<Remote> {
        self.state.lock().unwrap().taken.clone()
    }

    fn passed(&self, text: &Remote, now: Timestamp) -> usize {
        self.fate.iter().filter(|(after, ..)| text.created.plus(Duration::from_secs(*after)) <= now).count()
    }

    /// When something happens to one of its texts next.
    pub fn next(&self) -> Option<Timestamp> {
        let state = self.state.lock().unwrap();
        let next = |text: &Remote| {
            let (after, ..) = self.fate.get(text.told)?;
            Some(text.created.plus(Duration::from_secs(*after)))
        };
        state.taken.iter().filter_map(next).min()
    }

    /// The reports that are due and were not made yet.
    pub fn reports(&self) -> Vec<StatusReport> {
        let now = self.clock.now();
        let mut state = self.state.lock().unwrap();
        let mut reports = Vec::new();
        for text in &mut state.taken {
            let passed = self.passed(text, now);
            for (_, word, code) in &self.fate[text.told..passed] {
                reports.push(report(text, word, *code));
            }
            text.told = passed;
        }
        reports
    }

    fn create(&self, form: &[u8], twilio: bool) -> Result<Response<Bytes>, TransportError> {
        let field = |name: &str| {
            let mut pairs = form_urlencoded::parse(form);
            pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        let now = self.clock.now();
        let mut state = self.state.lock().unwrap();
        let mood = state.moods.pop_front().unwrap_or(Mood::Takes);
        match mood {
            Mood::Away => return Err(TransportError::NotConnected),
            Mood::Busy(seconds) => {
                let mut answer = reply(429, &json!({"code": 20429, "message": "Too Many Requests"}));
                answer.headers_mut().insert("retry-after", seconds.into());
                return Ok(answer);
            }
            Mood::Refuses(code) => return Ok(reply(400, &json!({"code": code, "message": "Refused"}))),
            Mood::Takes | Mood::TakesAndIsLost | Mood::TakesAndFails => {}
        }
        let n = state.taken.len() + 1;
        let sid = if twilio { format!("SM{n:032x}") } else { format!("10000000-0000-4000-8000-{n:012x}") };
        let text = Remote {
            sid,
            from: field("From"),
            to: field("To"),
            body: field("Body"),
            callback: field("StatusCallback"),
            created: now,
            told: 0,
        };
        state.taken.push(text.clone());
        match mood {
            Mood::TakesAndIsLost => Err(TransportError::Timeout),
            Mood::TakesAndFails => Ok(reply(500, &json!({"code": 20500, "message": "Internal"}))),
            _ => Ok(reply(201, &self.resource(&text))),
        }
    }

    fn resource(&self, text: &Remote) -> Value {
        let passed = self.passed(text, self.clock.now());
        let (word, code) = match passed.checked_sub(1).and_then(|last| self.fate.get(last)) {
            Some((_, word, code)) => (*word, *code),
            None => ("queued", None),
        };
        let created = OffsetDateTime::from_unix_timestamp(text.created.seconds()).unwrap();
        json!({
            "sid": text.sid, "status": word, "direction": "outbound-api", "from": text.from, "to": text.to,
            "body": text.body, "error_code": code, "date_created": created.format(&Rfc2822).unwrap(),
            "num_segments": "1", "price": null, "price_unit": "USD",
        })
    }

    pub async fn execute(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        if let Some(answer) = self.mailbox.answer(&request) {
            return answer;
        }
        let twilio = request.uri().host() == Some("api.twilio.com");
        if request.method() == Method::POST {
            return self.create(request.body(), twilio);
        }
        let last = request.uri().path().rsplit('/').next().unwrap_or_default().trim_end_matches(".json");
        let taken = self.taken();
        if last == "Messages" {
            let query = request.uri().query().unwrap_or_default().as_bytes();
            let wanted = |name: &str, value: &str| {
                form_urlencoded::parse(query).all(|(key, asked)| key != name || asked == value)
            };
            let listed =
                taken.iter().rev().filter(|text| wanted("To", &text.to) && wanted("From", &text.from));
            let messages: Vec<Value> = listed.map(|text| self.resource(text)).collect();
            return Ok(reply(200, &json!({"messages": messages, "next_page_uri": null})));
        }
        Ok(match taken.iter().find(|text| text.sid == last) {
            Some(text) => reply(200, &self.resource(text)),
            None => reply(404, &json!({"code": 20404, "message": "Not found"})),
        })
    }
}

/// A report, as the webhook's parser makes it of the form.
pub fn report(text: &Remote, word: &str, code: Option<&str>) -> StatusReport {
    let callback = text.callback.split('#').next().unwrap_or_default();
    StatusReport {
        sid: text.sid.parse().unwrap(),
        callback_id: callback.split("?m=").nth(1).map(str::to_owned),
        status: MessageStatus::from_word(word),
        provider_status: word.to_owned(),
        error: code.map(|code| ProviderCode(code.to_owned())),
        at: None,
        bill: telephony::domain::message::Bill::default(),
    }
}

pub fn reply(status: u16, body: &Value) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::from(body.to_string())).unwrap()
}
