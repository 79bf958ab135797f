//! What Telnyx's error codes mean.

use crate::provider::error::ErrorKind;

/// The kind of a code. `None`: the status class has to do.
pub fn kind_of(_code: &str) -> Option<ErrorKind> {
    None
}
