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

/// What we read about calls and can do without (docs/voice/twiml, request parameters, and the pages of the
/// verbs). Each decides what happens next, or whose it is.
const OPTIONAL_OF_CALLS: [Known; 7] = [
    Known { name: "AnsweredBy", plausible: |value| value.first().is_some_and(u8::is_ascii_lowercase) },
    Known { name: "DialBridged", plausible: |value| value.first().is_some_and(u8::is_ascii_lowercase) },
    Known { name: "DialCallSid", plausible: |value| value.first().is_some_and(u8::is_ascii_alphanumeric) },
    Known { name: "DialCallStatus", plausible: |value| value.first().is_some_and(u8::is_ascii_lowercase) },
    Known {
        name: "Digits",
        plausible: |value| value.first().is_some_and(|b| b.is_ascii_digit() || b"*#".contains(b)),
    },
    Known { name: "ParentCallSid", plausible: |value| value.first().is_some_and(u8::is_ascii_alphanumeric) },
    Known { name: "StirVerstat", plausible: |value| value.starts_with(b"TN-") || value.starts_with(b"No-") },
];

/// Checks the names and the values of a form about a text.
pub(super) fn check(form: &Form) -> Result<(), WebhookError> {
    whole(form, "Body", &OPTIONAL)
}

/// Checks the names and the values of a form about a call.
pub(super) fn check_call(form: &Form) -> Result<(), WebhookError> {
    whole(form, "TranscriptionText", &OPTIONAL_OF_CALLS)
}

fn whole(form: &Form, text: &str, optional: &[Known]) -> Result<(), WebhookError> {
    if form.pairs().any(|(name, _)| !is_name(name)) {
        return Err(WebhookError::Malformed("a parameter's name is not one"));
    }
    let signed = Signed::of(form, text);
    if optional.iter().any(|known| signed.hides(known)) || signed.cuts_keyword() {
        return Err(WebhookError::Malformed("a parameter has swallowed its neighbour"));
    }
    Ok(())
}

/// A sender or a recipient. Nobody is refused for who they are; what is refused is a value that has
/// swallowed its neighbour, or that is the neighbour.
pub(super) fn address<'f>(form: &'f Form, name: &str) -> Result<&'f str, WebhookError> {
    let value = form.required(name)?;
    let swallowed =
        NEIGHBOURS.iter().any(|neighbour| value.contains(neighbour)) || ends_in_address(value, name);
    // `From=CitySF`, where the true sender went into what comes before.
    let joined = format!("{name}{value}");
    let stolen = NEIGHBOURS.iter().any(|neighbour| {
        joined.starts_with(neighbour) && !form.pairs().any(|(other, _)| other == neighbour.as_bytes())
    }) && ends_in_address(&Signed::of(form, "Body").before(name), name);
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
    fn of(form: &'f Form, free: &str) -> Self {
        let mut pairs: Vec<_> = form.pairs().collect();
        pairs.sort_by_key(|(name, _)| *name);
        let mut string = Vec::new();
        let mut text = 0..0;
        for (name, value) in &pairs {
            let start = string.len();
            string.extend_from_slice(name);
            string.extend_from_slice(value);
            if *name == free.as_bytes() {
                text = start..string.len();
            }
        }
        Self { pairs, string, text }
    }

    fn has(&self, name: &[u8]) -> bool {
        self.pairs.iter().any(|(other, _)| *other == name)
    }

    /// The string holds a parameter that the form does not have. A text may hold any word, so within it
    /// only a status report's error code counts, at its end (SignalWire repeats the text in its reports).
    fn hides(&self, known: &Known) -> bool {
        let stem = known.name.strip_suffix("{}").unwrap_or(known.name).as_bytes();
        let indexed = stem.len() < known.name.len();
        if !indexed && self.has(stem) {
            return false;
        }
        let places = self.string.windows(stem.len()).enumerate().filter(|(_, window)| *window == stem);
        places.map(|(start, _)| (start, start + stem.len() + usize::from(indexed))).any(|(start, end)| {
            let (Some(name), Some(rest)) = (self.string.get(start..end), self.string.get(end..)) else {
                return false;
            };
            if indexed && (!name.last().is_some_and(u8::is_ascii_digit) || self.has(name)) {
                return false;
            }
            if self.text.contains(&start) && end <= self.text.end {
                let tail = self.string.get(end..self.text.end).unwrap_or_default();
                return name == b"ErrorCode" && !tail.is_empty() && tail.iter().all(u8::is_ascii_digit);
            }
            (known.plausible)(rest)
        })
    }

    /// The value of `OptOutType` goes on in what follows.
    fn cuts_keyword(&self) -> bool {
        let Some(at) = self.pairs.iter().position(|(name, _)| *name == b"OptOutType") else { return false };
        let values = self.pairs.iter().skip(at);
        let joined: Vec<u8> = values.flat_map(|(name, value)| name.iter().chain(*value)).copied().collect();
        let value = self.pairs.get(at).map_or(0, |(_, value)| value.len());
        let joined = joined.strip_prefix(b"OptOutType").unwrap_or_default();
        KEYWORDS.iter().any(|word| value < word.len() && joined.starts_with(word))
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
