//! Sending, fetching and finding.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use telephony::domain::status::MessageStatus;
use telephony::domain::timestamp::Timestamp;
use telephony::provider::account::ProviderAccount;
use telephony::provider::error::{Effect, ErrorKind};
use telephony::provider::messaging::{MessageQuery, OutboundText};
use telephony::provider::{Environment, registry};
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::webhooks::{SAMPLES, SIGNALWIRE, Sample, TWILIO};

use super::{messaging_of, text};

const TWILIO_LIST: &str =
    "https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000001/Messages";
const SIGNALWIRE_LIST: &str =
    "https://demo.signalwire.com/api/laml/2010-04-01/Accounts/00000000-0000-4000-8000-000000000001/Messages";

fn list_url(sample: &Sample) -> String {
    // In the order of the samples.
    let urls = [format!("{TWILIO_LIST}.json"), SIGNALWIRE_LIST.to_owned()];
    urls[SAMPLES.iter().position(|other| other.provider == sample.provider).unwrap()].clone()
}

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

fn message(sample: &Sample, n: u32, changes: &Value) -> Value {
    let mut message = json!({
        "sid": sample.message_sid(n), "status": "sent", "direction": "outbound-api",
        "from": "+14155550100", "to": "+14155552671", "body": "hi",
        "error_code": null, "date_created": "Mon, 05 Jan 2026 14:05:00 +0000",
        "price": null, "price_unit": "USD", "num_segments": "1",
    });
    for (name, value) in changes.as_object().unwrap() {
        message[name] = value.clone();
    }
    message
}

fn query() -> MessageQuery {
    MessageQuery {
        from: "+14155550100".to_owned(),
        to: "+14155552671".to_owned(),
        since: Timestamp::parse_rfc3339("2026-01-05T14:05:00.700Z").unwrap(),
    }
}

