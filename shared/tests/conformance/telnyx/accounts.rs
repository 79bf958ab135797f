//! The account and what is below it.

use std::sync::Arc;

use serde_json::{Value, json};
use telephony::domain::secret::Secret;
use telephony::provider::account::AccountConfig;
use telephony::provider::error::{Effect, ErrorKind};
use telephony::provider::subaccounts::Subaccounts;
use telephony::provider::transport::TransportError;
use telephony::provider::{Environment, ProviderId, registry};
use telephony_testkit::facts::facts;
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::telnyx::{SECRETS, account};

use super::openapi::Api;

const CHILD: &str = "f65ceda4-6522-4ad6-aede-98de83385123";
const CHILD_KEY: &str = "KEY0child_of_the_sample";

async fn check(
    transport: ReplayTransport,
) -> Result<telephony::provider::connection::AccountState, telephony::provider::error::ProviderError> {
    let transport = Arc::new(transport);
    let connection =
        registry::connection(ProviderId::Telnyx)(&account(), &Environment::default(), transport.clone())
            .unwrap();
    let state = connection.check().await;
    let request = &transport.requests()[0];
    assert_eq!(request.uri().to_string(), "https://api.telnyx.com/v2/balance");
    assert_eq!(request.headers()["authorization"], format!("Bearer {}", SECRETS[0]));
    if let Some(facts) = facts() {
        Api::of(&facts).check_request(request);
    }
    state
}

fn subaccounts(transport: &Arc<ReplayTransport>) -> Box<dyn Subaccounts> {
    registry::subaccounts(ProviderId::Telnyx).unwrap()(&account(), &Environment::default(), transport.clone())
        .unwrap()
}

fn child(name: &str) -> Value {
    json!({
        "record_type": "managed_account", "id": CHILD, "email": "a@b.example", "api_key": CHILD_KEY,
        "organization_name": name,
    })
}

#[tokio::test]
async fn the_balance_tells_whether_the_connection_is_good() {
    let balance = json!({"data": {
        "record_type": "balance", "balance": "300.00", "credit_limit": "100.00",
        "available_credit": "400.00", "pending": "10.00", "currency": "USD",
    }});
    let state = check(ReplayTransport::new().answer(200, balance.to_string())).await.unwrap();
    assert!(state.active);
    assert_eq!(
        state.balance.map(|cost| (cost.amount.get(), cost.currency)),
        Some((300_000_000, "USD".to_owned()))
    );
    assert!(state.note.is_some_and(|note| note.contains("400.00")));
    let suspended =
        json!({"errors": [{"code": "20012", "title": "Account inactive", "detail": "deactivated"}]})
            .to_string();
    let state = check(ReplayTransport::new().answer(403, suspended)).await.unwrap();
    assert_eq!((state.active, state.balance), (false, None));
    for (transport, kind) in [
        (ReplayTransport::new().answer(401, ""), ErrorKind::Authentication),
        (ReplayTransport::new().answer(403, ""), ErrorKind::Authentication),
        (ReplayTransport::new().answer(500, ""), ErrorKind::Unavailable),
        (ReplayTransport::new().answer(200, "{}"), ErrorKind::UnexpectedResponse),
        (
            ReplayTransport::new().answer(200, r#"{"data":{"balance":"x","currency":"USD"}}"#),
            ErrorKind::UnexpectedResponse,
        ),
        (ReplayTransport::new().lose(TransportError::Timeout), ErrorKind::Timeout),
        (ReplayTransport::new().lose(TransportError::NotConnected), ErrorKind::Unavailable),
    ] {
        assert_eq!(check(transport).await.unwrap_err().kind(), kind);
    }
}

#[tokio::test]
async fn a_managed_account_comes_with_its_own_key() {
    let transport =
        Arc::new(ReplayTransport::new().answer(200, json!({"data": child("tandem-1")}).to_string()));
    let opened = subaccounts(&transport).open("tandem-1").await.unwrap();
    assert_eq!((opened.remote_id.as_str(), opened.name.as_str(), opened.active), (CHILD, "tandem-1", true));
    assert_eq!(opened.config.get("api_key").map(Secret::expose), Some(CHILD_KEY));
    assert_eq!(opened.config.get("account_id").map(Secret::expose), Some(CHILD));
    assert!(!format!("{opened:?}").contains(CHILD_KEY));
    let body: Value = serde_json::from_slice(transport.requests()[0].body()).unwrap();
    assert_eq!(body, json!({"business_name": "tandem-1"}));
    for bad in
        [json!({"id": CHILD}), json!({"id": "a/b", "api_key": "k"}), json!({"id": CHILD, "api_key": ""})]
    {
        let transport = Arc::new(ReplayTransport::new().answer(200, json!({ "data": bad }).to_string()));
        let error = subaccounts(&transport).open("x").await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::UnexpectedResponse, Effect::Unknown));
    }
}

#[tokio::test]
async fn a_managed_account_is_found_by_its_name_over_all_pages() {
    let page = |number: u32, names: &[&str]| {
        let data: Vec<Value> =
            names.iter().map(|name| json!({"id": CHILD, "organization_name": name})).collect();
        json!({"data": data, "meta": {"page_number": number, "total_pages": 2}}).to_string()
    };
    let transport = Arc::new(
        ReplayTransport::new()
            .answer(200, page(1, &["tandem-10", "Tandem-1"]))
            .answer(200, page(2, &["tandem-1"]))
            .answer(200, json!({"data": child("tandem-1")}).to_string()),
    );
    let found = subaccounts(&transport).find("tandem-1").await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].config.get("api_key").map(Secret::expose), Some(CHILD_KEY));
    // Another page than was asked for, and a list without an end, are no lists.
    for answers in
        [vec![page(7, &[])], vec![json!({"data": [], "meta": {"total_pages": 9999}}).to_string(); 40]]
    {
        let script =
            answers.into_iter().fold(ReplayTransport::new(), |script, answer| script.answer(200, answer));
        let error = subaccounts(&Arc::new(script)).find("tandem-1").await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::UnexpectedResponse, Effect::Unknown));
    }
}

