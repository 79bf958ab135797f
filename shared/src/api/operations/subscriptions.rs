//! Subscriptions.

use super::{Access, Answer, Operation, get, post, schema};
use crate::api::subscription::{SubscriptionBody, SubscriptionRequest};

const ONE: Answer = Answer::Member("subscription", schema::<SubscriptionBody>);

/// The operations.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        access: Access::Admin,
        replayed: Some(200),
        accepted: Some(ONE),
        ..post(
            "/api/subscriptions",
            "Provision a subaccount and its first number, once for each subscription; 202 while it is under way",
            201,
            Some(schema::<SubscriptionRequest>),
            ONE,
        )
    },
    Operation {
        access: Access::Admin,
        ..get("/api/subscriptions/{id}", "Read a subscription", ONE, &["tenantId"])
    },
    Operation {
        method: "DELETE",
        access: Access::Admin,
        query: &["tenantId"],
        accepted: Some(ONE),
        ..post(
            "/api/subscriptions/{id}",
            "Cancel a subscription: its numbers are given back, its account is stopped; 202 while it is under way",
            200,
            None,
            ONE,
        )
    },
];
