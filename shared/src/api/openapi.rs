//! The OpenAPI 3.1 document of this API: paths from the table below, schemas from the types.

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::operations::{Access, Answer, Operation, operations};

/// The document.
pub fn document() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for operation in operations() {
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
    responses.insert(operation.status.to_string(), success(operation.answer, generator));
    if let Some(status) = operation.replayed {
        responses.insert(status.to_string(), success(operation.answer, generator));
    }
    if let Some(answer) = operation.accepted {
        responses.insert("202".to_owned(), success(answer, generator));
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

fn success(answer: Answer, generator: &mut SchemaGenerator) -> Value {
    let flag =
        json!({ "type": "object", "required": ["success"], "properties": { "success": { "const": true } } });
    let object = |name: &str, schema: Value| {
        json!({ "type": "object", "required": ["success", name],
            "properties": { "success": { "const": true }, name: schema } })
    };
    let schema = match answer {
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
    if ["/api/sms/send", "/api/provider-management", "/api/numbers/purchase"].contains(&operation.path) {
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
            "provider": { "type": "object", "properties": { "name": text, "code": {}, "message": {},
                "cause": text, "next_step": text, "documents": text } },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::{document, operations};

    #[test]
    fn every_operation_is_described_and_every_reference_resolves() {
        let document = document();
        for operation in operations() {
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