#[tokio::test]
async fn a_text_is_posted_as_a_form_with_the_callback_and_its_settings() {
    for (sample, settings) in SAMPLES.into_iter().zip(["#rc=2&rp=5xx,ct,rt", ""]) {
        let answer = message(&sample, 7, &json!({"status": "queued"})).to_string();
        let transport = Arc::new(ReplayTransport::new().answer(201, answer));
        let accepted = messaging_of(&sample.account(), &transport).send(&text()).await.unwrap();
        assert_eq!(
            (accepted.sid.as_str(), accepted.status),
            (sample.message_sid(7).as_str(), MessageStatus::Queued)
        );
        let requests = transport.requests();
        let request: &Request<Bytes> = &requests[0];
        assert_eq!((request.method().as_str(), request.uri().to_string()), ("POST", list_url(&sample)));
        assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
        assert!(request.headers()["authorization"].is_sensitive());
        let callback = super::STATUS_URL.replace("/x/", &format!("/{}/", sample.provider));
        let expected = [
            ("To", "+14155552671"),
            ("From", "+14155550100"),
            ("Body", "Grüße & 100% +1 👋"),
            ("MediaUrl", "https://media.example.com/a.jpg?x=1&y=2"),
            ("MediaUrl", "https://media.example.com/b"),
            ("StatusCallback", &format!("{callback}{settings}")),
        ];
        assert_eq!(pairs(request.body()), expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
    }
}

#[tokio::test]
async fn twilio_sends_through_a_service_and_with_a_key_where_they_are_configured() {
    let account = ProviderAccount {
        config: [
            ("account_sid", TWILIO.remote_id),
            ("auth_token", "token"),
            ("api_key", "SK1"),
            ("api_secret", "s3cret"),
            ("messaging_service_sid", "MG00000000000000000000000000000002"),
        ]
        .into(),
        ..TWILIO.account()
    };
    let answer = message(&TWILIO, 7, &json!({"status": "accepted", "from": null})).to_string();
    let transport = Arc::new(ReplayTransport::new().answer(201, answer));
    let media_only = OutboundText { body: String::new(), ..text() };
    let accepted = messaging_of(&account, &transport).send(&media_only).await.unwrap();
    assert_eq!(accepted.status, MessageStatus::Accepted);
    let request = &transport.requests()[0];
    // base64 of `SK1:s3cret`.
    assert_eq!(request.headers()["authorization"], "Basic U0sxOnMzY3JldA==");
    let form = pairs(request.body());
    assert!(form.contains(&("From".to_owned(), "+14155550100".to_owned())));
    assert!(
        form.contains(&("MessagingServiceSid".to_owned(), "MG00000000000000000000000000000002".to_owned()))
    );
    assert!(form.iter().all(|(name, _)| name != "Body"));
}

#[tokio::test]
async fn a_message_is_read_with_its_cost() {
    for (price, segments, error) in
        [(json!("-0.00750"), json!("2"), json!(30003)), (json!(0.0075), json!(2), json!("30003"))]
    {
        for sample in SAMPLES {
            let changes = json!({"price": price, "num_segments": segments, "error_code": error, "status": "undelivered"});
            let transport =
                Arc::new(ReplayTransport::new().answer(200, message(&sample, 7, &changes).to_string()));
            let sid = sample.message_sid(7).parse().unwrap();
            let got = messaging_of(&sample.account(), &transport).fetch(&sid).await.unwrap();
            let url = list_url(&sample).replace("/Messages", &format!("/Messages/{sid}"));
            assert_eq!(transport.requests()[0].uri().to_string(), url);
            assert_eq!((got.sid, got.status, got.segments), (sid, Some(MessageStatus::Undelivered), Some(2)));
            assert_eq!(got.error.map(|code| code.0).as_deref(), Some("30003"));
            let cost = got.cost.unwrap();
            assert_eq!((cost.amount.get(), cost.currency.as_str()), (7_500, "USD"));
            assert_eq!(got.created_at, Timestamp::parse_rfc3339("2026-01-05T14:05:00Z"));
        }
    }
}

#[tokio::test]
async fn what_is_not_known_yet_is_none() {
    for sample in SAMPLES {
        let changes = json!({"status": "teleported", "num_segments": "0", "error_code": 0, "body": null, "date_created": "?"});
        let transport =
            Arc::new(ReplayTransport::new().answer(200, message(&sample, 7, &changes).to_string()));
        let got = messaging_of(&sample.account(), &transport)
            .fetch(&sample.message_sid(7).parse().unwrap())
            .await
            .unwrap();
        assert_eq!(
            (got.status, got.error, got.cost, got.segments, got.created_at),
            (None, None, None, None, None)
        );
        assert_eq!(got.body, "");
    }
}

#[tokio::test]
async fn a_search_follows_pages_and_sifts_what_the_provider_did_not() {
    for sample in SAMPLES {
        let path = list_url(&sample).split(".com").nth(1).unwrap().to_owned();
        let next = format!("{path}?Page=1&PageToken=PA1");
        let first = json!({"next_page_uri": next, "messages": [
            message(&sample, 1, &json!({"date_created": "Mon, 05 Jan 2026 14:04:59 +0000"})),
            message(&sample, 2, &json!({})),
            message(&sample, 3, &json!({"direction": "inbound"})),
            message(&sample, 4, &json!({"to": "+14155559999"})),
            message(&sample, 5, &json!({"from": "+14155559999"})),
        ]});
        let second = json!({"next_page_uri": null, "messages": [
            message(&sample, 6, &json!({"from": null, "status": "teleported"})),
        ]});
        let expected = format!("{}?Page=1&PageToken=PA1", list_url(&sample));
        let transport = Arc::new(ReplayTransport::new().answer(200, first.to_string()).then(
            move |request| assert_eq!(request.uri().to_string(), expected),
            Ok(telephony_testkit::replay::response(200, &[], second.to_string())),
        ));
        let found = messaging_of(&sample.account(), &transport).find(&query()).await.unwrap();
        let sids: Vec<String> = found.iter().map(|message| message.sid.to_string()).collect();
        assert_eq!(sids, [sample.message_sid(2), sample.message_sid(6)]);
        let asked = transport.requests()[0].uri().clone();
        let filter = pairs(asked.query().unwrap().as_bytes());
        let expected = [("To", "+14155552671"), ("From", "+14155550100"), ("PageSize", "200")];
        assert_eq!(filter, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
    }
}

#[tokio::test]
async fn a_search_never_leaves_the_list_and_never_passes_for_complete() {
    for sample in SAMPLES {
        let list = list_url(&sample);
        for next in [
            "https://evil.example/2010-04-01/Accounts".to_owned(),
            list.replace(".com", ".com.evil.example"),
            list.replace("https", "http"),
            list.replace("https://", "https://u:p@"),
            list.replace(".com/", ".com:444/"),
            list.replace("Messages", "Calls"),
            list.replace("Accounts/", "Accounts/X"),
            format!("//evil.example{}", list.split(".com").nth(1).unwrap()),
            "../x".to_owned(),
        ] {
            let page = json!({"next_page_uri": next, "messages": []});
            let transport = Arc::new(ReplayTransport::new().answer(200, page.to_string()));
            let error = messaging_of(&sample.account(), &transport).find(&query()).await.unwrap_err();
            assert_eq!(
                (error.kind(), error.effect()),
                (ErrorKind::UnexpectedResponse, Effect::Unknown),
                "{next}"
            );
        }
        let endless = json!({"next_page_uri": format!("{list}?Page=1"), "messages": []}).to_string();
        let transport = (0..20).fold(ReplayTransport::new(), |script, _| script.answer(200, endless.clone()));
        let error = messaging_of(&sample.account(), &Arc::new(transport)).find(&query()).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::UnexpectedResponse, Effect::Unknown));
    }
}

