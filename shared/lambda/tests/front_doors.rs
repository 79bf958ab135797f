//! The same webhook and the same API call through all four front doors.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use telephony_lambda::answer::Answer;
use telephony_lambda::event::{
    FrontDoor, HttpEvent, HttpRequest, MAX_API_BODY, MAX_WEBHOOK_BODY, inbound_request,
};

const BASE: &str = "https://hooks.example.com/prod/";
const FORM: &str = "From=%2B14155550123&To=%2B14155550199&Body=caf%C3%A9+%F0%9F%93%9E&Empty=&Empty=";

fn read(event: Value) -> HttpRequest {
    serde_json::from_value::<HttpEvent>(event).unwrap().into_request("lambda-1").unwrap()
}

fn v2(path: &str, query: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "POST /api/webhooks/{provider}/sms",
        "rawPath": path,
        "rawQueryString": query,
        "cookies": ["a=b"],
        "headers": {
            "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
            "host": "abc.execute-api.eu-west-1.amazonaws.com",
            "x-forwarded-host": "evil.example.com",
            "x-forwarded-proto": "gopher",
            "x-twilio-signature": "c2lnbmF0dXJl",
        },
        "queryStringParameters": {"a": "1,+", "b": "2"},
        "requestContext": {
            "accountId": "123456789012", "apiId": "abc", "stage": "$default", "requestId": "gw-1",
            "domainName": "abc.execute-api.eu-west-1.amazonaws.com",
            "http": {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
        },
        "body": STANDARD.encode(FORM),
        "isBase64Encoded": true,
    })
}

fn rest(path: &str) -> Value {
    json!({
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": "POST",
        "headers": {"X-Twilio-Signature": "two", "Host": "abc.execute-api.eu-west-1.amazonaws.com"},
        "multiValueHeaders": {"X-Twilio-Signature": ["one", "two"], "Host": ["evil.example.com"]},
        "queryStringParameters": {"a": "+ é", "b": "2"},
        "multiValueQueryStringParameters": {"a": ["1", "+ é"], "b": ["2"]},
        "requestContext": {"requestId": "gw-2", "stage": "prod", "path": "/prod/api", "httpMethod": "POST"},
        "body": FORM,
        "isBase64Encoded": false,
    })
}

fn load_balancer(multi_value: bool) -> Value {
    let mut event = json!({
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/a/b"}},
        "httpMethod": "POST",
        "path": "/api/webhooks/twilio/sms",
        "body": FORM,
        "isBase64Encoded": false,
    });
    if multi_value {
        event["multiValueHeaders"] = json!({"x-twilio-signature": ["one"], "accept": ["a", "b"]});
        event["multiValueQueryStringParameters"] = json!({"a": ["1", "%2B"], "b": ["2"]});
    } else {
        event["headers"] = json!({"x-twilio-signature": "one"});
        event["queryStringParameters"] = json!({"a": "%2B", "b": "2"});
    }
    event
}

#[test]
fn an_http_api_keeps_the_query_and_the_bytes() {
    let request = read(v2("/api/webhooks/twilio/sms", "b=2&a=1&a=%2B&e="));
    assert_eq!(request.source, FrontDoor::HttpApi);
    assert_eq!(request.raw_query.as_deref(), Some("b=2&a=1&a=%2B&e="));
    assert_eq!(request.body, FORM.as_bytes());
    assert_eq!(request.request_id, "lambda-1");
    assert_eq!(request.gateway_request_id.as_deref(), Some("gw-1"));
    assert!(request.claims.is_none());

    let inbound = inbound_request(&request, BASE);
    assert_eq!(inbound.public_url, "https://hooks.example.com/prod/api/webhooks/twilio/sms?b=2&a=1&a=%2B&e=");
    assert_eq!(inbound.raw_query(), Some("b=2&a=1&a=%2B&e="));
    assert_eq!(inbound.header("X-Twilio-Signature"), Some("c2lnbmF0dXJl"));
    assert_eq!(inbound.body, FORM.as_bytes());
}

