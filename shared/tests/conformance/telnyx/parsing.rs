//! Verified events in our words.

use proptest::prelude::*;
use serde_json::{Value, json};
use telephony::domain::address::Address;
use telephony::domain::call::{AnsweredBy, HangupCause};
use telephony::domain::message::Bill;
use telephony::domain::money::{Cost, Micros};
use telephony::domain::status::MessageStatus;
use telephony::domain::timestamp::Timestamp;
use telephony::provider::calling::CallHappening;
use telephony::provider::error::ProviderCode;
use telephony::provider::request::InboundRequest;
use telephony::provider::webhooks::{
    Event, InboundText, LookupAnswer, Reply, StatusReport, WebhookError, WebhookKind,
};
use telephony::providers::telnyx::status;
use telephony_testkit::facts::facts;
use telephony_testkit::mutate::with_header;
use telephony_testkit::telnyx::{
    LEG_ID, OURS, SEED, THEIRS, call, event as envelope, message_id, message_received, message_status,
    number_order, recording_saved, signed,
};

use super::super::NOW;
use super::openapi::Api;
use super::{URL, event, events, keys, request, webhooks};

fn received(body: &Value) -> InboundText {
    match event(URL, body) {
        Ok(Event::MessageReceived(text)) => text,
        other => panic!("{other:?}"),
    }
}

