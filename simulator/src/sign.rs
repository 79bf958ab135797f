//! Webhook signatures, written from the providers' descriptions and checked by their own validators in `tests/sdk`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use sha1::Sha1;

use ed25519_dalek::{Signer as _, SigningKey};
use sha2::Sha256;
use time::OffsetDateTime;

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
        // These two post JSON only.
        Provider::Telnyx | Provider::Retell => Vec::new(),
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

/// The headers that carry the signature of a JSON post.
pub(crate) fn json_headers(
    provider: Provider,
    key: &str,
    at: OffsetDateTime,
    body: &[u8],
) -> Vec<(String, String)> {
    match provider {
        Provider::Telnyx => {
            let timestamp = at.unix_timestamp().to_string();
            vec![
                ("telnyx-signature-ed25519".to_owned(), telnyx(key, &timestamp, body)),
                ("telnyx-timestamp".to_owned(), timestamp),
            ]
        }
        Provider::Retell => {
            let millis = at.unix_timestamp_nanos() / 1_000_000;
            vec![("x-retell-signature".to_owned(), retell(key, &millis.to_string(), body))]
        }
        // Not used by what is simulated of these two.
        Provider::Twilio | Provider::SignalWire => Vec::new(),
    }
}

/// Telnyx: Ed25519 over `{timestamp}|{raw body}`, the timestamp in seconds (telnyx.md, section 6).
pub(crate) fn telnyx(seed: &str, timestamp: &str, body: &[u8]) -> String {
    let message = [timestamp.as_bytes(), b"|", body].concat();
    telnyx_key(seed).map(|key| STANDARD.encode(key.sign(&message).to_bytes())).unwrap_or_default()
}

fn telnyx_key(seed: &str) -> Option<SigningKey> {
    let bytes: [u8; 32] = STANDARD.decode(seed).ok()?.try_into().ok()?;
    Some(SigningKey::from_bytes(&bytes))
}

/// The public half, as the portal shows it; `None` for a seed that is not base64 of 32 bytes.
pub(crate) fn telnyx_public_key(seed: &str) -> Option<String> {
    Some(STANDARD.encode(telnyx_key(seed)?.verifying_key().to_bytes()))
}

/// Retell: HMAC-SHA256 over the raw body and then the milliseconds, without anything between (retell.md, section 5).
pub(crate) fn retell(key: &str, millis: &str, body: &[u8]) -> String {
    let digest = match Hmac::<Sha256>::new_from_slice(key.as_bytes()) {
        Ok(mac) => mac.chain_update(body).chain_update(millis).finalize().into_bytes().to_vec(),
        // HMAC takes a key of any length.
        Err(_) => Vec::new(),
    };
    format!("v={millis},d={}", hex::encode(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `vectors/telnyx_ed25519.json`: its seed and public key.
    #[test]
    fn telnyx_keys() {
        let seed = "jQdAH3lfTjRGHTfJDl/p7QkX2GH9NrXfN5B6t1tLFoY=";
        assert_eq!(telnyx_public_key(seed).as_deref(), Some("NEDL08RZk+GeYIZg1T92o6rr5EpyGLVKQywtYtv2VSc="));
        assert_eq!(STANDARD.decode(telnyx(seed, "1700000000", b"{}")).map(|bytes| bytes.len()), Ok(64));
        assert_eq!(telnyx_public_key("AAAA"), None);
    }

    /// The vector of Retell's own SDK tests (`vectors/retell_signature.json`).
    #[test]
    fn retells_own_vector() {
        let signed = retell("test-api-key", "1700000000000", br#"{"event":"call_ended"}"#);
        assert!(signed.starts_with("v=1700000000000,d=07024cab") && signed.ends_with("823e"), "{signed}");
    }

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
