//! A message as an item.
//!
//! What never changes is one JSON text, `doc`; what the keys already say (id, tenant, conversation,
//! time) is left out of it, so that an inbound text of 300 bytes stays below 1 KB and costs one write
//! unit. The body has an attribute of its own: it needs no escapes there, and erasing it is one update.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use sha2::{Digest, Sha256};
use telephony::domain::message::{Direction, MediaCopy, Message, MessageView, Progress};
use telephony::domain::status::MessageStatus;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{PendingKind, StoreError};

use super::attempt_item;
use crate::item::{Fields, Item, bytes, corrupt, keyed, millis, number, text};
use crate::keys::{self, GSI1PK, GSI1SK, GSI2PK, GSI2SK, PK};

/// The value of `ent`.
pub(super) const ENTITY: &str = "msg";

/// What is said elsewhere in the item, and so left out of `doc`.
const ELSEWHERE: [&str; 5] = ["id", "tenant", "conversation", "created_at", "body"];
/// Members that are mostly the default, which serde fills in when they are missing.
const DEFAULTS: [(&str, &str); 2] = [("purpose", "transactional"), ("origin", "api")];

/// What kind of work a message can wait for.
pub(super) fn pending_kind(direction: Direction) -> PendingKind {
    match direction {
        Direction::Inbound => PendingKind::Media,
        Direction::Outbound => PendingKind::Send,
    }
}

/// The item of a new message; `due`: when somebody is to look after it.
pub(super) fn item(
    message: &Message,
    status: MessageStatus,
    due: Option<Timestamp>,
) -> Result<Item, StoreError> {
    let Ok(Value::Object(mut doc)) = serde_json::to_value(message) else { return Err(corrupt("message")) };
    for name in ELSEWHERE {
        doc.remove(name);
    }
    for (name, default) in DEFAULTS {
        if doc.get(name).and_then(Value::as_str) == Some(default) {
            doc.remove(name);
        }
    }
    let mut item = keyed(&keys::message(&message.tenant, message.id), ENTITY);
    let mut put = |name: &str, value: AttributeValue| item.insert(name.to_owned(), value);
    put("doc", text(Value::Object(doc).to_string()));
    put("body", text(message.body.clone()));
    put("st", text(status.as_str()));
    put("rk", number(status.rank()));
    put("at", number(0));
    put("ua", millis(message.created_at));
    put(GSI1PK, text(keys::conversation_partition(&message.tenant, message.conversation)));
    put(GSI1SK, text(keys::moment(message.created_at, message.id)));
    if message.direction == Direction::Inbound {
        put("fp", bytes(fingerprint(message)));
        if !message.media.is_empty() {
            put("mn", number(i64::try_from(message.media.len()).unwrap_or(i64::MAX)));
            put("mc", AttributeValue::M(HashMap::new()));
        }
    }
    if let Some(due) = due {
        put(GSI2PK, text(keys::pending(pending_kind(message.direction), keys::shard(message.id))));
        put(GSI2SK, text(keys::due(due, &message.tenant, message.id)));
    }
    Ok(item)
}

/// Tells a message delivered again from another one under the same id.
pub(super) fn fingerprint(message: &Message) -> Vec<u8> {
    let mut hash = Sha256::new();
    let mut part = |value: &str| {
        hash.update(u64::try_from(value.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(value.as_bytes());
    };
    part(message.from.as_str());
    part(message.to.as_str());
    part(&message.body);
    for media in &message.media {
        part(&media.url);
    }
    hash.finalize().iter().take(16).copied().collect()
}

/// The message of an item.
pub(super) fn message(item: &Item) -> Result<Message, StoreError> {
    let fields = Fields(item);
    let (tenant, id) = keys::read_message_partition(fields.text(PK)?).ok_or_else(|| corrupt(PK))?;
    let (_, conversation) =
        keys::read_conversation_partition(fields.text(GSI1PK)?).ok_or_else(|| corrupt(GSI1PK))?;
    let (created_at, _) = keys::read_moment(fields.text(GSI1SK)?).ok_or_else(|| corrupt(GSI1SK))?;
    let mut doc: Value = fields.json("doc")?;
    let members = doc.as_object_mut().ok_or_else(|| corrupt("doc"))?;
    let values = [id.to_string(), tenant.to_string(), conversation.to_string(), created_at.to_string()];
    let values = values.into_iter().chain([fields.text("body")?.to_owned()]);
    members.extend(ELSEWHERE.into_iter().map(str::to_owned).zip(values.map(Value::from)));
    serde_json::from_value(doc).map_err(|_| corrupt("doc"))
}

/// What has become of it.
pub(super) fn progress(item: &Item, message: &Message) -> Result<Progress, StoreError> {
    let fields = Fields(item);
    Ok(Progress {
        status: fields.status("st")?,
        attempt: fields.count("at")?,
        sid: fields.maybe_parsed("sid")?,
        error_code: fields.owned("ec"),
        error_message: fields.owned("em"),
        delivered_at: fields.maybe_time("da"),
        bills: fields.maybe_json("bill")?.unwrap_or_default(),
        updated_at: fields.time("ua")?,
        copies: copies(item, message)?,
    })
}

fn copies(item: &Item, message: &Message) -> Result<Vec<MediaCopy>, StoreError> {
    if message.direction == Direction::Outbound {
        return Ok(Vec::new());
    }
    let empty = HashMap::new();
    let known = item.get("mc").and_then(|value| value.as_m().ok()).unwrap_or(&empty);
    let copy = |index: usize| {
        let fields = Fields(known);
        fields.maybe_json(&index.to_string()).map(|copy| copy.unwrap_or(MediaCopy::Pending))
    };
    (0..message.media.len()).map(copy).collect()
}

/// A message and its progress, without attempts.
pub(super) fn brief(item: &Item) -> Result<MessageView, StoreError> {
    let message = message(item)?;
    let progress = progress(item, &message)?;
    Ok(MessageView { message, progress, attempts: Vec::new() })
}

/// The items of a message's partition, taken apart.
#[derive(Debug)]
pub(super) struct Whole {
    /// The message with its attempts.
    pub(super) view: MessageView,
    /// The money held for it.
    pub(super) hold: Option<super::money::Hold>,
    /// How often bills were booked.
    pub(super) booked: i64,
}

/// Reads a whole partition; `None` when the message itself is not there (a stub may be).
pub(super) fn whole(items: &[Item]) -> Result<Option<Whole>, StoreError> {
    let of = |entity: &'static str| items.iter().filter(move |item| Fields(item).entity() == entity);
    let Some(item) = of(ENTITY).next() else { return Ok(None) };
    let mut view = brief(item)?;
    view.attempts = of(attempt_item::ENTITY).map(attempt_item::read).collect::<Result<_, _>>()?;
    let hold = of(super::money::HOLD).next().map(super::money::Hold::read).transpose()?;
    Ok(Some(Whole { view, hold, booked: Fields(item).maybe_number("bv").unwrap_or(0) }))
}
