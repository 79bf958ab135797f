//! Repair.

use super::{Access, Answer, Operation, post, schema};
use crate::api::repair::{RepairAnswer, RepairRequest};

/// The operations.
pub(super) const OPERATIONS: &[Operation] = &[Operation {
    access: Access::Admin,
    ..post(
        "/api/numbers/repair-webhooks",
        "Find the numbers whose events go elsewhere, and bring them back",
        200,
        Some(schema::<RepairRequest>),
        Answer::Flat(schema::<RepairAnswer>),
    )
}];