#[test]
fn stages_base_paths_and_emulators_before_api_do_not_matter() {
    for path in [
        "/api/webhooks/twilio/sms",
        "/prod/api/webhooks/twilio/sms",
        "/_aws/execute-api/abc/api/webhooks/twilio/sms",
        "/company/phones/api/webhooks/twilio/sms",
    ] {
        let request = read(v2(path, ""));
        assert_eq!(request.route_path, "/api/webhooks/twilio/sms", "{path}");
        assert_eq!(request.raw_query, None);
        let inbound = inbound_request(&request, "http://127.0.0.1:4566/_aws/execute-api/abc");
        assert_eq!(inbound.public_url, "http://127.0.0.1:4566/_aws/execute-api/abc/api/webhooks/twilio/sms");
    }
    assert_eq!(read(v2("/elsewhere", "")).route_path, "/elsewhere");
}

#[test]
fn no_header_moves_the_public_url() {
    let mut event = v2("/api/webhooks/twilio/sms", "m=1");
    let honest = inbound_request(&read(event.clone()), BASE).public_url;
    for name in
        ["host", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port", "x-original-url", "forwarded"]
    {
        event["headers"][name] = json!("evil.example.com");
        assert_eq!(inbound_request(&read(event.clone()), BASE).public_url, honest, "{name}");
    }
}

#[test]
fn a_function_url_is_read_like_an_http_api_but_vouches_for_nobody() {
    let mut event = v2("/api/webhooks/twilio/sms", "m=1");
    event["requestContext"]["domainName"] = json!("id.lambda-url.eu-west-2.on.aws");
    event["requestContext"]["authorizer"] = json!({"jwt": {"claims": {"sub": "u"}}});
    let request = read(event);
    assert_eq!(request.source, FrontDoor::FunctionUrl);
    assert_eq!(request.raw_query.as_deref(), Some("m=1"));
    assert!(request.claims.is_none());
}

#[test]
fn a_rest_apis_query_is_rebuilt_and_its_headers_are_kept() {
    let request = read(rest("/api/webhooks/twilio/sms"));
    assert_eq!(request.source, FrontDoor::RestApi);
    assert_eq!(request.raw_query.as_deref(), Some("a=1&a=%2B%20%C3%A9&b=2"));
    assert_eq!(request.headers.get_all("x-twilio-signature").iter().count(), 2);
    assert_eq!(request.header("x-twilio-signature"), None, "a repeated signature is nobody's");
    assert_eq!(request.body, FORM.as_bytes());

    let mut single = rest("/api/webhooks/twilio/sms");
    single["multiValueHeaders"] = Value::Null;
    single["multiValueQueryStringParameters"] = Value::Null;
    let request = read(single);
    assert_eq!(request.header("x-twilio-signature"), Some("two"));
    assert_eq!(request.raw_query.as_deref(), Some("a=%2B%20%C3%A9&b=2"));
}

#[test]
fn a_load_balancers_query_is_already_encoded() {
    let many = read(load_balancer(true));
    assert_eq!(many.source, FrontDoor::LoadBalancer { multi_value: true });
    assert_eq!(many.raw_query.as_deref(), Some("a=1&a=%2B&b=2"));
    assert_eq!(many.headers.get_all("accept").iter().count(), 2);
    let single = read(load_balancer(false));
    assert_eq!(single.source, FrontDoor::LoadBalancer { multi_value: false });
    assert_eq!(single.raw_query.as_deref(), Some("a=%2B&b=2"));
    assert_eq!(single.header("x-twilio-signature"), Some("one"));
}

#[test]
fn names_of_parameters_keep_the_events_order() {
    let text = r#"{"httpMethod":"POST","path":"/api/x","requestContext":{"elb":{}},
        "multiValueHeaders":{},"multiValueQueryStringParameters":{"z":["1"],"b":["%2F","2"],"a":[""]}}"#;
    let event: HttpEvent = serde_json::from_str(text).unwrap();
    assert_eq!(event.into_request("r").unwrap().raw_query.as_deref(), Some("z=1&b=%2F&b=2&a="));
}

#[test]
fn lambda_http_reads_the_same_method_and_body_and_no_other_headers() {
    for (event, headers) in [
        (v2("/api/messages", "a=1&b=%2B"), true),
        (load_balancer(false), true),
        (rest("/api/messages"), false),
    ] {
        let theirs = lambda_http::request::from_str(&event.to_string()).unwrap();
        let ours = read(event);
        assert_eq!(ours.method, theirs.method());
        assert_eq!(&ours.body[..], AsRef::<[u8]>::as_ref(theirs.body()));
        for (name, value) in &ours.headers {
            // Of a REST API's repeated headers it keeps only the last value.
            assert!(!headers || theirs.headers().get(name) == Some(value), "{name}");
        }
    }
}

