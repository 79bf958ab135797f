//! Strict reading of JSON bodies. What a type does not know is refused (`deny_unknown_fields`), what
//! comes twice is refused, and every refusal names the member.

use serde::de::DeserializeOwned;
use telephony::app::problem::Problem;

use crate::event::HttpRequest;

/// Reads the body, a JSON object, as a `T`. Types refuse unknown members by `#[serde(deny_unknown_fields)]`;
/// serde_json refuses more than 128 levels.
///
/// # Errors
/// `VALIDATION_FAILED` naming the member by its path (`mediaUrl[0]`), or `body` for the whole.
pub fn read_json<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, Problem> {
    if !declares_json(request) {
        return Err(Problem::field("content-type", "must be application/json"));
    }
    if request.body.is_empty() {
        return Err(Problem::field("body", "is missing"));
    }
    // serde would take a list for a struct, member by member.
    if request.body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::field("body", "must be a JSON object"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(&request.body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| explain(&error))?;
    deserializer.end().map_err(|_| Problem::field("body", "goes on after the JSON value"))?;
    Ok(value)
}

/// Absent counts as JSON; repeated or unreadable does not.
fn declares_json(request: &HttpRequest) -> bool {
    if !request.headers.contains_key(http::header::CONTENT_TYPE) {
        return true;
    }
    let declared = request.header("content-type").unwrap_or_default();
    let kind = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn explain(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let inner = error.inner();
    if !inner.is_data() {
        let place = format!("is not valid JSON (line {}, column {})", inner.line(), inner.column());
        return Problem::field("body", place);
    }
    // "." is the body itself, "?" a place in it that has no name.
    let path = error.path().to_string();
    let path = if matches!(path.as_str(), "." | "?") { String::new() } else { path };
    let text = inner.to_string();
    // " at line 3 column 9" is of no use to somebody who has the member's name.
    let text = text.rfind(" at line ").and_then(|end| text.get(..end)).unwrap_or(&text);
    if let Some(name) = quoted(text, "missing field ") {
        return Problem::field(joined(&path, name), "is required");
    }
    if let Some(name) = quoted(text, "duplicate field ") {
        return Problem::field(joined(&path, name), "is given more than once");
    }
    if let Some(name) = quoted(text, "unknown field ") {
        return Problem::field(joined(&path, name), "is not a member of this request");
    }
    Problem::field(if path.is_empty() { "body".to_owned() } else { path }, text)
}

/// The name in backticks after `prefix`.
fn quoted<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    text.strip_prefix(prefix)?.strip_prefix('`')?.split('`').next()
}

/// The path of a member that serde complains about at its parent, or, for an unknown one, already at
/// the member itself.
fn joined(parent: &str, name: &str) -> String {
    if parent.is_empty() {
        name.to_owned()
    } else if parent == name || parent.strip_suffix(name).is_some_and(|rest| rest.ends_with('.')) {
        parent.to_owned()
    } else {
        format!("{parent}.{name}")
    }
}
