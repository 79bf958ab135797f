//! A recording as an item: beside its call, and in the mailbox if it is a message that was left.

use telephony::domain::message::MediaCopy;
use telephony::domain::recording::{
    MailboxState, Recording, RecordingId, RecordingSource, RecordingStatus, Transcription,
};
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{RecordingChange, RecordingState, StoreError};

use super::write::Write;
use crate::item::{ENTITY as KIND, Fields, Item, corrupt, json, millis, number, text, word};
use crate::keys::{self, GSI1PK, GSI1SK, GSI2PK, GSI2SK, PK, SK};

/// The value of `ent`.
pub(super) const ENTITY: &str = "rec";

/// Everything that a report says but the status: written once, whoever says it first. Who the account
/// is decides whether anything is written at all.
pub(super) fn facts(change: &RecordingChange) -> Result<Write, StoreError> {
    let write = Write::update(keys::recording(&change.tenant, &change.id))
        .set(KIND, text(ENTITY))
        .set("acct", text(change.account.as_str()))
        .set("prov", text(change.provider.as_str()))
        .set("ua", millis(change.at))
        .set_once("leg", text(change.leg.as_str()))
        .set_once("of", word(&change.source)?)
        .set_once("fr", json(&change.from)?)
        .set_once("to", json(&change.to)?)
        .set_once("ca", millis(change.at))
        .when("attribute_not_exists(#acct) OR #acct = :acct");
    let write = match &change.user {
        Some(user) => write.set_once("usr", text(user.as_str())),
        None => write,
    };
    Ok(match &change.transcription {
        Transcription::None => write,
        Transcription::Failed => write.set("tf", aws_sdk_dynamodb::types::AttributeValue::Bool(true)),
        Transcription::Text(words) => write.set_once("tx", text(words.clone())),
    })
}

/// The reported status with what it owns, only if it is higher. What is made waits for its copy until
/// `due`, and is listed if it is a message.
pub(super) fn state(
    write: Write,
    change: &RecordingChange,
    state: &RecordingState,
    due: Timestamp,
) -> Result<Write, StoreError> {
    let seconds = state.duration.map(i64::try_from).transpose().map_err(|_| corrupt("duration"))?;
    let write = write
        .set("st", text(state.status.as_str()))
        .set("rk", number(state.status.rank()))
        .assign("ch", state.channels.map(number))
        .assign("dur", seconds.map(number))
        .when("attribute_not_exists(#rk) OR #rk < :rk");
    if state.status != RecordingStatus::Completed {
        return Ok(write);
    }
    let write = write
        .set(GSI2PK, text(keys::pending_recordings(keys::shard_of_call(change.id.call))))
        .set(GSI2SK, text(keys::recording_due(due, &change.tenant, &change.id)));
    Ok(match change.source {
        RecordingSource::Call => write,
        RecordingSource::Message => write
            .set(GSI1PK, text(keys::voicemails(&change.tenant)))
            .set(GSI1SK, text(keys::moment(change.at, &change.id))),
    })
}

/// The recording of an item.
pub(super) fn read(item: &Item) -> Result<Recording, StoreError> {
    let fields = Fields(item);
    let call = keys::read_call_partition(fields.text(PK)?).ok_or_else(|| corrupt(PK))?;
    let sid = fields.text(SK)?.strip_prefix(keys::RECORDINGS).ok_or_else(|| corrupt(SK))?;
    let status = match fields.maybe_text("st") {
        Some(word) => RecordingStatus::from_word(word).ok_or_else(|| corrupt("st"))?,
        // Its text came before it did.
        None => RecordingStatus::InProgress,
    };
    let count = |name: &str| fields.maybe_number(name);
    Ok(Recording {
        tenant: call.tenant,
        id: RecordingId { call: call.call, sid: sid.parse().map_err(|_| corrupt(SK))? },
        account: fields.parsed("acct")?,
        provider: fields.parsed("prov")?,
        leg: fields.parsed("leg")?,
        source: fields.maybe_word("of")?.ok_or_else(|| corrupt("of"))?,
        from: fields.json("fr")?,
        to: fields.json("to")?,
        user: fields.maybe_parsed("usr")?,
        status,
        channels: count("ch").and_then(|channels| u32::try_from(channels).ok()),
        duration: count("dur").and_then(|seconds| u64::try_from(seconds).ok()),
        copy: fields.maybe_json("cp")?.unwrap_or(MediaCopy::Pending),
        transcription: match fields.owned("tx") {
            Some(words) => Transcription::Text(words),
            None if fields.flag("tf") => Transcription::Failed,
            None => Transcription::None,
        },
        mailbox: fields.maybe_word("mb")?.unwrap_or(MailboxState::New),
        listened_at: fields.maybe_time("la"),
        created_at: fields.time("ca")?,
        updated_at: fields.time("ua")?,
    })
}
