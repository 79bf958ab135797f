//! Refuses forms whose boundaries were moved.
//!
//! The signed string of a form is names and values in a row without delimiters, so that whoever
//! holds one signed request could cut it anew (`From=+1415…&FromCity=SF` as `From=+1415…FromCitySF`)
//! under the same digest. A cut cannot be seen in the string; it shows in names and values that the
//! provider does not send. Whatever the provider adds in future must pass: an unknown parameter is
//! refused only where a parameter that we read is hidden in it.
//!
//! What is left is the text itself, which can hold anything: its tail can be cut off as the name of a
//! parameter that might exist. That is one message id with two bodies, which the store tells from a
//! replay.

use super::form::Form;
use crate::provider::webhooks::WebhookError;

/// A parameter that we read, and whether a text could be its value.
struct Known {
    name: &'static str,
    plausible: fn(&[u8]) -> bool,
}

/// What we read and can do without (docs/messaging/guides/webhook-request and
/// track-outbound-message-status): it must not vanish into a neighbour. `{}` stands for an index.
const OPTIONAL: [Known; 8] = [
    Known { name: "ApiVersion", plausible: |value| value.first().is_some_and(u8::is_ascii_digit) },
    Known { name: "ErrorCode", plausible: |value| value.first().is_some_and(u8::is_ascii_digit) },
    Known { name: "MediaContentType{}", plausible: |value| value.contains(&b'/') },
    Known { name: "MediaUrl{}", plausible: |value| value.starts_with(b"http") },
    Known { name: "MessageStatus", plausible: |value| value.first().is_some_and(u8::is_ascii_lowercase) },
    Known { name: "NumMedia", plausible: |value| value.first().is_some_and(u8::is_ascii_digit) },
    Known { name: "NumSegments", plausible: |value| value.first().is_some_and(u8::is_ascii_digit) },
    Known { name: "OptOutType", plausible: |value| KEYWORDS.iter().any(|word| value.starts_with(word)) },
];

/// The values of `OptOutType` (docs/messaging/tutorials/advanced-opt-out).
const KEYWORDS: [&[u8]; 3] = [b"STOP", b"START", b"HELP"];

/// Parameters whose name begins with `From` or `To`, or that follow them in a sorted form.
const NEIGHBOURS: [&str; 17] = [
    "FromCity",
    "FromCountry",
    "FromState",
    "FromZip",
    "MediaContentType",
    "MediaUrl",
    "MessageSid",
    "MessageStatus",
    "MessagingServiceSid",
    "NumMedia",
    "NumSegments",
    "RawDlrDoneDate",
    "SmsSid",
    "ToCity",
    "ToCountry",
    "ToState",
    "ToZip",
];

/// The longest parameter name that is taken for one: twice the longest that is documented
/// (`OriginalRepliedMessageSender`, docs/messaging/guides/webhook-request).
const MAX_NAME: usize = 64;

/// The longest address; a telephone number has 15 digits (E.164), a SIP address more.
const MAX_ADDRESS: usize = 255;

/// Checks the names and the values of a form.
pub(super) fn check(form: &Form) -> Result<(), WebhookError> {
    if form.pairs().any(|(name, _)| !is_name(name)) {
        return Err(WebhookError::Malformed("a parameter's name is not one"));
    }
    let signed = Signed::of(form);
    for known in OPTIONAL {
        let names: Vec<String> = match known.name.strip_suffix("{}") {
            Some(stem) => (0..10).map(|index| format!("{stem}{index}")).collect(),
            None => vec![known.name.to_owned()],
        };
        for name in names {
            let name = name.as_bytes();
            let there = form.pairs().any(|(other, _)| other == name);
            if !there && signed.hides(name, known.plausible) {
                return Err(WebhookError::Malformed("a parameter has swallowed its neighbour"));
            }
        }
    }
    Ok(())
}

