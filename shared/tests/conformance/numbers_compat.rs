//! Numbers of Twilio and of those who speak as it does: those that are held.

use std::sync::Arc;

use serde_json::{Value, json};
use telephony::domain::purchase::Papers;
use telephony::domain::secret::Secret;
use telephony::provider::account::ProviderAccount;
use telephony::provider::error::{Effect, ErrorKind};
use telephony::provider::numbers::{
    HeldNumbers, NumberCapabilities, NumberKind, NumberMarket, NumberOrder, NumberSearch, NumberSettings,
    NumberTransfers,
};
use telephony::provider::{Environment, registry};
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::webhooks::{SAMPLES, Sample};

use super::calls_compat::{api, id, pairs, settings};

pub(crate) const PHONE: &str = "+14155550100";

pub(crate) fn held(sample: &Sample, transport: &Arc<ReplayTransport>) -> Box<dyn HeldNumbers> {
    let factory = registry::held_numbers(sample.provider).unwrap();
    factory(&sample.account(), &Environment::default(), transport.clone()).ok().unwrap()
}

pub(crate) fn market(sample: &Sample, transport: &Arc<ReplayTransport>) -> Box<dyn NumberMarket> {
    let factory = registry::number_market(sample.provider).unwrap();
    factory(&sample.account(), &Environment::default(), transport.clone()).ok().unwrap()
}

pub(crate) fn transfers(sample: &Sample, transport: &Arc<ReplayTransport>) -> Box<dyn NumberTransfers> {
    let factory = registry::number_transfers(sample.provider).unwrap();
    factory(&sample.account(), &Environment::default(), transport.clone()).ok().unwrap()
}

/// An account below the one of the sample, by its id at the provider.
pub(crate) fn below(sample: &Sample, id: &str) -> ProviderAccount {
    let mut account = sample.account();
    let name = if sample.remote_id.starts_with("AC") { "account_sid" } else { "project_id" };
    account.config.set(name, Secret::new(id));
    account
}

pub(crate) fn number(sample: &Sample, n: u32, changes: &Value) -> Value {
    let mut number = json!({
        "sid": id(sample, "PN", n), "phone_number": PHONE, "friendly_name": "tandem prod",
        "capabilities": {"voice": true, "sms": true, "mms": false},
        "voice_url": "https://v.example", "sms_url": "https://s.example", "status_callback": "",
        "voice_application_sid": "", "sms_application_sid": null, "trunk_sid": null,
    });
    for (name, value) in changes.as_object().unwrap() {
        number[name] = value.clone();
    }
    number
}

pub(crate) fn search() -> NumberSearch {
    NumberSearch {
        country: "US".to_owned(),
        kind: NumberKind::Local,
        area_code: Some("415".to_owned()),
        contains: Some("5550".parse().unwrap()),
        capabilities: NumberCapabilities { voice: true, sms: true, mms: false },
        limit: 3,
    }
}

pub(crate) fn everything() -> NumberSettings {
    NumberSettings {
        webhooks: Some("https://phone.example.com/prod".to_owned()),
        mark: Some("tandem prod".to_owned()),
    }
}

pub(crate) fn order() -> NumberOrder {
    NumberOrder { phone: PHONE.parse().unwrap(), settings: everything(), papers: Papers::default() }
}

/// What is written on a number.
pub(crate) fn written(sample: &Sample) -> Vec<(String, String)> {
    let to = |path| {
        format!("https://phone.example.com/prod/api/webhooks/{}/{path}{}", sample.provider, settings(sample))
    };
    let post = || "POST".to_owned();
    let pairs = [
        ("SmsUrl", to("sms")),
        ("SmsMethod", post()),
        ("SmsFallbackUrl", to("sms")),
        ("SmsFallbackMethod", post()),
        ("VoiceUrl", to("voice")),
        ("VoiceMethod", post()),
        ("VoiceFallbackUrl", to("voice")),
        ("VoiceFallbackMethod", post()),
        ("StatusCallback", to("call-status")),
        ("StatusCallbackMethod", post()),
        ("FriendlyName", "tandem prod".to_owned()),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value)).into()
}

