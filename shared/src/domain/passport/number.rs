//! Telephone numbers as PASSporTs write them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::phone::E164;

/// The longest number that E.164 knows.
const LONGEST: usize = 15;

/// A telephone number in canonical form (RFC 8224, 8.3): digits, without `+` or anything between them.
/// `Debug` masks it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tn(String);

/// The text is no telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a telephone number")]
pub struct InvalidTn;

impl Tn {
    /// Reads a number that is complete, however it is punctuated: `+`, spaces, dots, dashes and brackets
    /// are dropped. Short numbers (911) are numbers too.
    ///
    /// # Errors
    /// [`InvalidTn`] when there is anything else, no digit, or more than 15.
    pub fn read(text: &str) -> Result<Self, InvalidTn> {
        let text = text.strip_prefix('+').unwrap_or(text);
        let mut digits = String::with_capacity(LONGEST);
        for c in text.chars() {
            match c {
                '0'..='9' => digits.push(c),
                ' ' | '-' | '.' | '(' | ')' => {}
                _ => return Err(InvalidTn),
            }
        }
        if (1..=LONGEST).contains(&digits.len()) { Ok(Self(digits)) } else { Err(InvalidTn) }
    }

    /// The digits. For tokens, storage and answers; never for logs.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Tn {
    type Error = InvalidTn;

    fn try_from(text: String) -> Result<Self, InvalidTn> {
        Self::read(&text)
    }
}

impl From<Tn> for String {
    fn from(number: Tn) -> String {
        number.0
    }
}

impl From<&E164> for Tn {
    fn from(phone: &E164) -> Self {
        Self(phone.expose().trim_start_matches('+').to_owned())
    }
}

impl fmt::Debug for Tn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tail: String = self.0.chars().skip(self.0.len().saturating_sub(4)).collect();
        write!(f, "***{tail}")
    }
}
