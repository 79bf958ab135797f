//! Reading a call's document, as strictly as the provider does and a little more: what a provider would only warn of
//! fails here, so that a test notices.

use std::collections::BTreeMap;

use roxmltree::Node;

use super::schema::{self, Text};
use crate::model::Provider;

/// An element that has been checked.
#[derive(Debug, Clone)]
pub(super) struct Element {
    pub(super) name: &'static str,
    pub(super) text: String,
    pub(super) children: Vec<Element>,
    attributes: BTreeMap<&'static str, String>,
}

impl Element {
    /// The number that stands in a `<Dial>` itself.
    pub(super) fn number_in(dial: &Self) -> Self {
        Self { name: "Number", text: dial.text.clone(), children: Vec::new(), attributes: BTreeMap::new() }
    }

    /// An attribute that was given and is not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The same, where empty is a value too (`finishOnKey=""`).
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    pub(super) fn number(&self, name: &str, default: u32) -> u32 {
        self.get(name).and_then(|value| value.parse().ok()).unwrap_or(default)
    }

    pub(super) fn flag(&self, name: &str, default: bool) -> bool {
        self.get(name).map_or(default, |value| value == "true")
    }

    pub(super) fn words(&self, name: &str, default: &str) -> Vec<String> {
        self.get(name).unwrap_or(default).split(' ').map(str::to_owned).collect()
    }
}

/// Why a document is none; `code` is what the provider would log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bad {
    pub(super) code: u32,
    pub(super) reason: String,
}

impl Bad {
    pub(super) fn new(code: u32, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

/// Where a document stands, as far as it matters for what it may say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    pub(super) provider: Provider,
    /// False for a document that came with the request: it has no address that others could be relative to.
    pub(super) has_base: bool,
    /// It is heard by a called person before the calls are joined.
    pub(super) screening: bool,
}

/// 64 kB, and Twilio's and SignalWire's code for more (11750, the same at both).
const LARGEST: usize = 64 * 1024;

/// Longest text of a `<Say>`: documented by SignalWire; Twilio has a code for it (13521) and its limit is unverified.
const LONGEST_TEXT: usize = 4096;

/// Twilio's limit for name and value of a `<Parameter>` together; SignalWire's is taken to be the same.
const LONGEST_PARAMETER: usize = 500;

/// The verbs of the answer to a request for a document.
pub(super) fn read(setting: Setting, content_type: Option<&str>, body: &str) -> Result<Vec<Element>, Bad> {
    let content_type = content_type.unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !matches!(essence.as_str(), "text/xml" | "application/xml" | "text/html") {
        return Err(Bad::new(12_300, format!("content type {content_type:?}")));
    }
    parse(setting, body)
}

/// The verbs of a document.
pub(super) fn parse(setting: Setting, body: &str) -> Result<Vec<Element>, Bad> {
    if body.len() > LARGEST {
        return Err(Bad::new(11_750, "the document is larger than 64 kB"));
    }
    if body.starts_with(char::is_whitespace) {
        return Err(Bad::new(12_100, "white space stands before the document"));
    }
    let tree = roxmltree::Document::parse(body).map_err(|error| Bad::new(12_100, error.to_string()))?;
    let root = tree.root_element();
    if !root.has_tag_name("Response") {
        // SignalWire's list has no code of its own for it.
        let code = if setting.provider == Provider::Twilio { 12_102 } else { 12_100 };
        return Err(Bad::new(code, format!("the root element is {:?}", root.tag_name().name())));
    }
    let response = element(setting, root)?;
    let verbs = response.children;
    if setting.screening
        && let Some(verb) = verbs.iter().find(|verb| !schema::SCREENING.contains(&verb.name))
    {
        return Err(bad(setting, format!("<{}> is not allowed in the document of a <Number>", verb.name)));
    }
    Ok(verbs)
}

/// Twilio's "schema validation warning"; SignalWire says 12100 about everything that is wrong with a document.
fn bad(setting: Setting, reason: String) -> Bad {
    of(setting, schema::SCHEMA, reason)
}

/// With a code of Twilio's list, where SignalWire has the same one.
fn of(setting: Setting, code: u32, reason: String) -> Bad {
    // signalwire-error-codes.json
    const SHARED: [u32; 6] = [13_215, 13_221, 13_222, 13_223, 13_621, 13_699];
    let known = setting.provider == Provider::Twilio || SHARED.contains(&code);
    Bad::new(if known { code } else { 12_100 }, reason)
}

fn element(setting: Setting, node: Node<'_, '_>) -> Result<Element, Bad> {
    let name = node.tag_name().name();
    let rule = schema::element(name).filter(|_| node.tag_name().namespace().is_none());
    let rule = rule.ok_or_else(|| bad(setting, format!("<{name}> is no verb that is known here")))?;
    let attributes = attributes(setting, node, rule)?;
    let mut children = Vec::new();
    let mut text = String::new();
    for child in node.children() {
        if child.is_text() {
            text.push_str(child.text().unwrap_or_default());
        } else if child.is_element() {
            let inner = child.tag_name().name();
            if !rule.children.contains(&inner) {
                let code = match name {
                    "Dial" => 13_215,
                    "Gather" => 13_320,
                    _ => schema::SCHEMA,
                };
                return Err(of(setting, code, format!("<{inner}> is not allowed in <{name}>")));
            }
            if schema::is_ssml(inner) {
                text.extend(child.descendants().filter(Node::is_text).filter_map(|node| node.text()));
            } else {
                children.push(element(setting, child)?);
            }
        }
    }
    let text = text.trim().to_owned();
    match rule.text {
        Text::None if !text.is_empty() => {
            return Err(bad(setting, format!("text is not allowed in <{name}>: {text:.60}")));
        }
        Text::Required if text.is_empty() => {
            let code = if name == "Say" { 13_520 } else { schema::SCHEMA };
            return Err(of(setting, code, format!("<{name}> is empty")));
        }
        _ => {}
    }
    let read = Element { name: rule.name, text, children, attributes };
    sense(setting, &read)?;
    Ok(read)
}

fn attributes(
    setting: Setting,
    node: Node<'_, '_>,
    rule: &'static schema::Element,
) -> Result<BTreeMap<&'static str, String>, Bad> {
    let name = rule.name;
    let mut found = BTreeMap::new();
    for given in node.attributes() {
        let known = rule.attributes.iter().find(|known| {
            known.name == given.name()
                && given.namespace().is_none()
                && known.only.is_none_or(|only| only == setting.provider)
        });
        let known =
            known.ok_or_else(|| bad(setting, format!("<{name}> has no attribute {:?}", given.name())))?;
        let value = given.value();
        if !known.kind.fits(value, setting.has_base) {
            let reason = format!("<{name} {}={value:?}> is no valid value", known.name);
            return Err(of(setting, known.code, reason));
        }
        found.insert(known.name, value.to_owned());
    }
    let missing = rule.attributes.iter().find(|known| known.required && !found.contains_key(known.name));
    match missing {
        Some(missing) => Err(bad(setting, format!("<{name}> lacks its {:?}", missing.name))),
        None => Ok(found),
    }
}

