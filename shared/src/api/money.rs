//! Money in JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::domain::money::{InvalidAmount, Micros};

/// An amount with its currency: a decimal string of at most six places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Money {
    /// The amount, e.g. `0.0075`.
    pub amount: String,
    /// ISO 4217.
    pub currency: &'static str,
}

impl From<Micros> for Money {
    fn from(amount: Micros) -> Self {
        Self { amount: amount.to_string(), currency: "USD" }
    }
}

/// A plain JSON number in dollars, written and read exactly: its digits never pass through a float.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(with = "f64")]
pub struct Dollars(Box<RawValue>);

impl Dollars {
    /// The amount, if it is a decimal with at most six places.
    ///
    /// # Errors
    /// [`InvalidAmount`], also for a string or anything else that is no number.
    pub fn micros(&self) -> Result<Micros, InvalidAmount> {
        Micros::parse_dollars(self.0.get())
    }
}

impl From<Micros> for Dollars {
    fn from(amount: Micros) -> Self {
        // A decimal is always valid JSON; were it not, `null` says so and panics nowhere.
        Self(RawValue::from_string(amount.to_string()).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Dollars;
    use crate::domain::money::Micros;

    #[test]
    fn numbers_are_read_and_written_exactly() {
        for (text, micros) in
            [("0.000001", 1), ("12.50", 12_500_000), ("999999999.999999", 999_999_999_999_999)]
        {
            let dollars: Dollars = serde_json::from_str(text).unwrap();
            assert_eq!(dollars.micros(), Ok(Micros::new(micros)));
        }
        assert_eq!(serde_json::to_string(&Dollars::from(Micros::new(7_500))).unwrap(), "0.0075");
        for bad in ["\"5\"", "1e3", "null", "0.0000001", "true"] {
            let dollars: Dollars = serde_json::from_str(bad).unwrap();
            assert!(dollars.micros().is_err(), "{bad}");
        }
    }
}
