//! Where events go: what is read, what counts as drift, and what is written then.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use telephony::domain::secret::Secret;
use telephony::provider::account::ProviderAccount;
use telephony::provider::audit::{Drift, NUMBER, Subject, Wanted, WebhookAudit};
use telephony::provider::error::{Effect, ErrorKind};
use telephony::provider::{Environment, ProviderId, registry};
use telephony_testkit::fixture::fixture;
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::webhooks::{SAMPLES, Sample, TWILIO};

use super::calls_compat::{api, id, pairs};
use super::numbers_compat::{PHONE, number, written};

pub(crate) const BASE: &str = "https://phone.example.com/prod";
pub(crate) const SERVICE: &str = "MG00000000000000000000000000000001";

pub(crate) fn audit_of(account: &ProviderAccount, transport: &Arc<ReplayTransport>) -> Box<dyn WebhookAudit> {
    registry::webhook_audit(account.provider).unwrap()(account, &Environment::default(), transport.clone())
        .ok()
        .unwrap()
}

pub(crate) fn audit(provider: ProviderId, transport: &Arc<ReplayTransport>) -> Box<dyn WebhookAudit> {
    audit_of(&fixture(provider).account, transport)
}

/// Twilio's sample, with a messaging service.
pub(crate) fn with_service() -> ProviderAccount {
    let mut account = TWILIO.account();
    account.config.set("messaging_service_sid", Secret::new(SERVICE));
    account
}

pub(crate) fn wanted(messaging: bool, voice: bool) -> Wanted {
    Wanted { base: BASE.to_owned(), messaging, voice }
}

pub(crate) fn drift(field: &'static str, expected: &str) -> Drift {
    Drift { field, expected: expected.to_owned(), found: "x".to_owned(), writable: true }
}

pub(crate) fn fields(drifts: &[Drift]) -> Vec<&'static str> {
    drifts.iter().map(|drift| drift.field).collect()
}

fn json_of(request: &Request<Bytes>) -> Value {
    serde_json::from_slice(request.body()).unwrap()
}

/// A number as the adapter that configures numbers leaves it.
fn clean(sample: &Sample) -> Value {
    let mut changes = json!({"api_version": "2010-04-01", "status": "in-use", "voice_receive_mode": "voice"});
    for (name, value) in written(sample) {
        let snake = name.chars().fold(String::new(), |mut snake, letter| {
            if letter.is_ascii_uppercase() && !snake.is_empty() {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
            snake
        });
        changes[snake] = json!(value);
    }
    number(sample, 1, &changes)
}

/// The subject that a page with this number makes.
async fn listed(sample: &Sample, wire: &Value) -> Subject {
    let page = json!({"incoming_phone_numbers": [wire]}).to_string();
    let transport = Arc::new(ReplayTransport::new().answer(200, page));
    audit(sample.provider, &transport).numbers(None).await.unwrap().items.remove(0)
}

#[tokio::test]
async fn what_is_configured_is_no_drift_and_everything_else_is() {
    for sample in SAMPLES {
        let compare = audit(sample.provider, &Arc::new(ReplayTransport::new()));
        let subject = listed(&sample, &clean(&sample)).await;
        assert_eq!((subject.kind, subject.phone.as_ref().unwrap().expose()), (NUMBER, PHONE));
        assert_eq!(
            (subject.id.clone(), subject.mark.as_deref()),
            (id(&sample, "PN", 1), Some("tandem prod"))
        );
        assert_eq!(compare.drifts(&subject, &wanted(true, true)), []);
        for (field, value, texts, calls) in [
            ("sms_url", json!("https://x.example"), 1, 0),
            ("sms_url", Value::Null, 1, 0),
            ("sms_method", json!("GET"), 1, 0),
            ("sms_fallback_url", json!(""), 1, 0),
            ("sms_fallback_method", json!("GET"), 1, 0),
            ("sms_application_sid", json!("AP1"), 1, 0),
            ("trunk_sid", json!("TK1"), 0, 1),
            ("voice_application_sid", json!("AP1"), 0, 1),
            ("voice_receive_mode", json!("fax"), 0, 1),
            ("voice_url", json!("https://x.example"), 0, 1),
            ("voice_method", json!("GET"), 0, 1),
            ("voice_fallback_url", Value::Null, 0, 1),
            ("voice_fallback_method", json!("GET"), 0, 1),
            ("status_callback", json!("https://x.example"), 0, 1),
            ("status_callback_method", json!("GET"), 0, 1),
            ("api_version", json!("2008-08-01"), 1, 1),
            ("status", json!("suspended"), 1, 1),
        ] {
            let mut changed = clean(&sample);
            changed[field] = value;
            let subject = listed(&sample, &changed).await;
            for (messaging, voice, count) in [(true, false, texts), (false, true, calls)] {
                let drifts = compare.drifts(&subject, &wanted(messaging, voice));
                assert_eq!(fields(&drifts), vec![field; count], "{} {field}", sample.provider);
                assert!(drifts.iter().all(|drift| drift.writable == (field != "status")));
            }
        }
        // What a provider does not tell is not missing.
        let mut terse = clean(&sample);
        for field in ["api_version", "status", "voice_receive_mode"] {
            terse.as_object_mut().unwrap().remove(field);
        }
        assert_eq!(compare.drifts(&listed(&sample, &terse).await, &wanted(true, true)), []);
    }
}

#[tokio::test]
async fn only_what_drifted_is_written() {
    for sample in SAMPLES {
        let answer = clean(&sample).to_string();
        let transport = Arc::new(ReplayTransport::new().answer(200, answer));
        let subject = listed(&sample, &clean(&sample)).await;
        let drifts =
            [drift("sms_fallback_url", "https://a.example/?x=1#y"), drift("voice_application_sid", "")];
        audit(sample.provider, &transport).repair(&subject, &drifts).await.unwrap();
        let requests = transport.requests();
        let request = &requests[0];
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri().to_string(), api(&sample, &format!("IncomingPhoneNumbers/{}", subject.id)));
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            pairs(request.body()),
            [pair("SmsFallbackUrl", "https://a.example/?x=1#y"), pair("VoiceApplicationSid", "")]
        );
    }
}

