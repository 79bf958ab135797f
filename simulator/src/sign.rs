//! Webhook signatures, written from the providers' descriptions and checked by their own validators in `tests/sdk`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use sha1::Sha1;

use crate::model::Provider;

pub(crate) type Params = [(String, String)];

fn hmac_sha1(key: &str, message: &[u8]) -> Vec<u8> {
    match Hmac::<Sha1>::new_from_slice(key.as_bytes()) {
        Ok(mac) => mac.chain_update(message).finalize().into_bytes().to_vec(),
        // HMAC takes a key of any length.
        Err(_) => Vec::new(),
    }
}

/// Twilio: URL + names and values, names in byte order, repeated names' values deduplicated and sorted
/// (twilio-python `request_validator.py` `compute_signature`).
pub(crate) fn twilio(key: &str, url: &str, params: &Params) -> String {
    let mut pairs: Vec<&(String, String)> = params.iter().collect();
    pairs.sort();
    pairs.dedup();
    STANDARD.encode(hmac_sha1(key, &message(url, &pairs)))
}

/// SignalWire's form scheme: names sorted stably, so that repeated names keep their order and their duplicates
/// (signalwire-python `core/security/webhook_validator.py`).
pub(crate) fn signalwire(key: &str, url: &str, params: &Params) -> String {
    let mut pairs: Vec<&(String, String)> = params.iter().collect();
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    STANDARD.encode(hmac_sha1(key, &message(url, &pairs)))
}

/// SignalWire's JSON scheme: lower-case hex over URL + raw body (same source).
pub(crate) fn signalwire_raw(key: &str, url: &str, body: &[u8]) -> String {
    hex::encode(hmac_sha1(key, &[url.as_bytes(), body].concat()))
}

fn message(url: &str, pairs: &[&(String, String)]) -> Vec<u8> {
    let mut message = url.as_bytes().to_vec();
    for (name, value) in pairs {
        message.extend_from_slice(name.as_bytes());
        message.extend_from_slice(value.as_bytes());
    }
    message
}

/// The headers that carry the signature of a form post.
pub(crate) fn headers(provider: Provider, key: &str, url: &str, params: &Params) -> Vec<(String, String)> {
    match provider {
        Provider::Twilio => vec![("X-Twilio-Signature".to_owned(), twilio(key, url, params))],
        Provider::SignalWire => {
            let signature = signalwire(key, url, params);
            // Sent under both names on the compatibility surface (signalwire.md, section 6).
            vec![
                ("X-SignalWire-Signature".to_owned(), signature.clone()),
                ("X-Twilio-Signature".to_owned(), signature),
            ]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    /// The vector printed in both vendors' SDK tests (twilio-python `test_request_validator.py`).
    #[test]
    fn the_vendors_own_vector() {
        let params = pairs(&[
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675309"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
            ("To", "+18005551212"),
        ]);
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        assert_eq!(twilio("12345", url, &params), "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
        assert_eq!(signalwire("12345", url, &params), "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
    }

    #[test]
    fn repeated_names_differ_between_the_two() {
        let url = "https://example.com/";
        let twice = pairs(&[("a", "2"), ("a", "1"), ("a", "2")]);
        assert_eq!(twilio("k", url, &twice), twilio("k", url, &pairs(&[("a", "1"), ("a", "2")])));
        assert_ne!(signalwire("k", url, &twice), signalwire("k", url, &pairs(&[("a", "1"), ("a", "2")])));
    }

    /// signalwire-python `tests/unit/security/test_webhook_validator.py`, vector A.
    #[test]
    fn signalwire_json() {
        let body = br#"{"event":"call.state","params":{"call_id":"abc-123","state":"answered"}}"#;
        assert_eq!(
            signalwire_raw("PSKtest1234567890abcdef", "https://example.ngrok.io/webhook", body),
            "c3c08c1fefaf9ee198a100d5906765a6f394bf0f"
        );
    }
}
