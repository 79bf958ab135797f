//! What a message costs the customer: a table that the operator edits.

use std::sync::LazyLock;

use serde::{Deserialize, Deserializer};

use super::money::Micros;

/// Prices by destination. *Charge* is what the customer pays; *cost* is what a provider is known to
/// bill us. The provider's bill corrects the units of a charge, never its rate.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PriceTable {
    currency: String,
    message_costs: Vec<CountryRate>,
    message_charges: Vec<CountryRate>,
    message_charge_elsewhere: Option<Rate>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CountryRate {
    countries: Vec<String>,
    #[serde(deserialize_with = "dollars")]
    sms: Micros,
    #[serde(deserialize_with = "dollars")]
    mms: Micros,
    as_of: String,
    source: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rate {
    #[serde(deserialize_with = "dollars")]
    sms: Micros,
    #[serde(deserialize_with = "dollars")]
    mms: Micros,
    as_of: String,
    source: String,
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
    /// no country twice.
    ///
    /// # Errors
    /// [`PriceError`] for anything else.
    pub fn from_json(text: &str) -> Result<Self, PriceError> {
        let table: Self = serde_json::from_str(text)?;
        if table.currency != "USD" {
            return Err(PriceError::Invalid("the currency is not USD"));
        }
        for list in [&table.message_costs, &table.message_charges] {
            let mut countries: Vec<&str> =
                list.iter().flat_map(|rate| &rate.countries).map(String::as_str).collect();
            if countries.iter().any(|c| c.len() != 2 || !c.bytes().all(|b| b.is_ascii_uppercase())) {
                return Err(PriceError::Invalid("a country is not two capital letters (ISO 3166)"));
            }
            countries.sort_unstable();
            if countries.windows(2).any(|pair| pair.first() == pair.last()) {
                return Err(PriceError::Invalid("a country has two prices"));
            }
        }
        let listed = table.message_costs.iter().chain(&table.message_charges);
        let rates = listed.map(|r| (r.sms, r.mms, &r.as_of, &r.source));
        let elsewhere = table.message_charge_elsewhere.iter().map(|r| (r.sms, r.mms, &r.as_of, &r.source));
        for (sms, mms, as_of, source) in rates.chain(elsewhere) {
            if sms < Micros::ZERO || mms < Micros::ZERO {
                return Err(PriceError::Invalid("a price is negative"));
            }
            let dated = as_of.len() == 10 && as_of.bytes().all(|b| b.is_ascii_digit() || b == b'-');
            if !dated || source.trim().is_empty() {
                return Err(PriceError::Invalid("a price has no date or no source"));
            }
        }
        Ok(table)
    }

    /// What a message to `destination_country` (ISO 3166; `None` when the number does not tell) is
    /// charged: a text per part, one with media per message. `None`: no price, so it is not sold.
    pub fn message_charge(
        &self,
        destination_country: Option<&str>,
        media: bool,
        segments: u32,
    ) -> Option<Micros> {
        let listed = self.message_charges.iter().find(|rate| rate.covers(destination_country));
        let (sms, mms) = match (listed, &self.message_charge_elsewhere) {
            (Some(rate), _) => (rate.sms, rate.mms),
            (None, Some(rate)) => (rate.sms, rate.mms),
            (None, None) => return None,
        };
        amount(sms, mms, media, segments)
    }

    /// What a provider is known to bill us for it, where a source says so.
    pub fn message_cost(
        &self,
        destination_country: Option<&str>,
        media: bool,
        segments: u32,
    ) -> Option<Micros> {
        let rate = self.message_costs.iter().find(|rate| rate.covers(destination_country))?;
        amount(rate.sms, rate.mms, media, segments)
    }
}

impl CountryRate {
    fn covers(&self, country: Option<&str>) -> bool {
        country.is_some_and(|country| self.countries.iter().any(|listed| listed == country))
    }
}

fn amount(sms: Micros, mms: Micros, media: bool, segments: u32) -> Option<Micros> {
    // Even an empty text is one part to the carrier.
    if media { Some(mms) } else { sms.checked_mul(segments.max(1)) }
}

/// A decimal string: a JSON number would have passed through a float.
fn dollars<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Micros, D::Error> {
    let text = String::deserialize(deserializer)?;
    Micros::parse_dollars(&text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::{BUNDLED_JSON, Micros, PriceError, PriceTable};

    #[test]
    fn the_bundled_table_can_be_read() {
        PriceTable::from_json(BUNDLED_JSON).unwrap();
    }

    #[test]
    fn texts_are_charged_by_part_and_media_by_message() {
        let table = PriceTable::bundled();
        let charge =
            |country, media, segments| table.message_charge(country, media, segments).map(Micros::get);
        assert_eq!(charge(Some("US"), false, 1), Some(7_500));
        assert_eq!(charge(Some("CA"), false, 3), Some(22_500));
        assert_eq!(charge(Some("US"), false, 0), Some(7_500));
        assert_eq!(charge(Some("US"), true, 3), Some(20_000));
    }

    #[test]
    fn nothing_is_sold_below_what_it_is_known_to_cost() {
        let table = PriceTable::bundled();
        for country in table.message_costs.iter().flat_map(|rate| &rate.countries) {
            for media in [false, true] {
                let charge = table.message_charge(Some(country), media, 1);
                assert!(
                    charge.is_some() && charge >= table.message_cost(Some(country), media, 1),
                    "{country}"
                );
                let elsewhere = table.message_charge(Some("ZZ"), media, 1);
                assert!(elsewhere > charge, "a country without a price must be dearer than {country}");
                assert_eq!(table.message_charge(None, media, 1), elsewhere);
            }
        }
    }

    #[test]
    fn a_table_without_a_price_sells_nothing() {
        assert_eq!(PriceTable::default().message_charge(Some("US"), false, 1), None);
        assert_eq!(PriceTable::bundled().message_cost(Some("DE"), false, 1), None);
    }

    #[test]
    fn wrong_tables_are_refused() {
        let with = |from: &str, to: &str| {
            let text = BUNDLED_JSON.replacen(from, to, 1);
            assert_ne!(text, BUNDLED_JSON, "{from}");
            PriceTable::from_json(&text)
        };
        for (from, to) in
            [("\"0.0075\"", "0.0075"), ("\"0.0075\"", "\"0.00000075\""), ("\"sms\"", "\"smss\"")]
        {
            assert!(matches!(with(from, to), Err(PriceError::Json(_))), "{to}");
        }
        for (from, to) in [
            ("\"0.0075\"", "\"-0.0075\""),
            ("\"USD\"", "\"EUR\""),
            ("\"CA\"", "\"US\""),
            ("\"CA\"", "\"Canada\""),
            ("2026-11-21", ""),
            ("an operator's setting: starts at cost", " "),
        ] {
            assert!(matches!(with(from, to), Err(PriceError::Invalid(_))), "{to}");
        }
    }
}
