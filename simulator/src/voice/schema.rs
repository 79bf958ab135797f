//! Which elements and attributes a document may have, and what their values look like.
//!
//! TwiML: twilio.md, section 3, and the element set of Twilio's SDKs. cXML: signalwire.md, section 3. Where the two
//! differ, a rule names the provider that knows the attribute.

use url::Url;

use crate::model::Provider;

/// What an attribute's value has to be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Any,
    /// At most so many characters.
    Short(usize),
    Between(u32, u32),
    Flag,
    OneOf(&'static [&'static str]),
    /// Any of these, separated by spaces.
    Words(&'static [&'static str]),
    /// `http`, `https` or relative to the document.
    Http,
    /// `wss`, absolute, without a query.
    Wss,
    /// What a keypad has.
    Keys,
    /// Keys and pauses.
    Tones,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Attribute {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// What the provider logs about a bad value.
    pub(super) code: u32,
    /// `None`: both know it.
    pub(super) only: Option<Provider>,
    pub(super) required: bool,
}

const fn at(name: &'static str, kind: Kind, code: u32) -> Attribute {
    Attribute { name, kind, code, only: None, required: false }
}

/// A value for which there is no code of its own.
const fn plain(name: &'static str, kind: Kind) -> Attribute {
    at(name, kind, SCHEMA)
}

impl Attribute {
    const fn twilio(self) -> Self {
        Self { only: Some(Provider::Twilio), ..self }
    }

    const fn signalwire(self) -> Self {
        Self { only: Some(Provider::SignalWire), ..self }
    }

    const fn required(self) -> Self {
        Self { required: true, ..self }
    }
}

/// "Schema validation warning" in Twilio's list.
pub(super) const SCHEMA: u32 = 12_200;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    /// Only white space.
    None,
    Allowed,
    Required,
}

pub(super) struct Element {
    pub(super) name: &'static str,
    pub(super) attributes: &'static [Attribute],
    pub(super) children: &'static [&'static str],
    pub(super) text: Text,
}

const METHOD: Kind = Kind::OneOf(&["GET", "POST"]);
const STATUSES: Kind = Kind::Words(&["initiated", "ringing", "answered", "completed"]);
const RECORDING_STATUSES: Kind = Kind::Words(&["in-progress", "completed", "absent"]);
const TRIM: Kind = Kind::OneOf(&["trim-silence", "do-not-trim"]);
const TRACK: Kind = Kind::OneOf(&["inbound_track", "outbound_track", "both_tracks"]);
const VERBS: [&str; 13] = [
    "Say", "Play", "Pause", "Gather", "Record", "Dial", "Redirect", "Hangup", "Reject", "Connect", "Start",
    "Stop", "Sms",
];
const SSML: [&str; 10] = ["break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w"];

const SAY: [Attribute; 3] = [
    at("voice", Kind::Any, 13_511),
    at("language", Kind::Any, 13_512),
    at("loop", Kind::Between(0, 1000), 13_510),
];
const NUMBER: [Attribute; 14] = [
    at("sendDigits", Kind::Tones, 13_222),
    plain("url", Kind::Http),
    at("method", METHOD, 13_221),
    plain("statusCallback", Kind::Http),
    plain("statusCallbackEvent", STATUSES),
    plain("statusCallbackMethod", METHOD),
    plain("byoc", Kind::Any).twilio(),
    plain("machineDetection", Kind::OneOf(&["Enable", "DetectMessageEnd"])).twilio(),
    plain("amdStatusCallback", Kind::Http).twilio(),
    plain("amdStatusCallbackMethod", METHOD).twilio(),
    plain("machineDetectionTimeout", Kind::Between(3, 59)).twilio(),
    plain("machineDetectionSpeechThreshold", Kind::Between(1000, 6000)).twilio(),
    plain("machineDetectionSpeechEndThreshold", Kind::Between(500, 5000)).twilio(),
    plain("machineDetectionSilenceTimeout", Kind::Between(2000, 10_000)).twilio(),
];

