//! Money: integer micro-dollars. There are no floats anywhere.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount in micro-dollars: $0.0075 is 7 500. May be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Micros(i64);

/// The amount is no decimal with at most six places, or too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an amount of money with at most 6 decimal places")]
pub struct InvalidAmount;

impl Micros {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From micro-dollars.
    pub const fn new(micros: i64) -> Self {
        Self(micros)
    }

    /// In micro-dollars.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The sum, or `None` when it is too large to be money.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// `units` times this amount.
    pub fn checked_mul(self, units: u32) -> Option<Self> {
        self.0.checked_mul(i64::from(units)).map(Self)
    }

    /// The opposite amount.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(-self.0)
    }

    /// Reads a decimal in dollars with at most six places (`0.0075`, `-3`, `12.50`), exactly. No
    /// exponent, no leading `+`, at most twelve digits before the point.
    ///
    /// # Errors
    /// [`InvalidAmount`].
    pub fn parse_dollars(text: &str) -> Result<Self, InvalidAmount> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let fraction = fraction.map_or(Ok(""), |f| if all_digits(f) { Ok(f) } else { Err(InvalidAmount) })?;
        if !all_digits(whole) || whole.len() > 12 || fraction.len() > 6 {
            return Err(InvalidAmount);
        }
        let whole: i64 = whole.parse().map_err(|_| InvalidAmount)?;
        let fraction: i64 = format!("{fraction:0<6}").parse().map_err(|_| InvalidAmount)?;
        let micros =
            whole.checked_mul(1_000_000).and_then(|w| w.checked_add(fraction)).ok_or(InvalidAmount)?;
        Ok(Self(if negative { -micros } else { micros }))
    }
}

impl fmt::Display for Micros {
    /// A decimal in dollars without trailing zeros: `0.0075`, `12.5`, `-3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let micros = self.0.unsigned_abs();
        let fraction = format!("{:06}", micros % 1_000_000);
        let fraction = fraction.trim_end_matches('0');
        if fraction.is_empty() {
            write!(f, "{sign}{}", micros / 1_000_000)
        } else {
            write!(f, "{sign}{}.{fraction}", micros / 1_000_000)
        }
    }
}

/// What a provider bills us, in the provider's currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// The amount in millionths of the currency's unit.
    pub amount: Micros,
    /// ISO 4217, upper case.
    pub currency: String,
}

#[cfg(test)]
mod tests {
    use super::Micros;
    use proptest::prelude::*;

    #[test]
    fn reads_dollars_exactly_or_not_at_all() {
        for (text, micros) in [("0.0075", 7_500), ("12.50", 12_500_000), ("-3", -3_000_000), ("0.000001", 1)]
        {
            assert_eq!(Micros::parse_dollars(text), Ok(Micros::new(micros)), "{text}");
        }
        for bad in
            ["", ".", "1.", ".5", "1e3", "+1", "0.0000001", "1,5", "NaN", "9999999999999", "--1", "1.2.3"]
        {
            assert!(Micros::parse_dollars(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn an_amount_reads_back(micros in -1_000_000_000_000_000_i64..1_000_000_000_000_000) {
            let amount = Micros::new(micros);
            prop_assert_eq!(Micros::parse_dollars(&amount.to_string()), Ok(amount));
        }
    }
}
