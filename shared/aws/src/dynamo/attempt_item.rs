//! An attempt as an item: small, in no index, so that a status report costs one write unit.

use aws_sdk_dynamodb::types::AttributeValue;
use telephony::domain::message::{Attempt, Bill};
use telephony::domain::status::MessageStatus;
use telephony::ports::StoreError;

use super::write::Write;
use crate::item::{Fields, Item, corrupt, json, number, text};
use crate::keys::{self, SK};

/// The value of `ent`.
pub(super) const ENTITY: &str = "att";

/// A provider's words are cut here, so that the item stays below 1 KB.
const LONGEST_WORDS: usize = 300;

/// The beginning of a provider's words.
pub(super) fn cut(words: &str) -> String {
    let end =
        words.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= LONGEST_WORDS).last();
    words.get(..end.unwrap_or(0)).unwrap_or_default().to_owned()
}

/// Writes a status with all that it owns: the error belongs to the status that won.
pub(super) fn set_status(
    write: Write,
    status: MessageStatus,
    error_code: Option<&str>,
    error_message: Option<&str>,
) -> Write {
    write
        .set("st", text(status.as_str()))
        .set("rk", number(status.rank()))
        .assign("ec", error_code.map(text))
        .assign("em", error_message.map(|words| text(cut(words))))
}

/// What the provider bills: the attributes of the figure and of the rank of the status that told it. The
/// highest status that says something has the word, in whatever order they come.
pub(super) const SEGMENTS: Figure = ("sg", "sgr");
/// See [`SEGMENTS`].
pub(super) const COST: Figure = ("co", "cor");
type Figure = (&'static str, &'static str);

/// The figures that a bill tells, each with its attributes.
pub(super) fn billed(bill: &Bill) -> Result<Vec<(Figure, AttributeValue)>, StoreError> {
    let segments = bill.segments.map(|count| (SEGMENTS, number(count)));
    let cost = bill.cost.as_ref().map(|cost| json(cost).map(|cost| (COST, cost))).transpose()?;
    Ok(segments.into_iter().chain(cost).collect())
}

/// The attempt of an item.
pub(super) fn read(item: &Item) -> Result<Attempt, StoreError> {
    let fields = Fields(item);
    Ok(Attempt {
        n: keys::attempt_number(fields.text(SK)?).ok_or_else(|| corrupt(SK))?,
        provider: fields.parsed("prov")?,
        account: fields.parsed("acct")?,
        from: fields.maybe_json("from")?,
        sid: fields.maybe_parsed("sid")?,
        status: fields.status("st")?,
        error_code: fields.owned("ec"),
        error_message: fields.owned("em"),
        error_kind: fields.maybe_word("ek")?,
        effect: fields.maybe_word("ef")?,
        superseded: fields.flag("sup"),
        started_at: fields.maybe_time("sa"),
        lease_until: fields.maybe_time("lu"),
        delivered_at: fields.maybe_time("da"),
        asked: u32::try_from(fields.maybe_number("asked").unwrap_or(0)).map_err(|_| corrupt("asked"))?,
        bill: Bill {
            segments: fields
                .maybe_number(SEGMENTS.0)
                .map(|count| u32::try_from(count).map_err(|_| corrupt(SEGMENTS.0)))
                .transpose()?,
            cost: fields.maybe_json(COST.0)?,
        },
    })
}
