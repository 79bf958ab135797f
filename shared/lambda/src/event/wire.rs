//! The events as AWS writes them: one lenient shape that all four front doors fit.
//!
//! `lambda_http`'s own types are not used for reading: they try one front door after the other, drop
//! the raw query of a load balancer by decoding it, and parse `Host`, which is the caller's to choose.
//! A signature is computed over what is lost there.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// An HTTP event of any front door, not yet believed or understood.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpEvent {
    pub(super) raw_path: Option<String>,
    pub(super) raw_query_string: Option<String>,
    pub(super) path: Option<String>,
    pub(super) http_method: Option<String>,
    pub(super) headers: Option<Headers>,
    pub(super) multi_value_headers: Option<Headers>,
    pub(super) query_string_parameters: Option<Parameters>,
    pub(super) multi_value_query_string_parameters: Option<Parameters>,
    pub(super) request_context: Option<RequestContext>,
    pub(super) body: Option<String>,
    pub(super) is_base64_encoded: Option<bool>,
}

/// The part of an event that the gateway itself vouches for.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RequestContext {
    pub(super) request_id: Option<String>,
    pub(super) domain_name: Option<String>,
    pub(super) http: Option<HttpContext>,
    /// Its shape is the authorizer's choice, so it is looked into and not parsed.
    pub(super) authorizer: Option<Value>,
    pub(super) elb: Option<IgnoredAny>,
}

/// Payload 2.0's description of the request line.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HttpContext {
    pub(super) method: Option<String>,
}

/// Headers, single or multi-valued. Names and values that HTTP does not allow are left out: they
/// cannot have come over the wire.
#[derive(Debug, Default)]
pub(super) struct Headers(pub(super) HeaderMap);

/// Query parameters in the event's order, repeated ones side by side.
#[derive(Debug, Default)]
pub(super) struct Parameters(pub(super) Vec<(String, String)>);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut headers = HeaderMap::new();
        deserializer.deserialize_map(Entries(|name: &str, value: String| {
            // `Bytes` takes the text over, so that a header is copied once: out of the JSON.
            let value = HeaderValue::from_maybe_shared(bytes::Bytes::from(value));
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), value) {
                headers.append(name, value);
            }
        }))?;
        Ok(Self(headers))
    }
}

impl<'de> Deserialize<'de> for Parameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut parameters = Vec::new();
        deserializer.deserialize_map(Entries(|name: &str, value: String| {
            parameters.push((name.to_owned(), value));
        }))?;
        Ok(Self(parameters))
    }
}

/// Reads a map of texts or lists of texts and hands out each text with its name.
struct Entries<F>(F);

impl<'de, F: FnMut(&str, String)> Visitor<'de> for Entries<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of texts or of lists of texts")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            map.next_value_seed(Values { name: &name, found: &mut self.0 })?;
        }
        Ok(())
    }
}

/// One text, a list of them, or nothing.
struct Values<'v, F> {
    name: &'v str,
    found: &'v mut F,
}

impl<'de, F: FnMut(&str, String)> DeserializeSeed<'de> for Values<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F: FnMut(&str, String)> Visitor<'de> for Values<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        (self.found)(self.name, value.to_owned());
        Ok(())
    }

    fn visit_string<E>(self, value: String) -> Result<(), E> {
        (self.found)(self.name, value);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(value) = list.next_element::<Option<String>>()? {
            (self.found)(self.name, value.unwrap_or_default());
        }
        Ok(())
    }
}