#[test]
fn segments_are_decoded_and_a_plus_is_a_plus() {
    for path in ["/api/conversations/%2B14155550123/messages", "/x/api/conversations/+14155550123/messages/"]
    {
        let segments = read(v2(path, "")).segments().unwrap();
        assert_eq!(segments, ["conversations", "+14155550123", "messages"], "{path}");
    }
    assert_eq!(read(v2("/api/messages/%FF", "")).segments().unwrap_err().status(), 404);
}

#[test]
fn bodies_that_lie_or_are_too_long_are_refused() {
    let refusal = |event: Value| {
        let problem = serde_json::from_value::<HttpEvent>(event).unwrap().into_request("r").unwrap_err();
        (problem.status(), problem.errors()[0].field.clone(), problem.errors()[0].message.clone())
    };
    let mut event = v2("/api/webhooks/twilio/sms", "");
    event["body"] = json!("%%% not base64");
    assert_eq!(refusal(event).1, "body");

    for (path, limit) in [("/api/sms/send", MAX_API_BODY), ("/api/webhooks/telnyx", MAX_WEBHOOK_BODY)] {
        for (length, fits) in [(limit, true), (limit + 1, false), (limit * 2, false)] {
            let text = "x".repeat(length);
            for (body, coded) in [(STANDARD.encode(&text), true), (text.clone(), false)] {
                let mut event = v2(path, "");
                event["body"] = json!(body);
                event["isBase64Encoded"] = json!(coded);
                let read = serde_json::from_value::<HttpEvent>(event.clone()).unwrap().into_request("r");
                assert_eq!(read.is_ok(), fits, "{path} {length} {coded}");
                if !fits {
                    let (status, field, message) = refusal(event);
                    assert_eq!((status, field.as_str()), (400, "body"));
                    assert!(message.contains(&limit.to_string()));
                }
            }
        }
    }
}

#[test]
fn answers_have_the_shape_of_their_front_door() {
    let answer = || Answer::success(http::StatusCode::OK, &json!({"items": []})).unwrap();
    let written = |source| serde_json::to_value(answer().shaped(source, "r-1")).unwrap();
    for source in [FrontDoor::HttpApi, FrontDoor::FunctionUrl] {
        assert_eq!(
            written(source),
            json!({
                "statusCode": 200,
                "headers": {
                    "content-type": "application/json",
                    "cache-control": "no-store",
                    "x-content-type-options": "nosniff",
                    "x-request-id": "r-1",
                },
                "body": "{\"success\":true,\"items\":[]}",
                "isBase64Encoded": false,
            })
        );
    }
    let rest = written(FrontDoor::RestApi);
    assert_eq!(rest["multiValueHeaders"]["x-request-id"], json!(["r-1"]));
    assert!(rest.get("headers").is_none());
    let single = written(FrontDoor::LoadBalancer { multi_value: false });
    assert_eq!(single["statusDescription"], "200 OK");
    assert_eq!(single["headers"]["cache-control"], "no-store");
    let many = written(FrontDoor::LoadBalancer { multi_value: true });
    assert_eq!(many["multiValueHeaders"]["cache-control"], json!(["no-store"]));

    let bytes = Answer::plain(http::StatusCode::OK, "image/png", vec![0xff, 0xd8]);
    let bytes = serde_json::to_value(bytes.shaped(FrontDoor::HttpApi, "r")).unwrap();
    assert_eq!((&bytes["body"], &bytes["isBase64Encoded"]), (&json!("/9g="), &json!(true)));

    let there = Answer::redirect("https://bucket.example.com/x?sig=1").unwrap();
    let there = serde_json::to_value(there.shaped(FrontDoor::HttpApi, "r")).unwrap();
    assert_eq!(
        (&there["statusCode"], &there["headers"]["location"]),
        (&json!(302), &json!("https://bucket.example.com/x?sig=1"))
    );
    assert!(Answer::redirect("https://x/\r\nset-cookie: a=b").is_err());
}
