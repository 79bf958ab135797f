//! Reading verified webhooks.

use telephony::domain::address::Address;
use telephony::domain::status::MessageStatus;
use telephony::provider::registry;
use telephony::provider::webhooks::{Event, InboundText, Reply, StatusReport, WebhookError, WebhookKind};
use telephony_testkit::webhooks::{SAMPLES, Sample, form_body};

use super::{SMS_URL, STATUS_URL, inbound, status_report, verify};

fn parse(
    sample: &Sample,
    url: &str,
    params: &[(&str, &str)],
    kind: WebhookKind,
) -> Result<Event, WebhookError> {
    let request = sample.signed_form(sample.keys[0], url, &form_body(params));
    let mut events = registry::webhooks(sample.provider).parse(&verify(sample, &request)?, kind)?;
    assert_eq!(events.len(), 1);
    Ok(events.remove(0))
}

fn received(event: Result<Event, WebhookError>) -> InboundText {
    match event.unwrap() {
        Event::MessageReceived(text) => text,
        other => panic!("{other:?}"),
    }
}

fn reported(event: Result<Event, WebhookError>) -> StatusReport {
    match event.unwrap() {
        Event::MessageStatus(report) => report,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_inbound_text() {
    for sample in SAMPLES {
        let request = inbound(&sample);
        let events =
            registry::webhooks(sample.provider).parse(&verify(&sample, &request).unwrap(), WebhookKind::Sms);
        let [Event::MessageReceived(text)] = events.as_deref().unwrap() else { panic!("{events:?}") };
        assert_eq!(text.sid.as_str(), sample.message_sid(1));
        assert_eq!(text.from, Address::parse("+14155552671"));
        assert_eq!(text.to, Address::parse("+14155550100"));
        assert_eq!((text.body.as_str(), text.segments), ("Hi & bye +1 100%", Some(1)));
        assert!(text.media.is_empty() && !text.answered_by_provider);
    }
}

#[test]
fn media_are_read_up_to_the_limit_and_holes_are_skipped() {
    let urls: Vec<(String, String)> =
        (0..12).map(|n| (format!("MediaUrl{n}"), format!("https://m.example/{n}"))).collect();
    for (count, without, indexes) in [
        (Some("0"), None, vec![]),
        (Some("3"), Some(1), vec![0, 2]),
        (Some("9999"), None, (0..10).collect()),
        (Some("99999999999999999999"), Some(0), (1..10).collect::<Vec<u32>>()),
        (None, Some(4), vec![0, 1, 2, 3, 5, 6, 7, 8, 9]),
    ] {
        for sample in SAMPLES {
            let sid = sample.message_sid(1);
            let mut params = sample.inbound_params(&sid, "12345", "+14155550100", "");
            params.retain(|(name, _)| *name != "NumMedia");
            params.extend(count.map(|count| ("NumMedia", count)));
            params.push(("MediaContentType0", "image/jpeg"));
            let kept = urls.iter().enumerate().filter(|(n, _)| Some(*n) != without);
            params.extend(kept.map(|(_, (name, url))| (name.as_str(), url.as_str())));
            let text = received(parse(&sample, SMS_URL, &params, WebhookKind::Sms));
            assert_eq!(text.media.iter().map(|media| media.index).collect::<Vec<_>>(), indexes, "{count:?}");
            for media in text.media {
                assert_eq!(media.url, format!("https://m.example/{}", media.index));
                assert_eq!(media.content_type, if media.index == 0 { "image/jpeg" } else { "" });
            }
        }
    }
}

#[test]
fn a_status_report() {
    for sample in SAMPLES {
        let request = status_report(&sample);
        let webhooks = registry::webhooks(sample.provider);
        let events = webhooks.parse(&verify(&sample, &request).unwrap(), WebhookKind::StatusCallback);
        let report = reported(events.map(|mut events| events.remove(0)));
        assert_eq!(report.sid.as_str(), sample.message_sid(2));
        assert_eq!(report.callback_id.as_deref(), Some("01ABC.d-1"));
        assert_eq!(report.status, Some(MessageStatus::Undelivered));
        assert_eq!(report.error.map(|code| code.0).as_deref(), Some("30034"));
        assert_eq!(report.at, None);
    }
}

#[test]
fn status_words_codes_and_callback_ids() {
    let url = |query: &str| format!("{}{query}", STATUS_URL.split('?').next().unwrap());
    for sample in SAMPLES {
        let sid = sample.message_sid(2);
        let report = |word: &str, code: Option<&str>, query: &str| {
            let mut params = sample.status_params(&sid, word);
            params.extend(code.map(|code| ("ErrorCode", code)));
            reported(parse(&sample, &url(query), &params, WebhookKind::StatusCallback))
        };
        let new = report("teleported", None, "?m=x");
        assert_eq!((new.status, new.provider_status.as_str()), (None, "teleported"));
        for (code, kept) in
            [(None, None), (Some("0"), None), (Some(""), None), (Some("30003"), Some("30003"))]
        {
            let error = report("sent", code, "?m=x").error;
            assert_eq!(error.map(|code| code.0).as_deref(), kept);
        }
        for (query, id) in [
            ("", None),
            ("?m=a%2Fb%20c", Some("a/b c")),
            ("?x=1&m=a+b&mm=2", Some("a+b")),
            ("?m=a&m=b", None),
            ("?m=%ff", None),
            ("?m=", Some("")),
        ] {
            assert_eq!(report("sent", None, query).callback_id.as_deref(), id, "{query}");
        }
    }
}

#[test]
fn billed_segments_are_read_where_they_can_be_true() {
    for sample in SAMPLES {
        let sid = sample.message_sid(2);
        for (told, segments) in [
            (None, None),
            (Some("2"), Some(2)),
            (Some("0"), None),
            (Some("50"), None),
            (Some("99999999999999999999"), None),
            (Some("two"), None),
        ] {
            let mut params = sample.status_params(&sid, "sent");
            params.extend(told.map(|count| ("NumSegments", count)));
            let report = reported(parse(&sample, STATUS_URL, &params, WebhookKind::StatusCallback));
            assert_eq!((report.bill.segments, report.bill.cost), (segments, None), "{told:?}");
            assert_eq!(report.status, Some(MessageStatus::Sent));
        }
    }
}

#[test]
fn what_is_posted_to_the_wrong_url_is_told_apart() {
    for sample in SAMPLES {
        let sid = sample.message_sid(2);
        let inbound = sample.inbound_params(&sid, "+14155552671", "+14155550100", "hi");
        let status = sample.status_params(&sid, "sent");
        for (params, kind) in [(&inbound, WebhookKind::StatusCallback), (&status, WebhookKind::Sms)] {
            let event = parse(&sample, SMS_URL, params, kind).unwrap();
            assert!(matches!(event, Event::Unrecognised { .. }), "{event:?}");
        }
    }
}

#[test]
fn new_parameters_are_welcome_and_broken_ones_are_not() {
    for sample in SAMPLES {
        let sid = sample.message_sid(2);
        let good = sample.inbound_params(&sid, "+14155552671", "+14155550100", "hi");
        let mut more = good.clone();
        more.extend([
            ("ChannelMetadata", r#"{"type":"whatsapp","data":{"a":"b&c=d"}}"#),
            ("FromCity", ""),
            ("NumMediaFuture", "x"),
            ("Brand.New_Thing-1[0]", "\u{0}\r\n😀"),
            ("OptOutType", ""),
            ("Repeated", "1"),
            ("Repeated", "2"),
        ]);
        received(parse(&sample, SMS_URL, &more, WebhookKind::Sms));
        for name in ["AccountSid", "MessageSid", "From", "To", "Body"] {
            let without: Vec<_> = good.iter().copied().filter(|(other, _)| *other != name).collect();
            assert!(matches!(
                parse(&sample, SMS_URL, &without, WebhookKind::Sms),
                Err(WebhookError::Malformed(_))
            ));
            let value = good.iter().find(|(other, _)| *other == name).unwrap();
            let twice = [good.as_slice(), &[*value]].concat();
            let refused = parse(&sample, SMS_URL, &twice, WebhookKind::Sms);
            assert!(matches!(refused, Err(WebhookError::Malformed(_))), "{name} twice: {refused:?}");
        }
        for (name, value) in [
            ("MessageSid", "SM1"),
            ("MessageSid", ""),
            ("MessageSid", "SM0000000000000000000000000000000g"),
            ("From", "+14155552671FromCitySAN FRANCISCO"),
            ("From", "ACMEFromZip"),
            ("To", "+14155550100ToCountryUS"),
            ("To", "+1415x"),
            ("NumMedia", "-1"),
            ("NumMedia", "0NumSegments1"),
            ("NumMedia", ""),
            ("NumSegments", "one"),
            ("ApiVersion", "2010-04-01BodySTOP"),
        ] {
            let mut params = good.clone();
            params.retain(|(other, _)| *other != name);
            params.push((name, value));
            let refused = parse(&sample, SMS_URL, &params, WebhookKind::Sms);
            assert!(matches!(refused, Err(WebhookError::Malformed(_))), "{name}={value}: {refused:?}");
        }
        for name in
            ["Key with spaces", "", "NumMedia0", "NumSegments1", "ErrorCode30003", "OptOutTypeSTOP", "é"]
        {
            let mut params = good.clone();
            params.retain(|(other, _)| !name.starts_with(other));
            params.push((name, ""));
            let refused = parse(&sample, SMS_URL, &params, WebhookKind::Sms);
            assert!(matches!(refused, Err(WebhookError::Malformed(_))), "{name:?}: {refused:?}");
        }
    }
}

#[test]
fn nobody_is_refused_for_who_they_are() {
    for from in [
        "+266696687",
        "12345",
        "ACME",
        "MediaMarkt",
        "Toyota",
        "whatsapp:+14155552671",
        "sip:bob@example.com",
        "messenger:1234",
        "sip:+1415@example.com",
        "",
        "anonymous",
        "client:alice",
        "4INFO",
        "+1",
    ] {
        for sample in SAMPLES {
            let sid = sample.message_sid(2);
            let params = sample.inbound_params(&sid, from, "+14155550100", "hi");
            assert_eq!(
                received(parse(&sample, SMS_URL, &params, WebhookKind::Sms)).from,
                Address::parse(from)
            );
        }
    }
}

#[test]
fn a_text_is_not_lost_over_a_byte_that_is_not_utf8() {
    for sample in SAMPLES {
        let sid = sample.message_sid(2);
        let body = form_body(&sample.inbound_params(&sid, "+14155552671", "+14155550100", "BODY"));
        let request = sample.signed_form(sample.keys[0], SMS_URL, &body.replace("BODY", "a%ffb"));
        let webhooks = registry::webhooks(sample.provider);
        let events = webhooks.parse(&verify(&sample, &request).unwrap(), WebhookKind::Sms);
        assert_eq!(received(events.map(|mut events| events.remove(0))).body, "a\u{fffd}b");
        let request = sample.signed_form(sample.keys[0], SMS_URL, &body.replace("%2B14155552671", "%ff"));
        let events = webhooks.parse(&verify(&sample, &request).unwrap(), WebhookKind::Sms);
        assert_eq!(events, Err(WebhookError::Malformed("a value is not UTF-8")));
    }
}

#[test]
fn only_twilio_answers_for_us() {
    for sample in SAMPLES {
        let sid = sample.message_sid(2);
        let params = sample.inbound_params(&sid, "+14155552671", "+14155550100", "Stop");
        let text = received(parse(&sample, SMS_URL, &params, WebhookKind::Sms));
        assert_eq!(text.answered_by_provider, registry::capabilities(sample.provider).manages_opt_outs);
    }
}

#[test]
fn the_answer_is_an_empty_document() {
    for sample in SAMPLES {
        let reply = registry::webhooks(sample.provider).respond(Reply::Empty);
        assert_eq!((reply.status, reply.content_type), (200, "text/xml"));
        assert_eq!(reply.body, r#"<?xml version="1.0" encoding="UTF-8"?><Response></Response>"#);
    }
}