#[tokio::test]
async fn a_page_is_followed_and_leads_nowhere_else() {
    for sample in SAMPLES {
        let list = api(&sample, "IncomingPhoneNumbers");
        let next = format!("{}?Page=1&PageToken=PA1", list.split(".com").nth(1).unwrap());
        let first = json!({"next_page_uri": next, "incoming_phone_numbers": [
            clean(&sample), number(&sample, 2, &json!({"phone_number": "12345"})),
        ]});
        let last = json!({"incoming_phone_numbers": []});
        let transport =
            Arc::new(ReplayTransport::new().answer(200, first.to_string()).answer(200, last.to_string()));
        let audit_here = audit(sample.provider, &transport);
        let page = audit_here.numbers(None).await.unwrap();
        assert_eq!(page.items.len(), 1, "short codes are left out");
        assert_eq!(audit_here.numbers(page.next.as_deref()).await.unwrap().next, None);
        assert_eq!(transport.requests()[1].uri().to_string(), format!("{list}?Page=1&PageToken=PA1"));
        for page in ["https://evil.example/", "//evil.example/x", ""] {
            let made_up = audit(sample.provider, &Arc::new(ReplayTransport::new())).numbers(Some(page)).await;
            let error = made_up.unwrap_err();
            assert_eq!((error.kind(), error.effect()), (ErrorKind::InvalidRequest, Effect::NotSent));
        }
        let odd = Subject { id: "../x".into(), ..listed(&sample, &clean(&sample)).await };
        let nowhere = audit(sample.provider, &Arc::new(ReplayTransport::new()));
        assert_eq!(nowhere.read(&odd).await.unwrap_err().effect(), Effect::NotSent);
        let written = nowhere.repair(&odd, &[drift("sms_url", "x")]).await;
        assert_eq!(written.unwrap_err().effect(), Effect::NotSent);
    }
}

#[tokio::test]
async fn a_number_that_is_gone_is_no_error() {
    for provider in ProviderId::ALL {
        // Retell says 422 for what is not there.
        for status in if provider == ProviderId::Retell { vec![404, 422] } else { vec![404] } {
            let transport = Arc::new(ReplayTransport::new().answer(status, "{}"));
            let phone = Some(PHONE.parse().unwrap());
            let number = Subject { phone, ..Subject::absent(NUMBER, fixture(provider).sid("PN").as_str()) };
            assert_eq!(audit(provider, &transport).read(&number).await.unwrap(), None, "{provider}");
        }
    }
}

