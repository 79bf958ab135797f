//! Strict bodies: every refusal names the member.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use serde::Deserialize;
use serde_json::json;
use telephony::api::wallet::SpendCapRequest;
use telephony::domain::money::Micros;
use telephony_lambda::body::read_json;
use telephony_lambda::event::{HttpEvent, HttpRequest};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Send {
    to: String,
    #[serde(default)]
    media_url: Vec<String>,
    options: Option<Options>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    tries: u8,
    to: Option<String>,
}

fn request(body: &str, content_type: Option<&str>) -> HttpRequest {
    let mut event = json!({
        "rawPath": "/api/sms/send",
        "headers": {},
        "requestContext": {"http": {"method": "POST"}},
        "body": body,
    });
    if let Some(kind) = content_type {
        event["headers"]["Content-Type"] = json!(kind);
    }
    serde_json::from_value::<HttpEvent>(event).unwrap().into_request("r").unwrap()
}

#[test]
fn what_is_right_is_read() {
    for kind in
        [None, Some("application/json"), Some("Application/JSON; charset=utf-8"), Some("application/x+json")]
    {
        let body = r#" {"to":"+1","mediaUrl":["a"],"options":{"tries":3}} "#;
        let send: Send = read_json(&request(body, kind)).unwrap();
        assert_eq!((send.to.as_str(), send.media_url.len()), ("+1", 1));
        assert_eq!(send.options.map(|options| (options.tries, options.to)), Some((3, None)));
    }
}

#[test]
fn what_is_wrong_is_named() {
    for (body, field, message) in [
        ("", "body", "is missing"),
        ("{", "body", "is not valid JSON"),
        ("[\"+1\",[],null]", "body", "must be a JSON object"),
        ("nonsense", "body", "must be a JSON object"),
        (r#"{"to":"+1",}"#, "body", "is not valid JSON"),
        (r#"{"to":"+1"} {}"#, "body", "goes on"),
        ("{}", "to", "is required"),
        (r#"{"to":1}"#, "to", "invalid type"),
        (r#"{"to":"+1","to":"+2"}"#, "to", "more than once"),
        (r#"{"to":"+1","tenant_id":"x"}"#, "tenant_id", "is not a member"),
        (r#"{"to":"+1","mediaUrl":["a",2]}"#, "mediaUrl[1]", "invalid type"),
        (r#"{"to":"+1","options":{}}"#, "options.tries", "is required"),
        (r#"{"to":"+1","options":{"tries":300}}"#, "options.tries", "invalid value"),
        (r#"{"to":"+1","options":{"tries":1,"x":2}}"#, "options.x", "is not a member"),
        (r#"{"to":"+1","options":{"tries":1,"to":"a","to":"b"}}"#, "options.to", "more than once"),
    ] {
        let problem = read_json::<Send>(&request(body, None)).unwrap_err();
        assert_eq!(problem.status(), 400, "{body}");
        let error = &problem.errors()[0];
        assert_eq!(error.field, field, "{body}: {}", error.message);
        assert!(error.message.contains(message), "{body}: {}", error.message);
        assert!(!error.message.contains(" at line "), "{body}: {}", error.message);
    }
}

#[test]
fn depth_is_limited() {
    let deep = format!("{}1{}", "{\"a\":".repeat(5000), "}".repeat(5000));
    let problem = read_json::<serde_json::Value>(&request(&deep, None)).unwrap_err();
    assert_eq!(problem.status(), 400);
}

#[test]
fn other_content_types_are_refused() {
    for kind in ["text/plain", "application/x-www-form-urlencoded", "", "json", "application/jsonp"] {
        let problem = read_json::<Send>(&request(r#"{"to":"+1"}"#, Some(kind))).unwrap_err();
        assert_eq!(problem.errors()[0].field, "content-type", "{kind}");
    }
}

#[test]
fn a_cap_is_given_or_null_and_never_forgotten() {
    let read = |body: &str| read_json::<SpendCapRequest>(&request(body, None));
    let caps = read(r#"{"daily":0.000001,"monthly":null}"#).unwrap();
    assert_eq!(caps.daily.unwrap().micros(), Ok(Micros::new(1)));
    assert!(caps.monthly.is_none() && caps.tenant_id.is_none());
    let caps = read(r#"{"monthly":12.5,"daily":null,"tenantId":"acme"}"#).unwrap();
    assert_eq!(caps.monthly.unwrap().micros(), Ok(Micros::new(12_500_000)));
    for (body, field) in [
        (r#"{"daily":1}"#, "monthly"),
        (r#"{"monthly":1}"#, "daily"),
        (r#"{"daily":1,"monthly":1,"weekly":1}"#, "weekly"),
        (r#"{"daily":1,"daily":1,"monthly":1}"#, "daily"),
    ] {
        assert_eq!(read(body).unwrap_err().errors()[0].field, field, "{body}");
    }
    // What is no amount is told by whoever reads the amount.
    for bad in ["\"5\"", "1e3", "0.0000001", "[]", "{}", "true", "1000000000000"] {
        let caps = read(&format!(r#"{{"daily":{bad},"monthly":null}}"#)).unwrap();
        assert!(caps.daily.unwrap().micros().is_err(), "{bad}");
    }
}
