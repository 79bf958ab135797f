//! The requests of audits and repairs, held against the providers' own documents.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use telephony::provider::ProviderId;
use telephony::provider::audit::{Drift, NUMBER, Subject};
use telephony_testkit::facts::facts;
use telephony_testkit::fixture::fixture;
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::webhooks::SAMPLES;

use super::audit::{SERVICE, audit, audit_of, drift, with_service};
use super::calls_compat::{api, id};
use super::documents::documented;
use super::numbers_compat::PHONE;
use super::openapi::{check_request, modern};
use super::telnyx::openapi::Api;

fn failing(count: usize) -> Arc<ReplayTransport> {
    Arc::new((0..count).fold(ReplayTransport::new(), |script, _| script.answer(500, "")))
}

fn number(provider: ProviderId) -> Subject {
    let phone = Some(PHONE.parse().unwrap());
    Subject { phone, ..Subject::absent(NUMBER, fixture(provider).sid("PN").as_str()) }
}

/// Every setting of a number that is ever written.
fn everything() -> Vec<Drift> {
    let url = "https://phone.example.com/prod/api/webhooks/x/sms#rc=2&rp=5xx,ct,rt";
    let mut drifts = Vec::new();
    for field in ["sms_url", "sms_fallback_url", "voice_url", "voice_fallback_url", "status_callback"] {
        drifts.push(drift(field, url));
    }
    for field in [
        "sms_method",
        "sms_fallback_method",
        "voice_method",
        "voice_fallback_method",
        "status_callback_method",
    ] {
        drifts.push(drift(field, "POST"));
    }
    drifts.push(drift("voice_receive_mode", "voice"));
    drifts
}

/// Both providers take a setting away by an empty text, which their documents do not say.
fn without_empties(request: &Request<Bytes>) -> Request<Bytes> {
    let pairs = form_urlencoded::parse(request.body()).filter(|(_, value)| !value.is_empty());
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    request.clone().map(|_| Bytes::from(body))
}

#[tokio::test]
async fn requests_of_twilio_and_signalwire_are_in_their_documents() {
    let Some(facts) = facts() else { return };
    for ((document, base), sample) in documented(&facts).into_iter().zip(SAMPLES) {
        let transport = failing(4);
        let audit = audit(sample.provider, &transport);
        let subject = Subject { id: id(&sample, "PN", 1), ..number(sample.provider) };
        let page = format!("{}?Page=1&PageSize=200&PageToken=PA1", api(&sample, "IncomingPhoneNumbers"));
        let mut drifts = everything();
        drifts.extend([drift("sms_application_sid", ""), drift("voice_application_sid", "")]);
        if sample.provider == ProviderId::Twilio {
            drifts.extend([drift("trunk_sid", ""), drift("api_version", "2010-04-01")]);
        }
        let _ = audit.numbers(None).await;
        let _ = audit.numbers(Some(&page)).await;
        let _ = audit.read(&subject).await;
        let _ = audit.repair(&subject, &drifts).await;
        for request in transport.requests() {
            check_request(&document, &base, &without_empties(&request));
        }
    }
}

#[tokio::test]
async fn requests_of_twilios_other_products_are_in_their_documents() {
    let Some(facts) = facts() else { return };
    let transport = failing(4);
    let audit = audit_of(&with_service(), &transport);
    let service =
        Subject { used_by: vec![PHONE.parse().unwrap()], ..Subject::absent("messaging_service", SERVICE) };
    let url = "https://phone.example.com/prod/api/webhooks/twilio/sms#rc=2&rp=5xx,ct,rt";
    let drifts = [
        drift("use_inbound_webhook_on_number", "true"),
        drift("inbound_request_url", url),
        drift("inbound_method", "POST"),
        drift("fallback_url", url),
        drift("fallback_method", "POST"),
        drift("status_callback", url),
    ];
    let _ = audit.shared().await;
    let _ = audit.repair(&service, &drifts).await;
    let _ = audit.complete(number(ProviderId::Twilio)).await;
    let _ = audit.repair(&number(ProviderId::Twilio), &[drift("voice_region", "us1")]).await;
    let requests = transport.requests();
    for (host, name, requests) in [
        ("messaging.twilio.com", "specs/twilio/twilio_messaging_v1.json", &requests[..2]),
        ("routes.twilio.com", "specs/twilio/twilio_routes_v2.json", &requests[2..]),
    ] {
        let document = modern(facts.json(name));
        for request in requests {
            assert_eq!(request.uri().host(), Some(host));
            check_request(&document, "", request);
        }
    }
}

