//! Numbers that an account holds, and numbers for sale.

use std::sync::Arc;

use serde_json::{Value, json};
use telephony::domain::purchase::Papers;
use telephony::provider::error::{Effect, ErrorKind};
use telephony::provider::numbers::{
    HeldNumbers, NumberCapabilities, NumberKind, NumberMarket, NumberOrder, NumberSearch, NumberSettings,
    Ordered,
};
use telephony::provider::transport::TransportError;
use telephony::provider::{Environment, ProviderId, registry};
use telephony_testkit::facts::facts;
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::telnyx::{CONNECTION_ID, OURS, PROFILE_ID, account};

use super::openapi::Api;

const ID: &str = "1293384261075731499";
const ORDER: &str = "12ade33a-21c0-473b-b055-b3c836e1c292";

fn held(transport: &Arc<ReplayTransport>) -> Box<dyn HeldNumbers> {
    registry::held_numbers(ProviderId::Telnyx).unwrap()(
        &account(),
        &Environment::default(),
        transport.clone(),
    )
    .unwrap()
}

fn market(transport: &Arc<ReplayTransport>) -> Box<dyn NumberMarket> {
    registry::number_market(ProviderId::Telnyx).unwrap()(
        &account(),
        &Environment::default(),
        transport.clone(),
    )
    .unwrap()
}

fn number(phone: &str, status: &str) -> Value {
    json!({
        "id": ID, "record_type": "phone_number", "phone_number": phone, "status": status,
        "connection_id": CONNECTION_ID, "messaging_profile_id": PROFILE_ID, "customer_reference": "tandem:1",
    })
}

fn page(items: &[Value], number: u32, total: u32) -> String {
    json!({"data": items, "meta": {"page_number": number, "total_pages": total}}).to_string()
}

fn features(sms: bool, mms: bool) -> String {
    let feature = |has: bool| if has { json!({"domestic_two_way": true}) } else { Value::Null };
    json!({"data": {"id": ID, "features": {"sms": feature(sms), "mms": feature(mms)}}}).to_string()
}

fn body(transport: &Arc<ReplayTransport>, n: usize) -> Value {
    serde_json::from_slice(transport.requests()[n].body()).unwrap()
}

fn settings() -> NumberSettings {
    NumberSettings {
        webhooks: Some("https://phone.example.com/prod".to_owned()),
        mark: Some("tandem:1".to_owned()),
    }
}

#[tokio::test]
async fn a_list_goes_page_by_page_and_leaves_out_what_is_gone() {
    let first = page(&[number(OURS, "active"), number("+14155550101", "deleted")], 1, 2);
    let second = page(&[number("+14155550102", "requirement-info-pending")], 2, 2);
    let transport = Arc::new(ReplayTransport::new().answer(200, first).answer(200, second));
    let numbers = held(&transport);
    let one = numbers.list(None).await.unwrap();
    let got = &one.items[0];
    assert_eq!((one.items.len(), one.next.as_deref()), (1, Some("2")));
    assert_eq!((got.sid.as_str(), got.phone.expose(), got.active), (ID, OURS, true));
    assert_eq!((got.mark.as_deref(), got.voice.as_deref()), (Some("tandem:1"), Some(CONNECTION_ID)));
    assert_eq!(got.messaging.as_deref(), Some(PROFILE_ID));
    let two = numbers.list(one.next.as_deref()).await.unwrap();
    assert_eq!((two.items.len(), two.items[0].active, two.next), (1, false, None));
    for bad in ["0", "-1", "x", ""] {
        assert_eq!(numbers.list(Some(bad)).await.unwrap_err().effect(), Effect::NotSent);
    }
    // A page that was not asked for, and a number that is none.
    for bad in [page(&[], 3, 3), page(&[number("12345", "active")], 1, 1), "{}".to_owned()] {
        let transport = Arc::new(ReplayTransport::new().answer(200, bad));
        let error = held(&transport).list(None).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::UnexpectedResponse, Effect::Unknown));
    }
}