#[tokio::test]
async fn a_managed_account_is_stopped_and_started() {
    for (active, action) in [(true, "enable"), (false, "disable")] {
        let answer = json!({"data": child("x")}).to_string();
        let transport = Arc::new(ReplayTransport::new().answer(200, answer).answer(404, ""));
        let subaccounts = subaccounts(&transport);
        subaccounts.set_active(CHILD, active).await.unwrap();
        assert_eq!(subaccounts.set_active(CHILD, active).await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(subaccounts.set_active("../x", active).await.unwrap_err().kind(), ErrorKind::Config);
        let url = format!("https://api.telnyx.com/v2/managed_accounts/{CHILD}/actions/{action}");
        assert_eq!(transport.requests()[0].uri().to_string(), url);
    }
}

#[tokio::test]
async fn the_requests_are_in_the_openapi_document() {
    let Some(facts) = facts() else { return };
    let api = Api::of(&facts);
    let page =
        json!({"data": [{"id": CHILD, "organization_name": "tandem 1&2"}], "meta": {"total_pages": 1}})
            .to_string();
    let script = ReplayTransport::new().answer(500, "").answer(200, page).answer(500, "");
    let transport = Arc::new(script.answer(500, "").answer(500, ""));
    let subaccounts = subaccounts(&transport);
    let _ = subaccounts.open("tandem 1&2").await;
    let _ = subaccounts.find("tandem 1&2").await;
    let _ = subaccounts.set_active(CHILD, true).await;
    let _ = subaccounts.set_active(CHILD, false).await;
    let requests = transport.requests();
    assert_eq!(requests.len(), 5);
    requests.iter().for_each(|request| api.check_request(request));
}

#[tokio::test]
async fn what_numbers_share_is_found_by_its_name_or_made() {
    const CONNECTION: &str = "1293384261075731499";
    const PROFILE: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    let name = "tandem telnyx-1";
    let page = |entries: Value| json!({"data": entries, "meta": {"total_pages": 1}}).to_string();
    let application = json!({"id": CONNECTION, "application_name": name});
    let profile = json!({"id": PROFILE, "name": name});
    let found = [CONNECTION, PROFILE].map(Some);
    let of_child = AccountConfig::from([("api_key", CHILD_KEY)]);
    let settings = |config: &AccountConfig| {
        ["connection_id", "messaging_profile_id"]
            .map(|name| config.get(name).map(|value| value.expose().to_owned()))
    };
    // Others that hold the name are not it.
    let alike = json!([{"id": "1", "application_name": "Tandem telnyx-1"}, {"id": "2", "application_name": "tandem telnyx-12"}]);
    let script = ReplayTransport::new()
        .answer(200, page(alike))
        .answer(201, json!({ "data": application }).to_string())
        .answer(200, page(json!([])))
        .answer(200, json!({ "data": profile }).to_string());
    let transport = Arc::new(script);
    let made = subaccounts(&transport).prepare(&of_child, name, "https://x.test/p").await.unwrap();
    assert_eq!(settings(&made), found.map(|id| id.map(str::to_owned)));
    let requests = transport.requests();
    // With the child's own key, and not its manager's.
    let key = format!("Bearer {CHILD_KEY}");
    assert!(requests.iter().all(|request| request.headers()["authorization"] == key));
    let bodies: Vec<Value> = [1, 3].map(|n| serde_json::from_slice(requests[n].body()).unwrap()).into();
    let url = "https://x.test/p/api/webhooks/telnyx";
    assert_eq!(
        (&bodies[0]["webhook_event_url"], &bodies[0]["webhook_api_version"]),
        (&json!(url), &json!("2"))
    );
    assert_eq!(
        (&bodies[1]["webhook_url"], &bodies[1]["whitelisted_destinations"]),
        (&json!(url), &json!(["US", "CA"]))
    );
    if let Some(facts) = facts() {
        let api = Api::of(&facts);
        requests.iter().for_each(|request| api.check_request(request));
    }

    let script =
        ReplayTransport::new().answer(200, page(json!([application]))).answer(200, page(json!([profile])));
    let again = subaccounts(&Arc::new(script)).prepare(&of_child, name, "https://x.test/p").await.unwrap();
    assert_eq!(settings(&again), settings(&made));
    for (answers, kind) in [
        (vec![(500, String::new())], ErrorKind::Unavailable),
        (vec![(200, page(json!([]))), (201, "{}".to_owned())], ErrorKind::UnexpectedResponse),
        (vec![(200, page(json!([{"id": "a/b", "application_name": name}])))], ErrorKind::UnexpectedResponse),
    ] {
        let script = answers
            .into_iter()
            .fold(ReplayTransport::new(), |script, (status, body)| script.answer(status, body));
        let error =
            subaccounts(&Arc::new(script)).prepare(&of_child, name, "https://x.test").await.unwrap_err();
        assert_eq!(error.kind(), kind);
    }
    let nobody = AccountConfig::default();
    let transport = Arc::new(ReplayTransport::new());
    let error = subaccounts(&transport).prepare(&nobody, name, "https://x.test").await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Config, Effect::NotSent));
}
