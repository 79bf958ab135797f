//! The `Idempotency-Key` of a write: what it is bound to.

use std::time::Duration;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::problem::Problem;
use crate::domain::timestamp::Timestamp;
use crate::ports::IdempotencyBinding;

/// The header's name.
pub const HEADER: &str = "Idempotency-Key";
/// How long a key is kept.
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// The longest key.
const MAX_CHARS: usize = 255;

/// The key cannot be used. Ignored, a repetition of the request would act again.
pub fn unreadable() -> Problem {
    Problem::field(HEADER, "must have 1 to 255 visible ASCII characters")
}

/// Binds a key to a request. A key is scoped to the tenant (in the store's key), the method and the path.
/// Bodies are compared by what they say and not by their bytes, so that a client may order members as it
/// likes.
///
/// # Errors
/// [`unreadable`].
pub fn binding(
    operation: &str,
    key: &str,
    body: &impl Serialize,
    now: Timestamp,
) -> Result<IdempotencyBinding, Problem> {
    let body = serde_json::to_vec(body).map_err(Problem::internal)?;
    binding_of_digest(operation, key, Sha256::new().chain_update(body), now)
}

/// The same for a body that is digested elsewhere, because it holds secrets.
///
/// # Errors
/// [`unreadable`].
pub fn binding_of_digest(
    operation: &str,
    key: &str,
    body: Sha256,
    now: Timestamp,
) -> Result<IdempotencyBinding, Problem> {
    let visible = key.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    if key.trim().is_empty() || key.len() > MAX_CHARS || !visible {
        return Err(unreadable());
    }
    Ok(IdempotencyBinding {
        key: hex::encode(Sha256::digest(format!("{operation}\n{key}"))),
        body: hex::encode(body.finalize()),
        expires_at: now.plus(KEPT),
    })
}

#[cfg(test)]
mod tests {
    use super::binding;
    use crate::domain::timestamp::Timestamp;

    #[test]
    fn a_key_is_of_one_operation_and_one_body() {
        let now = Timestamp::from_millis(0);
        let bound = |operation, key, body| binding(operation, key, &body, now).unwrap();
        let one = bound("POST /a", "k", 1);
        assert_eq!(one, bound("POST /a", "k", 1));
        assert_ne!(one.key, bound("POST /b", "k", 1).key);
        assert_ne!(one.key, bound("POST /a", "l", 1).key);
        assert_eq!(one.key, bound("POST /a", "k", 2).key);
        assert_ne!(one.body, bound("POST /a", "k", 2).body);
    }

    #[test]
    fn a_key_that_cannot_be_read_is_refused() {
        let long = "k".repeat(256);
        for key in ["", "   ", "a\nb", "ä", long.as_str()] {
            assert!(binding("POST /a", key, &1, Timestamp::from_millis(0)).is_err(), "{key:?}");
        }
        assert!(binding("POST /a", &long[1..], &1, Timestamp::from_millis(0)).is_ok());
    }
}
