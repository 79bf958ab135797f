//! Texting, and the settings that texting has.

use super::{Access, Answer, Operation, delete, events, get, post, schema, webhook};
use crate::api::conversation::ConversationBody;
use crate::api::message::{MessageBody, Preview, PreviewRequest, SendRequest, SentMessage};
use crate::api::settings::{
    ClientBody, ClientRequest, OptOutBody, OptOutRequest, TemplateBody, TemplateRequest,
};

/// The operations.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        method: "POST",
        path: "/api/sms/send",
        access: Access::User,
        summary: "Send one SMS or MMS",
        status: 202,
        replayed: None,
        accepted: None,
        body: Some(schema::<SendRequest>),
        answer: Answer::Member("message", schema::<SentMessage>),
        query: &[],
    },
    get(
        "/api/messages",
        "List messages",
        Answer::Page(schema::<MessageBody>),
        &["limit", "cursor", "tenantId"],
    ),
    get("/api/messages/{id}", "Read a message", Answer::Member("message", schema::<MessageBody>), &[]),
    post(
        "/api/messages/{id}/cancel",
        "Withdraw a message",
        200,
        None,
        Answer::Member("message", schema::<SentMessage>),
    ),
    Operation {
        status: 302,
        ..get("/api/messages/{id}/media/{n}", "Read an attachment", Answer::Redirect, &[])
    },
    post(
        "/api/messages/preview",
        "Count the segments and the price of a text",
        200,
        Some(schema::<PreviewRequest>),
        Answer::Member("preview", schema::<Preview>),
    ),
    get(
        "/api/conversations",
        "List conversations",
        Answer::Page(schema::<ConversationBody>),
        &["limit", "cursor", "tenantId", "contact", "userId", "number", "agentId"],
    ),
    get(
        "/api/conversations/{id}/messages",
        "List the messages of a conversation",
        Answer::Page(schema::<MessageBody>),
        &["limit", "cursor"],
    ),
    post(
        "/api/conversations/{id}/read",
        "Mark a conversation read",
        200,
        None,
        Answer::Member("conversation", schema::<ConversationBody>),
    ),
    get("/api/templates", "List templates", Answer::Page(schema::<TemplateBody>), &["limit", "cursor"]),
    Operation {
        access: Access::TenantAdmin,
        ..post(
            "/api/templates",
            "Make a template",
            201,
            Some(schema::<TemplateRequest>),
            Answer::Member("template", schema::<TemplateBody>),
        )
    },
    get("/api/templates/{id}", "Read a template", Answer::Member("template", schema::<TemplateBody>), &[]),
    Operation {
        method: "PUT",
        access: Access::TenantAdmin,
        ..post(
            "/api/templates/{id}",
            "Make or replace a template",
            200,
            Some(schema::<TemplateRequest>),
            Answer::Member("template", schema::<TemplateBody>),
        )
    },
    delete("/api/templates/{id}", "Remove a template", Access::TenantAdmin, Answer::Done),
    get(
        "/api/opt-outs",
        "List contacts that must not be contacted",
        Answer::Page(schema::<OptOutBody>),
        &["limit", "cursor"],
    ),
    post(
        "/api/opt-outs",
        "Put a contact on the do-not-contact list",
        201,
        Some(schema::<OptOutRequest>),
        Answer::Member("optOut", schema::<OptOutBody>),
    ),
    get(
        "/api/opt-outs/{contact}",
        "Read what a contact allows",
        Answer::Member("optOut", schema::<OptOutBody>),
        &[],
    ),
    delete(
        "/api/opt-outs/{contact}",
        "Take a contact off the do-not-contact list; its own STOP stays",
        Access::TenantAdmin,
        Answer::Member("optOut", schema::<OptOutBody>),
    ),
    Operation {
        access: Access::Admin,
        ..get(
            "/api/clients/{clientId}",
            "Read a machine client",
            Answer::Member("client", schema::<ClientBody>),
            &[],
        )
    },
    Operation {
        method: "PUT",
        access: Access::Admin,
        ..post(
            "/api/clients/{clientId}",
            "Bind a machine client to a tenant",
            200,
            Some(schema::<ClientRequest>),
            Answer::Member("client", schema::<ClientBody>),
        )
    },
    delete("/api/clients/{clientId}", "Unbind a machine client", Access::Admin, Answer::Done),
    Operation {
        access: Access::Open,
        ..get("/api/openapi.json", "This document", Answer::Other("application/json"), &[])
    },
    webhook("/api/webhooks/{provider}/sms", "A provider delivers an inbound text"),
    webhook("/api/webhooks/{provider}/status-callback", "A provider reports what became of a text"),
    events("/api/webhooks/telnyx", "Telnyx reports on texts, calls and orders"),
    events("/api/webhooks/retell", "Retell reports on calls, and asks who answers one"),
];