/// What no single attribute tells.
fn sense(setting: Setting, element: &Element) -> Result<(), Bad> {
    let name = element.name;
    match name {
        "Say" if element.text.chars().count() > LONGEST_TEXT => {
            Err(of(setting, 13_521, format!("<Say> has more than {LONGEST_TEXT} characters")))
        }
        "Play" if element.text.is_empty() && element.get("digits").is_none() => {
            Err(bad(setting, "<Play> has nothing to play".to_owned()))
        }
        "Play" | "Redirect"
            if !element.text.is_empty() && !schema::is_http(&element.text, setting.has_base) =>
        {
            Err(bad(setting, format!("<{name}> does not hold an address: {:.60}", element.text)))
        }
        "Dial" if element.text.is_empty() == element.children.is_empty() => {
            Err(of(setting, 13_215, "<Dial> holds a number, or elements".to_owned()))
        }
        // Ten at most (twilio.md and signalwire.md, section 3).
        "Dial" if element.children.len() > 10 => {
            Err(of(setting, 13_215, "<Dial> holds more than ten elements".to_owned()))
        }
        "Sip" if !element.text.starts_with("sip:") && !element.text.starts_with("sips:") => {
            Err(of(setting, 13_243, format!("<Sip> holds no address: {:.60}", element.text)))
        }
        "Connect" | "Start" | "Stop" if element.children.len() != 1 => {
            Err(bad(setting, format!("<{name}> holds one <Stream>")))
        }
        "Connect" => stream(setting, element, true),
        "Start" => stream(setting, element, false),
        "Stop" if element.children.iter().any(|stream| stream.get("name").is_none()) => {
            Err(bad(setting, "<Stop> names no stream".to_owned()))
        }
        "Record" if element.flag("transcribe", false) && element.number("maxLength", 120) > 120 => {
            Err(of(setting, 13_615, "what is longer than 120 seconds is not transcribed".to_owned()))
        }
        "Parameter" => {
            let length = |name: &str| element.given(name).map_or(0, |value| value.chars().count());
            if element.get("name").is_none() || length("name") + length("value") > LONGEST_PARAMETER {
                let reason = "<Parameter> has no name, or more than 500 characters";
                return Err(bad(setting, reason.to_owned()));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn stream(setting: Setting, verb: &Element, both_ways: bool) -> Result<(), Bad> {
    for stream in &verb.children {
        if stream.get("url").is_none() {
            return Err(bad(setting, "<Stream> has no url".to_owned()));
        }
        // What is heard by the other side is not for a stream that speaks itself (twilio.md, section 3).
        if both_ways && stream.get("track").is_some_and(|track| track != "inbound_track") {
            return Err(bad(setting, "<Connect><Stream> has the inbound track only".to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(provider: Provider, body: &str) -> u32 {
        let setting = Setting { provider, has_base: true, screening: false };
        read(setting, Some("text/xml"), body).err().map_or(0, |bad| bad.code)
    }

    fn verbs(inner: &str) -> String {
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>{inner}</Response>")
    }

    #[test]
    fn what_is_understood() {
        for inner in [
            "",
            "<Say>a &amp; b</Say><Pause length=\"2\"/><Hangup/>",
            "<Say voice=\"alice\"><break/>Hi <emphasis>there</emphasis></Say>",
            "<Dial timeout=\"30\" action=\"/next?a=1&amp;b=2\">\n <Number statusCallbackEvent=\"initiated answered\">+13105550180</Number>\n</Dial>",
            "<Dial callerId=\"+14155550199\">+13105550180</Dial>",
            "<Connect><Stream url=\"wss://agent.example.com/x\"><Parameter name=\"a\" value=\"\"/></Stream></Connect>",
            "<Gather numDigits=\"1\" finishOnKey=\"\"><Say>Press one</Say></Gather>",
        ] {
            for provider in [Provider::Twilio, Provider::SignalWire] {
                assert_eq!(code(provider, &verbs(inner)), 0, "{inner}");
            }
        }
    }

    #[test]
    fn what_is_not() {
        for (inner, twilio, signalwire) in [
            ("<Shout>hi</Shout>", 12_200, 12_100),
            ("<say>hi</say>", 12_200, 12_100),
            ("<Say loud=\"yes\">hi</Say>", 12_200, 12_100),
            ("<Say/>", 13_520, 12_100),
            ("<Say>a</Say>b", 12_200, 12_100),
            ("<Gather><Dial>+13105550180</Dial></Gather>", 13_320, 12_100),
            ("<Dial><Say>no</Say></Dial>", 13_215, 13_215),
            ("<Dial/>", 13_215, 13_215),
            ("<Dial timeout=\"4\">+13105550180</Dial>", 13_212, 12_100),
            ("<Dial action=\"javascript:x\">+13105550180</Dial>", 12_200, 12_100),
            ("<Connect><Stream url=\"ws://a.example.com\"/></Connect>", 12_200, 12_100),
            ("<Connect><Stream url=\"wss://a.example.com?token=1\"/></Connect>", 12_200, 12_100),
            ("<Record maxLength=\"121\" transcribe=\"true\"/>", 13_615, 12_100),
            ("<Record recordingStatusCallbackEvent=\"done\"/>", 13_621, 13_621),
            ("<Message>hi</Message>", 12_200, 12_100),
            ("<Redirect>not an address</Redirect>", 12_200, 12_100),
        ] {
            assert_eq!(code(Provider::Twilio, &verbs(inner)), twilio, "{inner}");
            assert_eq!(code(Provider::SignalWire, &verbs(inner)), signalwire, "{inner}");
        }
        for body in
            ["", " <Response/>", "<Response>", "<Response>&nbsp;</Response>", "<Response/><Response/>"]
        {
            assert_eq!(code(Provider::Twilio, body), 12_100, "{body}");
        }
        assert_eq!(code(Provider::Twilio, "<Answer/>"), 12_102);
        assert_eq!(code(Provider::Twilio, &verbs("<Say>\u{1}</Say>")), 12_100);
        let long = verbs(&format!("<Say>{}</Say>", "a".repeat(4097)));
        assert_eq!(code(Provider::Twilio, &long), 13_521);
        assert_eq!(code(Provider::Twilio, &verbs(&"<Pause/>".repeat(9000))), 11_750);
    }

    /// What one provider knows and the other does not.
    #[test]
    fn dialects() {
        let own = [
            ("<Dial><Number machineDetection=\"Enable\">+13105550180</Number></Dial>", Provider::Twilio),
            ("<Record storageUrl=\"https://example.com/\"/>", Provider::SignalWire),
        ];
        for (inner, knows) in own {
            for provider in [Provider::Twilio, Provider::SignalWire] {
                assert_eq!(code(provider, &verbs(inner)) == 0, provider == knows, "{inner}");
            }
        }
    }

    #[test]
    fn where_it_stands() {
        let at_home = Setting { provider: Provider::Twilio, has_base: false, screening: false };
        assert!(parse(at_home, &verbs("<Record action=\"/next\"/>")).is_err());
        assert!(parse(at_home, &verbs("<Record action=\"https://example.com/next\"/>")).is_ok());
        let screening = Setting { screening: true, has_base: true, ..at_home };
        assert!(parse(screening, &verbs("<Dial>+13105550180</Dial>")).is_err());
        assert!(
            read(screening, Some("application/json"), "<Response/>").is_err_and(|bad| bad.code == 12_300)
        );
    }
}
