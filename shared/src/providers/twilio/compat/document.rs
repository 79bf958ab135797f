//! Call documents: TwiML, and SignalWire's cXML, which has the same verbs.
//!
//! Every URL in a document carries the opaque id of the call, covered by the signature: a number alone does
//! not tell two calls apart.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::webhook::WebhookDialect;
use crate::domain::voice::verb::{Dial, Record, Speech, Stream, Verb, writable};
use crate::provider::webhooks::{CallDocument, WebhookKind};

/// What is reported about a leg that is dialled (https://www.twilio.com/docs/voice/twiml/number,
/// `statusCallbackEvent`; cXML reference, `Number`).
const LEG_EVENTS: &str = "initiated ringing answered completed";
/// What is reported about a recording (https://www.twilio.com/docs/voice/twiml/record,
/// `recordingStatusCallbackEvent`).
const RECORDING_EVENTS: &str = "in-progress completed absent";
/// How long a key is waited for, in seconds (the default of https://www.twilio.com/docs/voice/twiml/gather).
const KEY_WAIT: &str = "5";

/// The document of a call, as bytes of XML.
pub(crate) fn render(dialect: &WebhookDialect, document: &CallDocument) -> Vec<u8> {
    let mut page = Page { dialect, document, out: Writer::new(Vec::new()) };
    page.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
    page.within("Response", &[], |page| {
        for verb in &document.verbs {
            page.verb(verb);
        }
    });
    page.out.into_inner()
}

struct Page<'d> {
    dialect: &'d WebhookDialect,
    document: &'d CallDocument,
    out: Writer<Vec<u8>>,
}

type Attributes<'a> = [(&'a str, String)];

impl Page<'_> {
    /// Writing to memory does not fail.
    fn event(&mut self, event: Event<'_>) {
        let _ = self.out.write_event(event);
    }

    fn within(&mut self, name: &str, attributes: &Attributes<'_>, content: impl FnOnce(&mut Self)) {
        let mut start = BytesStart::new(name);
        for (name, value) in attributes {
            start.push_attribute((*name, writable(value).as_str()));
        }
        self.event(Event::Start(start));
        content(self);
        self.event(Event::End(BytesEnd::new(name)));
    }

    fn alone(&mut self, name: &str, attributes: &Attributes<'_>) {
        let mut start = BytesStart::new(name);
        for (name, value) in attributes {
            start.push_attribute((*name, writable(value).as_str()));
        }
        self.event(Event::Empty(start));
    }

    fn text(&mut self, text: &str) {
        self.event(Event::Text(BytesText::new(&writable(text))));
    }

    fn url(&self, kind: WebhookKind) -> String {
        let callback = &self.document.callback;
        let (provider, settings) = (self.dialect.provider, self.dialect.callback_settings);
        format!("{}/api/webhooks/{provider}/{}?c={}{settings}", callback.base, kind.path(), callback.id)
    }

    fn verb(&mut self, verb: &Verb) {
        match verb {
            Verb::Say(speech) => self.say(speech),
            Verb::Play(url) => self.within("Play", &[], |page| page.text(url)),
            Verb::Dial(dial) => self.dial(dial),
            Verb::Record(record) => self.record(record),
            Verb::AskForKey(speech) => {
                let attributes = [
                    ("action", self.url(WebhookKind::CallScreen)),
                    ("method", "POST".to_owned()),
                    ("numDigits", "1".to_owned()),
                    ("timeout", KEY_WAIT.to_owned()),
                ];
                self.within("Gather", &attributes, |page| page.say(speech));
            }
            Verb::Stream(stream) => self.stream(stream),
            Verb::HangUp => self.alone("Hangup", &[]),
        }
    }

    fn say(&mut self, speech: &Speech) {
        self.within("Say", &[], |page| page.text(speech.as_str()));
    }

    fn dial(&mut self, dial: &Dial) {
        let mut attributes = vec![
            ("action", self.url(WebhookKind::DialAction)),
            ("method", "POST".to_owned()),
            ("timeout", dial.ring_for.as_secs().to_string()),
        ];
        if let Some(limit) = dial.time_limit {
            attributes.push(("timeLimit", limit.as_secs().to_string()));
        }
        if let Some(from) = &dial.from {
            attributes.push(("callerId", from.clone()));
        }
        if dial.recorded {
            attributes.push(("record", "record-from-answer-dual".to_owned()));
            attributes.push(("recordingStatusCallback", self.url(WebhookKind::RecordingStatus)));
            attributes.push(("recordingStatusCallbackMethod", "POST".to_owned()));
            attributes.push(("recordingStatusCallbackEvent", RECORDING_EVENTS.to_owned()));
        }
        let mut leg = Vec::new();
        if dial.screened {
            leg.push(("url", self.url(WebhookKind::CallScreen)));
            leg.push(("method", "POST".to_owned()));
        }
        leg.push(("statusCallback", self.url(WebhookKind::CallStatus)));
        leg.push(("statusCallbackMethod", "POST".to_owned()));
        leg.push(("statusCallbackEvent", LEG_EVENTS.to_owned()));
        let noun = if dial.to.starts_with("sip") { "Sip" } else { "Number" };
        self.within("Dial", &attributes, |page| page.within(noun, &leg, |page| page.text(&dial.to)));
    }

    fn record(&mut self, record: &Record) {
        let mut attributes = vec![
            ("action", self.url(WebhookKind::RecordAction)),
            ("method", "POST".to_owned()),
            ("maxLength", record.max_length.as_secs().to_string()),
            ("playBeep", "true".to_owned()),
            ("recordingStatusCallback", self.url(WebhookKind::VoicemailRecording)),
            ("recordingStatusCallbackMethod", "POST".to_owned()),
            ("recordingStatusCallbackEvent", RECORDING_EVENTS.to_owned()),
        ];
        if record.transcribed && self.dialect.transcribes {
            attributes.push(("transcribe", "true".to_owned()));
            attributes.push(("transcribeCallback", self.url(WebhookKind::Transcription)));
        }
        self.alone("Record", &attributes);
    }

    fn stream(&mut self, stream: &Stream) {
        let action = [("action", self.url(WebhookKind::DialAction)), ("method", "POST".to_owned())];
        let attributes = [
            ("url", stream.url.clone()),
            ("statusCallback", self.url(WebhookKind::StreamStatus)),
            ("statusCallbackMethod", "POST".to_owned()),
        ];
        self.within("Connect", &action, |page| {
            page.within("Stream", &attributes, |page| {
                for (name, value) in &stream.parameters {
                    page.alone("Parameter", &[("name", name.clone()), ("value", value.clone())]);
                }
            });
        });
    }
}
