//! Call documents: what is allowed in them at each provider, and that no value can break one.
//!
//! The documents of every script are kept in `fixtures/documents`, where the official SDK reads them, too
//! (`tests/sdk/test_call_documents.py`). `UPDATE_FIXTURES=1` writes them anew.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;
use quick_xml::Reader;
use quick_xml::events::Event;
use telephony::domain::voice::plan::{Otherwise, Plan};
use telephony::domain::voice::script::{Moment, Setting, script};
use telephony::domain::voice::verb::{Speech, Stream, Verb};
use telephony::provider::ProviderId;
use telephony::provider::messaging::Callback;
use telephony::provider::registry;
use telephony::provider::webhooks::{CallDocument, Reply};

const PROVIDERS: [ProviderId; 2] = [ProviderId::Twilio, ProviderId::SignalWire];

/// An element with its attributes, its text and what is in it.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    text: String,
    children: Vec<Element>,
}

fn document(provider: ProviderId, verbs: Vec<Verb>) -> String {
    let callback = Callback { base: "https://phone.example.com/prod".into(), id: "01ABC.d-1".into() };
    let reply = registry::webhooks(provider).respond(Reply::Document(CallDocument { verbs, callback }));
    assert_eq!((reply.status, reply.content_type), (200, "text/xml"));
    String::from_utf8(reply.body.to_vec()).unwrap()
}

fn read(text: &str) -> Element {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut open = vec![Element::default()];
    let element = |start: &quick_xml::events::BytesStart<'_>| Element {
        name: String::from_utf8(start.name().as_ref().to_vec()).unwrap(),
        attributes: start
            .attributes()
            .map(|attribute| {
                let attribute = attribute.unwrap();
                let name = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
                let raw = std::str::from_utf8(&attribute.value).unwrap().to_owned();
                (name, quick_xml::escape::unescape(&raw).unwrap().into_owned())
            })
            .collect(),
        ..Element::default()
    };
    loop {
        match reader.read_event().unwrap() {
            Event::Decl(_) => {}
            Event::Start(start) => open.push(element(&start)),
            Event::Empty(start) => open.last_mut().unwrap().children.push(element(&start)),
            Event::Text(text) => {
                open.last_mut().unwrap().text += std::str::from_utf8(&text).unwrap();
            }
            Event::GeneralRef(name) => {
                let entity = format!("&{};", std::str::from_utf8(&name).unwrap());
                open.last_mut().unwrap().text += &entity;
            }
            Event::End(_) => {
                let mut done = open.pop().unwrap();
                done.text = quick_xml::escape::unescape(&done.text).unwrap().into_owned();
                open.last_mut().unwrap().children.push(done);
            }
            Event::Eof => break,
            other => panic!("{other:?}"),
        }
    }
    let mut root = open.pop().unwrap();
    assert!(open.is_empty() && root.children.len() == 1, "{text}");
    root.children.remove(0)
}

/// What may stand in an element: attributes and children (https://www.twilio.com/docs/voice/twiml and the
/// pages below it; SignalWire's cXML reference has these, too).
fn allowed(name: &str) -> (&'static [&'static str], &'static [&'static str]) {
    match name {
        "Response" => (&[], &["Say", "Play", "Dial", "Record", "Gather", "Connect", "Hangup"]),
        "Say" | "Play" | "Hangup" => (&[], &[]),
        "Dial" => (
            &[
                "action",
                "method",
                "timeout",
                "timeLimit",
                "callerId",
                "record",
                "recordingStatusCallback",
                "recordingStatusCallbackMethod",
                "recordingStatusCallbackEvent",
            ],
            &["Number", "Sip"],
        ),
        "Number" | "Sip" => {
            (&["url", "method", "statusCallback", "statusCallbackMethod", "statusCallbackEvent"], &[])
        }
        "Record" => (
            &[
                "action",
                "method",
                "maxLength",
                "playBeep",
                "recordingStatusCallback",
                "recordingStatusCallbackMethod",
                "recordingStatusCallbackEvent",
                "transcribe",
                "transcribeCallback",
            ],
            &[],
        ),
        "Gather" => (&["action", "method", "numDigits", "timeout"], &["Say"]),
        "Connect" => (&["action", "method"], &["Stream"]),
        "Stream" => (&["url", "statusCallback", "statusCallbackMethod"], &["Parameter"]),
        "Parameter" => (&["name", "value"], &[]),
        other => panic!("{other} is no element of ours"),
    }
}