#[tokio::test]
async fn numbers_are_listed_page_by_page() {
    for sample in SAMPLES {
        let list = api(&sample, "IncomingPhoneNumbers");
        let path = list.split(".com").nth(1).unwrap().to_owned();
        let first = json!({"next_page_uri": format!("{path}?Page=1&PageToken=PA1"), "incoming_phone_numbers": [
            number(&sample, 1, &json!({"capabilities": {"voice": true, "SMS": true, "MMS": true}})),
            number(&sample, 2, &json!({"phone_number": "12345"})),
        ]});
        let changes = json!({"trunk_sid": "TK1", "voice_application_sid": "AP1", "sms_application_sid": "AP2",
            "status": "pending", "capabilities": null, "friendly_name": ""});
        let last = json!({"incoming_phone_numbers": [number(&sample, 3, &changes)]});
        let transport =
            Arc::new(ReplayTransport::new().answer(200, first.to_string()).answer(200, last.to_string()));
        let page = held(&sample, &transport).list(None).await.unwrap();
        let [got] = page.items.as_slice() else { panic!("{page:?}") };
        assert_eq!((got.sid.to_string(), got.phone.expose()), (id(&sample, "PN", 1), PHONE));
        assert_eq!(got.capabilities, NumberCapabilities { voice: true, sms: true, mms: true });
        assert_eq!((got.mark.as_deref(), got.active), (Some("tandem prod"), true));
        assert_eq!(got.voice.as_deref(), Some("https://v.example"));
        assert_eq!(
            (got.messaging.as_deref(), got.status_callback.as_deref()),
            (Some("https://s.example"), None)
        );
        let page = held(&sample, &transport).list(page.next.as_deref()).await.unwrap();
        let got = &page.items[0];
        assert_eq!((page.next.as_deref(), got.active, got.mark.as_deref()), (None, false, None));
        assert_eq!((got.voice.as_deref(), got.messaging.as_deref()), (Some("TK1"), Some("AP2")));
        assert_eq!(got.capabilities, NumberCapabilities::default());
        let urls: Vec<String> =
            transport.requests().iter().map(|request| request.uri().to_string()).collect();
        assert_eq!(urls, [format!("{list}?PageSize=200"), format!("{list}?Page=1&PageToken=PA1")]);
    }
}

#[tokio::test]
async fn a_kept_page_leads_nowhere_else() {
    for sample in SAMPLES {
        let list = api(&sample, "IncomingPhoneNumbers");
        for page in [
            "https://evil.example/".to_owned(),
            list.replace(".com", ".com.evil.example"),
            list.replace("https://", "https://u:p@"),
            list.replace("IncomingPhoneNumbers", "Messages"),
            "//evil.example/x".to_owned(),
            String::new(),
        ] {
            // Neither when it comes back from a store, nor when the provider names it.
            let error = held(&sample, &Arc::new(ReplayTransport::new())).list(Some(&page)).await.unwrap_err();
            assert_eq!(
                (error.kind(), error.effect()),
                (ErrorKind::InvalidRequest, Effect::NotSent),
                "{page}"
            );
            if page.is_empty() {
                continue;
            }
            let answer = json!({"next_page_uri": page, "incoming_phone_numbers": []}).to_string();
            let transport = Arc::new(ReplayTransport::new().answer(200, answer.clone()).answer(200, answer));
            let listed = held(&sample, &transport).list(None).await.unwrap_err();
            let found = held(&sample, &transport).find(&PHONE.parse().unwrap()).await.unwrap_err();
            for error in [listed, found] {
                assert_eq!((error.kind(), error.effect()), (ErrorKind::UnexpectedResponse, Effect::Unknown));
            }
        }
    }
}

#[tokio::test]
async fn one_number_is_found_among_those_that_begin_like_it() {
    for sample in SAMPLES {
        let list = api(&sample, "IncomingPhoneNumbers");
        let longer = number(&sample, 1, &json!({"phone_number": "+141555501009"}));
        let first = json!({"next_page_uri": format!("{list}?Page=1"), "incoming_phone_numbers": [longer]});
        let second =
            json!({"next_page_uri": null, "incoming_phone_numbers": [number(&sample, 2, &json!({}))]});
        let none = json!({"incoming_phone_numbers": []});
        let transport = Arc::new(
            ReplayTransport::new()
                .answer(200, first.to_string())
                .answer(200, second.to_string())
                .answer(200, none.to_string()),
        );
        let phone = PHONE.parse().unwrap();
        let found = held(&sample, &transport).find(&phone).await.unwrap().unwrap();
        assert_eq!(found.sid.to_string(), id(&sample, "PN", 2));
        assert_eq!(held(&sample, &transport).find(&phone).await.unwrap(), None);
        assert_eq!(
            transport.requests()[0].uri().to_string(),
            format!("{list}?PhoneNumber=%2B14155550100&PageSize=200")
        );
        let endless =
            json!({"next_page_uri": format!("{list}?Page=1"), "incoming_phone_numbers": []}).to_string();
        let transport = (0..20).fold(ReplayTransport::new(), |script, _| script.answer(200, endless.clone()));
        let error = held(&sample, &Arc::new(transport)).find(&phone).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::UnexpectedResponse, Effect::Unknown));
    }
}