/// `OptOutType`, unless it is a known value cut short.
pub(super) fn opt_out_type(form: &Form) -> Result<Option<&str>, WebhookError> {
    let kind = form.text("OptOutType")?;
    let cut = |kind: &str| KEYWORDS.iter().any(|word| *word != kind.as_bytes() && word.starts_with(kind.as_bytes()));
    if kind.is_some_and(cut) { Err(WebhookError::Malformed("OptOutType is not one")) } else { Ok(kind) }
}

/// A sender or a recipient. Nobody is refused for who they are; what is refused is a value that has
/// swallowed its neighbour, or that is the neighbour.
pub(super) fn address<'f>(form: &'f Form, name: &str) -> Result<&'f str, WebhookError> {
    let value = form.required(name)?;
    let swallowed = NEIGHBOURS.iter().any(|neighbour| value.contains(neighbour)) || ends_in_address(value, name);
    // `From=CitySF`, where the true sender went into what comes before.
    let joined = format!("{name}{value}");
    let stolen = NEIGHBOURS.iter().any(|neighbour| {
        joined.starts_with(neighbour) && !form.pairs().any(|(other, _)| other == neighbour.as_bytes())
    }) && ends_in_address(&Signed::of(form).before(name), name);
    let digits = value.strip_prefix('+').or_else(|| value.split_once(":+").map(|(_, digits)| digits));
    let broken =
        digits.is_some_and(|digits| digits.bytes().any(|b| b.is_ascii_alphabetic()) && !value.contains('@'));
    if swallowed || stolen || broken || value.len() > MAX_ADDRESS {
        return Err(WebhookError::Malformed("an address is not one"));
    }
    Ok(value)
}

/// The signed string of a form, and where in it the text is.
struct Signed<'f> {
    pairs: Vec<(&'f [u8], &'f [u8])>,
    string: Vec<u8>,
    text: std::ops::Range<usize>,
}

impl<'f> Signed<'f> {
    fn of(form: &'f Form) -> Self {
        let mut pairs: Vec<_> = form.pairs().collect();
        pairs.sort_by_key(|(name, _)| *name);
        let mut string = Vec::new();
        let mut text = 0..0;
        for (name, value) in &pairs {
            let start = string.len();
            string.extend_from_slice(name);
            string.extend_from_slice(value);
            if *name == b"Body" {
                text = start..string.len();
            }
        }
        Self { pairs, string, text }
    }

    /// The string holds a parameter that the form does not have. A text may hold any word, so within it
    /// only a status report's error code counts, at its end (SignalWire repeats the text in its reports).
    fn hides(&self, known: &[u8], plausible: fn(&[u8]) -> bool) -> bool {
        let places = self.string.windows(known.len()).enumerate().filter(|(_, window)| *window == known);
        places.map(|(at, _)| (at, at + known.len())).any(|(start, end)| {
            let within_text = self.text.contains(&start) && end <= self.text.end;
            if within_text {
                let tail = self.string.get(end..self.text.end).unwrap_or_default();
                known == b"ErrorCode" && !tail.is_empty() && tail.iter().all(u8::is_ascii_digit)
            } else {
                self.string.get(end..).is_some_and(plausible)
            }
        })
    }

    /// What precedes a parameter.
    fn before(&self, name: &str) -> String {
        let before = self.pairs.iter().take_while(|(other, _)| *other != name.as_bytes());
        let bytes: Vec<u8> = before.flat_map(|(name, value)| name.iter().chain(*value)).copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// The text ends in this parameter's name and something without a space.
fn ends_in_address(text: &str, name: &str) -> bool {
    text.rsplit_once(name).is_some_and(|(_, tail)| !tail.is_empty() && !tail.contains(char::is_whitespace))
}

fn is_name(name: &[u8]) -> bool {
    let allowed = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'[' | b']');
    (1..=MAX_NAME).contains(&name.len()) && name.iter().all(allowed)
}