#[tokio::test]
async fn an_api_base_counts_only_on_a_local_stack() {
    let twilio = ProviderAccount {
        config: [
            ("account_sid", TWILIO.remote_id),
            ("auth_token", "t"),
            ("api_base", "http://127.0.0.1:4000/twilio/"),
        ]
        .into(),
        ..TWILIO.account()
    };
    let signalwire = ProviderAccount {
        config: [
            ("project_id", SIGNALWIRE.remote_id),
            ("token", "t"),
            ("space_url", "demo.signalwire.com"),
            ("api_base", "http://127.0.0.1:4000/signalwire"),
        ]
        .into(),
        ..SIGNALWIRE.account()
    };
    for ((account, sample), base) in [(twilio, TWILIO), (signalwire, SIGNALWIRE)].into_iter().zip([
        "http://127.0.0.1:4000/twilio/2010-04-01/",
        "http://127.0.0.1:4000/signalwire/api/laml/2010-04-01/",
    ]) {
        for (local, start) in [(true, base), (false, list_url(&sample).split("Accounts").next().unwrap())] {
            let path = list_url(&sample).split(".com").nth(1).unwrap().to_owned();
            let first = json!({"next_page_uri": format!("{path}?Page=1"), "messages": []}).to_string();
            let last = json!({"messages": []}).to_string();
            let transport = Arc::new(ReplayTransport::new().answer(200, first).answer(200, last));
            let environment = Environment { local, ..Environment::default() };
            let messaging =
                registry::messaging(account.provider).unwrap()(&account, &environment, transport.clone())
                    .unwrap();
            messaging.find(&query()).await.unwrap();
            for request in transport.requests() {
                assert!(request.uri().to_string().starts_with(start), "{}", request.uri());
            }
        }
    }
}

#[test]
fn an_account_that_cannot_be_used_is_a_matter_of_configuration() {
    let twilio = |sid, token, service| ProviderAccount {
        config: [("account_sid", sid), ("auth_token", token), ("messaging_service_sid", service)].into(),
        ..TWILIO.account()
    };
    let signalwire = |project, token, space| ProviderAccount {
        config: [("project_id", project), ("token", token), ("space_url", space)].into(),
        ..SIGNALWIRE.account()
    };
    let (sid, project, space) = (TWILIO.remote_id, SIGNALWIRE.remote_id, "demo.signalwire.com");
    for (account, usable) in [
        (twilio(sid, "t", ""), true),
        (twilio("", "t", ""), false),
        (twilio("AC1/../x", "t", ""), false),
        (twilio(sid, "", ""), false),
        (twilio(sid, "t", "MG1"), false),
        (signalwire(project, "t", space), true),
        (signalwire("", "t", space), false),
        (signalwire(project, "", space), false),
        (signalwire(project, "t", ""), false),
        (signalwire(project, "t", "evil.example"), false),
        (signalwire(project, "t", "demo.signalwire.com.evil.example"), false),
        (signalwire(project, "t", "Demo.signalwire.com"), false),
    ] {
        let environment = Environment::default();
        let built = registry::messaging(account.provider).unwrap()(
            &account,
            &environment,
            Arc::new(ReplayTransport::new()),
        );
        let media = registry::media(account.provider).unwrap()(&account, &environment);
        for kind in [built.as_ref().err().map(|e| e.kind()), media.as_ref().err().map(|e| e.kind())] {
            assert_eq!(kind, (!usable).then_some(ErrorKind::Config), "{account:?}");
        }
    }
}
