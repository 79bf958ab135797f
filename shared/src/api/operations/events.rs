//! Event endpoints, and agents.

use super::{Access, Answer, Operation, delete, get, post, schema};
use crate::api::events::{
    AgentBody, AgentRequest, DeliveryBody, EndpointBody, EndpointChangeRequest, EndpointRequest,
    ReplayRequest, RotateRequest,
};

/// The operations.
pub(super) const OPERATIONS: &[Operation] = &[
    get(
        "/api/event-endpoints",
        "List event endpoints, at most 20",
        Answer::Page(schema::<EndpointBody>),
        &[],
    ),
    Operation {
        access: Access::TenantAdmin,
        ..post(
            "/api/event-endpoints",
            "Have events posted to a system of yours",
            201,
            Some(schema::<EndpointRequest>),
            Answer::Member("endpoint", schema::<EndpointBody>),
        )
    },
    get(
        "/api/event-endpoints/{id}",
        "Read an event endpoint",
        Answer::Member("endpoint", schema::<EndpointBody>),
        &[],
    ),
    Operation {
        method: "PATCH",
        access: Access::TenantAdmin,
        ..post(
            "/api/event-endpoints/{id}",
            "Change an event endpoint, or switch it on again",
            200,
            Some(schema::<EndpointChangeRequest>),
            Answer::Member("endpoint", schema::<EndpointBody>),
        )
    },
    delete("/api/event-endpoints/{id}", "Remove an event endpoint", Access::TenantAdmin, Answer::Done),
    Operation {
        access: Access::TenantAdmin,
        ..post(
            "/api/event-endpoints/{id}/rotate",
            "Give an event endpoint a new secret; the old one signs for another day",
            200,
            Some(schema::<RotateRequest>),
            Answer::Member("endpoint", schema::<EndpointBody>),
        )
    },
    Operation {
        access: Access::TenantAdmin,
        ..post(
            "/api/event-endpoints/{id}/replay",
            "Have events posted again: one, or all since a moment",
            202,
            Some(schema::<ReplayRequest>),
            Answer::Done,
        )
    },
    Operation {
        access: Access::TenantAdmin,
        ..post("/api/event-endpoints/{id}/test", "Have a trial event posted", 202, None, Answer::Done)
    },
    get(
        "/api/event-endpoints/{id}/deliveries",
        "List what became of the events for an endpoint",
        Answer::Page(schema::<DeliveryBody>),
        &["limit", "cursor"],
    ),
    get("/api/agents", "List agents", Answer::Page(schema::<AgentBody>), &["limit", "cursor"]),
    Operation {
        access: Access::TenantAdmin,
        ..post(
            "/api/agents",
            "Create an agent",
            201,
            Some(schema::<AgentRequest>),
            Answer::Member("agent", schema::<AgentBody>),
        )
    },
    get("/api/agents/{id}", "Read an agent", Answer::Member("agent", schema::<AgentBody>), &[]),
    Operation {
        method: "PUT",
        access: Access::TenantAdmin,
        ..post(
            "/api/agents/{id}",
            "Create or replace an agent",
            200,
            Some(schema::<AgentRequest>),
            Answer::Member("agent", schema::<AgentBody>),
        )
    },
    delete("/api/agents/{id}", "Remove an agent", Access::TenantAdmin, Answer::Done),
];
