//! Attributes of items, written and read.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use telephony::domain::status::MessageStatus;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::StoreError;

use crate::keys::{Key, PK, SK};

/// An item of the table.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The attribute that says what an item is; the stream's filters look at it.
pub(crate) const ENTITY: &str = "ent";

/// Text.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// An integer.
pub(crate) fn number(value: impl Into<i64>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

/// A point in time: milliseconds since the epoch.
pub(crate) fn millis(at: Timestamp) -> AttributeValue {
    number(at.millis())
}

/// Bytes.
pub(crate) fn bytes(value: Vec<u8>) -> AttributeValue {
    AttributeValue::B(Blob::new(value))
}

/// A value as one JSON text: what is read whole or not at all needs no attributes of its own, and a
/// text is smaller than a map.
pub(crate) fn json(value: &impl Serialize) -> Result<AttributeValue, StoreError> {
    serde_json::to_string(value).map(text).map_err(|_| corrupt("value that cannot be written"))
}

/// A word of a closed set, as serde spells it.
pub(crate) fn word(value: &impl Serialize) -> Result<AttributeValue, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(text(word)),
        Ok(_) | Err(_) => Err(corrupt("word")),
    }
}

/// An item that has nothing yet but its key and its kind.
pub(crate) fn keyed(key: &Key, entity: &'static str) -> Item {
    Item::from([
        (PK.to_owned(), text(key.pk.clone())),
        (SK.to_owned(), text(key.sk.clone())),
        (ENTITY.to_owned(), text(entity)),
    ])
}

/// A stored attribute is not what it should be. Names the attribute, never its value.
pub(crate) fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(what.to_owned())
}

/// Reads the attributes of an item.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(pub(crate) &'a Item);

impl<'a> Fields<'a> {
    pub(crate) fn entity(self) -> &'a str {
        self.maybe_text(ENTITY).unwrap_or_default()
    }

    pub(crate) fn maybe_text(self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.as_s().ok().map(String::as_str)
    }

    pub(crate) fn text(self, name: &str) -> Result<&'a str, StoreError> {
        self.maybe_text(name).ok_or_else(|| corrupt(name))
    }

    pub(crate) fn owned(self, name: &str) -> Option<String> {
        self.maybe_text(name).map(str::to_owned)
    }

    pub(crate) fn maybe_number(self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_n().ok()?.parse().ok()
    }

    pub(crate) fn number(self, name: &str) -> Result<i64, StoreError> {
        self.maybe_number(name).ok_or_else(|| corrupt(name))
    }

    pub(crate) fn count<T: TryFrom<i64>>(self, name: &str) -> Result<T, StoreError> {
        T::try_from(self.number(name)?).map_err(|_| corrupt(name))
    }

    pub(crate) fn maybe_time(self, name: &str) -> Option<Timestamp> {
        self.maybe_number(name).map(Timestamp::from_millis)
    }

    pub(crate) fn time(self, name: &str) -> Result<Timestamp, StoreError> {
        self.number(name).map(Timestamp::from_millis)
    }

    pub(crate) fn flag(self, name: &str) -> bool {
        self.0.get(name).and_then(|value| value.as_bool().ok()).copied().unwrap_or(false)
    }

    pub(crate) fn parsed<T: std::str::FromStr>(self, name: &str) -> Result<T, StoreError> {
        self.text(name)?.parse().map_err(|_| corrupt(name))
    }

    pub(crate) fn maybe_parsed<T: std::str::FromStr>(self, name: &str) -> Result<Option<T>, StoreError> {
        self.maybe_text(name).map(|value| value.parse().map_err(|_| corrupt(name))).transpose()
    }

    pub(crate) fn json<T: DeserializeOwned>(self, name: &str) -> Result<T, StoreError> {
        serde_json::from_str(self.text(name)?).map_err(|_| corrupt(name))
    }

    pub(crate) fn maybe_json<T: DeserializeOwned>(self, name: &str) -> Result<Option<T>, StoreError> {
        match self.maybe_text(name) {
            Some(_) => self.json(name).map(Some),
            None => Ok(None),
        }
    }

    pub(crate) fn maybe_word<T: DeserializeOwned>(self, name: &str) -> Result<Option<T>, StoreError> {
        let Some(word) = self.maybe_text(name) else { return Ok(None) };
        serde_json::from_value(serde_json::Value::String(word.to_owned()))
            .map(Some)
            .map_err(|_| corrupt(name))
    }

    pub(crate) fn status(self, name: &str) -> Result<MessageStatus, StoreError> {
        MessageStatus::from_word(self.text(name)?).ok_or_else(|| corrupt(name))
    }
}
