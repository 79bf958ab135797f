//! The inventory of numbers.

use super::{Access, Answer, Operation, get, post, schema};
use crate::api::numbers::inventory::{NumberChangeRequest, NumberEntryRequest};
use crate::api::numbers::moving::MoveRequest;
use crate::api::numbers::number::NumberBody;

/// The operations.
pub(super) const OPERATIONS: &[Operation] = &[
    get(
        "/api/numbers",
        "List numbers, the newest first; those that were given back only with status=released",
        Answer::Page(schema::<NumberBody>),
        &[
            "limit",
            "cursor",
            "tenantId",
            "provider",
            "userId",
            "businessId",
            "agentId",
            "status",
            "phoneNumber",
        ],
    ),
    Operation {
        access: Access::TenantAdmin,
        query: &["tenantId"],
        ..post(
            "/api/numbers",
            "Enter a number by hand; it is pending until its provider account proves that it holds it",
            201,
            Some(schema::<NumberEntryRequest>),
            Answer::Member("number", schema::<NumberBody>),
        )
    },
    get("/api/numbers/{id}", "Read a number", Answer::Member("number", schema::<NumberBody>), &["tenantId"]),
    Operation {
        method: "PATCH",
        access: Access::TenantAdmin,
        query: &["tenantId"],
        ..post(
            "/api/numbers/{id}",
            "Assign, name or switch a number",
            200,
            Some(schema::<NumberChangeRequest>),
            Answer::Member("number", schema::<NumberBody>),
        )
    },
    Operation {
        access: Access::Admin,
        query: &["tenantId"],
        ..post(
            "/api/numbers/{id}/move",
            "Move a number to another tenant, or to another account of its provider; it takes six minutes at least",
            202,
            Some(schema::<MoveRequest>),
            Answer::Member("number", schema::<NumberBody>),
        )
    },
];