#[tokio::test]
async fn twilio_handles_calls_in_one_region_and_says_so_elsewhere() {
    let region = |word: Value| json!({"phone_number": PHONE, "voice_region": word}).to_string();
    let subject = listed(&TWILIO, &clean(&TWILIO)).await;
    for (status, body, drifts) in [
        (200, region(json!("us1")), vec![]),
        (200, region(json!("ie1")), vec!["voice_region"]),
        (200, region(Value::Null), vec![]),
        (404, String::new(), vec![]),
        // Credentials that may do other things.
        (403, String::new(), vec![]),
    ] {
        let transport = Arc::new(ReplayTransport::new().answer(status, body));
        let audit = audit_of(&TWILIO.account(), &transport);
        let complete = audit.complete(subject.clone()).await.unwrap().unwrap();
        assert_eq!(fields(&audit.drifts(&complete, &wanted(true, true))), drifts, "{status}");
        assert_eq!(fields(&audit.drifts(&complete, &wanted(true, false))), [""; 0], "texts have no region");
        let asked = transport.requests()[0].uri().to_string();
        assert_eq!(asked, "https://routes.twilio.com/v2/PhoneNumbers/%2B14155550100");
    }
    for (status, body) in [(401, ""), (500, ""), (200, "7")] {
        let transport = Arc::new(ReplayTransport::new().answer(status, body));
        assert!(audit_of(&TWILIO.account(), &transport).complete(subject.clone()).await.is_err(), "{status}");
    }
    let script =
        ReplayTransport::new().answer(200, clean(&TWILIO).to_string()).answer(200, region(json!("us1")));
    let transport = Arc::new(script);
    let drifts = [drift("voice_region", "us1"), drift("sms_method", "POST")];
    audit_of(&TWILIO.account(), &transport).repair(&subject, &drifts).await.unwrap();
    let bodies: Vec<_> = transport.requests().iter().map(|request| request.body().clone()).collect();
    assert_eq!(bodies, ["SmsMethod=POST", "VoiceRegion=us1"]);
}

#[tokio::test]
async fn twilios_messaging_service_is_the_one_of_the_account() {
    let to = |path: &str| format!("{BASE}/api/webhooks/twilio/{path}#rc=2&rp=5xx,ct,rt");
    let service = json!({
        "sid": SERVICE, "friendly_name": "texts", "use_inbound_webhook_on_number": true,
        "inbound_request_url": to("sms"), "inbound_method": "POST", "fallback_url": to("sms"),
        "fallback_method": "POST", "status_callback": to("status-callback"),
    });
    let mut adrift = service.clone();
    adrift["use_inbound_webhook_on_number"] = json!(false);
    adrift["status_callback"] = Value::Null;
    let script = ReplayTransport::new().answer(200, service.to_string()).answer(200, adrift.to_string());
    let transport = Arc::new(script.answer(404, "").answer(200, service.to_string()));
    let audit_here = audit_of(&with_service(), &transport);
    let all = wanted(true, true);
    let shared = audit_here.shared().await.unwrap();
    assert_eq!(
        (shared.len(), shared[0].kind, shared[0].mark.as_deref()),
        (1, "messaging_service", Some("texts"))
    );
    assert_eq!(audit_here.drifts(&shared[0], &all), []);
    let shared = audit_here.shared().await.unwrap();
    let drifts = audit_here.drifts(&shared[0], &all);
    assert_eq!(fields(&drifts), ["use_inbound_webhook_on_number", "status_callback"]);
    let gone = audit_here.shared().await.unwrap();
    assert_eq!(fields(&audit_here.drifts(&gone[0], &all)), ["id"]);
    audit_here.repair(&shared[0], &drifts).await.unwrap();
    let requests = transport.requests();
    assert_eq!(requests[3].uri().to_string(), format!("https://messaging.twilio.com/v1/Services/{SERVICE}"));
    let expected =
        [("UseInboundWebhookOnNumber", "true".to_owned()), ("StatusCallback", to("status-callback"))];
    assert_eq!(pairs(requests[3].body()), expected.map(|(name, value)| (name.to_owned(), value)));
    // Without one there is nothing that numbers share, here and at SignalWire.
    for sample in SAMPLES {
        let transport = Arc::new(ReplayTransport::new());
        assert_eq!(audit(sample.provider, &transport).shared().await.unwrap(), []);
    }
}

