//! Which number speaks, and why.

use super::{Answer, Operation, post, schema};
use crate::api::routing::{ExplainRequest, Explained};

/// The operations.
pub(super) const OPERATIONS: &[Operation] = &[post(
    "/api/route/explain",
    "Explain which number would send, or why one did",
    200,
    Some(schema::<ExplainRequest>),
    Answer::Flat(schema::<Explained>),
)];