pub(super) const ELEMENTS: &[Element] = &[
    Element { name: "Response", attributes: &[], children: &VERBS, text: Text::None },
    Element { name: "Say", attributes: &SAY, children: &SSML, text: Text::Required },
    Element {
        name: "Play",
        attributes: &[at("loop", Kind::Between(0, 1000), 13_410), at("digits", Kind::Tones, 13_430)],
        children: &[],
        text: Text::Allowed,
    },
    Element {
        name: "Pause",
        attributes: &[at("length", Kind::Between(0, 86_400), 13_910)],
        children: &[],
        text: Text::None,
    },
    Element {
        name: "Gather",
        attributes: &[
            at("input", Kind::Words(&["dtmf", "speech"]), 13_326),
            plain("action", Kind::Http),
            at("method", METHOD, 13_312),
            at("timeout", Kind::Between(1, 3600), 13_313),
            at("numDigits", Kind::Between(1, 1000), 13_314),
            at("finishOnKey", Kind::Keys, 13_310),
            at("actionOnEmptyResult", Kind::Flag, 13_338),
            at("speechTimeout", Kind::Any, 13_327),
            at("maxSpeechTime", Kind::Between(1, 3600), 13_328).twilio(),
            at("language", Kind::Any, 13_331),
            at("hints", Kind::Any, 13_330),
            at("profanityFilter", Kind::Flag, 13_333),
            at("speechModel", Kind::Any, 13_334),
            plain("enhanced", Kind::Flag),
            at("bargeIn", Kind::Flag, 13_332).twilio(),
            plain("partialResultCallback", Kind::Http),
            at("partialResultCallbackMethod", METHOD, 13_329),
        ],
        children: &["Say", "Play", "Pause"],
        text: Text::None,
    },
    Element {
        name: "Record",
        attributes: &[
            plain("action", Kind::Http),
            at("method", METHOD, 13_610),
            at("timeout", Kind::Between(0, 3600), 13_611),
            at("finishOnKey", Kind::Keys, 13_613),
            at("maxLength", Kind::Between(0, 14_400), 13_612),
            at("playBeep", Kind::Flag, 13_616),
            at("trim", TRIM, 13_699),
            at("recordingStatusCallback", Kind::Http, 13_256),
            at("recordingStatusCallbackMethod", METHOD, 13_610),
            at("recordingStatusCallbackEvent", RECORDING_STATUSES, 13_621),
            at("transcribe", Kind::Flag, 13_614),
            at("transcribeCallback", Kind::Http, 13_257),
            plain("storageUrl", Kind::Http).signalwire(),
            plain("storageUrlMethod", Kind::OneOf(&["POST", "PUT"])).signalwire(),
        ],
        children: &[],
        text: Text::None,
    },
    Element {
        name: "Dial",
        attributes: &[
            plain("action", Kind::Http),
            at("method", METHOD, 13_210),
            at("timeout", Kind::Between(5, 600), 13_212),
            at("timeLimit", Kind::Between(1, 86_400), 13_216),
            plain("callerId", Kind::Any),
            at("hangupOnStar", Kind::Flag, 13_213),
            at("answerOnBridge", Kind::Flag, 13_219),
            at(
                "record",
                Kind::OneOf(&[
                    "true",
                    "false",
                    "do-not-record",
                    "record-from-answer",
                    "record-from-answer-dual",
                    "record-from-ringing",
                    "record-from-ringing-dual",
                ]),
                13_217,
            ),
            at("trim", TRIM, 13_699),
            at("recordingStatusCallback", Kind::Http, 13_256),
            at("recordingStatusCallbackMethod", METHOD, 13_210),
            at("recordingStatusCallbackEvent", RECORDING_STATUSES, 13_621),
            plain("recordingTrack", Kind::OneOf(&["both", "inbound", "outbound"])).twilio(),
            at("ringTone", Kind::Any, 13_220),
            at("sequential", Kind::Flag, 13_218).twilio(),
            plain("callReason", Kind::Short(50)).twilio(),
            plain("referUrl", Kind::Http).twilio(),
            plain("referMethod", METHOD).twilio(),
            plain("recordingStorageUrl", Kind::Http).signalwire(),
            plain("callerName", Kind::Any).signalwire(),
        ],
        children: &["Number", "Sip"],
        text: Text::Allowed,
    },
    Element { name: "Number", attributes: &NUMBER, children: &[], text: Text::Required },
    Element {
        name: "Sip",
        attributes: &[
            at("username", Kind::Short(255), 13_249),
            at("password", Kind::Short(255), 13_249),
            plain("url", Kind::Http),
            at("method", METHOD, 13_241),
            plain("statusCallback", Kind::Http),
            plain("statusCallbackEvent", STATUSES),
            plain("statusCallbackMethod", METHOD),
            plain("machineDetection", Kind::OneOf(&["Enable", "DetectMessageEnd"])).twilio(),
            plain("amdStatusCallback", Kind::Http).twilio(),
            plain("amdStatusCallbackMethod", METHOD).twilio(),
        ],
        children: &[],
        text: Text::Required,
    },
    Element {
        name: "Redirect",
        attributes: &[at("method", METHOD, 13_710)],
        children: &[],
        text: Text::Required,
    },
    Element { name: "Hangup", attributes: &[], children: &[], text: Text::None },
    Element {
        name: "Reject",
        attributes: &[at("reason", Kind::OneOf(&["rejected", "busy"]), 13_810)],
        children: &[],
        text: Text::None,
    },
    Element {
        name: "Connect",
        attributes: &[plain("action", Kind::Http), plain("method", METHOD)],
        children: &["Stream"],
        text: Text::None,
    },
    Element { name: "Start", attributes: &[], children: &["Stream"], text: Text::None },
    Element { name: "Stop", attributes: &[], children: &["Stream"], text: Text::None },
    Element {
        name: "Stream",
        attributes: &[
            plain("url", Kind::Wss),
            plain("name", Kind::Any),
            plain("track", TRACK),
            plain("statusCallback", Kind::Http),
            plain("statusCallbackMethod", METHOD),
            plain("codec", Kind::Any).signalwire(),
            plain("realtime", Kind::Flag).signalwire(),
            plain("authBearerToken", Kind::Any).signalwire(),
        ],
        children: &["Parameter"],
        text: Text::None,
    },
    Element {
        name: "Parameter",
        attributes: &[plain("name", Kind::Any).required(), plain("value", Kind::Any).required()],
        children: &[],
        text: Text::None,
    },
    Element {
        name: "Sms",
        attributes: &[
            plain("to", Kind::Any),
            plain("from", Kind::Any),
            plain("action", Kind::Http),
            plain("method", METHOD),
            plain("statusCallback", Kind::Http),
        ],
        children: &[],
        text: Text::Required,
    },
];