#[tokio::test]
async fn telnyx_sends_events_where_application_and_profile_say() {
    let (all, url) = (wanted(true, true), format!("{BASE}/api/webhooks/telnyx"));
    let application = json!({"data": {
        "application_name": "calls", "active": true, "webhook_api_version": "1", "webhook_event_url": url,
        "webhook_event_failover_url": null, "webhook_timeout_secs": 25,
    }});
    let profile = json!({"data": {
        "name": "texts", "enabled": false, "webhook_api_version": "2", "webhook_url": url,
        "webhook_failover_url": url, "whitelisted_destinations": [],
    }});
    let script = ReplayTransport::new().answer(200, application.to_string()).answer(200, profile.to_string());
    let script = script.answer(200, application.to_string()).answer(200, profile.to_string());
    let transport = Arc::new(script.answer(404, "").answer(404, ""));
    let audit_here = audit(ProviderId::Telnyx, &transport);
    let shared = audit_here.shared().await.unwrap();
    let drifts: Vec<Vec<Drift>> = shared.iter().map(|one| audit_here.drifts(one, &all)).collect();
    assert_eq!(
        fields(&drifts[0]),
        ["webhook_api_version", "webhook_event_failover_url", "webhook_timeout_secs"]
    );
    assert_eq!(fields(&drifts[1]), ["enabled", "whitelisted_destinations"]);
    for (subject, drifts) in shared.iter().zip(&drifts) {
        audit_here.repair(subject, drifts).await.unwrap();
    }
    let requests = transport.requests();
    assert_eq!(
        json_of(&requests[2]),
        json!({"application_name": "calls", "webhook_event_url": url, "webhook_api_version": "2",
            "webhook_event_failover_url": url, "webhook_timeout_secs": 10})
    );
    assert_eq!(json_of(&requests[3]), json!({"enabled": true, "whitelisted_destinations": ["US", "CA"]}));
    let gone = audit_here.shared().await.unwrap();
    assert!(gone.iter().all(|one| fields(&audit_here.drifts(one, &all)) == ["id"]));
}

