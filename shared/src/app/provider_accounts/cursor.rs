//! Cursors: opaque to callers, and good for the list that gave them out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::app::problem::Problem;
use crate::domain::ids::AccountId;

/// Longer than any that we give out: a provider's own page may be a URL.
const LONGEST: usize = 4096;

/// Where a list goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Cursor {
    /// After this number of a tenant.
    #[serde(rename = "n")]
    Number(String),
    /// In the stock: the store's own cursor; `None` at its beginning.
    #[serde(rename = "s")]
    Stock(Option<String>),
    /// An import, at this page of the provider's list; `None` at its beginning.
    #[serde(rename = "p")]
    Page(AccountId, Option<String>),
    /// An import that has seen the provider's list and looks for what is missing, after this number.
    #[serde(rename = "m")]
    Missing(AccountId, String),
}

impl Cursor {
    /// As it is given out.
    pub(super) fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// As it comes back.
    pub(super) fn read(text: Option<&str>) -> Result<Option<Self>, Problem> {
        let Some(text) = text else { return Ok(None) };
        if text.len() > LONGEST {
            return Err(foreign());
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| foreign())?;
        serde_json::from_slice(&bytes).map(Some).map_err(|_| foreign())
    }
}

/// A cursor of another list, or of nobody.
pub(super) fn foreign() -> Problem {
    Problem::field("cursor", "is not a cursor of this list")
}

#[cfg(test)]
mod tests {
    use super::Cursor;
    use proptest::prelude::*;

    #[test]
    fn a_cursor_comes_back() {
        for cursor in [
            Cursor::Number("+14155550100".into()),
            Cursor::Stock(None),
            Cursor::Page("a".parse().unwrap(), Some("/2010?Page=2".into())),
            Cursor::Missing("a".parse().unwrap(), String::new()),
        ] {
            assert_eq!(Cursor::read(Some(&cursor.text())).unwrap(), Some(cursor));
        }
        assert_eq!(Cursor::read(None).unwrap(), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            prop_assert!(Cursor::read(Some(&text)).is_err());
        }
    }
}
