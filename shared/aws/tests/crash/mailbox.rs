//! What the provider has received, and its list of that: newest first, two a page, by days.

use std::sync::Mutex;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use telephony::domain::address::Address;
use telephony::domain::timestamp::Timestamp;
use telephony::provider::ProviderId;
use telephony::provider::transport::TransportError;
use telephony::provider::webhooks::{InboundMedia, InboundText};
use telephony_testkit::webhooks::SAMPLES;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::provider::reply;

/// How many a page has.
const PAGE: usize = 2;

/// A text that the provider has received.
#[derive(Clone, Debug)]
pub struct Received {
    pub text: InboundText,
    pub at: Timestamp,
}

/// How the next requests are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    Away,
    Refuses,
    Broken,
}

/// The provider's side.
#[derive(Default)]
pub struct Mailbox {
    received: Mutex<Vec<Received>>,
    troubles: Mutex<Vec<Trouble>>,
    /// Lists that were asked for, by the day.
    asked: Mutex<Vec<String>>,
}

impl Mailbox {
    /// The webhook of text `n`, which the provider receives now.
    pub fn receive(&self, provider: ProviderId, n: u32, to: &str, body: &str, at: Timestamp) -> InboundText {
        let sample = SAMPLES.iter().find(|sample| sample.provider == provider).unwrap();
        let base = match provider {
            ProviderId::Twilio => "https://api.twilio.com",
            _ => "https://demo.signalwire.com/api/laml",
        };
        let sid = sample.message_sid(n);
        let list = format!("{base}/2010-04-01/Accounts/{}/Messages/{sid}/Media", sample.remote_id);
        let pictures = if body == "pictures" { 0..2 } else { 0..0 };
        let media = pictures.map(|index| InboundMedia {
            index,
            url: format!("{list}/{}", sample.message_sid(100 + index).replace("SM", "ME")),
            content_type: "image/jpeg".into(),
        });
        let text = InboundText {
            sid: sid.parse().unwrap(),
            from: Address::parse(&contact(n)),
            to: Address::parse(to),
            body: body.into(),
            segments: Some(1),
            media: media.collect(),
            answered_by_provider: false,
        };
        self.received.lock().unwrap().push(Received { text: text.clone(), at });
        text
    }

    /// What it has received.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// How the next request is answered; the last one that is given comes first.
    pub fn trouble(&self, trouble: Trouble) {
        self.troubles.lock().unwrap().push(trouble);
    }

    /// The lists that were asked for.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// `None`: another resource is meant.
    pub fn answer(&self, request: &Request<Bytes>) -> Option<Result<Response<Bytes>, TransportError>> {
        let query = request.uri().query().unwrap_or_default().as_bytes();
        let asked = |name: &str| {
            let mut pairs = form_urlencoded::parse(query);
            pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        let path = request.uri().path().trim_end_matches(".json");
        let day = asked("DateSent>");
        if day.is_none() && !path.ends_with("/Media") {
            return None;
        }
        match self.troubles.lock().unwrap().pop() {
            Some(Trouble::Away) => return Some(Err(TransportError::NotConnected)),
            Some(Trouble::Refuses) => return Some(Ok(reply(400, &json!({"code": 20001, "message": "No"})))),
            Some(Trouble::Broken) => return Some(Ok(reply(500, &json!({})))),
            None => {}
        }
        let received = self.received();
        let Some(day) = day else {
            let sid = path.rsplit('/').nth(1).unwrap();
            let of = received.iter().find(|one| one.text.sid.as_str() == sid).unwrap();
            let file = |media: &InboundMedia| json!({"sid": media.url.rsplit('/').next(), "content_type": media.content_type});
            let list: Vec<Value> = of.text.media.iter().map(file).collect();
            return Some(Ok(reply(200, &json!({"media_list": list}))));
        };
        self.asked.lock().unwrap().push(request.uri().to_string());
        let mut listed: Vec<&Received> = received.iter().filter(|one| one.at.day() >= day).collect();
        listed.sort_by_key(|one| std::cmp::Reverse(one.at));
        let start = match asked("PageToken") {
            Some(after) => listed.iter().position(|one| one.text.sid.as_str() == after).unwrap() + 1,
            None => 0,
        };
        let shown: Vec<&Received> = listed.iter().skip(start).take(PAGE).copied().collect();
        let next = (start + shown.len() < listed.len()).then(|| {
            let full = request.uri().path();
            format!("{full}?DateSent%3E={day}&Page=1&PageToken={}", shown.last().unwrap().text.sid)
        });
        let messages: Vec<Value> = shown.iter().map(|one| resource(one)).collect();
        Some(Ok(reply(200, &json!({"messages": messages, "next_page_uri": next}))))
    }
}

/// The person who wrote text `n`.
pub fn contact(n: u32) -> String {
    format!("+1415555{:04}", 2000 + n)
}

fn resource(received: &Received) -> Value {
    let created = OffsetDateTime::from_unix_timestamp(received.at.seconds()).unwrap();
    let text = &received.text;
    json!({
        "sid": text.sid, "status": "received", "direction": "inbound", "from": text.from.as_str(),
        "to": text.to.as_str(), "body": text.body, "error_code": null, "num_segments": "1",
        "num_media": text.media.len().to_string(), "date_created": created.format(&Rfc2822).unwrap(),
        "date_sent": null, "price": null, "price_unit": "USD",
    })
}
