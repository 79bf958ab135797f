//! Requests against Telnyx's own OpenAPI document: paths, queries in the style of deep objects, JSON
//! bodies.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use bytes::Bytes;
use http::Request;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use telephony_testkit::facts::Facts;

/// The document.
pub(crate) struct Api(&'static Value);

/// It is large, and read once.
static DOCUMENT: OnceLock<Value> = OnceLock::new();

impl Api {
    pub(crate) fn of(facts: &Facts) -> Self {
        Self(DOCUMENT.get_or_init(|| facts.json("specs/telnyx/spec3.json")))
    }

    /// The words of an enumeration at this place of the document.
    pub(super) fn words(&self, pointer: &str) -> Vec<String> {
        let list = self.0.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is not in the document"));
        list.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    }

    fn resolve<'d>(&'d self, value: &'d Value) -> &'d Value {
        match value["$ref"].as_str() {
            Some(reference) => self.resolve(self.0.pointer(reference.trim_start_matches('#')).unwrap()),
            None => value,
        }
    }

    fn check(&self, schema: &Value, value: &Value, what: &str) {
        let mut root = schema.as_object().unwrap().clone();
        if schema.to_string().contains("$ref") {
            root.insert("components".to_owned(), self.0["components"].clone());
        }
        let validator = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .should_validate_formats(true)
            .build(&Value::Object(root))
            .unwrap();
        let errors: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{what} {value}: {errors:?}");
    }

    /// The members that an object may have, over all its parts.
    fn members(&self, schema: &Value) -> BTreeSet<String> {
        let schema = self.resolve(schema);
        let mut names: BTreeSet<String> =
            schema["properties"].as_object().into_iter().flat_map(|list| list.keys().cloned()).collect();
        for part in ["allOf", "oneOf", "anyOf"] {
            for part in schema[part].as_array().into_iter().flatten() {
                names.extend(self.members(part));
            }
        }
        names
    }

    /// The operation of a path, with the values of its template.
    fn operation(&self, path: &str, method: &str) -> (Vec<(String, String)>, &Value) {
        let segments: Vec<&str> = path.split('/').collect();
        let mut fitting = Vec::new();
        for (template, item) in self.0["paths"].as_object().unwrap() {
            let parts: Vec<&str> = template.split('/').collect();
            if parts.len() != segments.len() || !item[method].is_object() {
                continue;
            }
            let mut filled = Vec::new();
            let fits = parts.iter().zip(&segments).all(|(part, segment)| {
                match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                    Some(name) => {
                        let value = percent_decode_str(segment).decode_utf8().unwrap().into_owned();
                        filled.push((name.to_owned(), value));
                        !segment.is_empty()
                    }
                    None => part == segment,
                }
            });
            if fits {
                fitting.push((filled, &item[method]));
            }
        }
        // A literal path goes before a template.
        fitting.sort_by_key(|(filled, _)| filled.len());
        assert!(!fitting.is_empty(), "{method} {path} is not in the document");
        fitting.remove(0)
    }

    /// The text of a query as the type that its schema asks for.
    fn typed(&self, schema: &Value, text: &str) -> Value {
        match self.resolve(schema)["type"].as_str() {
            Some("integer" | "number") => text.parse::<i64>().map_or_else(|_| json!(text), |n| json!(n)),
            Some("boolean") => text.parse::<bool>().map_or_else(|_| json!(text), |b| json!(b)),
            Some(_) | None => json!(text),
        }
    }

    /// `filter[a][b]=c` as `{"filter": {"a": {"b": "c"}}}`, typed by the schemas; `[]` makes a list.
    fn deepen(&self, into: &mut Map<String, Value>, schema: &Value, path: &[&str], text: &str) {
        let schema = self.resolve(schema);
        let [name, rest @ ..] = path else { panic!("an empty name") };
        let member = &schema["properties"][*name];
        let member = if member.is_null() { schema } else { member };
        match rest {
            [] => {
                assert!(into.insert((*name).to_owned(), self.typed(member, text)).is_none(), "{name} twice");
            }
            [""] => {
                let list = into.entry((*name).to_owned()).or_insert_with(|| json!([]));
                list.as_array_mut().unwrap().push(json!(text));
            }
            _ => {
                let deeper = into.entry((*name).to_owned()).or_insert_with(|| json!({}));
                self.deepen(deeper.as_object_mut().unwrap(), member, rest, text);
            }
        }
    }

    /// Every parameter and every member of the body is documented and valid, and every required one is
    /// there.
    pub(crate) fn check_request(&self, request: &Request<Bytes>) {
        assert_eq!(self.0["servers"][0]["url"], "https://api.telnyx.com/v2");
        assert_eq!(request.uri().host(), Some("api.telnyx.com"));
        let path = request.uri().path().strip_prefix("/v2").unwrap();
        let method = request.method().as_str().to_lowercase();
        let (filled, operation) = self.operation(path, &method);
        let empty = Vec::new();
        let declared: Vec<&Value> = operation["parameters"]
            .as_array()
            .unwrap_or(&empty)
            .iter()
            .map(|parameter| self.resolve(parameter))
            .collect();
        let find = |place: &str, name: &str| {
            let found = declared.iter().find(|p| p["name"] == name && p["in"] == place);
            *found
                .unwrap_or_else(|| panic!("{method} {path}: {place} parameter {name} is not in the document"))
        };
        for (name, value) in &filled {
            self.check(&find("path", name)["schema"], &json!(value), name);
        }
        let mut query = Map::new();
        for (name, text) in form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()) {
            let names: Vec<&str> = name.split('[').map(|part| part.trim_end_matches(']')).collect();
            let schema = &find("query", names[0])["schema"];
            if names.len() == 1 {
                assert!(query.insert(name.to_string(), self.typed(schema, &text)).is_none(), "{name} twice");
                continue;
            }
            let top = self.resolve(schema);
            let known = top["properties"][names[1]].is_object() || top["additionalProperties"] == true;
            assert!(known, "{method} {path}: {name} is not in the document");
            let deep = query.entry(names[0].to_owned()).or_insert_with(|| json!({}));
            self.deepen(deep.as_object_mut().unwrap(), schema, &names[1..], &text);
        }
        for (name, value) in &query {
            self.check(&find("query", name)["schema"], value, name);
        }
        for parameter in declared.iter().filter(|p| p["required"] == true) {
            let name = parameter["name"].as_str().unwrap();
            assert!(
                query.contains_key(name) || filled.iter().any(|(other, _)| other == name),
                "{name} is missing"
            );
        }
        let documented = self.resolve(&operation["requestBody"]);
        if request.body().is_empty() {
            assert!(documented["required"] != true, "{method} {path}: a body is required");
            assert!(!request.headers().contains_key("content-type"));
            return;
        }
        assert_eq!(request.headers()["content-type"], "application/json");
        let schema = &documented["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{method} {path} takes no body");
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let members = self.members(schema);
        for name in body.as_object().unwrap().keys() {
            assert!(members.contains(name), "{method} {path}: member {name} is not in the document");
        }
        self.check(schema, &body, path);
    }
}
