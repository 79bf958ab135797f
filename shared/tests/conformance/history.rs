//! What an account has received, as the provider's list has it.

use std::sync::Arc;

use serde_json::{Value, json};
use telephony::domain::timestamp::Timestamp;
use telephony::provider::error::{Effect, ErrorKind};
use telephony::provider::history::InboundHistory;
use telephony::provider::request::InboundRequest;
use telephony::provider::webhooks::{Event, WebhookKind};
use telephony::provider::{Environment, registry};
use telephony_testkit::facts::facts;
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::webhooks::{SAMPLES, SIGNALWIRE, Sample, TWILIO, form_body};

use super::calls_compat::{api, id, pairs, suffix};
use super::documents::{signalwire_api, twilio_api};
use super::openapi::{check_answer, check_request};

fn history(sample: &Sample, transport: &Arc<ReplayTransport>) -> Box<dyn InboundHistory> {
    let factory = registry::inbound_history(sample.provider).unwrap();
    factory(&sample.account(), &Environment::default(), transport.clone()).ok().unwrap()
}

fn moment(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

fn since() -> Timestamp {
    moment("2026-01-05T14:00:00.500Z")
}

fn until() -> Timestamp {
    moment("2026-01-05T14:10:00Z")
}

fn message(sample: &Sample, n: u32, changes: &Value) -> Value {
    let mut message = json!({
        "sid": sample.message_sid(n), "status": "received", "direction": "inbound",
        "from": "+14155552671", "to": "+14155550100", "body": "hi & bye", "num_media": "0",
        "date_created": "Mon, 05 Jan 2026 14:05:00 +0000", "date_sent": "Mon, 05 Jan 2026 14:05:00 +0000",
        "num_segments": "2", "price": null, "price_unit": "USD", "error_code": null,
    });
    for (name, value) in changes.as_object().unwrap() {
        message[name] = value.clone();
    }
    message
}

#[tokio::test]
async fn the_list_is_asked_from_the_day_before_and_sifted() {
    for sample in SAMPLES {
        let list = api(&sample, "Messages");
        let path = list.split(".com").nth(1).unwrap().to_owned();
        let at = |time: &str| json!({"date_created": format!("Mon, 05 Jan 2026 {time} +0000")});
        let first = json!({"next_page_uri": format!("{path}?Page=1&PageToken=PA1"), "messages": [
            message(&sample, 1, &at("14:10:00")),
            message(&sample, 2, &json!({"direction": "outbound-api"})),
            message(&sample, 3, &json!({"num_media": 2, "num_segments": 1, "body": null})),
            message(&sample, 4, &at("14:00:01")),
            message(&sample, 5, &at("14:00:00")),
            message(&sample, 6, &json!({"direction": null})),
        ]});
        let last = json!({"messages": [
            message(&sample, 7, &json!({"date_created": null, "date_sent": null})),
            message(&sample, 8, &json!({"from": null})),
            message(&sample, 9, &json!({"sid": ""})),
            message(&sample, 10, &json!({"date_created": null})),
        ]});
        let transport =
            Arc::new(ReplayTransport::new().answer(200, first.to_string()).answer(200, last.to_string()));
        let page = history(&sample, &transport).received(since(), until(), None).await.unwrap();
        let sids = |page: &[telephony::provider::history::RemoteInbound]| {
            page.iter().map(|found| found.text.sid.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(sids(&page.items), [sample.message_sid(3), sample.message_sid(4)]);
        assert_eq!((page.items[0].media, page.items[0].text.segments), (2, Some(1)));
        assert_eq!((page.items[1].media, page.items[1].text.segments), (0, Some(2)));
        assert_eq!(page.items[0].text.body, "");
        assert_eq!(page.items[1].at, moment("2026-01-05T14:00:01Z"));
        let next = page.next.unwrap();
        let page = history(&sample, &transport).received(since(), until(), Some(&next)).await.unwrap();
        // What cannot be read stops nobody, and a time is a time.
        assert_eq!((sids(&page.items), page.next), (vec![sample.message_sid(10)], None));
        let urls: Vec<_> = transport.requests().iter().map(|request| request.uri().clone()).collect();
        assert_eq!(urls[0].path(), path);
        assert_eq!(
            pairs(urls[0].query().unwrap().as_bytes()),
            [("DateSent>", "2026-01-04"), ("PageSize", "200")].map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
        assert_eq!(urls[1].to_string(), format!("{list}?Page=1&PageToken=PA1"));
    }
}

/// The list and the webhook must lead to one message: the same text, to the byte.
#[tokio::test]
async fn a_text_of_the_list_is_the_text_of_the_webhook() {
    for sample in SAMPLES {
        let (sid, media) = (sample.message_sid(1), id(&sample, "ME", 1));
        let url = api(&sample, &format!("Messages/{sid}/Media/{media}"));
        let url = url.strip_suffix(suffix(&sample)).unwrap();
        for (from, body) in
            [("+14155552671", "Hi & bye +1 100% 👋"), ("+266696687", ""), ("12345", " STOP\n")]
        {
            let mut params = sample.inbound_params(&sid, from, "+14155550100", body);
            params.retain(|(name, _)| !matches!(*name, "NumMedia" | "NumSegments"));
            params.extend([("NumMedia", "1"), ("NumSegments", "1"), ("MediaUrl0", url)]);
            params.push(("MediaContentType0", "image/jpeg"));
            let request: InboundRequest =
                sample.signed_form(sample.keys[0], super::SMS_URL, &form_body(&params));
            let verified = super::verify(&sample, &request).unwrap();
            let events = registry::webhooks(sample.provider).parse(&verified, WebhookKind::Sms).unwrap();
            let [Event::MessageReceived(brought)] = events.as_slice() else { panic!("{events:?}") };

            let changes = json!({"from": from, "body": body, "num_media": 1, "num_segments": 1});
            let page = json!({"messages": [message(&sample, 1, &changes)]}).to_string();
            let files = json!({"media_list": [{"sid": media, "content_type": "image/jpeg"}]}).to_string();
            let transport = Arc::new(ReplayTransport::new().answer(200, page).answer(200, files));
            let history = history(&sample, &transport);
            let listed = history.received(since(), until(), None).await.unwrap().items.remove(0);
            let mut found = listed.text;
            found.media = history.media(&found.sid).await.unwrap();
            // What the provider answers by itself is not in its list.
            found.answered_by_provider = brought.answered_by_provider;
            assert_eq!(found, *brought);
            assert_eq!(
                transport.requests()[1].uri().to_string(),
                api(&sample, &format!("Messages/{sid}/Media"))
            );
        }
    }
}

#[tokio::test]
async fn a_list_that_shows_itself_newest_first_is_left_when_it_is_past() {
    for sample in SAMPLES {
        let next = format!("{}?Page=1", api(&sample, "Messages"));
        let dated = |n, date: &str, sent: Value| {
            message(
                &sample,
                n,
                &json!({"date_created": format!("Mon, 05 Jan 2026 {date} +0000"), "date_sent": sent}),
            )
        };
        let late = || json!("Mon, 05 Jan 2026 14:30:00 +0000");
        for (messages, goes_on) in [
            (vec![dated(1, "14:05:00", Value::Null), dated(2, "13:00:00", Value::Null)], false),
            // Not yet far enough.
            (vec![dated(1, "14:05:00", Value::Null), dated(2, "13:00:01", Value::Null)], true),
            // Oldest first: the new ones are still to come.
            (vec![dated(1, "12:00:00", Value::Null), dated(2, "12:30:00", Value::Null)], true),
            (vec![dated(1, "12:00:00", Value::Null)], true),
            // Written long ago, and sent now.
            (vec![dated(1, "14:40:00", Value::Null), dated(2, "12:00:00", late())], true),
            (vec![], true),
        ] {
            let page = json!({"next_page_uri": next, "messages": messages}).to_string();
            let transport = Arc::new(ReplayTransport::new().answer(200, page));
            let page = history(&sample, &transport).received(since(), until(), None).await.unwrap();
            assert_eq!(page.next.is_some(), goes_on, "{messages:?}");
        }
    }
}

#[tokio::test]
async fn a_page_and_an_id_lead_nowhere_else() {
    for sample in SAMPLES {
        let list = api(&sample, "Messages");
        for page in [
            "https://evil.example/".to_owned(),
            list.replace(".com", ".com.evil.example"),
            list.replace("https://", "https://u:p@"),
            list.replace("Messages", "Calls"),
            "//evil.example/x".to_owned(),
        ] {
            let kept = Arc::new(ReplayTransport::new());
            let error = history(&sample, &kept).received(since(), until(), Some(&page)).await.unwrap_err();
            assert_eq!(
                (error.kind(), error.effect()),
                (ErrorKind::InvalidRequest, Effect::NotSent),
                "{page}"
            );
            let named = json!({"next_page_uri": page, "messages": []}).to_string();
            let named = Arc::new(ReplayTransport::new().answer(200, named));
            let error = history(&sample, &named).received(since(), until(), None).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedResponse, "{page}");
        }
        let sid = "SM_1".parse().unwrap();
        let error = history(&sample, &Arc::new(ReplayTransport::new())).media(&sid).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::InvalidRequest, Effect::NotSent));
        let files = json!({"media_list": [{"sid": "../x", "content_type": null}]}).to_string();
        let transport = Arc::new(ReplayTransport::new().answer(200, files));
        let sid = sample.message_sid(1).parse().unwrap();
        let error = history(&sample, &transport).media(&sid).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
    }
}

#[tokio::test]
async fn requests_and_answers_are_in_the_openapi_documents() {
    let Some(facts) = facts() else { return };
    let mut twilio = twilio_api(&facts);
    let filters =
        &mut twilio["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"]["get"]["parameters"];
    let filters = filters.as_array_mut().unwrap().iter_mut();
    for filter in filters.filter(|filter| filter["name"] == "DateSent>") {
        // The schema asks for a time where the words and the first example have a day.
        assert_eq!(filter["examples"]["readFullPage1"]["value"], "2008-01-02");
        filter["schema"].as_object_mut().unwrap().remove("format");
    }
    let signalwire = signalwire_api(&facts);
    let server = signalwire["servers"][0]["url"].as_str().unwrap().to_owned();
    let base = server.split(".signalwire.com").nth(1).unwrap().to_owned();
    for (sample, document, base) in [(TWILIO, &twilio, ""), (SIGNALWIRE, &signalwire, base.as_str())] {
        let transport = Arc::new(ReplayTransport::new().answer(500, "").answer(500, ""));
        let history = history(&sample, &transport);
        let _ = history.received(since(), until(), None).await;
        let _ = history.media(&sample.message_sid(1).parse().unwrap()).await;
        for request in transport.requests() {
            check_request(document, base, &request);
        }
    }
    let path =
        format!("/2010-04-01/Accounts/{}/Messages/{}/Media.json", TWILIO.remote_id, TWILIO.message_sid(1));
    let media = "ME00000000000000000000000000000001";
    let answer = json!({"media_list": [{"sid": media, "content_type": "image/jpeg"}]});
    check_answer(&twilio, "", "get", &path, 200, &answer);
}

/// The document's own page of received and sent messages.
#[tokio::test]
async fn the_example_pages_of_twilios_document_are_read() {
    let Some(facts) = facts() else { return };
    let document = twilio_api(&facts);
    let examples = |path: &str| {
        let answers = &document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"];
        answers["examples"].as_object().unwrap().values().map(|one| one["value"].clone()).collect::<Vec<_>>()
    };
    for mut page in examples("/2010-04-01/Accounts/{AccountSid}/Messages.json") {
        page["next_page_uri"] = Value::Null;
        let received = page["messages"].as_array().unwrap().iter().filter(|m| m["direction"] == "inbound");
        let expected = received.count();
        let transport = Arc::new(ReplayTransport::new().answer(200, page.to_string()));
        let all = (Timestamp::from_millis(0), moment("2100-01-01T00:00:00Z"));
        let got = history(&TWILIO, &transport).received(all.0, all.1, None).await.unwrap();
        assert_eq!(got.items.len(), expected);
    }
    for files in examples("/2010-04-01/Accounts/{AccountSid}/Messages/{MessageSid}/Media.json") {
        let expected = files["media_list"].as_array().unwrap().len();
        let transport = Arc::new(ReplayTransport::new().answer(200, files.to_string()));
        let sid = TWILIO.message_sid(1).parse().unwrap();
        assert_eq!(history(&TWILIO, &transport).media(&sid).await.unwrap().len(), expected);
    }
}
