//! The shape of the price table's file, and what is checked when it is read.

use serde::{Deserialize, Deserializer};

use super::{PriceError, PriceTable};
use crate::domain::money::Micros;
use crate::provider::numbers::NumberKind;

/// Prices of messages to some countries; one that stands for the rest of the world names none.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MessageRate {
    #[serde(default)]
    countries: Vec<String>,
    /// A part of a text.
    #[serde(deserialize_with = "dollars")]
    pub(super) sms: Micros,
    /// A message with media.
    #[serde(deserialize_with = "dollars")]
    pub(super) mms: Micros,
    as_of: String,
    source: String,
}

/// Prices of numbers of some countries, a month. A kind without a price is not known, or not sold.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NumberRate {
    #[serde(default)]
    countries: Vec<String>,
    #[serde(default, deserialize_with = "maybe_dollars")]
    local: Option<Micros>,
    #[serde(default, deserialize_with = "maybe_dollars")]
    toll_free: Option<Micros>,
    #[serde(default, deserialize_with = "maybe_dollars")]
    mobile: Option<Micros>,
    as_of: String,
    source: String,
}

/// A price a minute: of calls to some countries, to the rest of the world, or of recordings.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MinuteRate {
    #[serde(default)]
    countries: Vec<String>,
    #[serde(deserialize_with = "dollars")]
    pub(super) per_minute: Micros,
    as_of: String,
    source: String,
}

impl NumberRate {
    pub(super) const fn of(&self, kind: NumberKind) -> Option<Micros> {
        match kind {
            NumberKind::Local => self.local,
            NumberKind::TollFree => self.toll_free,
            NumberKind::Mobile => self.mobile,
        }
    }
}

/// An entry of the file, of whatever it is the price.
pub(super) trait Entry {
    fn countries(&self) -> &[String];
    fn amounts(&self) -> Vec<Micros>;
    /// Since when it holds, and who says so.
    fn proof(&self) -> (&str, &str);
}

impl Entry for MessageRate {
    fn countries(&self) -> &[String] {
        &self.countries
    }

    fn amounts(&self) -> Vec<Micros> {
        vec![self.sms, self.mms]
    }

    fn proof(&self) -> (&str, &str) {
        (&self.as_of, &self.source)
    }
}

impl Entry for NumberRate {
    fn countries(&self) -> &[String] {
        &self.countries
    }

    fn amounts(&self) -> Vec<Micros> {
        [self.local, self.toll_free, self.mobile].into_iter().flatten().collect()
    }

    fn proof(&self) -> (&str, &str) {
        (&self.as_of, &self.source)
    }
}

impl Entry for MinuteRate {
    fn countries(&self) -> &[String] {
        &self.countries
    }

    fn amounts(&self) -> Vec<Micros> {
        vec![self.per_minute]
    }

    fn proof(&self) -> (&str, &str) {
        (&self.as_of, &self.source)
    }
}

/// The entry of a country.
pub(super) fn listed<'a, E: Entry>(list: &'a [E], country: Option<&str>) -> Option<&'a E> {
    let country = country?;
    list.iter().find(|entry| entry.countries().iter().any(|named| named == country))
}

/// What cannot be said by the file's shape.
pub(super) fn check(table: &PriceTable) -> Result<(), PriceError> {
    if table.currency != "USD" {
        return Err(PriceError::Invalid("the currency is not USD"));
    }
    check_list(&table.message_costs)?;
    check_list(&table.message_charges)?;
    check_list(&table.number_costs)?;
    check_list(&table.number_charges)?;
    check_list(&table.call_costs)?;
    check_list(&table.call_charges)?;
    check_single(table.message_charge_elsewhere.as_ref())?;
    check_single(table.call_charge_elsewhere.as_ref())?;
    check_single(table.recording_cost.as_ref())?;
    check_single(table.recording_charge.as_ref())
}

fn check_list<E: Entry>(list: &[E]) -> Result<(), PriceError> {
    let mut countries: Vec<&str> =
        list.iter().flat_map(|entry| entry.countries()).map(String::as_str).collect();
    if countries.iter().any(|c| c.len() != 2 || !c.bytes().all(|b| b.is_ascii_uppercase())) {
        return Err(PriceError::Invalid("a country is not two capital letters (ISO 3166)"));
    }
    countries.sort_unstable();
    if countries.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(PriceError::Invalid("a country has two prices"));
    }
    if list.iter().any(|entry| entry.countries().is_empty()) {
        return Err(PriceError::Invalid("a price names no country"));
    }
    list.iter().try_for_each(check_figures)
}

fn check_single<E: Entry>(entry: Option<&E>) -> Result<(), PriceError> {
    let Some(entry) = entry else { return Ok(()) };
    if !entry.countries().is_empty() {
        return Err(PriceError::Invalid("a price that is everybody's names countries"));
    }
    check_figures(entry)
}

fn check_figures<E: Entry>(entry: &E) -> Result<(), PriceError> {
    let amounts = entry.amounts();
    if amounts.is_empty() {
        return Err(PriceError::Invalid("an entry has no price"));
    }
    if amounts.into_iter().any(|amount| amount < Micros::ZERO) {
        return Err(PriceError::Invalid("a price is negative"));
    }
    let (as_of, source) = entry.proof();
    let dated = as_of.len() == 10 && as_of.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    if !dated || source.trim().is_empty() {
        return Err(PriceError::Invalid("a price has no date or no source"));
    }
    Ok(())
}

/// A decimal string: a JSON number would have passed through a float.
fn dollars<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Micros, D::Error> {
    let text = String::deserialize(deserializer)?;
    Micros::parse_dollars(&text).map_err(serde::de::Error::custom)
}

/// For members that may be missing; one that is there has a price.
fn maybe_dollars<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Micros>, D::Error> {
    dollars(deserializer).map(Some)
}
