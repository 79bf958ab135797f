//! Phone numbers in E.164 form.

pub mod pattern;
mod reading;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::provider::numbers::NumberKind;

/// A phone number in E.164 form: `+`, then 7 to 15 digits, the first not 0. `Display` and `Debug` mask it;
/// the whole number is had by [`E164::expose`] only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct E164(String);

/// The text is not a phone number that can be dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid phone number")]
pub struct InvalidNumber;

impl E164 {
    /// The whole number. For storage, providers and answers; never for logs.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Reads a number as a person writes it, in international form or in the national form of
    /// `region` (ISO 3166, e.g. `US`), and demands that the numbering plan knows it.
    ///
    /// # Errors
    /// [`InvalidNumber`] for anything that is not a number to dial: unknown to its numbering plan,
    /// with an extension, a URI, a short code.
    pub fn from_input(text: &str, region: &str) -> Result<Self, InvalidNumber> {
        let digits = reading::read(text, region).ok_or(InvalidNumber)?;
        format!("+{digits}").parse()
    }

    /// The country of the number (ISO 3166), when the numbering plan tells.
    pub fn country(&self) -> Option<&'static str> {
        reading::country(self.0.strip_prefix('+')?)
    }

    /// The digits after the country code, when there is such a code.
    pub fn national(&self) -> Option<&str> {
        reading::national(self.0.strip_prefix('+')?)
    }

    /// The kind of number, when the numbering plan tells. Where landlines and mobiles share their numbers
    /// (North America), it is local.
    pub fn kind(&self) -> Option<NumberKind> {
        reading::kind(self.0.strip_prefix('+')?)
    }
}

impl FromStr for E164 {
    type Err = InvalidNumber;

    fn from_str(text: &str) -> Result<Self, InvalidNumber> {
        let digits = text.strip_prefix('+').ok_or(InvalidNumber)?;
        let well_formed = (7..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        if well_formed { Ok(Self(text.to_owned())) } else { Err(InvalidNumber) }
    }
}

impl TryFrom<String> for E164 {
    type Error = InvalidNumber;

    fn try_from(text: String) -> Result<Self, InvalidNumber> {
        text.parse()
    }
}

impl From<E164> for String {
    fn from(number: E164) -> String {
        number.0
    }
}

impl fmt::Display for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tail: String = self.0.chars().skip(self.0.len().saturating_sub(4)).collect();
        write!(f, "+***{tail}")
    }
}

impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::{E164, NumberKind};
    use proptest::prelude::*;

    #[track_caller]
    fn check(input: &str, region: &str, expected: Option<&str>) {
        let got = E164::from_input(input, region);
        assert_eq!(got.as_ref().ok().map(E164::expose), expected, "{input:?} in {region}");
    }

    #[test]
    fn the_trunk_prefix_of_one_country_is_a_digit_in_another() {
        // Both lost a digit in the port of libphonenumber, and were then other people's numbers.
        check("+86 131 2345 6789", "US", Some("+8613123456789"));
        check("011 86 131 2345 6789", "US", Some("+8613123456789"));
        check("+44 (0)20 7946 0018", "US", Some("+442079460018"));
        check("+39 06 1234 5678", "US", Some("+390612345678"));
        check("00 1 415 555 2671", "DE", Some("+14155552671"));
        check("8 800 555-35-35", "RU", Some("+78005553535"));
        check("011 15-2345-6789", "AR", Some("+5491123456789"));
        check("555-1234", "BS", None);
        check("365-1234", "BS", Some("+12423651234"));
    }

    #[test]
    fn what_is_no_number_to_dial_is_refused() {
        for input in [
            "+49 30 901820 ext 5",
            "415-555-2671 x1",
            "415 555 2671 p 123",
            "sip:4155552671",
            "++14155552671",
        ] {
            check(input, "US", None);
        }
        for input in [
            "1+4155552671",
            "4155552671*9",
            "+",
            "()",
            "415٠",
            &"1".repeat(5000),
            "FLOWERS",
            "call 4155552671",
        ] {
            check(input, "US", None);
        }
        check("4155552671", "XX", None);
        check("+14155552671", "XX", Some("+14155552671"));
        check("\u{202a}+1 415 555 2671\u{202c}", "US", Some("+14155552671"));
    }

    #[test]
    fn a_number_tells_its_country() {
        for (number, country) in [
            ("+14155552671", Some("US")),
            ("+16135550123", Some("CA")),
            ("+12423651234", Some("BS")),
            ("+17875551234", Some("PR")),
            ("+390612345678", Some("IT")),
            ("+80012345678", None),
            ("+999123456789", None),
        ] {
            assert_eq!(number.parse::<E164>().unwrap().country(), country, "{number}");
        }
    }

    #[test]
    fn a_number_tells_what_follows_its_country_code() {
        for (number, national) in [
            ("+14155552671", Some("4155552671")),
            ("+442079460018", Some("2079460018")),
            ("+390612345678", Some("0612345678")),
            ("+353112345678", Some("112345678")),
            ("+999123456789", None),
        ] {
            assert_eq!(number.parse::<E164>().unwrap().national(), national, "{number}");
        }
    }

    #[test]
    fn a_number_tells_its_kind() {
        for (number, kind) in [
            ("+14155552671", Some(NumberKind::Local)),
            ("+18005552671", Some(NumberKind::TollFree)),
            ("+18885552671", Some(NumberKind::TollFree)),
            ("+447912345678", Some(NumberKind::Mobile)),
            ("+442079460018", Some(NumberKind::Local)),
            ("+61491570156", Some(NumberKind::Mobile)),
            ("+999123456789", None),
        ] {
            assert_eq!(number.parse::<E164>().unwrap().kind(), kind, "{number}");
        }
    }

    #[test]
    fn a_number_is_printed_masked() {
        let number: E164 = "+14155552671".parse().unwrap();
        assert_eq!(format!("{number} {number:?}"), "+***2671 +***2671");
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "\\PC{0,30}|[0-9+() x.a-f-]{0,24}", region in "US|AR|BR|MX|IT|XX|") {
            let _ = E164::from_input(&text, &region);
        }

        #[test]
        fn an_accepted_number_reads_as_itself_anywhere(digits in "[1-9][0-9]{6,13}", region in "US|GB|CN|AR|IT") {
            if let Ok(number) = E164::from_input(&format!("+{digits}"), "US") {
                prop_assert_eq!(E164::from_input(number.expose(), &region), Ok(number));
            }
        }
    }
}