/// What may stand in the document of a `<Number url>`: nothing that needs a line of its own (twilio.md, section 3).
pub(super) const SCREENING: [&str; 6] = ["Say", "Play", "Pause", "Gather", "Redirect", "Hangup"];

pub(super) fn element(name: &str) -> Option<&'static Element> {
    ELEMENTS.iter().find(|element| element.name == name)
}

pub(super) fn is_ssml(name: &str) -> bool {
    SSML.contains(&name)
}

impl Kind {
    /// Whether the value fits; `has_base` tells whether a relative address leads anywhere.
    pub(super) fn fits(self, value: &str, has_base: bool) -> bool {
        match self {
            Self::Any => true,
            Self::Short(most) => value.chars().count() <= most,
            Self::Between(least, most) => {
                value.parse().is_ok_and(|number: u32| (least..=most).contains(&number))
            }
            Self::Flag => matches!(value, "true" | "false"),
            Self::OneOf(values) => values.contains(&value),
            Self::Words(words) => {
                let mut given = value.split(' ');
                given.all(|word| words.contains(&word))
            }
            Self::Http => is_http(value, has_base),
            Self::Wss => Url::parse(value)
                .is_ok_and(|url| url.scheme() == "wss" && url.has_host() && url.query().is_none()),
            Self::Keys => value.chars().all(|c| c.is_ascii_digit() || matches!(c, '*' | '#')),
            Self::Tones => {
                value.chars().all(|c| c.is_ascii_digit() || matches!(c, 'A'..='D' | '*' | '#' | 'w' | 'W'))
            }
        }
    }
}

/// An address that a document may name. White space and control characters were never meant.
pub(super) fn is_http(value: &str, has_base: bool) -> bool {
    if value.is_empty() || value.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return false;
    }
    match Url::parse(value) {
        Ok(url) => matches!(url.scheme(), "http" | "https") && url.has_host(),
        Err(url::ParseError::RelativeUrlWithoutBase) => has_base,
        Err(_) => false,
    }
}
