//! Numbers for sale at Twilio and at those who speak as it does, and every request against the documents.

use std::sync::Arc;

use serde_json::{Value, json};
use telephony::domain::purchase::Papers;
use telephony::provider::error::{Effect, ErrorKind};
use telephony::provider::numbers::{
    NumberCapabilities, NumberKind, NumberOrder, NumberSearch, Ordered, RemoteNumber,
};
use telephony_testkit::facts::facts;
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::webhooks::SAMPLES;

use super::calls_compat::{api, id, pairs, settings};
use super::documents::{documented, example};
use super::numbers_compat::{
    PHONE, below, everything, held, market, number, order, search, transfers, written,
};
use super::openapi::check_request;

#[tokio::test]
async fn only_numbers_that_fit_are_offered() {
    for (sample, page) in SAMPLES.into_iter().zip(["&PageSize=3", ""]) {
        let offer = |phone: &str, sms: bool| {
            json!({"phone_number": phone, "locality": "Hilo", "region": "HI", "address_requirements": "none",
                "capabilities": {"voice": true, "SMS": sms, "MMS": false}})
        };
        let mut first = offer("+14155550101", true);
        first["address_requirements"] = json!("local");
        first["locality"] = Value::Null;
        let answer = json!({"available_phone_numbers": [
            first,
            offer("+14155550102", false),
            offer("+16465550103", true),
            offer("+14155559104", true),
            offer("+14155550105", true),
            offer("+14155550106", true),
            offer("+14155550107", true),
        ]});
        let transport = Arc::new(ReplayTransport::new().answer(200, answer.to_string()));
        let offers = market(&sample, &transport).search(&search()).await.unwrap();
        let phones: Vec<&str> = offers.iter().map(|offer| offer.phone.expose()).collect();
        assert_eq!(phones, ["+14155550101", "+14155550105", "+14155550106"]);
        assert_eq!((offers[0].address_required, offers[0].locality.as_deref()), (true, None));
        assert_eq!((offers[1].address_required, offers[1].locality.as_deref()), (false, Some("Hilo")));
        assert_eq!(
            transport.requests()[0].uri().to_string(),
            format!(
                "{}?AreaCode=415&Contains=5550&VoiceEnabled=true&SmsEnabled=true{page}",
                api(&sample, "AvailablePhoneNumbers/US/Local")
            )
        );
        let gone = Arc::new(ReplayTransport::new().answer(404, r#"{"code":20404}"#));
        assert!(market(&sample, &gone).search(&search()).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_the_search_cannot_be_told_is_sifted_out() {
    for (sample, page) in SAMPLES.into_iter().zip(["&PageSize=100", ""]) {
        let offer = |phone: &str| json!({"phone_number": phone, "capabilities": {"voice": true}});
        let offers = ["+442079460011", "+442079460012", "+441617946001", "+442078560011"].map(offer);
        let answer = json!({"available_phone_numbers": offers}).to_string();
        for (contains, asked, found) in [(None, "20", 3), (Some("7*46**1"), "46", 2)] {
            let british = NumberSearch {
                country: "GB".to_owned(),
                area_code: Some("20".to_owned()),
                contains: contains.map(|pattern| pattern.parse().unwrap()),
                capabilities: NumberCapabilities::default(),
                ..search()
            };
            let transport = Arc::new(ReplayTransport::new().answer(200, answer.clone()));
            let offers = market(&sample, &transport).search(&british).await.unwrap();
            assert_eq!(offers.len(), found, "{offers:?}");
            assert_eq!(
                transport.requests()[0].uri().to_string(),
                format!("{}?Contains={asked}{page}", api(&sample, "AvailablePhoneNumbers/GB/Local"))
            );
        }
    }
}

#[tokio::test]
async fn what_cannot_be_searched_is_not() {
    use NumberKind as K;
    for (sample, kinds) in SAMPLES.into_iter().zip([
        [(K::Local, Some("Local")), (K::TollFree, Some("TollFree")), (K::Mobile, Some("Mobile"))],
        [(K::Local, Some("Local")), (K::TollFree, Some("TollFree")), (K::Mobile, None)],
    ]) {
        for (kind, name) in kinds {
            let script = ReplayTransport::new();
            let answer = json!({"available_phone_numbers": []}).to_string();
            let transport = Arc::new(if name.is_some() { script.answer(200, answer) } else { script });
            let got = market(&sample, &transport).search(&NumberSearch { kind, ..search() }).await;
            match name {
                Some(name) => {
                    assert!(got.unwrap().is_empty());
                    assert!(transport.requests()[0].uri().path().contains(&format!("/US/{name}")));
                }
                None => assert_eq!(got.unwrap_err().kind(), ErrorKind::Unsupported),
            }
        }
        for (country, area) in
            [("us", "415"), ("USA", "415"), ("U/", "415"), ("US", "41a"), ("US", ""), ("", "415")]
        {
            let search =
                NumberSearch { country: country.to_owned(), area_code: Some(area.to_owned()), ..search() };
            let error = market(&sample, &Arc::new(ReplayTransport::new())).search(&search).await.unwrap_err();
            assert_eq!((error.kind(), error.effect()), (ErrorKind::InvalidRequest, Effect::NotSent));
        }
    }
}

#[tokio::test]
async fn a_number_is_bought_with_everything_on_it() {
    for (sample, papers) in SAMPLES.into_iter().zip([true, false]) {
        let answer = number(&sample, 1, &json!({})).to_string();
        let transport = Arc::new(ReplayTransport::new().answer(201, answer.clone()));
        let Ordered::Held(got) = market(&sample, &transport).order(&order()).await.unwrap() else { panic!() };
        assert_eq!(got.phone.expose(), PHONE);
        let mut expected = vec![("PhoneNumber".to_owned(), PHONE.to_owned())];
        expected.extend(written(&sample));
        let request = &transport.requests()[0];
        assert_eq!(pairs(request.body()), expected);
        assert_eq!(request.uri().to_string(), api(&sample, "IncomingPhoneNumbers"));
        let shown = NumberOrder {
            papers: Papers {
                address: Some("AD00000000000000000000000000000001".to_owned()),
                bundle: Some("BU00000000000000000000000000000001".to_owned()),
                identity: Some("RI00000000000000000000000000000001".to_owned()),
                requirement_group: None,
            },
            ..order()
        };
        let script = ReplayTransport::new();
        let transport = Arc::new(if papers { script.answer(201, answer.clone()) } else { script });
        match market(&sample, &transport).order(&shown).await {
            Ok(_) => {
                let sent = pairs(transport.requests()[0].body());
                assert!(papers && sent.iter().any(|(name, _)| name == "AddressSid"));
                assert!(sent.iter().any(|(name, _)| name == "BundleSid"));
                assert!(sent.iter().any(|(name, _)| name == "IdentitySid"));
            }
            Err(error) => assert_eq!((papers, error.kind()), (false, ErrorKind::Unsupported)),
        }
        // Not what was asked for, or not said as documented: perhaps it was bought.
        let other = number(&sample, 1, &json!({"phone_number": "+14155559999"})).to_string();
        for (status, body) in [(200, answer), (201, other), (201, "{}".to_owned()), (201, String::new())] {
            let transport = Arc::new(ReplayTransport::new().answer(status, body));
            let error = market(&sample, &transport).order(&order()).await.unwrap_err();
            assert_eq!((error.kind(), error.effect()), (ErrorKind::UnexpectedResponse, Effect::Unknown));
        }
        let asked =
            market(&sample, &Arc::new(ReplayTransport::new())).order_state(&"x".parse().unwrap()).await;
        let error = asked.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Unsupported, Effect::NotSent));
    }
}

/// The number is held under the order's mark, or under another, or not at all.
#[tokio::test]
async fn an_order_is_found_again_by_its_number_and_its_mark() {
    for sample in SAMPLES {
        let list = |held: &[Value]| json!({"incoming_phone_numbers": held}).to_string();
        let marked = |name: &str| number(&sample, 1, &json!({"friendly_name": name}));
        for (held, found) in [
            (vec![marked("tandem prod")], Some(true)),
            (vec![marked("Front desk")], Some(false)),
            (vec![marked("")], Some(false)),
            (Vec::new(), None),
        ] {
            let transport = Arc::new(ReplayTransport::new().answer(200, list(&held)));
            let got = market(&sample, &transport).find_order(&order()).await.unwrap();
            assert_eq!(got.as_ref().map(|got| matches!(got, Ordered::Held(_))), found, "{got:?}");
            assert!(found == Some(true) || !matches!(got, Some(Ordered::Pending { .. })));
            assert_eq!(transport.requests()[0].method(), "GET");
        }
        let transport = Arc::new(ReplayTransport::new().answer(500, ""));
        market(&sample, &transport).find_order(&order()).await.unwrap_err();
    }
}

/// What the order's answer shows need not be written again.
#[test]
fn a_number_shows_what_is_set_on_it() {
    for sample in SAMPLES {
        let held = held(&sample, &Arc::new(ReplayTransport::new()));
        let to = |path: &str| {
            let rest = settings(&sample);
            format!("https://phone.example.com/prod/api/webhooks/{}/{path}{rest}", sample.provider)
        };
        let mut shown = RemoteNumber {
            sid: "PN1".parse().unwrap(),
            phone: PHONE.parse().unwrap(),
            capabilities: NumberCapabilities::default(),
            mark: Some("tandem prod".into()),
            active: true,
            voice: Some(to("voice")),
            messaging: Some(to("sms")),
            status_callback: Some(to("call-status")),
        };
        assert!(held.shows(&shown, &everything()));
        shown.voice = Some("https://demo.twilio.com/welcome".into());
        assert!(!held.shows(&shown, &everything()));
    }
}

#[tokio::test]
async fn a_number_that_is_not_to_be_had() {
    use {Effect as E, ErrorKind as K};
    for (sample, code, kind) in [
        (SAMPLES[0], 21422, K::Conflict),
        (SAMPLES[0], 21421, K::InvalidNumber),
        (SAMPLES[0], 21631, K::AddressRequired),
        (SAMPLES[0], 21649, K::AddressRequired),
        (SAMPLES[1], 21421, K::InvalidRequest),
        (SAMPLES[1], 4001, K::InsufficientFunds),
    ] {
        let answer = json!({"code": code, "message": "no", "status": 400}).to_string();
        let transport = Arc::new(ReplayTransport::new().answer(400, answer));
        let error = market(&sample, &transport).order(&order()).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (kind, E::Refused), "{code}");
    }
}

#[tokio::test]
async fn every_request_is_in_the_documents_and_their_answers_are_read() {
    let Some(facts) = facts() else { return };
    for ((document, base), sample) in documented(&facts).into_iter().zip(SAMPLES) {
        let transport = Arc::new((0..8).fold(ReplayTransport::new(), |script, _| script.answer(500, "")));
        let sid = id(&sample, "PN", 1).parse().unwrap();
        let _ = held(&sample, &transport).list(None).await;
        let page = format!("{}?Page=1&PageSize=200&PageToken=PA1", api(&sample, "IncomingPhoneNumbers"));
        let _ = held(&sample, &transport).list(Some(&page)).await;
        let _ = held(&sample, &transport).find(&PHONE.parse().unwrap()).await;
        let _ = held(&sample, &transport).configure(&sid, &everything()).await;
        let _ = held(&sample, &transport).release(&sid).await;
        let other = below(&sample, &id(&sample, "AC", 4));
        let _ = transfers(&sample, &transport).transfer(&sid, &sample.account(), &other).await;
        let _ = market(&sample, &transport).search(&search()).await;
        let _ = market(&sample, &transport).order(&order()).await;
        assert_eq!(transport.requests().len(), 8);
        for request in transport.requests() {
            check_request(&document, &base, &request);
        }
        let list = example(&document, &base, &api(&sample, "IncomingPhoneNumbers"), "get", 200);
        let bought = example(&document, &base, &api(&sample, "IncomingPhoneNumbers"), "post", 201);
        let offers = example(&document, &base, &api(&sample, "AvailablePhoneNumbers/US/Local"), "get", 200);
        let ours = list.to_string().replace("ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", sample.remote_id);
        let ours = ours.replace("b3877c40-da60-4998-90ad-b792e98472af", sample.remote_id);
        let transport = Arc::new(
            ReplayTransport::new()
                .answer(200, ours)
                .answer(201, bought.to_string())
                .answer(200, offers.to_string()),
        );
        let listed = held(&sample, &transport).list(None).await.unwrap();
        assert!(listed.items[0].capabilities.voice, "{list}");
        let phone = bought["phone_number"].as_str().unwrap().parse().unwrap();
        let got = market(&sample, &transport).order(&NumberOrder { phone, ..order() }).await.unwrap();
        assert!(matches!(got, Ordered::Held(_)));
        let any = NumberSearch {
            area_code: None,
            contains: None,
            capabilities: NumberCapabilities::default(),
            ..search()
        };
        assert_eq!(market(&sample, &transport).search(&any).await.unwrap().len(), 1, "{offers}");
    }
}
