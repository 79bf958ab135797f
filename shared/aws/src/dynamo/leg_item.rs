//! A leg of a call as an item: in no index, so that a report costs one write unit.

use aws_sdk_dynamodb::types::AttributeValue;
use telephony::domain::call::{CallStatus, Leg, SignatureReport};
use telephony::ports::{LegChange, StoreError};

use super::attempt_item::cut;
use super::write::Write;
use crate::item::{ENTITY as KIND, Fields, Item, corrupt, json, millis, number, text, word};
use crate::keys::SK;

/// The value of `ent`.
pub(super) const ENTITY: &str = "leg";

/// Everything that a report says but the status: written once, whoever says it first. Who the account
/// is decides whether anything is written at all.
pub(super) fn facts(write: Write, change: &LegChange) -> Result<Write, StoreError> {
    let write = write
        .set(KIND, text(ENTITY))
        .set("acct", text(change.account.as_str()))
        .set("prov", text(change.provider.as_str()))
        .set("ua", millis(change.at))
        .when("attribute_not_exists(#acct) OR #acct = :acct");
    let mut write = write;
    for (name, value) in [("ctl", &change.control_id), ("ses", &change.session)] {
        if let Some(value) = value {
            write = write.set_once(name, text(value));
        }
    }
    if let Some(parent) = &change.parent {
        write = write.set_once("par", text(parent.as_str()));
    }
    for (name, party) in [("fr", &change.from), ("to", &change.to)] {
        if let Some(party) = party {
            write = write.set_once(name, json(party)?);
        }
    }
    if let Some(dialled) = &change.dialled {
        let value = json(dialled)?;
        write = if dialled.joined { write.set("dl", value) } else { write.set_once("dl", value) };
    }
    if let Some(screened) = change.screened {
        write = write.set_once("scr", AttributeValue::Bool(screened));
    }
    if change.stream_failed {
        write = write.set("sf", AttributeValue::Bool(true));
    }
    if let Some(at) = change.answered_at {
        write = write.set_once("aa", millis(at));
    }
    if let Some(who) = &change.answered_by {
        write = write.set_once("by", word(who)?);
    }
    if let Some(signature) = &change.signature {
        write = write.set_once("sig", json(signature)?);
    }
    if let Some(duration) = change.duration {
        let seconds = i64::try_from(duration).map_err(|_| corrupt("duration"))?;
        write = write.set_once("dur", number(seconds));
    }
    if let Some(cost) = &change.cost {
        write = write.set_once("cost", json(cost)?);
    }
    Ok(write)
}

/// The report's status with what it owns, only if it is higher.
pub(super) fn status(write: Write, change: &LegChange) -> Result<Write, StoreError> {
    let Some(reported) = &change.status else { return Ok(write) };
    let cause = reported.cause.as_ref().map(word).transpose()?;
    Ok(write
        .set("st", text(reported.status.as_str()))
        .set("rk", number(reported.status.rank()))
        .assign("hc", cause)
        .assign("pc", reported.provider_cause.as_deref().map(|words| text(cut(words))))
        .assign("ea", reported.ended_at.map(millis))
        .when("attribute_not_exists(#rk) OR #rk < :rk"))
}

/// Grows with every report that changes something: the rank rises, and a fact is written once.
fn known(item: &Item) -> u32 {
    let facts = ["aa", "dur", "cost", "dl", "scr"].iter().filter(|name| item.contains_key(**name)).count();
    let rank =
        Fields(item).maybe_number("rk").and_then(|rank| u32::try_from(rank).ok()).map_or(0, |rank| rank + 1);
    rank.saturating_mul(8).saturating_add(u32::try_from(facts).unwrap_or(0))
}

/// The leg of an item.
pub(super) fn read(item: &Item) -> Result<Leg, StoreError> {
    let fields = Fields(item);
    let sid = fields.text(SK)?.strip_prefix("L#").ok_or_else(|| corrupt(SK))?;
    let flag = |name: &str| item.get(name).and_then(|value| value.as_bool().ok()).copied();
    let (answered_at, ended_at) = (fields.maybe_time("aa"), fields.maybe_time("ea"));
    let told = fields.maybe_number("dur").map(|seconds| u64::try_from(seconds).unwrap_or(0));
    // A second that was begun counts, or a call that was answered would have lasted no time at all.
    let between = answered_at.zip(ended_at).map(|(answered, ended)| {
        u64::try_from(ended.since(answered).as_millis().div_ceil(1000)).unwrap_or(u64::MAX)
    });
    Ok(Leg {
        account: fields.parsed("acct")?,
        provider: fields.parsed("prov")?,
        sid: sid.parse().map_err(|_| corrupt(SK))?,
        control_id: fields.owned("ctl"),
        session: fields.owned("ses"),
        parent: fields.maybe_text("par").map(str::parse).transpose().map_err(|_| corrupt("par"))?,
        from: fields.maybe_json("fr")?,
        to: fields.maybe_json("to")?,
        dialled: fields.maybe_json("dl")?,
        screened: flag("scr"),
        stream_failed: flag("sf").unwrap_or(false),
        status: match fields.maybe_text("st") {
            Some(word) => {
                CallStatus::from_word(word).ok_or_else(|| corrupt("st"))?.of_leg(answered_at.is_some())
            }
            // Something was reported about it, and not yet how it stands.
            None => CallStatus::Queued.of_leg(answered_at.is_some()),
        },
        cause: fields.maybe_word("hc")?,
        provider_cause: fields.owned("pc"),
        answered_at,
        ended_at,
        duration: told.or(between),
        answered_by: fields.maybe_word("by")?,
        signature: fields.maybe_json("sig")?.unwrap_or(SignatureReport::default()),
        cost: fields.maybe_json("cost")?,
        known: known(item),
        updated_at: fields.time("ua")?,
    })
}
