//! How a request proves who sends it: HTTP basic authentication.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::domain::secret::Secret;

/// The `Authorization` header of a user and a password.
pub(crate) fn basic(user: &str, password: &str) -> Secret {
    Secret::new(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
}

/// Something that a person copies in one go: visible, without spaces. The providers publish no form for
/// their tokens and keys.
pub(crate) fn is_word(value: &str) -> bool {
    (1..=256).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_graphic())
}
