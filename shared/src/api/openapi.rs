//! The OpenAPI 3.1 document of this API: paths from the table below, schemas from the types.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::conversation::ConversationBody;
use super::message::{MessageBody, Preview, PreviewRequest, SendRequest, SentMessage};
use super::settings::{ClientBody, ClientRequest, OptOutBody, OptOutRequest, TemplateBody, TemplateRequest};
use super::wallet::{DepositRequest, Transaction, WalletBody};

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody; the document.
    Open,
    /// A provider, with its signature.
    Provider,
    /// Any user of a tenant.
    User,
    /// `tenant-admin` or `admin`.
    TenantAdmin,
    /// `admin`.
    Admin,
}

/// What an operation answers with on success.
#[derive(Clone, Copy, Debug)]
enum Answer {
    /// An object with this member.
    Member(&'static str, fn(&mut SchemaGenerator) -> Value),
    /// The members of this type themselves.
    Flat(fn(&mut SchemaGenerator) -> Value),
    /// A page of these.
    Page(fn(&mut SchemaGenerator) -> Value),
    /// A redirect.
    Redirect,
    /// Only `success`.
    Done,
    /// Something that is no member of the contract.
    Other(&'static str),
}

/// One operation of the API.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// `GET`, …
    pub method: &'static str,
    /// The path, as in the template's routes.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// What it does.
    pub summary: &'static str,
    status: u16,
    /// The status of a repetition that changed nothing, where it is another one.
    replayed: Option<u16>,
    body: Option<fn(&mut SchemaGenerator) -> Value>,
    answer: Answer,
    query: &'static [&'static str],
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

/// Every operation. The template's routes and the functions' tests are held against this table.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        method: "POST",
        path: "/api/sms/send",
        access: Access::User,
        summary: "Send one SMS or MMS",
        status: 202,
        replayed: None,
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
    get("/api/wallet", "Read the wallet", Answer::Flat(schema::<WalletBody>), &["tenantId"]),
    get(
        "/api/wallet/transactions",
        "List the ledger",
        Answer::Page(schema::<Transaction>),
        &["limit", "cursor", "tenantId"],
    ),
    Operation {
        access: Access::Admin,
        replayed: Some(200),
        ..post(
            "/api/wallet/deposit",
            "Add money to a wallet, once per reference",
            201,
            Some(schema::<DepositRequest>),
            Answer::Member("transaction", schema::<Transaction>),
        )
    },
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
];

const fn get(
    path: &'static str,
    summary: &'static str,
    answer: Answer,
    query: &'static [&'static str],
) -> Operation {
    Operation {
        method: "GET",
        path,
        access: Access::User,
        summary,
        status: 200,
        replayed: None,
        body: None,
        answer,
        query,
    }
}

const fn post(
    path: &'static str,
    summary: &'static str,
    status: u16,
    body: Option<fn(&mut SchemaGenerator) -> Value>,
    answer: Answer,
) -> Operation {
    Operation {
        method: "POST",
        path,
        access: Access::User,
        summary,
        status,
        replayed: None,
        body,
        answer,
        query: &[],
    }
}

const fn delete(path: &'static str, summary: &'static str, access: Access, answer: Answer) -> Operation {
    Operation {
        method: "DELETE",
        path,
        access,
        summary,
        status: 200,
        replayed: None,
        body: None,
        answer,
        query: &[],
    }
}

const fn webhook(path: &'static str, summary: &'static str) -> Operation {
    Operation {
        method: "POST",
        path,
        access: Access::Provider,
        summary,
        status: 200,
        replayed: None,
        body: None,
        answer: Answer::Other("text/xml"),
        query: &[],
    }
}

/// The document.
pub fn document() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for operation in OPERATIONS {
        let entry = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Some(entry) = entry.as_object_mut() {
            entry.insert(operation.method.to_ascii_lowercase(), describe(operation, &mut generator));
        }
    }
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Problem".to_owned(), problem_schema());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tandem",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Texting through several providers behind one API",
            "description": "Errors are RFC 9457 problems. Answers made by the gateway itself (401 without a \
                valid token, an unknown route, 413, 429, 503 and 504) have the body {\"message\"} instead.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } },
        },
    })
}

