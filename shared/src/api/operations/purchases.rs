//! Buying numbers and giving them back.

use super::{Access, Answer, Operation, get, post, schema};
use crate::api::numbers::number::NumberBody;
use crate::api::numbers::purchase::{PurchaseBody, PurchaseRequest, Purchased};

/// The operations.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        access: Access::TenantAdmin,
        accepted: Some(Answer::Member("purchase", schema::<PurchaseBody>)),
        ..post(
            "/api/numbers/purchase",
            "Buy a number; 202 while its provider has not decided",
            201,
            Some(schema::<PurchaseRequest>),
            Answer::Flat(schema::<Purchased>),
        )
    },
    get(
        "/api/numbers/purchases/{id}",
        "Read a purchase",
        Answer::Member("purchase", schema::<PurchaseBody>),
        &[],
    ),
    Operation {
        method: "DELETE",
        access: Access::TenantAdmin,
        accepted: Some(Answer::Member("number", schema::<NumberBody>)),
        ..post(
            "/api/numbers/{id}/release",
            "Give a number back; 202 while its provider has not taken it",
            200,
            None,
            Answer::Member("number", schema::<NumberBody>),
        )
    },
];