fn report(url: &str, body: &Value) -> StatusReport {
    match event(url, body) {
        Ok(Event::MessageStatus(report)) => report,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_inbound_text() {
    let text = received(&message_received(7, THEIRS, OURS, "Grüße 👋"));
    assert_eq!(text.sid.as_str(), message_id(7));
    assert_eq!((text.from, text.to), (Address::parse(THEIRS), Address::parse(OURS)));
    assert_eq!((text.body.as_str(), text.segments, text.answered_by_provider), ("Grüße 👋", Some(1), false));
    assert!(text.media.is_empty());
    for (member, value) in [("text", Value::Null), ("media", Value::Null), ("parts", Value::Null)] {
        let mut body = message_received(7, THEIRS, OURS, "");
        body["data"]["payload"][member] = value;
        assert_eq!(received(&body).body, "");
    }
    for from in ["12345", "ACME", "anonymous", "+1", "sip:a@b.example"] {
        assert_eq!(received(&message_received(1, from, OURS, "hi")).from, Address::parse(from));
    }
}

#[test]
fn attachments_keep_their_order_and_their_number_is_bounded() {
    let mut body = message_received(7, THEIRS, OURS, "");
    let item = |n: u32| json!({"url": format!("https://media.telnyx.com/{n}"), "content_type": "image/png", "size": 1});
    body["data"]["payload"]["media"] =
        json!([item(0), {"url": null}, {"url": "https://x.example/2", "content_type": null}]);
    let media = received(&body).media;
    let got: Vec<_> =
        media.iter().map(|media| (media.index, media.url.as_str(), media.content_type.as_str())).collect();
    assert_eq!(got, [(0, "https://media.telnyx.com/0", "image/png"), (2, "https://x.example/2", "")]);
    body["data"]["payload"]["media"] = (0..40).map(item).collect();
    assert_eq!(received(&body).media.len(), 10);
}

#[test]
fn what_telnyx_answers_by_itself_is_not_answered_again() {
    for (word, answered) in
        [(json!("STOP"), true), (json!("HELP"), true), (json!(""), false), (Value::Null, false)]
    {
        let mut body = message_received(1, THEIRS, OURS, "Stop");
        body["data"]["payload"]["autoresponse_type"] = word;
        assert_eq!(received(&body).answered_by_provider, answered);
    }
}

#[test]
fn our_recipient_of_a_group_and_the_recipient_of_old() {
    let mut body = message_received(1, THEIRS, OURS, "hi");
    let other = json!({"phone_number": "+14155559999", "status": "queued"});
    let ours = body["data"]["payload"]["to"][0].clone();
    body["data"]["payload"]["to"] = json!([other, ours]);
    assert_eq!(received(&body).to, Address::parse(OURS));
    body["data"]["payload"]["to"] = json!(OURS);
    assert_eq!(received(&body).to, Address::parse(OURS));
    for missing in [json!([]), json!(""), json!([{"status": "webhook_delivered"}]), Value::Null] {
        body["data"]["payload"]["to"] = missing;
        assert!(matches!(event(URL, &body), Err(WebhookError::Malformed(_))), "{body}");
    }
}

#[test]
fn a_status_report() {
    let url = format!("{URL}?m=01ABC.d-1");
    let got = report(&url, &message_status(7, "delivery_failed", Some("40008")));
    assert_eq!(
        got,
        StatusReport {
            sid: message_id(7).parse().unwrap(),
            callback_id: Some("01ABC.d-1".to_owned()),
            status: Some(MessageStatus::Undelivered),
            provider_status: "delivery_failed".to_owned(),
            error: Some(ProviderCode("40008".to_owned())),
            at: Timestamp::parse_rfc3339("2026-01-05T14:05:00.123Z"),
            bill: Bill {
                segments: Some(1),
                cost: Some(Cost { amount: Micros::new(5_100), currency: "USD".to_owned() }),
            },
        }
    );
    for (member, value, bill) in [
        ("cost", Value::Null, Bill { cost: None, ..got.bill.clone() }),
        ("cost", json!({"amount": "free", "currency": "USD"}), Bill { cost: None, ..got.bill.clone() }),
        ("parts", json!(0), Bill { segments: None, ..got.bill.clone() }),
        ("parts", json!(4_000_000_000_u32), Bill { segments: None, ..got.bill.clone() }),
        ("parts", json!(3), Bill { segments: Some(3), ..got.bill.clone() }),
    ] {
        let mut body = message_status(7, "delivered", None);
        body["data"]["payload"][member] = value.clone();
        assert_eq!(report(&url, &body).bill, bill, "{member}: {value}");
    }
    let unknown = report(&url, &message_status(7, "teleported", None));
    assert_eq!((unknown.status, unknown.error), (None, None));
    // What expired in Telnyx's queue was never sent; what expired later is lost.
    for (code, expected) in [("40014", MessageStatus::Failed), ("40005", MessageStatus::Undelivered)] {
        assert_eq!(report(&url, &message_status(7, "expired", Some(code))).status, Some(expected));
    }
    for (query, id) in [
        ("", None),
        ("?m=a%2Fb", Some("a/b")),
        ("?x=1&m=a", Some("a")),
        ("?m=a&m=a", None),
        ("?m=%ff", None),
        ("?M=a", None),
    ] {
        let got = report(&format!("{URL}{query}"), &message_status(1, "sent", None)).callback_id;
        assert_eq!(got.as_deref(), id, "{query}");
    }
}

#[test]
fn every_documented_status_has_a_meaning() {
    let Some(facts) = facts() else { return };
    let api = Api::of(&facts);
    let mut words = Vec::new();
    for place in [
        "OutboundMessagePayload/properties/to/items/properties/status",
        "OutboundMessagePayload/properties/cc/items/properties/status",
        "InboundMessagePayload/properties/to/items/properties/status",
        "InboundMessagePayload/properties/from/properties/status",
    ] {
        words.extend(api.words(&format!("/components/schemas/{place}/enum")));
    }
    assert!(words.len() > 20, "{words:?}");
    for word in &words {
        assert!(status::from_word(word).is_some(), "{word}");
    }
    for word in api.words("/components/schemas/MessageDetailRecord/properties/status/enum") {
        let listed = status::NOT_READ.iter().any(|(known, reason)| *known == word && !reason.is_empty());
        assert!(listed != status::from_word(&word).is_some(), "{word}");
    }
    for unknown in ["", "Sent", "teleported", "failed"] {
        assert_eq!(status::from_word(unknown), None);
    }
}

#[test]
fn an_order_comes_to_its_end() {
    for (word, held) in [("success", Some(true)), ("failure", Some(false)), ("pending", None), ("odd", None)]
    {
        let body = number_order(2, "12ade33a-21c0-473b-b055-b3c836e1c292", OURS, word, "tandem:1");
        let Ok(Event::NumberOrder(report)) = event(URL, &body) else { panic!("no order") };
        assert_eq!(report.order.as_str(), "12ade33a-21c0-473b-b055-b3c836e1c292");
        assert_eq!(report.numbers, [(OURS.parse().unwrap(), held)]);
        assert_eq!(report.mark.as_deref(), Some("tandem:1"));
        assert_eq!(report.event_id.as_deref(), Some("0ccc7b54-0000-4000-8000-000000000002"));
    }
}

#[test]
fn what_is_new_to_us_is_welcome() {
    for (body, name) in [
        (envelope("10dlc.brand.update", 1, &json!({})), "10dlc.brand.update"),
        (envelope("call.ai_gather.begun", 1, &json!({"from": 7})), "call.ai_gather.begun"),
        (envelope("call.novelty", 1, &json!({})), "call.novelty"),
        (envelope("message.pondered", 1, &json!(null)), "message.pondered"),
        (json!({"event_type": "call_initiated", "payload": {}}), "version 1: call_initiated"),
    ] {
        assert_eq!(event(URL, &body), Ok(Event::Unrecognised { name: name.to_owned() }));
    }
    let mut body = message_received(1, THEIRS, OURS, "hi");
    body["data"]["payload"]["novelty"] = json!({"a": [1]});
    body["data"]["novelty"] = json!(1);
    assert_eq!(received(&body).body, "hi");
}

#[test]
fn what_is_not_as_documented_is_malformed() {
    let malformed = |body: &Value| {
        let got = event(URL, body);
        assert!(matches!(got, Err(WebhookError::Malformed(_))), "{body}: {got:?}");
    };
    for body in [json!([]), json!({}), json!({"data": 1}), json!({"data": {"event_type": 1, "payload": {}}})]
    {
        malformed(&body);
    }
    malformed(&json!({"data": {"event_type": "message.received"}}));
    for (member, value) in [
        ("id", json!(7)),
        ("id", json!("a#b")),
        ("id", Value::Null),
        ("from", json!("x")),
        ("from", json!({"phone_number": null})),
        ("text", json!(["hi"])),
        ("parts", json!(-1)),
        ("media", json!({"url": "x"})),
        ("media", json!(["x"])),
    ] {
        let mut body = message_received(1, THEIRS, OURS, "hi");
        body["data"]["payload"][member] = value;
        malformed(&body);
    }
    let mut body = message_status(1, "sent", None);
    body["data"]["payload"]["to"] = json!([]);
    malformed(&body);
    for (member, value) in [
        ("call_leg_id", Value::Null),
        ("call_leg_id", json!("v3:x")),
        ("call_leg_id", json!(1)),
        ("from", json!(1)),
        ("client_state", json!({})),
    ] {
        malformed(&call("call.answered", 1, &json!({member: value})));
    }
    let mut body = recording_saved(1, "x");
    body["data"]["payload"]["call_leg_id"] = Value::Null;
    malformed(&body);
    malformed(&number_order(1, "o", "12345", "success", "m"));
}

#[test]
fn a_body_has_one_reading_and_one_kind() {
    let body = message_received(1, THEIRS, OURS, "hi").to_string();
    let twice = body.replacen(r#""text":"hi""#, r#""text":"hi","text":"ho""#, 1);
    assert_ne!(twice, body);
    for bad in
        [twice, format!("{body}x"), "x".to_owned(), String::new(), "[".repeat(5_000), " ".repeat(1 << 21)]
    {
        let got = events(&signed(&SEED, NOW.seconds(), URL, &bad));
        assert!(matches!(got, Err(WebhookError::Malformed(_))), "{bad:.40}: {got:?}");
    }
    let good = signed(&SEED, NOW.seconds(), URL, &body);
    for (kind, malformed) in [
        (Some("application/json; charset=utf-8"), false),
        (Some("Application/JSON"), false),
        (Some("text/plain"), true),
        (Some("application/json-seq"), true),
        (None, true),
    ] {
        let changed = with_header(&good, "content-type", kind.map(str::as_bytes)).unwrap();
        assert_eq!(matches!(events(&changed), Err(WebhookError::Malformed(_))), malformed, "{kind:?}");
    }
    let form = with_header(&good, "content-type", Some(b"application/x-www-form-urlencoded")).unwrap();
    assert!(matches!(events(&form).unwrap()[0], Event::Unrecognised { .. }));
    let get = InboundRequest { method: http::Method::GET, ..good.clone() };
    assert_eq!(events(&get), Err(WebhookError::Malformed("not a POST")));
    let keys = keys();
    let verified = webhooks().verify(&good, &keys, NOW).unwrap();
    for kind in [WebhookKind::Sms, WebhookKind::StatusCallback] {
        assert!(matches!(webhooks().parse(&verified, kind).unwrap()[0], Event::Unrecognised { .. }));
    }
}

#[test]
fn the_answer_is_a_success_in_json() {
    for reply in [Reply::Empty, Reply::Agent(LookupAnswer::Reject)] {
        let answer = webhooks().respond(reply);
        assert_eq!((answer.status, answer.content_type), (200, "application/json"));
        assert_eq!(serde_json::from_slice::<Value>(&answer.body).unwrap(), json!({}));
    }
}

#[test]
fn the_sample_webhooks_of_the_facts() {
    let Some(facts) = facts() else { return };
    let document = facts.json("vectors/webhook_samples.json");
    let mut read = 0;
    for item in document["samples"].as_array().unwrap().iter().filter(|item| item["provider"] == "telnyx") {
        let body: Value = serde_json::from_str(item["body"].as_str().unwrap()).unwrap();
        match (item["kind"].as_str().unwrap(), event(URL, &body).unwrap()) {
            ("message.received", Event::MessageReceived(text)) => assert_eq!(text.media.len(), 1),
            ("message.received_old_to_string", Event::MessageReceived(text)) => {
                assert_eq!(text.to, Address::parse("+18446087849"));
            }
            ("call.hangup", Event::Call(event)) => {
                assert_eq!(event.callback_id.as_deref(), Some("have a nice day =]"));
                assert!(matches!(event.what, CallHappening::Ended { cause: HangupCause::Rejected, .. }));
            }
            ("call.machine.detection.ended", Event::Call(event)) => {
                assert_eq!(event.what, CallHappening::AnsweredBy(AnsweredBy::Machine));
            }
            ("call.recording.saved", Event::RecordingReady(ready)) => assert!(ready.url.is_some()),
            (kind, event) => panic!("{kind}: {event:?}"),
        }
        read += 1;
    }
    assert!(read >= 5, "{read} samples");
}

const NAMES: [&str; 9] = [
    "message.received",
    "message.sent",
    "message.finalized",
    "call.initiated",
    "call.hangup",
    "call.cost",
    "call.recording.saved",
    "number_order.complete",
    "streaming.failed",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Members of known events with values of any type.
    #[test]
    fn arbitrary_members_never_panic(
        name in proptest::sample::select(&NAMES[..]),
        member in "(id|from|to|text|media|parts|errors|call_leg_id|client_state|total_cost|phone_numbers|recording_urls|direction)",
        value in prop_oneof![
            Just(Value::Null), any::<bool>().prop_map(Value::from), any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from), ".{0,20}".prop_map(Value::from),
            ".{0,9}".prop_map(|text| json!([text])), ".{0,9}".prop_map(|text| json!([{"phone_number": text, "status": 1}])),
            ".{0,9}".prop_map(|text| json!({"phone_number": text, "mp3": 1})),
        ],
    ) {
        let mut body = message_received(1, THEIRS, OURS, "hi");
        body["data"]["event_type"] = json!(name);
        body["data"]["payload"]["call_leg_id"] = json!(LEG_ID);
        body["data"]["payload"][member] = value;
        let request = request(URL, &body);
        let _ = webhooks().claims(&request);
        let _ = events(&request);
    }
}