#[tokio::test]
async fn a_number_is_found_by_itself_and_with_what_it_carries() {
    let others =
        [number("+14155550100", "deleted"), number("+441415555010", "active"), number(OURS, "active")];
    let transport =
        Arc::new(ReplayTransport::new().answer(200, page(&others, 1, 1)).answer(200, features(true, false)));
    let found = held(&transport).find(&OURS.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(found.phone.expose(), OURS);
    assert_eq!(found.capabilities, NumberCapabilities { voice: true, sms: true, mms: false });
    assert!(transport.requests()[0].uri().query().unwrap().contains("=14155550100&"), "digits alone");
    let transport = Arc::new(ReplayTransport::new().answer(200, page(&others[..2], 1, 1)));
    assert_eq!(held(&transport).find(&OURS.parse().unwrap()).await.unwrap(), None);
    // No messaging at all; and a failed question is no answer.
    let transport = Arc::new(ReplayTransport::new().answer(200, page(&others, 1, 1)).answer(404, ""));
    assert!(held(&transport).find(&OURS.parse().unwrap()).await.unwrap().is_some());
    let transport = Arc::new(ReplayTransport::new().answer(200, page(&others, 1, 1)).answer(503, ""));
    assert!(held(&transport).find(&OURS.parse().unwrap()).await.is_err());
}

#[tokio::test]
async fn a_number_is_pointed_at_the_accounts_connection_and_profile() {
    let answer = json!({"data": number(OURS, "active")}).to_string();
    let script = ReplayTransport::new().answer(200, features(true, true)).answer(200, answer.clone());
    let transport = Arc::new(script.answer(200, features(true, true)));
    let got = held(&transport).configure(&ID.parse().unwrap(), &settings()).await.unwrap();
    assert_eq!(got.capabilities, NumberCapabilities { voice: true, sms: true, mms: true });
    assert_eq!(body(&transport, 0), json!({"messaging_profile_id": PROFILE_ID}));
    assert_eq!(
        body(&transport, 1),
        json!({"connection_id": CONNECTION_ID, "customer_reference": "tandem:1"})
    );
    // The mark alone, and nothing at all.
    let mark = NumberSettings { webhooks: None, ..settings() };
    let transport = Arc::new(ReplayTransport::new().answer(200, answer.clone()).answer(404, ""));
    held(&transport).configure(&ID.parse().unwrap(), &mark).await.unwrap();
    assert_eq!(body(&transport, 0), json!({"customer_reference": "tandem:1"}));
    let transport = Arc::new(ReplayTransport::new().answer(200, answer).answer(404, ""));
    held(&transport).configure(&ID.parse().unwrap(), &NumberSettings::default()).await.unwrap();
    assert_eq!(transport.requests()[0].method(), "GET");
}

#[tokio::test]
async fn a_number_that_is_gone_already_is_no_error_to_release() {
    for (status, released) in [(200, true), (404, true), (422, false), (401, false), (500, false)] {
        let transport = Arc::new(ReplayTransport::new().answer(status, r#"{"data":{}}"#));
        assert_eq!(held(&transport).release(&ID.parse().unwrap()).await.is_ok(), released, "{status}");
        let url = format!("https://api.telnyx.com/v2/phone_numbers/{ID}");
        assert_eq!(transport.requests()[0].uri().to_string(), url);
    }
}

fn search() -> NumberSearch {
    NumberSearch {
        country: "US".to_owned(),
        kind: NumberKind::Local,
        area_code: Some("415".to_owned()),
        contains: Some("55".parse().unwrap()),
        capabilities: NumberCapabilities { voice: true, sms: true, mms: false },
        limit: 2,
    }
}

fn offer(phone: &str, names: &[&str]) -> Value {
    let features: Vec<Value> = names.iter().map(|name| json!({ "name": name })).collect();
    json!({
        "record_type": "available_phone_number", "phone_number": phone, "best_effort": false, "features": features,
        "region_information": [
            {"region_type": "state", "region_name": "CA"}, {"region_type": "location", "region_name": "SF"},
        ],
        "cost_information": {"upfront_cost": "1.00", "monthly_cost": "1.50", "currency": "USD"},
    })
}

#[tokio::test]
async fn only_numbers_that_fit_are_offered() {
    let mut elsewhere = offer("+14155550104", &["voice", "sms"]);
    elsewhere["best_effort"] = json!(true);
    let list = json!({"data": [
        offer("+12125550100", &["voice", "sms"]),
        offer("+14151230100", &["voice", "sms"]),
        offer("+14155550101", &["voice"]),
        elsewhere,
        offer("+14155550105", &["voice", "sms", "mms"]),
        offer("+14155550106", &["voice", "sms"]),
        offer("+14155550107", &["voice", "sms"]),
    ]});
    let transport = Arc::new(ReplayTransport::new().answer(200, list.to_string()));
    let offers = market(&transport).search(&search()).await.unwrap();
    let phones: Vec<&str> = offers.iter().map(|offer| offer.phone.expose()).collect();
    assert_eq!(phones, ["+14155550105", "+14155550106"]);
    assert_eq!(offers[0].capabilities, NumberCapabilities { voice: true, sms: true, mms: true });
    assert_eq!((offers[0].region.as_deref(), offers[0].locality.as_deref()), (Some("CA"), Some("SF")));
    assert_eq!(offers[0].monthly.as_ref().map(|cost| cost.amount.get()), Some(1_500_000));
    let asked = transport.requests()[0].uri().query().unwrap().to_owned();
    let pairs: Vec<(String, String)> = form_urlencoded::parse(asked.as_bytes()).into_owned().collect();
    for (name, value) in [
        ("filter[country_code]", "US"),
        ("filter[phone_number_type]", "local"),
        ("filter[limit]", "2"),
        ("filter[best_effort]", "false"),
        ("filter[national_destination_code]", "415"),
        ("filter[phone_number][contains]", "55"),
        ("filter[features][]", "voice"),
        ("filter[features][]", "sms"),
    ] {
        assert!(pairs.contains(&(name.to_owned(), value.to_owned())), "{name}");
    }
    assert_eq!(pairs.len(), 8);
}

#[tokio::test]
async fn what_the_search_cannot_be_told_is_sifted_out() {
    let british = NumberSearch {
        country: "GB".to_owned(),
        area_code: Some("20".to_owned()),
        contains: Some("7*46**1".parse().unwrap()),
        capabilities: NumberCapabilities::default(),
        limit: 5,
        ..search()
    };
    let phones = ["+442079460011", "+442079460012", "+441617946001", "+442078560011"];
    let list = json!({"data": phones.map(|phone| offer(phone, &["voice"]))});
    let transport = Arc::new(ReplayTransport::new().answer(200, list.to_string()));
    let offers = market(&transport).search(&british).await.unwrap();
    assert_eq!(offers.len(), 2, "{offers:?}");
    let asked = transport.requests()[0].uri().query().unwrap().to_owned();
    let pairs: Vec<(String, String)> = form_urlencoded::parse(asked.as_bytes()).into_owned().collect();
    for (name, value) in [
        ("filter[country_code]", "GB"),
        ("filter[phone_number_type]", "local"),
        ("filter[limit]", "100"),
        ("filter[national_destination_code]", "20"),
        ("filter[phone_number][contains]", "46"),
    ] {
        assert!(pairs.contains(&(name.to_owned(), value.to_owned())), "{name}");
    }
    assert_eq!(pairs.len(), 5, "best_effort is for the US and Canada");
}

fn order() -> NumberOrder {
    NumberOrder {
        phone: OURS.parse().unwrap(),
        settings: settings(),
        papers: Papers {
            requirement_group: Some("dbbd94ee-9079-488f-80ba-f566b247fd75".to_owned()),
            ..Papers::default()
        },
    }
}

fn ordered(status: &str) -> String {
    json!({"data": {
        "id": ORDER, "record_type": "number_order", "status": status,
        "phone_numbers": [{"phone_number": OURS, "status": status}],
    }})
    .to_string()
}

#[tokio::test]
async fn an_order_is_pending_held_or_failed() {
    let transport = Arc::new(ReplayTransport::new().answer(200, ordered("pending")));
    let pending = Ordered::Pending { order: ORDER.parse().unwrap() };
    assert_eq!(market(&transport).order(&order()).await.unwrap(), pending);
    assert_eq!(
        body(&transport, 0),
        json!({
            "phone_numbers": [{"phone_number": OURS, "requirement_group_id": "dbbd94ee-9079-488f-80ba-f566b247fd75"}],
            "connection_id": CONNECTION_ID, "messaging_profile_id": PROFILE_ID, "customer_reference": "tandem:1",
        })
    );
    let script = ReplayTransport::new().answer(200, ordered("success"));
    let script = script.answer(200, page(&[number(OURS, "active")], 1, 1)).answer(200, features(true, true));
    match market(&Arc::new(script)).order_state(&ORDER.parse().unwrap()).await.unwrap() {
        Ordered::Held(held) => assert_eq!((held.phone.expose(), held.active), (OURS, true)),
        other => panic!("{other:?}"),
    }
    // Done, and not to be seen yet: it is asked for again.
    for script in [
        ReplayTransport::new().answer(200, ordered("success")).answer(200, page(&[], 1, 1)),
        ReplayTransport::new().answer(200, ordered("success")).answer(500, ""),
        ReplayTransport::new().answer(200, ordered("novel")),
    ] {
        assert_eq!(market(&Arc::new(script)).order_state(&ORDER.parse().unwrap()).await.unwrap(), pending);
    }
    let failed = market(&Arc::new(ReplayTransport::new().answer(200, ordered("failure"))))
        .order_state(&ORDER.parse().unwrap())
        .await
        .unwrap();
    assert_eq!(failed, Ordered::Failed { reason: "failure".to_owned(), papers: false });
    let unmet = json!({"data": {"id": ORDER, "status": "failure", "phone_numbers": [{
        "phone_number": OURS, "status": "failure", "requirements_met": false,
        "requirements_status": "requirement-info-exception",
    }]}});
    let failed = market(&Arc::new(ReplayTransport::new().answer(200, unmet.to_string())))
        .order_state(&ORDER.parse().unwrap())
        .await
        .unwrap();
    let reason = "requirement-info-exception".to_owned();
    assert_eq!(failed, Ordered::Failed { reason, papers: true });
    let address = Papers { address: Some("1".into()), ..Papers::default() };
    let error = market(&Arc::new(ReplayTransport::new()))
        .order(&NumberOrder { papers: address, ..order() })
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unsupported, Effect::NotSent));
}

/// By the reference that the order was given; without an order of ours, whoever holds the number got it
/// otherwise.
#[tokio::test]
async fn an_order_is_found_again_by_its_reference() {
    let orders = |references: &[&str]| {
        let orders = references.iter().map(|mark| {
            json!({"id": ORDER, "customer_reference": mark, "phone_numbers": [{"phone_number": OURS}]})
        });
        page(&orders.collect::<Vec<_>>(), 1, 1)
    };
    let held = |mark: &str| {
        let mut held = number(OURS, "active");
        held["customer_reference"] = mark.into();
        page(&[held], 1, 1)
    };
    let script = ReplayTransport::new;
    let pending = Some(Ordered::Pending { order: ORDER.parse().unwrap() });
    let transport = Arc::new(script().answer(200, orders(&["tandem:1"])).answer(200, ordered("pending")));
    assert_eq!(market(&transport).find_order(&order()).await.unwrap(), pending);
    if let Some(facts) = facts() {
        let api = Api::of(&facts);
        transport.requests().iter().for_each(|request| api.check_request(request));
    }
    let transport = Arc::new(
        script()
            .answer(200, orders(&["tandem:1"]))
            .answer(200, ordered("success"))
            .answer(200, held("tandem:1"))
            .answer(200, features(true, true)),
    );
    assert!(matches!(market(&transport).find_order(&order()).await.unwrap(), Some(Ordered::Held(_))));
    // A filter that was ignored does not make another's order ours.
    for (numbers, found) in [(None, None), (Some("tandem:1"), Some(true)), (Some("x"), Some(false))] {
        let script = script().answer(200, orders(&["tandem:2"]));
        let script = match numbers {
            Some(mark) => script.answer(200, held(mark)).answer(200, features(true, true)),
            None => script.answer(200, page(&[], 1, 1)),
        };
        let got = market(&Arc::new(script)).find_order(&order()).await.unwrap();
        assert_eq!(got.map(|got| matches!(got, Ordered::Held(_))), found);
    }
    let transport = Arc::new(script().answer(200, orders(&["tandem:1"])).answer(200, ordered("failure")));
    assert!(matches!(market(&transport).find_order(&order()).await.unwrap(), Some(Ordered::Failed { .. })));
}

#[tokio::test]
async fn a_number_that_was_not_searched_for_is_searched_for_once() {
    let coded = |code: &str| json!({"errors": [{"code": code, "title": "x", "detail": "y"}]}).to_string();
    let empty = r#"{"data":[]}"#;
    let script =
        ReplayTransport::new().answer(422, coded("85000")).answer(200, empty).answer(200, ordered("pending"));
    let transport = Arc::new(script);
    assert!(matches!(market(&transport).order(&order()).await.unwrap(), Ordered::Pending { .. }));
    let requests = transport.requests();
    assert_eq!(requests[0].body(), requests[2].body());
    assert!(requests[1].uri().path().ends_with("/available_phone_numbers"));
    if let Some(facts) = facts() {
        let api = Api::of(&facts);
        requests.iter().for_each(|request| api.check_request(request));
    }
    // Refused for good, twice, or while searching: one purchase at most, and its answer is kept.
    for (script, kind, effect) in [
        (ReplayTransport::new().answer(422, coded("85001")), ErrorKind::Conflict, Effect::Refused),
        (
            ReplayTransport::new().answer(422, coded("85000")).answer(200, empty).answer(422, coded("85000")),
            ErrorKind::Conflict,
            Effect::Refused,
        ),
        (
            ReplayTransport::new().answer(422, coded("85000")).lose(TransportError::Timeout),
            ErrorKind::Conflict,
            Effect::Refused,
        ),
        (ReplayTransport::new().answer(500, coded("85000")), ErrorKind::Unavailable, Effect::Unknown),
        (ReplayTransport::new().answer(402, coded("20100")), ErrorKind::InsufficientFunds, Effect::Refused),
        (ReplayTransport::new().lose(TransportError::Timeout), ErrorKind::Timeout, Effect::Unknown),
        (ReplayTransport::new().answer(200, "{}"), ErrorKind::UnexpectedResponse, Effect::Unknown),
    ] {
        let error = market(&Arc::new(script)).order(&order()).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (kind, effect));
    }
}

