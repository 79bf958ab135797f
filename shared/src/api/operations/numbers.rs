//! Numbers.

use super::{Answer, Operation, post, schema};
use crate::api::numbers::search::{SearchAnswer, SearchRequest};

/// The operations.
pub(super) const OPERATIONS: &[Operation] = &[post(
    "/api/numbers/search",
    "Search all providers for numbers for sale",
    200,
    Some(schema::<SearchRequest>),
    Answer::Flat(schema::<SearchAnswer>),
)];