#[tokio::test]
async fn a_number_is_pointed_at_us_and_marked() {
    for sample in SAMPLES {
        let answer = number(&sample, 1, &json!({})).to_string();
        let transport = Arc::new(ReplayTransport::new().answer(200, answer.clone()).answer(200, answer));
        let sid = id(&sample, "PN", 1).parse().unwrap();
        held(&sample, &transport).configure(&sid, &everything()).await.unwrap();
        let only_mark = NumberSettings { webhooks: None, ..everything() };
        held(&sample, &transport).configure(&sid, &only_mark).await.unwrap();
        let requests = transport.requests();
        assert_eq!(requests[0].uri().to_string(), api(&sample, &format!("IncomingPhoneNumbers/{sid}")));
        assert_eq!(pairs(requests[0].body()), written(&sample));
        assert_eq!(requests[1].body().as_ref(), b"FriendlyName=tandem+prod");
        for odd in ["..", ".", "a@b"] {
            let numbers = held(&sample, &transport);
            let sid = odd.parse().unwrap();
            assert_eq!(numbers.configure(&sid, &everything()).await.unwrap_err().effect(), Effect::NotSent);
            assert_eq!(numbers.release(&sid).await.unwrap_err().effect(), Effect::NotSent);
        }
    }
}

#[tokio::test]
async fn a_number_is_given_back_once_and_again() {
    for sample in SAMPLES {
        let young = json!({"code": 22121, "message": "too recently"}).to_string();
        let script = ReplayTransport::new().answer(204, "").answer(404, "").answer(409, young);
        let transport = Arc::new(script.answer(200, "{}").answer(503, ""));
        let sid = id(&sample, "PN", 1).parse().unwrap();
        let numbers = held(&sample, &transport);
        numbers.release(&sid).await.unwrap();
        numbers.release(&sid).await.unwrap();
        for (kind, effect) in [
            (ErrorKind::Conflict, Effect::Refused),
            (ErrorKind::UnexpectedResponse, Effect::Unknown),
            (ErrorKind::Unavailable, Effect::Unknown),
        ] {
            let error = numbers.release(&sid).await.unwrap_err();
            assert_eq!((error.kind(), error.effect()), (kind, effect));
        }
        let request = &transport.requests()[0];
        assert_eq!(request.method(), "DELETE");
        assert_eq!(request.uri().to_string(), api(&sample, &format!("IncomingPhoneNumbers/{sid}")));
    }
    assert_eq!(registry::error_kind(SAMPLES[1].provider, "22121"), Some(ErrorKind::Conflict));
}

/// The account above asks for it, below the account that holds it, with its own credentials.
#[tokio::test]
async fn a_number_goes_from_one_account_to_another() {
    for sample in SAMPLES {
        let (from, to) = (id(&sample, "AC", 3), id(&sample, "AC", 4));
        let answer = number(&sample, 1, &json!({}));
        let transport = Arc::new(ReplayTransport::new().answer(200, answer.to_string()));
        let sid = id(&sample, "PN", 1).parse().unwrap();
        let (from_account, to_account) = (below(&sample, &from), below(&sample, &to));
        let above = transfers(&sample, &transport);
        let moved = above.transfer(&sid, &from_account, &to_account).await.unwrap();
        assert_eq!((moved.phone.expose(), moved.sid.to_string()), (PHONE, id(&sample, "PN", 1)));
        let [request] = transport.requests().try_into().unwrap();
        let url = api(&sample, &format!("IncomingPhoneNumbers/{}", id(&sample, "PN", 1)));
        assert_eq!(request.uri().to_string(), url.replace(sample.remote_id, &from));
        assert_eq!(pairs(request.body()), [("AccountSid".to_owned(), to)]);
    }
}

/// Nothing leads elsewhere, and nothing that was not documented counts as a move.
#[tokio::test]
async fn a_move_that_is_not_confirmed_is_none() {
    for sample in SAMPLES {
        let sid = id(&sample, "PN", 1).parse().unwrap();
        let unasked = Arc::new(ReplayTransport::new());
        let here = sample.account();
        for (from, to) in [("../x", "AC1"), ("AC1", "a/b"), ("", "AC1")] {
            let moving = transfers(&sample, &unasked);
            let error = moving.transfer(&sid, &below(&sample, from), &below(&sample, to)).await.unwrap_err();
            assert_eq!(error.effect(), Effect::NotSent, "{from} {to}");
        }
        for (status, kind, effect) in [
            (404, ErrorKind::NotFound, Effect::Refused),
            (201, ErrorKind::UnexpectedResponse, Effect::Unknown),
            (200, ErrorKind::UnexpectedResponse, Effect::Unknown),
        ] {
            let body = if status == 404 { json!({"code": 20404, "message": "no"}) } else { json!({}) };
            let transport = Arc::new(ReplayTransport::new().answer(status, body.to_string()));
            let error = transfers(&sample, &transport).transfer(&sid, &here, &here).await.unwrap_err();
            assert_eq!((error.kind(), error.effect()), (kind, effect), "{status}");
        }
    }
}
