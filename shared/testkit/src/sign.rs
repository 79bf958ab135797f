//! Signers of our own, written from the providers' descriptions and not from the adapters, so that a
//! mistake there is not repeated here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// What Twilio puts into `X-Twilio-Signature`.
pub fn sign_twilio(auth_token: &str, url: &str, form: &[u8]) -> String {
    STANDARD.encode(digest(auth_token, &twilio_string(url, form)))
}

/// What SignalWire puts into `X-SignalWire-Signature` for a form.
pub fn sign_signalwire(signing_key: &str, url: &str, form: &[u8]) -> String {
    STANDARD.encode(digest(signing_key, &signalwire_string(url, form)))
}

/// What SignalWire puts into `X-SignalWire-Signature` for anything that is not a form.
pub fn sign_signalwire_raw(signing_key: &str, url: &str, body: &[u8]) -> String {
    hex::encode(digest(signing_key, &[url.as_bytes(), body].concat()))
}

/// The value of `bodySHA256` for a body.
pub fn body_sha256(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

/// The string that Twilio signs: for each name in order, its distinct values in order.
pub fn twilio_string(url: &str, form: &[u8]) -> Vec<u8> {
    let mut sorted = std::collections::BTreeMap::<Vec<u8>, std::collections::BTreeSet<Vec<u8>>>::new();
    for (name, value) in form_pairs(form) {
        sorted.entry(name).or_default().insert(value);
    }
    let mut string = url.as_bytes().to_vec();
    for (name, values) in sorted {
        for value in values {
            string.extend([name.as_slice(), value.as_slice()].concat());
        }
    }
    string
}

/// The string that SignalWire signs: for each name in order, its values as they came.
pub fn signalwire_string(url: &str, form: &[u8]) -> Vec<u8> {
    let mut sorted = std::collections::BTreeMap::<Vec<u8>, Vec<Vec<u8>>>::new();
    for (name, value) in form_pairs(form) {
        sorted.entry(name).or_default().push(value);
    }
    let mut string = url.as_bytes().to_vec();
    for (name, values) in sorted {
        for value in values {
            string.extend([name.as_slice(), value.as_slice()].concat());
        }
    }
    string
}

/// The decoded pairs of a form, byte by byte, with no library in between.
pub fn form_pairs(form: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    form.split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => {
                let (name, rest) = pair.split_at(at);
                (decode(name), decode(rest.strip_prefix(b"=").unwrap_or_default()))
            }
            None => (decode(pair), Vec::new()),
        })
        .collect()
}

fn decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let escaped = match after {
            [high, low, ..] if *first == b'%' => hex_value(*high).zip(hex_value(*low)),
            _ => None,
        };
        match (first, escaped) {
            (_, Some((high, low))) => {
                decoded.push((high << 4) | low);
                rest = after.get(2..).unwrap_or_default();
            }
            (b'+', None) => {
                decoded.push(b' ');
                rest = after;
            }
            (byte, None) => {
                decoded.push(*byte);
                rest = after;
            }
        }
    }
    decoded
}

fn hex_value(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

fn digest(key: &str, message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("HMAC takes any key");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}