fn check(provider: ProviderId, element: &Element) {
    let (attributes, children) = allowed(&element.name);
    for (name, value) in &element.attributes {
        assert!(attributes.contains(&name.as_str()), "{name} of {}", element.name);
        let ours = format!("https://phone.example.com/prod/api/webhooks/{provider}/");
        if ["action", "statusCallback", "recordingStatusCallback", "transcribeCallback"]
            .contains(&name.as_str())
            || (element.name == "Number" && name == "url")
        {
            let (path, query) = value.strip_prefix(&ours).unwrap().split_once("?c=01ABC.d-1").unwrap();
            assert!(path.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{value}");
            let settings = if provider == ProviderId::Twilio { "#rc=2&rp=5xx,ct,rt" } else { "" };
            assert_eq!(query, settings, "{value}");
        }
    }
    for child in &element.children {
        assert!(children.contains(&child.name.as_str()), "{} in {}", child.name, element.name);
        check(provider, child);
    }
    // Without an action, a recording asks for the present document again, for ever.
    if ["Record", "Gather"].contains(&element.name.as_str()) {
        assert!(element.attributes.contains_key("action"), "{element:?}");
    }
}

fn scripts() -> Vec<(&'static str, Vec<Verb>)> {
    let forward = |screened| Plan::Forward {
        to: "+14155550199".into(),
        screened,
        agent: None,
        otherwise: Otherwise::Voicemail,
    };
    let stream = Plan::Stream {
        agent: "sales".parse().unwrap(),
        url: "wss://voice.example.com/in".into(),
        parameters: [("lang".to_owned(), "en".to_owned())].into(),
        otherwise: Otherwise::Voicemail,
    };
    let told = Setting {
        stream: [("callId".to_owned(), "01H".to_owned()), ("token".to_owned(), "t0k".to_owned())].into(),
        ..Setting::default()
    };
    let funded = Setting { time_limit: Some(Duration::from_secs(600)), ..Setting::default() };
    let sip = Setting { handed_to: Some("sip:c1@sip.example.com".into()), ..Setting::default() };
    let remote = Plan::HandOver {
        agent: "r".parse().unwrap(),
        provider: ProviderId::Retell,
        otherwise: Otherwise::Voicemail,
    };
    let join = Plan::Join { to: "+14155550199".into(), from: "+12025550100".into(), recorded: true };
    let none = Setting::default();
    vec![
        ("forward", script(&forward(false), Moment::Begin, &none)),
        ("forward-screened", script(&forward(true), Moment::Begin, &none)),
        ("screen", script(&forward(true), Moment::Screening, &none)),
        ("screen-taken", script(&forward(true), Moment::ScreenPressed { taken: true }, &none)),
        ("unanswered", script(&forward(false), Moment::DialEnded { joined: false }, &none)),
        ("voicemail", script(&Plan::Voicemail, Moment::Begin, &none)),
        ("goodbye", script(&Plan::Voicemail, Moment::Recorded, &none)),
        ("stream", script(&stream, Moment::Begin, &told)),
        ("sip", script(&remote, Moment::Begin, &sip)),
        ("not-accepting", script(&Plan::NotAccepting, Moment::Begin, &none)),
        ("agent-not-found", script(&Plan::AgentNotFound, Moment::Begin, &none)),
        ("join", script(&join, Moment::Begin, &funded)),
        ("tell", script(&Plan::Tell { text: "Fish & chips <now>".into() }, Moment::Begin, &none)),
        ("play", script(&Plan::Play { url: "https://a.example/x?a=1&b=2".into() }, Moment::Begin, &none)),
    ]
}

#[test]
fn every_document_is_allowed_at_its_provider_and_kept() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/documents");
    for provider in PROVIDERS {
        for (name, verbs) in scripts() {
            let text = document(provider, verbs);
            let root = read(&text);
            assert_eq!(root.name, "Response");
            check(provider, &root);
            let path = folder.join(format!("{provider}-{name}.xml"));
            if std::env::var_os("UPDATE_FIXTURES").is_some() {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(&path, format!("{text}\n")).unwrap();
            }
            let kept = std::fs::read_to_string(&path).unwrap();
            assert_eq!(kept.trim_end(), text, "{}", path.display());
        }
    }
}

fn find<'e>(element: &'e Element, name: &str) -> Option<&'e Element> {
    if element.name == name {
        return Some(element);
    }
    element.children.iter().find_map(|child| find(child, name))
}

/// What a document makes of a text that somebody typed: what XML cannot hold is a space.
fn kept(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') { ' ' } else { c })
        .collect()
}

proptest! {
    #[test]
    fn no_value_breaks_a_document(text in any::<String>(), name in any::<String>()) {
        for provider in PROVIDERS {
            let stream = Stream {
                url: "wss://voice.example.com/in".into(),
                parameters: [(name.clone(), text.clone())].into(),
            };
            let verbs = vec![Verb::Say(Speech::new(&text)), Verb::Stream(stream), Verb::Play(text.clone())];
            let root = read(&document(provider, verbs));
            check(provider, &root);
            prop_assert_eq!(root.children.len(), 3);
            prop_assert_eq!(&find(&root, "Say").unwrap().text, &kept(&text));
            let parameter = &find(&root, "Parameter").unwrap().attributes;
            prop_assert_eq!(&parameter["value"], &kept(&text));
            prop_assert_eq!(&parameter["name"], &kept(&name));
            prop_assert_eq!(&find(&root, "Play").unwrap().text, &kept(&text));
        }
    }
}