#[tokio::test]
async fn the_requests_are_in_the_openapi_document() {
    let Some(facts) = facts() else { return };
    let api = Api::of(&facts);
    let answer = json!({"data": number(OURS, "active")}).to_string();
    let script = ReplayTransport::new()
        .answer(500, "")
        .answer(200, page(&[number(OURS, "active")], 1, 1))
        .answer(404, "")
        .answer(200, features(true, true))
        .answer(200, answer.clone())
        .answer(404, "")
        .answer(200, answer)
        .answer(404, "")
        .answer(500, "")
        .answer(500, "")
        .answer(500, "");
    let transport = Arc::new(script);
    let (held, market) = (held(&transport), market(&transport));
    let _ = held.list(Some("7")).await;
    let _ = held.find(&OURS.parse().unwrap()).await;
    let _ = held.configure(&ID.parse().unwrap(), &settings()).await;
    let _ = held.configure(&ID.parse().unwrap(), &NumberSettings::default()).await;
    let _ = held.release(&ID.parse().unwrap()).await;
    let _ = market.search(&search()).await;
    let _ = market.order_state(&ORDER.parse().unwrap()).await;
    let requests = transport.requests();
    assert_eq!(requests.len(), 11);
    requests.iter().for_each(|request| api.check_request(request));
}