#[tokio::test]
async fn telnyxs_numbers_name_a_connection_and_a_profile() {
    let account = fixture(ProviderId::Telnyx).account;
    let setting = |name| account.config.get(name).unwrap().expose().to_owned();
    let (connection, profile) = (setting("connection_id"), setting("messaging_profile_id"));
    let wire = json!({
        "id": "7", "phone_number": PHONE, "status": "active", "customer_reference": "m",
        "connection_id": connection, "messaging_profile_id": profile,
    });
    let subject = |changes: Value, voice: Value| {
        let mut wire = wire.clone();
        wire.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let page = json!({"data": [wire], "meta": {"page_number": 1, "total_pages": 1}}).to_string();
        let script = ReplayTransport::new().answer(200, page).answer(200, json!({"data": voice}).to_string());
        async move {
            let audit = audit(ProviderId::Telnyx, &Arc::new(script));
            let listed = audit.numbers(None).await.unwrap().items.remove(0);
            let complete = audit.complete(listed).await.unwrap().unwrap();
            let found = |messaging, voice| fields(&audit.drifts(&complete, &wanted(messaging, voice)));
            (found(true, false), found(false, true))
        }
    };
    let forwarding = |on: bool, kind: &str, to: &str| {
        json!({"call_forwarding":
            {"call_forwarding_enabled": on, "forwarding_type": kind, "forwards_to": to}})
    };
    let quiet = json!({});
    let none: Vec<&str> = vec![];
    for (changes, voice, texts, calls) in [
        (json!({}), quiet.clone(), none.clone(), none.clone()),
        (json!({"connection_id": null}), quiet.clone(), none.clone(), vec!["connection_id"]),
        (json!({"connection_id": "9"}), quiet.clone(), none.clone(), vec!["connection_id"]),
        (json!({"messaging_profile_id": ""}), quiet.clone(), vec!["messaging_profile_id"], none.clone()),
        (json!({"status": "port-pending"}), quiet.clone(), vec!["status"], vec!["status"]),
        (json!({}), forwarding(true, "always", "+13035559123"), none.clone(), vec!["call_forwarding"]),
        (json!({}), forwarding(true, "on-failure", "+13035559123"), none.clone(), none.clone()),
        (json!({}), forwarding(false, "always", "+13035559123"), none.clone(), none.clone()),
        (json!({}), forwarding(true, "always", ""), none.clone(), none.clone()),
        (json!({}), json!({"translated_number": "+1"}), none.clone(), vec!["translated_number"]),
    ] {
        assert_eq!(subject(changes.clone(), voice.clone()).await, (texts, calls), "{changes} {voice}");
    }
    let script = (0..3).fold(ReplayTransport::new(), |script, _| script.answer(200, r#"{"data":{}}"#));
    let transport = Arc::new(script);
    let number = Subject { phone: Some(PHONE.parse().unwrap()), ..Subject::absent(NUMBER, "7") };
    let drifts = [
        drift("connection_id", &connection),
        drift("call_forwarding", ""),
        drift("translated_number", ""),
        drift("messaging_profile_id", &profile),
    ];
    audit(ProviderId::Telnyx, &transport).repair(&number, &drifts).await.unwrap();
    let sent: Vec<(String, Value)> = transport
        .requests()
        .iter()
        .map(|request| (request.uri().path().to_owned(), json_of(request)))
        .collect();
    assert_eq!(
        sent,
        [
            ("/v2/phone_numbers/7/messaging".to_owned(), json!({"messaging_profile_id": profile})),
            (
                "/v2/phone_numbers/7/voice".to_owned(),
                json!({"call_forwarding": {"call_forwarding_enabled": false}, "translated_number": ""})
            ),
            ("/v2/phone_numbers/7".to_owned(), json!({"connection_id": connection})),
        ]
    );
}

#[tokio::test]
async fn retells_agents_report_where_they_are_told_and_else_to_the_account() {
    let url = format!("{BASE}/api/webhooks/retell");
    let bound = |id: &str| json!([{"agent_id": id, "weight": 1}]);
    let first = json!({"has_more": true, "pagination_key": "k", "items": [
        {"phone_number": PHONE, "inbound_agents": bound("a2"), "outbound_agents": bound("a2")},
        {"phone_number": "reception", "inbound_agents": bound("a9")},
    ]});
    let last = json!({"has_more": false, "items": [
        {"phone_number": "+14155550101", "inbound_agents": null, "outbound_agents": bound("a1")},
        {"phone_number": "+14155550102", "outbound_agents": bound("a2"), "inbound_webhook_url": "https://x.example"},
    ]});
    let agents = json!([
        {"agent_id": "a2", "version": 1, "webhook_url": "https://x.example", "webhook_events": ["call_ended"]},
        {"agent_id": "a1", "version": 0, "webhook_url": null},
        {"agent_id": "a9", "version": 0, "webhook_url": "https://x.example"},
        {"agent_id": "a3", "version": 0, "webhook_url": "https://x.example"},
    ]);
    let script = ReplayTransport::new().answer(200, first.to_string()).answer(200, last.to_string());
    let transport =
        Arc::new(script.answer(200, agents.to_string()).answer(200, json!({"agent_id": "a2"}).to_string()));
    let audit_here = audit(ProviderId::Retell, &transport);
    let shared = audit_here.shared().await.unwrap();
    let users: Vec<(&str, Vec<&str>)> = shared
        .iter()
        .map(|one| (one.id.as_str(), one.used_by.iter().map(|phone| phone.expose()).collect()))
        .collect();
    assert_eq!(users, [("a1", vec!["+14155550101"]), ("a2", vec![PHONE, "+14155550102"])]);
    let all = wanted(false, true);
    assert_eq!(audit_here.drifts(&shared[0], &all), []);
    let drifts = audit_here.drifts(&shared[1], &all);
    assert_eq!(fields(&drifts), ["webhook_url", "webhook_events"]);
    audit_here.repair(&shared[1], &drifts).await.unwrap();
    let request = &transport.requests()[3];
    assert_eq!((request.method().as_str(), request.uri().path()), ("PATCH", "/update-agent/a2"));
    assert_eq!(
        json_of(request),
        json!({"webhook_url": url, "webhook_events": ["call_started", "call_ended", "call_analyzed"]})
    );
    // A list that does not end is none.
    let endless = first.to_string();
    let transport = (0..20).fold(ReplayTransport::new(), |script, _| script.answer(200, endless.clone()));
    let error = audit(ProviderId::Retell, &Arc::new(transport)).shared().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
}