fn describe(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let mut responses = Map::new();
    responses.insert(operation.status.to_string(), success(operation, generator));
    if let Some(status) = operation.replayed {
        responses.insert(status.to_string(), success(operation, generator));
    }
    responses.insert(
        "default".to_owned(),
        json!({
            "description": "A problem",
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
        }),
    );
    let mut described = json!({
        "summary": operation.summary,
        "operationId": operation_id(operation),
        "parameters": parameters(operation),
        "responses": responses,
    });
    if let Some(members) = described.as_object_mut() {
        match operation.access {
            Access::Open => {}
            Access::Provider => {
                members.insert(
                    "description".to_owned(),
                    json!("Signed by the provider; anything else is answered 403."),
                );
            }
            Access::User | Access::TenantAdmin | Access::Admin => {
                members.insert("security".to_owned(), json!([{ "token": [] }]));
            }
        }
        if let Some(body) = operation.body {
            let content = json!({ "application/json": { "schema": body(generator) } });
            members.insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
        }
    }
    described
}

fn success(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let flag =
        json!({ "type": "object", "required": ["success"], "properties": { "success": { "const": true } } });
    let object = |name: &str, schema: Value| {
        json!({ "type": "object", "required": ["success", name],
            "properties": { "success": { "const": true }, name: schema } })
    };
    let schema = match operation.answer {
        Answer::Member(name, schema) => object(name, schema(generator)),
        Answer::Flat(schema) => json!({ "allOf": [flag, schema(generator)] }),
        Answer::Page(schema) => json!({
            "type": "object",
            "required": ["success", "items", "nextCursor"],
            "properties": {
                "success": { "const": true },
                "items": { "type": "array", "items": schema(generator) },
                "nextCursor": { "type": ["string", "null"] },
            },
        }),
        Answer::Redirect => return json!({ "description": "A link that reads it, for 5 minutes" }),
        Answer::Done => flag,
        Answer::Other(content_type) => {
            return json!({ "description": "Success", "content": { content_type: {} } });
        }
    };
    json!({ "description": "Success", "content": { "application/json": { "schema": schema } } })
}

fn parameters(operation: &Operation) -> Value {
    let text = json!({ "type": "string" });
    let mut parameters: Vec<Value> = operation
        .path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": text }))
        .collect();
    for name in operation.query {
        let schema = if *name == "limit" {
            json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 25 })
        } else {
            text.clone()
        };
        parameters.push(json!({ "name": name, "in": "query", "required": false, "schema": schema }));
    }
    if operation.path == "/api/sms/send" {
        parameters.push(json!({ "name": "Idempotency-Key", "in": "header", "required": false,
            "schema": { "type": "string", "minLength": 1, "maxLength": 255 } }));
    }
    Value::Array(parameters)
}

fn operation_id(operation: &Operation) -> String {
    let words =
        operation.path.trim_start_matches("/api/").replace(['{', '}'], "").replace(['/', '.', '-'], "_");
    format!("{}_{words}", operation.method.to_ascii_lowercase())
}

/// RFC 9457, with the members of the contract.
fn problem_schema() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "required": ["type", "title", "status", "code", "error", "requestId"],
        "properties": {
            "type": text, "title": text, "status": { "type": "integer" }, "detail": text, "code": text,
            "error": text, "requestId": text,
            "errors": { "type": "array", "items": { "type": "object", "required": ["field", "message"],
                "properties": { "field": text, "message": text } } },
            "provider": { "type": "object", "properties": { "name": text, "code": {}, "message": {} } },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::{OPERATIONS, document};

    #[test]
    fn every_operation_is_described_and_every_reference_resolves() {
        let document = document();
        for operation in OPERATIONS {
            let method = operation.method.to_ascii_lowercase();
            assert!(document["paths"][operation.path][&method].is_object(), "{} {}", method, operation.path);
        }
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let pointer = reference.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
    }

    #[test]
    fn the_members_of_the_contract_are_there() {
        let document = document();
        let message = &document["components"]["schemas"]["MessageBody"]["properties"];
        for member in [
            "id",
            "conversationId",
            "direction",
            "provider",
            "providerAccountId",
            "providerSid",
            "from",
            "to",
            "body",
            "status",
            "deliveredAt",
            "errorCode",
            "errorMessage",
            "numMedia",
            "mediaUrls",
            "segments",
            "price",
            "userId",
            "leadId",
            "agentId",
            "attempts",
            "createdAt",
            "updatedAt",
        ] {
            assert!(message[member].is_object(), "{member}");
        }
    }
}
