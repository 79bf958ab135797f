//! How a request proves who sends it: HTTP basic authentication.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::domain::secret::Secret;

/// The `Authorization` header of a user and a password.
pub(crate) fn basic(user: &str, password: &str) -> Secret {
    Secret::new(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
}
