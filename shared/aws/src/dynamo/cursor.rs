//! Cursors: opaque to callers, and good for one list of one tenant only.
//!
//! A cursor holds the sort keys at which the page ended and a digest of the list that it is of. The
//! partition is never read from it: it comes from the request, so that even a forged cursor stays
//! within the tenant's own list.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use telephony::ports::StoreError;

/// Longer than any that we give out.
const LONGEST: usize = 1500;

/// A digest of a list's name.
fn scope(list: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(list.as_bytes()).iter().take(9).copied().collect::<Vec<_>>())
}

/// The cursor at these sort keys of a list.
pub(super) fn write(list: &str, parts: &[&str]) -> String {
    let mut all = vec![scope(list)];
    all.extend(parts.iter().map(|part| (*part).to_owned()));
    URL_SAFE_NO_PAD.encode(serde_json::Value::from(all).to_string())
}

/// The sort keys of a cursor of this list.
pub(super) fn read<const N: usize>(list: &str, cursor: &str) -> Result<[String; N], StoreError> {
    if cursor.len() > LONGEST {
        return Err(StoreError::BadCursor);
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| StoreError::BadCursor)?;
    let all: Vec<String> = serde_json::from_slice(&bytes).map_err(|_| StoreError::BadCursor)?;
    let (first, parts) = all.split_first().ok_or(StoreError::BadCursor)?;
    if *first != scope(list) || parts.iter().any(|part| part.is_empty() || part.len() > 1024) {
        return Err(StoreError::BadCursor);
    }
    parts.to_vec().try_into().map_err(|_| StoreError::BadCursor)
}

#[cfg(test)]
mod tests {
    use super::{read, write};
    use proptest::prelude::*;
    use telephony::ports::StoreError;

    #[test]
    fn a_cursor_is_of_one_list() {
        let cursor = write("T#demo#W", &["a", "b"]);
        assert_eq!(read::<2>("T#demo#W", &cursor), Ok(["a".to_owned(), "b".to_owned()]));
        assert_eq!(read::<2>("T#rival#W", &cursor), Err(StoreError::BadCursor));
        assert_eq!(read::<3>("T#demo#W", &cursor), Err(StoreError::BadCursor));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            prop_assert_eq!(read::<1>("list", &text), Err(StoreError::BadCursor));
        }
    }
}
