//! What a number for sale is to look like.

use std::fmt;
use std::str::FromStr;

use super::E164;

/// Digits that stand together somewhere in a number, with `*` for any one digit. Letters are read as the
/// keys that they are on, so that `FLOWERS` is 3569377. It has 2 to 16 places, as at Twilio (OpenAPI
/// api_v2010, `Contains`), and at least two digits in a row, which is what every provider can look for.
#[derive(Clone, PartialEq, Eq)]
pub struct NumberPattern(String);

/// The text is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not 2 to 16 digits, letters and asterisks with at least two digits or letters in a row")]
pub struct InvalidPattern;

impl NumberPattern {
    /// The digits and asterisks.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The longest row of digits, for providers that know no wildcards.
    pub fn longest_run(&self) -> &str {
        // `max_by_key` would take the last of equals.
        self.0.split('*').rev().max_by_key(|run| run.len()).unwrap_or_default()
    }

    /// It has asterisks: [`Self::longest_run`] alone finds numbers that do not fit.
    pub fn has_wildcards(&self) -> bool {
        self.0.contains('*')
    }

    /// Whether the number looks like it, anywhere in its digits, those of the country code included.
    pub fn matches(&self, number: &E164) -> bool {
        let digits = number.expose().trim_start_matches('+').as_bytes();
        let wanted = self.0.as_bytes();
        digits
            .windows(wanted.len())
            .any(|part| part.iter().zip(wanted).all(|(digit, wanted)| *wanted == b'*' || digit == wanted))
    }
}

impl FromStr for NumberPattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        let pattern: String = text.chars().map(place).collect::<Option<_>>().ok_or(InvalidPattern)?;
        let read = Self(pattern);
        let sized = (2..=16).contains(&read.0.len());
        if sized && read.longest_run().len() >= 2 { Ok(read) } else { Err(InvalidPattern) }
    }
}

/// As a part of a telephone number it is not logged.
impl fmt::Debug for NumberPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} places)", self.0.len())
    }
}

/// The key of a letter (ITU E.161).
const fn place(character: char) -> Option<char> {
    Some(match character.to_ascii_uppercase() {
        'A'..='C' => '2',
        'D'..='F' => '3',
        'G'..='I' => '4',
        'J'..='L' => '5',
        'M'..='O' => '6',
        'P'..='S' => '7',
        'T'..='V' => '8',
        'W'..='Z' => '9',
        digit @ ('0'..='9' | '*') => digit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{E164, NumberPattern};
    use proptest::prelude::*;

    fn read(text: &str) -> NumberPattern {
        text.parse().unwrap()
    }

    #[test]
    fn a_pattern_is_read_by_the_keys() {
        assert_eq!(read("flowers").as_str(), "3569377");
        assert_eq!(read("55*QZ").as_str(), "55*79");
        assert_eq!((read("12*345*678").longest_run(), read("415").longest_run()), ("345", "415"));
        assert!(read("*55").has_wildcards() && !read("55").has_wildcards());
        assert_eq!(format!("{:?}", read("415")), "(3 places)");
        for bad in
            ["", "5", "**", "5*5", "5*5*5", "+415", "4 15", "41-5", "٤٤٤", "é1", "55%", "12345678901234567"]
        {
            assert!(bad.parse::<NumberPattern>().is_err(), "{bad}");
        }
        assert_eq!(read("1234567890123456").as_str().len(), 16);
    }

    #[test]
    fn a_pattern_matches_anywhere() {
        let number: E164 = "+14155550123".parse().unwrap();
        for (pattern, fits) in [
            ("415", true),
            ("1415", true),
            ("0123", true),
            ("55**12", true),
            ("**23", true),
            ("55501234", false),
            ("416", false),
            ("23*", false),
            ("55*23", false),
        ] {
            assert_eq!(read(pattern).matches(&number), fits, "{pattern}");
        }
    }

    proptest! {
        /// Any part of a number matches it, with any of its digits starred out, and so does the part that
        /// providers are asked for.
        #[test]
        fn a_part_of_a_number_matches_it(digits in "[1-9][0-9]{6,14}", from in 0_usize..13, stars: u16) {
            let number: E164 = format!("+{digits}").parse().unwrap();
            let part = &digits[from.min(digits.len() - 2)..];
            let starred: String =
                part.chars().enumerate().map(|(n, c)| if stars >> n & 1 == 1 { '*' } else { c }).collect();
            prop_assert!(read(part).matches(&number));
            if let Ok(pattern) = starred.parse::<NumberPattern>() {
                prop_assert!(pattern.matches(&number));
                prop_assert!(digits.contains(pattern.longest_run()));
            }
        }
    }
}
