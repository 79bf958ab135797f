//! Where a run goes on: opaque to callers, and good for the same request only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::app::problem::Problem;
use crate::domain::ids::AccountId;

/// Longer than any that we give out: a provider's own page may be a URL.
const LONGEST: usize = 4096;

/// A place in one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Place {
    /// At its beginning: what its numbers share.
    #[serde(rename = "s")]
    Start,
    /// In the provider's list of numbers: at this page (`None`: the first), after the number of this id.
    #[serde(rename = "n")]
    Numbers(Option<String>, Option<String>),
}

/// Where a run goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// What was asked for.
    #[serde(rename = "q")]
    pub(super) asked: String,
    /// The account. Accounts are gone through by their ids.
    #[serde(rename = "a")]
    pub(super) account: AccountId,
    /// In it.
    #[serde(rename = "p")]
    pub(super) place: Place,
}

impl Cursor {
    /// As it is given out.
    pub(super) fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// As it comes back, with the same request.
    pub(super) fn read(text: Option<&str>, asked: &str) -> Result<Option<Self>, Problem> {
        let Some(text) = text else { return Ok(None) };
        if text.len() > LONGEST {
            return Err(foreign());
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| foreign())?;
        let cursor: Self = serde_json::from_slice(&bytes).map_err(|_| foreign())?;
        if cursor.asked == asked { Ok(Some(cursor)) } else { Err(foreign()) }
    }
}

/// A cursor of another request, or of nobody.
pub(super) fn foreign() -> Problem {
    Problem::field("cursor", "is not a cursor of this request")
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Place};
    use proptest::prelude::*;

    #[test]
    fn a_cursor_comes_back_with_its_own_request() {
        for place in [
            Place::Start,
            Place::Numbers(None, None),
            Place::Numbers(Some("/2010-04-01/x?Page=1".into()), Some("PN1".into())),
        ] {
            let cursor = Cursor { asked: "platform||true".into(), account: "a".parse().unwrap(), place };
            let text = cursor.text();
            assert_eq!(Cursor::read(Some(&text), "platform||true").unwrap(), Some(cursor));
            assert!(Cursor::read(Some(&text), "platform||false").is_err());
        }
        assert_eq!(Cursor::read(None, "").unwrap(), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            prop_assert!(Cursor::read(Some(&text), "").is_err());
        }
    }
}
