//! Requests and answers held against a provider's OpenAPI document.

use bytes::Bytes;
use http::Request;
use serde_json::{Map, Value, json};

/// A schema that may refer to the document's components.
pub(crate) fn validator(document: &Value, schema: &Value) -> jsonschema::Validator {
    let mut root = schema.as_object().unwrap().clone();
    root.insert("components".to_owned(), document["components"].clone());
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .build(&Value::Object(root))
        .unwrap()
}

/// A document of OpenAPI 3.0 with its schemas as JSON Schema writes them since: `nullable` and a
/// boolean `exclusiveMinimum` are words of 3.0 only.
pub(crate) fn modern(mut document: Value) -> Value {
    modernise(&mut document);
    document
}

fn modernise(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(modernise),
        Value::Object(members) => {
            members.values_mut().for_each(modernise);
            if members.get("exclusiveMinimum") == Some(&json!(true)) {
                let minimum = members.remove("minimum").unwrap();
                members.insert("exclusiveMinimum".to_owned(), minimum);
            }
            if members.get("nullable") == Some(&json!(true)) {
                members.remove("nullable");
                let schema = Value::Object(std::mem::take(members));
                members.insert("anyOf".to_owned(), json!([schema, {"type": "null"}]));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

pub(crate) fn resolve<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

/// The text of a parameter as the type that its schema asks for: a form knows texts only.
fn typed(document: &Value, schema: &Value, texts: &[String]) -> Value {
    let schema = resolve(document, schema);
    let list = schema["type"] == "array" || (schema["anyOf"].is_array() && texts.len() > 1);
    match schema["type"].as_str() {
        _ if list => json!(texts),
        Some("integer" | "number") => texts[0].parse().unwrap(),
        Some("boolean") => json!(texts[0].parse::<bool>().unwrap()),
        Some(_) | None => {
            assert_eq!(texts.len(), 1, "given more than once: {texts:?}");
            json!(texts[0])
        }
    }
}

/// The operation of a request: its path with the templates filled in. Of several that fit, the one
/// with the fewest templates.
pub(crate) fn operation<'d>(
    document: &'d Value,
    path: &str,
    method: &str,
) -> (Vec<(String, String)>, &'d Value) {
    let segments: Vec<&str> = path.split('/').collect();
    let mut fitting: Vec<(Vec<(String, String)>, &Value)> = Vec::new();
    for (template, item) in document["paths"].as_object().unwrap() {
        let parts: Vec<&str> = template.split('/').collect();
        if parts.len() != segments.len() || !item[method].is_object() {
            continue;
        }
        let mut filled = Vec::new();
        let fits = parts.iter().zip(&segments).all(|(part, segment)| {
            let (name, ending) = part.split_once('}').unwrap_or((part, ""));
            match (name.strip_prefix('{'), segment.strip_suffix(ending)) {
                (Some(name), Some(value)) => {
                    filled.push((name.to_owned(), value.to_owned()));
                    true
                }
                (_, _) => part == segment,
            }
        });
        if fits {
            fitting.push((filled, &item[method]));
        }
    }
    fitting.sort_by_key(|(filled, _)| filled.len());
    fitting.into_iter().next().unwrap_or_else(|| panic!("{method} {path} is not in the document"))
}

fn grouped(pairs: &[u8]) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in form_urlencoded::parse(pairs).into_owned() {
        match groups.iter_mut().find(|(other, _)| *other == name) {
            Some((_, values)) => values.push(value),
            None => groups.push((name, vec![value])),
        }
    }
    groups
}

#[track_caller]
fn valid(document: &Value, schema: &Value, value: &Value, what: &str) {
    let validator = validator(document, schema);
    let errors: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{what}: {errors:?}");
}

/// Every parameter is known and valid, every required one is there.
#[track_caller]
pub(crate) fn check_request(document: &Value, base: &str, request: &Request<Bytes>) {
    let path = request.uri().path().strip_prefix(base).unwrap();
    let method = request.method().as_str().to_lowercase();
    let (filled, operation) = operation(document, path, &method);
    let query = grouped(request.uri().query().unwrap_or_default().as_bytes());
    let empty = Vec::new();
    let declared = operation["parameters"].as_array().unwrap_or(&empty);
    let declared: Vec<&Value> = declared.iter().map(|parameter| resolve(document, parameter)).collect();
    for (place, given) in [
        ("path", filled.into_iter().map(|(name, value)| (name, vec![value])).collect::<Vec<_>>()),
        ("query", query),
    ] {
        for (name, texts) in &given {
            let parameter = declared.iter().find(|p| p["name"] == name.as_str() && p["in"] == place);
            let parameter =
                parameter.unwrap_or_else(|| panic!("{place} parameter {name} is not in the document"));
            let value = typed(document, &parameter["schema"], texts);
            valid(document, &parameter["schema"], &value, name);
        }
        for parameter in declared.iter().filter(|p| p["in"] == place && p["required"] == true) {
            assert!(
                given.iter().any(|(name, _)| parameter["name"] == name.as_str()),
                "{parameter} is missing"
            );
        }
    }
    let content = &operation["requestBody"]["content"];
    let kind = request.headers().get("content-type").map(|kind| kind.to_str().unwrap());
    let (schema, body) = match kind {
        Some(form @ "application/x-www-form-urlencoded") => {
            let schema = &content[form]["schema"];
            let resolved = resolve(document, schema);
            let mut body = Map::new();
            for (name, texts) in grouped(request.body()) {
                let property = &resolved["properties"][&name];
                assert!(property.is_object(), "form parameter {name} is not in the document");
                body.insert(name, typed(document, property, &texts));
            }
            (schema, Value::Object(body))
        }
        Some(json) => {
            let schema = &content[json]["schema"];
            let body: Value = serde_json::from_slice(request.body()).unwrap();
            for name in body.as_object().unwrap().keys() {
                assert!(knows(document, schema, name), "member {name} is not in the document");
            }
            (schema, body)
        }
        None => {
            assert!(request.body().is_empty(), "a body of no type");
            assert!(operation["requestBody"]["required"] != true, "the body is missing");
            return;
        }
    };
    assert!(schema.is_object(), "{method} {path} has no body of this type: {kind:?}");
    valid(document, schema, &body, "body");
}

/// The schema has a member of this name.
fn knows(document: &Value, schema: &Value, name: &str) -> bool {
    let schema = resolve(document, schema);
    let parts = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|kind| schema[kind].as_array()).flatten();
    schema["properties"][name].is_object() || parts.into_iter().any(|part| knows(document, part, name))
}

/// An answer that a test has made up is one that the document allows.
#[track_caller]
pub(crate) fn check_answer(
    document: &Value,
    base: &str,
    method: &str,
    path: &str,
    status: u16,
    body: &Value,
) {
    let (_, operation) = operation(document, path.strip_prefix(base).unwrap(), method);
    let answer = resolve(document, &operation["responses"][status.to_string()]);
    valid(document, &answer["content"]["application/json"]["schema"], body, path);
}
