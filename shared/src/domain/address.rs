//! Remote parties: whoever is at the other end of a message.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::phone::E164;

/// A remote party. Nothing inbound is refused for its sender, so this is wider than a phone number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "camelCase")]
pub enum Address {
    /// A phone number.
    Phone(E164),
    /// A short code: 3 to 8 digits.
    ShortCode(String),
    /// An alphanumeric sender (`ACME`).
    Alphanumeric(String),
    /// The caller withheld the number. Several people: not a person to text back or to remember.
    Withheld,
    /// Anything else (`whatsapp:…`, `sip:…`), kept as it came.
    Other(String),
}

/// Numbers that providers send in place of a withheld one: the words ANONYMOUS, RESTRICTED, BLOCKED,
/// UNKNOWN and UNAVAILABLE on a keypad (Twilio; seen with and without `+`, and with `+1`).
const WITHHELD: [&str; 5] = ["266696687", "7378742833", "2562533", "8656696", "86282452253"];

impl Address {
    /// Reads an address as a provider spells it. Never fails.
    pub fn parse(text: &str) -> Self {
        let trimmed = text.trim();
        let digits = trimmed.strip_prefix('+').unwrap_or(trimmed);
        let withheld_words = ["", "anonymous", "restricted", "blocked", "unknown", "unavailable", "private"];
        if WITHHELD.contains(&digits)
            || digits.strip_prefix('1').is_some_and(|rest| WITHHELD.contains(&rest))
            || withheld_words.contains(&trimmed.to_ascii_lowercase().as_str())
        {
            return Self::Withheld;
        }
        if let Ok(number) = trimmed.parse::<E164>() {
            return Self::Phone(number);
        }
        if (3..=8).contains(&trimmed.len()) && trimmed.bytes().all(|b| b.is_ascii_digit()) {
            return Self::ShortCode(trimmed.to_owned());
        }
        // GSM alphanumeric senders have at most 11 characters and at least one letter (3GPP TS 23.040, 9.1.2.5).
        let alphanumeric = trimmed.len() <= 11
            && trimmed
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-' | b'_' | b'&' | b'+'))
            && trimmed.bytes().any(|b| b.is_ascii_alphabetic());
        if alphanumeric {
            return Self::Alphanumeric(trimmed.to_owned());
        }
        Self::Other(trimmed.to_owned())
    }

    /// The address as it is shown and keyed: `+14155550123`, `12345`, `ACME`, `withheld`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Phone(number) => number.expose(),
            Self::ShortCode(text) | Self::Alphanumeric(text) | Self::Other(text) => text,
            Self::Withheld => "withheld",
        }
    }

    /// The phone number, when it is one.
    pub fn phone(&self) -> Option<&E164> {
        match self {
            Self::Phone(number) => Some(number),
            Self::ShortCode(_) | Self::Alphanumeric(_) | Self::Withheld | Self::Other(_) => None,
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone(number) => write!(f, "{number}"),
            Self::Withheld => f.write_str("withheld"),
            Self::ShortCode(_) => f.write_str("short code"),
            Self::Alphanumeric(_) => f.write_str("alphanumeric sender"),
            Self::Other(_) => f.write_str("other address"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn every_sender_has_a_kind() {
        for (text, kind) in [
            ("+14155552671", "phone"),
            ("+266696687", "withheld"),
            ("266696687", "withheld"),
            ("+17378742833", "withheld"),
            ("anonymous", "withheld"),
            ("", "withheld"),
            ("12345", "short"),
            ("ACME", "alpha"),
            ("whatsapp:+14155552671", "other"),
            ("sip:bob@example.com", "other"),
        ] {
            let got = match Address::parse(text) {
                Address::Phone(_) => "phone",
                Address::ShortCode(_) => "short",
                Address::Alphanumeric(_) => "alpha",
                Address::Withheld => "withheld",
                Address::Other(_) => "other",
            };
            assert_eq!(got, kind, "{text:?}");
        }
    }

    #[test]
    fn debug_shows_nobody() {
        assert!(!format!("{:?}", Address::parse("+14155552671")).contains("4155552671"));
    }
}
