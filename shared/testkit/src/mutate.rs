//! The mutation set: what an attacker can do to one captured request.

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use telephony::provider::request::InboundRequest;

/// Every text that differs from `text` in one byte, for these replacements at every place, and every
/// text with one byte missing.
pub fn single_bytes(text: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (at, original) in text.iter().enumerate() {
        for replacement in [original ^ 0x01, original ^ 0x20, b'0', b'A', b'&', b'=', b'+', b'%'] {
            if replacement != *original {
                let mut changed = text.to_vec();
                if let Some(byte) = changed.get_mut(at) {
                    *byte = replacement;
                }
                all.push(changed);
            }
        }
        let mut shorter = text.to_vec();
        shorter.remove(at);
        all.push(shorter);
    }
    all
}

/// The request with another body.
pub fn with_body(request: &InboundRequest, body: Vec<u8>) -> InboundRequest {
    InboundRequest { body: Bytes::from(body), ..request.clone() }
}

/// The request with another URL.
pub fn with_url(request: &InboundRequest, url: impl Into<String>) -> InboundRequest {
    InboundRequest { public_url: url.into(), ..request.clone() }
}

/// The request with one header set; `None` removes it. `None` as well when the value is none that a
/// header can have.
pub fn with_header(
    request: &InboundRequest,
    name: &'static str,
    value: Option<&[u8]>,
) -> Option<InboundRequest> {
    let mut changed = request.clone();
    changed.headers.remove(name);
    if let Some(value) = value {
        changed.headers.insert(HeaderName::from_static(name), HeaderValue::from_bytes(value).ok()?);
    }
    Some(changed)
}

/// The request with one header given twice.
pub fn with_header_twice(request: &InboundRequest, name: &'static str) -> InboundRequest {
    let mut changed = request.clone();
    let value = changed.headers.get(name).expect("the header is there").clone();
    changed.headers.append(HeaderName::from_static(name), value);
    changed
}