#[tokio::test]
async fn requests_of_telnyx_are_in_its_document() {
    let Some(facts) = facts() else { return };
    let document = Api::of(&facts);
    let url = "https://phone.example.com/prod/api/webhooks/telnyx";
    let of = |kind, id: &str| Subject { mark: Some("ours".into()), ..Subject::absent(kind, id) };
    let profile = "740572b6-0000-4000-8000-000000000002";
    let jobs: Vec<(Subject, Vec<Drift>)> = vec![
        (
            of("call_control_application", "1684641123236054244"),
            vec![
                drift("active", "true"),
                drift("webhook_api_version", "2"),
                drift("webhook_event_url", url),
                drift("webhook_event_failover_url", url),
                drift("webhook_timeout_secs", "10"),
            ],
        ),
        (
            of("messaging_profile", profile),
            vec![
                drift("enabled", "true"),
                drift("webhook_api_version", "2"),
                drift("webhook_url", url),
                drift("webhook_failover_url", url),
                drift("whitelisted_destinations", "US,CA"),
            ],
        ),
        (number(ProviderId::Telnyx), vec![drift("messaging_profile_id", profile)]),
        (number(ProviderId::Telnyx), vec![drift("call_forwarding", ""), drift("translated_number", "")]),
        (number(ProviderId::Telnyx), vec![drift("connection_id", "1684641123236054244")]),
    ];
    let transport = failing(10);
    let audit = audit(ProviderId::Telnyx, &transport);
    let _ = audit.numbers(None).await;
    let _ = audit.numbers(Some("2")).await;
    let _ = audit.complete(number(ProviderId::Telnyx)).await;
    for (subject, drifts) in &jobs {
        let _ = audit.repair(subject, drifts).await;
        if subject.phone.is_none() {
            let _ = audit.read(subject).await;
        }
    }
    for request in transport.requests() {
        document.check_request(&request);
    }
}

#[tokio::test]
async fn requests_of_retell_are_in_its_document() {
    let Some(facts) = facts() else { return };
    let document: Value =
        modern(serde_yaml_ng::from_str(&facts.text("specs/retell/retell-openapi.3.0.0.yml")).unwrap());
    let numbers = json!({"has_more": false, "items": [
        {"phone_number": PHONE, "inbound_agents": [{"agent_id": "agent_1", "weight": 1}]}]});
    let script = ReplayTransport::new().answer(200, numbers.to_string());
    let transport = Arc::new((0..6).fold(script, |script, _| script.answer(500, "")));
    let audit = audit(ProviderId::Retell, &transport);
    let agent = Subject { used_by: vec![PHONE.parse().unwrap()], ..Subject::absent("agent", "agent_1") };
    let url = "https://phone.example.com/prod/api/webhooks/retell";
    let events = drift("webhook_events", "call_started,call_ended,call_analyzed,transcript_updated");
    let _ = audit.shared().await;
    let _ = audit.numbers(Some("k")).await;
    let _ = audit.read(&number(ProviderId::Retell)).await;
    let _ = audit.read(&agent).await;
    let _ = audit.repair(&number(ProviderId::Retell), &[drift("inbound_webhook_url", url)]).await;
    let _ = audit.repair(&agent, &[drift("webhook_url", url), events]).await;
    for request in transport.requests() {
        check_request(&document, "", &request);
    }
}
