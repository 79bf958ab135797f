//! What a record of the table's stream says: the projector's input.
//!
//! Filter the stream on `ent` (`msg`, `att`, `leg`, `rec` and `inv`): what the projector itself writes besides (summaries,
//! log, ledger) is then never handed to it.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use serde_json::Value;
use telephony::domain::call::{CallRef, Leg};
use telephony::domain::message::{Attempt, AttemptRef, MessageView};
use telephony::domain::number::PhoneNumber;
use telephony::domain::recording::Recording;
use telephony::ports::StoreError;

use super::{attempt_item, leg_item, message_item, numbers, recording_item};
use crate::item::{Fields, Item, corrupt};
use crate::keys::{self, PK};

/// An item as it was after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A message, without its attempts.
    Message(Box<MessageView>),
    /// An attempt.
    Attempt {
        /// Which.
        attempt: AttemptRef,
        /// Its state.
        state: Box<Attempt>,
    },
    /// A leg of a call.
    Leg {
        /// Of which call.
        call: CallRef,
        /// Its state.
        state: Box<Leg>,
    },
    /// A number as the inventory lists it.
    Number(Box<PhoneNumber>),
    /// A recording.
    Recording(Box<Recording>),
    /// Anything else.
    Other,
}

/// Reads a record's `NewImage`, in DynamoDB's own JSON (`{"PK": {"S": "…"}}`).
///
/// # Errors
/// [`StoreError::Corrupt`] when it is a message, an attempt, a leg, a number or a recording that cannot be read.
pub fn read(image: &Value) -> Result<Record, StoreError> {
    let item: Item = members(image).ok_or_else(|| corrupt("image"))?;
    let fields = Fields(&item);
    match fields.entity() {
        message_item::ENTITY => Ok(Record::Message(Box::new(message_item::brief(&item)?))),
        attempt_item::ENTITY => {
            let (tenant, message) =
                keys::read_message_partition(fields.text(PK)?).ok_or_else(|| corrupt(PK))?;
            let state = Box::new(attempt_item::read(&item)?);
            Ok(Record::Attempt { attempt: AttemptRef { tenant, message, n: state.n }, state })
        }
        leg_item::ENTITY => {
            let call = keys::read_call_partition(fields.text(PK)?).ok_or_else(|| corrupt(PK))?;
            Ok(Record::Leg { call, state: Box::new(leg_item::read(&item)?) })
        }
        numbers::INVENTORY => Ok(Record::Number(Box::new(numbers::read(&item)?))),
        recording_item::ENTITY => Ok(Record::Recording(Box::new(recording_item::read(&item)?))),
        _ => Ok(Record::Other),
    }
}

fn members(value: &Value) -> Option<HashMap<String, AttributeValue>> {
    value.as_object()?.iter().map(|(name, value)| Some((name.clone(), attribute(value)?))).collect()
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

fn attribute(value: &Value) -> Option<AttributeValue> {
    let (kind, value) = value.as_object()?.iter().next()?;
    Some(match kind.as_str() {
        "S" => AttributeValue::S(value.as_str()?.to_owned()),
        "N" => AttributeValue::N(value.as_str()?.to_owned()),
        "BOOL" => AttributeValue::Bool(value.as_bool()?),
        "NULL" => AttributeValue::Null(true),
        "SS" => AttributeValue::Ss(texts(value)?),
        "NS" => AttributeValue::Ns(texts(value)?),
        "M" => AttributeValue::M(members(value)?),
        "L" => AttributeValue::L(value.as_array()?.iter().map(attribute).collect::<Option<_>>()?),
        // Only compared for equality, and never by the projector: an unreadable one is an empty one.
        "B" => {
            let bytes =
                value.as_str().and_then(|text| base64::engine::general_purpose::STANDARD.decode(text).ok());
            AttributeValue::B(Blob::new(bytes.unwrap_or_default()))
        }
        _ => return None,
    })
}
