//! What the customer pays, and what a provider bills us: a table that the operator edits.

mod table;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;
use std::time::Duration;

use serde::Deserialize;

use self::table::{MessageRate, MinuteRate, NumberRate, listed};
use super::money::Micros;
use crate::provider::numbers::NumberKind;

/// Prices of messages and calls by destination, of numbers by country and kind, of recordings. *Charge*
/// is what the customer pays; *cost* is what a provider is known to bill us. The provider's bill corrects
/// the units of a charge, never its rate.
///
/// Countries are ISO 3166 in capitals. A charge of `None` means that it is not sold.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PriceTable {
    currency: String,
    message_costs: Vec<MessageRate>,
    message_charges: Vec<MessageRate>,
    message_charge_elsewhere: Option<MessageRate>,
    number_costs: Vec<NumberRate>,
    number_charges: Vec<NumberRate>,
    call_costs: Vec<MinuteRate>,
    call_charges: Vec<MinuteRate>,
    call_charge_elsewhere: Option<MinuteRate>,
    recording_cost: Option<MinuteRate>,
    recording_charge: Option<MinuteRate>,
}

/// A price table that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PriceError {
    /// Not the shape of a price table, or an amount that is no decimal string.
    #[error("not a price table")]
    Json(#[from] serde_json::Error),
    /// Well formed, and wrong.
    #[error("a wrong price table: {0}")]
    Invalid(&'static str),
}

/// The table of the repository, read once. A test reads it too: were it broken nevertheless, it would
/// be empty and have a price for nothing, which sells nothing.
static BUNDLED: LazyLock<PriceTable> =
    LazyLock::new(|| PriceTable::from_json(BUNDLED_JSON).unwrap_or_default());

const BUNDLED_JSON: &str = include_str!("../../data/prices.json");

impl PriceTable {
    /// The table of `shared/data/prices.json`.
    pub fn bundled() -> &'static Self {
        &BUNDLED
    }

    /// Reads a table and checks it: dollars, no negative price, every figure with its source and date,
    /// no country twice in a list, no entry without a country or a price.
    ///
    /// # Errors
    /// [`PriceError`] for anything else.
    pub fn from_json(text: &str) -> Result<Self, PriceError> {
        let table: Self = serde_json::from_str(text)?;
        table::check(&table)?;
        Ok(table)
    }

    /// What a message to `destination_country` (`None` when the number does not tell) is charged: a text
    /// per part, one with media per message.
    pub fn message_charge(
        &self,
        destination_country: Option<&str>,
        media: bool,
        segments: u32,
    ) -> Option<Micros> {
        let named = listed(&self.message_charges, destination_country);
        amount(named.or(self.message_charge_elsewhere.as_ref())?, media, segments)
    }

    /// What a provider is known to bill us for it, where a source says so.
    pub fn message_cost(
        &self,
        destination_country: Option<&str>,
        media: bool,
        segments: u32,
    ) -> Option<Micros> {
        amount(listed(&self.message_costs, destination_country)?, media, segments)
    }

    /// What a number is charged a month, the first one in full. There is no price for the rest of the
    /// world: a number of a country or kind that the table does not name is not sold.
    pub fn number_charge(&self, country: &str, kind: NumberKind) -> Option<Micros> {
        listed(&self.number_charges, Some(country))?.of(kind)
    }

    /// What a provider is known to bill us for it a month, where a source says so.
    pub fn number_cost(&self, country: &str, kind: NumberKind) -> Option<Micros> {
        listed(&self.number_costs, Some(country))?.of(kind)
    }

    /// What a minute of a call is charged: one to `destination_country`, or one that comes in to a number
    /// of that country. `None` in, where the number tells no country, is `None` out: satellites and
    /// networks of no country cost more than any price for the rest of the world.
    pub fn call_rate(&self, destination_country: Option<&str>) -> Option<Micros> {
        let named = listed(&self.call_charges, destination_country);
        let elsewhere = destination_country.and(self.call_charge_elsewhere.as_ref());
        Some(named.or(elsewhere)?.per_minute)
    }

    /// What a call of this duration, from its answer to its end, is charged. Every minute begun counts as
    /// one: a second is a minute, 60 seconds are one, 61 are two. Nothing is zero minutes: a call that
    /// nobody answered is free. Also `None` when the sum is too large to be money.
    pub fn call_charge(&self, destination_country: Option<&str>, duration: Duration) -> Option<Micros> {
        self.call_rate(destination_country)?.checked_mul(minutes(duration)?)
    }

    /// What a provider is known to bill us for it, where a source says so; minutes as in
    /// [`Self::call_charge`].
    pub fn call_cost(&self, destination_country: Option<&str>, duration: Duration) -> Option<Micros> {
        listed(&self.call_costs, destination_country)?.per_minute.checked_mul(minutes(duration)?)
    }

    /// What a recording of this duration is charged, beside its call; minutes as in
    /// [`Self::call_charge`].
    pub fn recording_charge(&self, duration: Duration) -> Option<Micros> {
        self.recording_charge.as_ref()?.per_minute.checked_mul(minutes(duration)?)
    }

    /// What a provider is known to bill us for it, where a source says so.
    pub fn recording_cost(&self, duration: Duration) -> Option<Micros> {
        self.recording_cost.as_ref()?.per_minute.checked_mul(minutes(duration)?)
    }
}

fn amount(rate: &MessageRate, media: bool, segments: u32) -> Option<Micros> {
    // Even an empty text is one part to the carrier.
    if media { Some(rate.mms) } else { rate.sms.checked_mul(segments.max(1)) }
}

/// Minutes begun.
fn minutes(duration: Duration) -> Option<u32> {
    let seconds = duration.as_secs().checked_add(u64::from(duration.subsec_nanos() > 0))?;
    u32::try_from(seconds.div_ceil(60)).ok()
}
