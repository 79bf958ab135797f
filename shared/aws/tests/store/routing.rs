//! Choosing a sender, from the request to the stored decision and back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Value, json};
use telephony::api::message::SendRequest;
use telephony::api::routing::{ExplainRequest, Explained};
use telephony::app::compose::{Caller, Compose};
use telephony::app::explain_route::ExplainRoute;
use telephony::app::problem::{Code, Problem};
use telephony::app::route::Router;
use telephony::app::send_message::{SendMessage, Sent};
use telephony::domain::ids::{AccountId, TenantId};
use telephony::domain::money::Micros;
use telephony::domain::number::{NumberStatus, PhoneNumber};
use telephony::domain::price::PriceTable;
use telephony::domain::routing::{AccountState, Scope};
use telephony::domain::timestamp::Timestamp;
use telephony::ports::{
    AccountStates, Clock, Decisions, Messages, Numbers, Projection, Random, StoreError, Wallets,
};
use telephony::provider::{Environment, ProviderId};

use crate::support::samples::*;
use crate::support::{Table, table};

/// A contact in Manhattan.
const TO: &str = "+12125550123";

#[derive(Clone, Default)]
struct States(Arc<Mutex<BTreeMap<AccountId, AccountState>>>);

#[async_trait]
impl AccountStates for States {
    async fn states(
        &self,
        _: &TenantId,
        accounts: &BTreeSet<AccountId>,
    ) -> Result<BTreeMap<AccountId, AccountState>, StoreError> {
        let known = self.0.lock().unwrap();
        Ok(accounts.iter().filter_map(|id| Some((id.clone(), known.get(id)?.clone()))).collect())
    }
}

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        at(100)
    }
}

struct Counting(Mutex<u128>);

impl Random for Counting {
    fn ulid(&self, _: Timestamp) -> u128 {
        let mut count = self.0.lock().unwrap();
        *count += 1;
        *count
    }

    fn up_to(&self, max: std::time::Duration) -> std::time::Duration {
        max
    }
}

struct World {
    table: Table,
    states: States,
    send: SendMessage,
    explain: ExplainRoute,
}

impl World {
    /// A tenant with money and these numbers: phone, provider, is primary.
    async fn new(numbers: &[(&str, ProviderId, bool)]) -> Self {
        let table = table().await;
        let demo = tenant("demo");
        table.store.deposit(&demo, Micros::new(1_000_000), "r", at(0)).await.unwrap();
        let store = Arc::new(table.store.clone());
        let states = States::default();
        let router = || Router {
            numbers: store.clone(),
            conversations: store.clone(),
            accounts: Arc::new(states.clone()),
            prices: PriceTable::bundled(),
        };
        let send = SendMessage {
            compose: Compose {
                router: router(),
                templates: store.clone(),
                default_country: "US".into(),
                environment: Environment::default(),
            },
            outbox: store.clone(),
            messages: store.clone(),
            clock: Arc::new(Fixed),
            random: Arc::new(Counting(Mutex::new(0))),
        };
        let explain =
            ExplainRoute { router: router(), decisions: store.clone(), default_country: "US".into() };
        let world = Self { table, states, send, explain };
        for (phone, provider, primary) in numbers {
            world.put(PhoneNumber { is_primary: *primary, ..held(phone, *provider) }).await;
        }
        world
    }

    async fn put(&self, number: PhoneNumber) {
        self.states.0.lock().unwrap().entry(number.account.clone()).or_default();
        assert!(self.table.store.put(&number).await.unwrap());
    }

    fn state(&self, account: &str, state: AccountState) {
        self.states.0.lock().unwrap().insert(account.parse().unwrap(), state);
    }

    async fn send(&self, request: Value) -> Result<Sent, Problem> {
        let caller = Caller { tenant: tenant("demo"), user: "ann".parse().unwrap() };
        let mut whole = json!({ "to": TO, "message": "Hello" });
        whole.as_object_mut().unwrap().extend(request.as_object().unwrap().clone());
        let request: SendRequest = serde_json::from_value(whole).unwrap();
        self.send.send(&caller, &request, None).await
    }

    async fn explain(&self, request: Value) -> Result<Value, Problem> {
        let request: ExplainRequest = serde_json::from_value(request).unwrap();
        let explained: Explained = self.explain.explain(&tenant("demo"), &request).await?;
        Ok(serde_json::to_value(explained).unwrap())
    }
}

fn held(phone: &str, provider: ProviderId) -> PhoneNumber {
    let number = number(&tenant("demo"), &format!("platform-{provider}"), phone);
    PhoneNumber { provider, is_primary: false, ..number }
}

fn sender(sent: &Sent) -> (String, Vec<String>) {
    let message = &sent.view.message;
    (message.from.as_str().to_owned(), message.route.as_ref().unwrap().reasons.clone())
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Problem>, code: Code) -> Vec<(String, String)> {
    let problem = result.unwrap_err();
    assert_eq!(problem.code(), code, "{problem:?}");
    problem.errors().iter().map(|error| (error.field.clone(), error.message.clone())).collect()
}

const MANHATTAN: &str = "+16465550100";
const BROOKLYN: &str = "+17185550100";
const FRISCO: &str = "+14155550100";

#[tokio::test(flavor = "multi_thread")]
async fn the_router_picks_and_the_conversation_keeps() {
    let world = World::new(&[
        (FRISCO, ProviderId::Twilio, true),
        (BROOKLYN, ProviderId::SignalWire, false),
        (MANHATTAN, ProviderId::Telnyx, false),
    ])
    .await;
    let first = world.send(json!({})).await.unwrap();
    assert_eq!(
        sender(&first),
        (MANHATTAN.into(), ["overlay", "priority:100", "cost:0.0075"].map(String::from).into())
    );
    assert_eq!(first.view.message.provider, ProviderId::Telnyx);
    assert_eq!(first.view.message.route.as_ref().unwrap().decided_by.as_deref(), Some("local"));

    // Named, it leaves from there; from then on the conversation stays there.
    let named = world.send(json!({ "from": FRISCO })).await.unwrap();
    assert_eq!(
        sender(&named),
        (
            FRISCO.into(),
            ["override", "country", "priority:100", "cost:0.0075", "primary"].map(String::from).into()
        )
    );
    world.table.store.project(&named.view.message).await.unwrap();
    let sticky = world.send(json!({})).await.unwrap();
    assert_eq!((sender(&sticky).0, sender(&sticky).1[0].as_str()), (FRISCO.into(), "sticky"));

    // A provider that is demanded outweighs even that.
    let demanded = world.send(json!({ "providerOverride": "signalwire" })).await.unwrap();
    assert_eq!(sender(&demanded).0, BROOKLYN);
    let demanded = world.send(json!({ "providerAccountId": "platform-telnyx" })).await.unwrap();
    assert_eq!(sender(&demanded).0, MANHATTAN);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_route_is_told_why() {
    let world = World::new(&[(MANHATTAN, ProviderId::Twilio, false)]).await;
    let store = &world.table.store;
    let silent = PhoneNumber { is_active: false, ..held(BROOKLYN, ProviderId::SignalWire) };
    world.put(silent).await;

    let told = refused(world.send(json!({ "providerOverride": "retell" })).await, Code::NoRoute);
    assert_eq!(told[0], ("providerOverride".into(), format!("{MANHATTAN} (twilio): override_mismatch")));
    let told = refused(world.send(json!({ "providerAccountId": "nobody" })).await, Code::NoRoute);
    assert_eq!(told[0].0, "providerAccountId");
    let told =
        refused(world.send(json!({ "from": MANHATTAN, "providerOverride": "telnyx" })).await, Code::NoRoute);
    assert_eq!(told.iter().map(|told| told.0.as_str()).collect::<Vec<_>>(), ["providerOverride"]);
    let told = refused(world.send(json!({ "providerOverride": "signalwire" })).await, Code::NoRoute);
    assert!(told.contains(&("from".into(), format!("{BROOKLYN} (signalwire): not_active"))), "{told:?}");
    for from in [BROOKLYN, FRISCO] {
        assert_eq!(
            refused(world.send(json!({ "from": from })).await, Code::NoProviderForNumber)[0].0,
            "from"
        );
    }
    let told =
        refused(world.send(json!({ "to": MANHATTAN, "from": MANHATTAN })).await, Code::ValidationFailed);
    assert_eq!(told[0].0, "to");
    let told = refused(world.send(json!({ "to": MANHATTAN })).await, Code::NoRoute);
    assert!(told.contains(&("to".into(), format!("{MANHATTAN} (twilio): is_recipient"))), "{told:?}");

    // Every active number lacks it.
    let plain = PhoneNumber {
        mms: false,
        ..store.by_tenant(&tenant("demo"), &MANHATTAN.parse().unwrap()).await.unwrap().unwrap()
    };
    world.put(plain).await;
    let picture = json!({ "mediaUrl": ["https://example.com/a.png"] });
    let told = refused(world.send(picture.clone()).await, Code::CapabilityMissing);
    assert!(told.contains(&("from".into(), format!("{MANHATTAN} (twilio): capability_missing:mms"))));
    let mut named = picture;
    named["from"] = MANHATTAN.into();
    assert_eq!(refused(world.send(named).await, Code::CapabilityMissing).len(), 1);

    // No credentials, switched off, somebody else's.
    world.state("platform-twilio", AccountState::UNKNOWN);
    refused(world.send(json!({})).await, Code::ProviderNotConfigured(Some(ProviderId::Twilio)));
    refused(
        world.send(json!({ "from": MANHATTAN })).await,
        Code::ProviderNotConfigured(Some(ProviderId::Twilio)),
    );
    world.state("platform-twilio", AccountState { active: false, ..AccountState::default() });
    refused(world.send(json!({})).await, Code::NoRoute);
    world.state("platform-twilio", AccountState { scope: Scope::Foreign, ..AccountState::default() });
    let told = refused(world.send(json!({})).await, Code::NoRoute);
    assert!(told.contains(&("from".into(), format!("{MANHATTAN} (twilio): not_allowed"))));

    let nobody = World::new(&[]).await;
    assert!(refused(nobody.send(json!({})).await, Code::NoRoute).is_empty());
    let told = refused(nobody.send(json!({ "providerOverride": "twilio" })).await, Code::NoRoute);
    assert_eq!(told[0].0, "providerOverride");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_whose_rental_is_owed_sends_nothing() {
    let world = World::new(&[]).await;
    world.put(PhoneNumber { status: NumberStatus::Suspended, ..held(FRISCO, ProviderId::Twilio) }).await;
    refused(world.send(json!({ "from": FRISCO })).await, Code::NoProviderForNumber);
    refused(world.send(json!({})).await, Code::NoRoute);
    world.put(PhoneNumber { status: NumberStatus::Active, ..held(FRISCO, ProviderId::Twilio) }).await;
    world.send(json!({ "from": FRISCO })).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_better_account_goes_first() {
    let world =
        World::new(&[(FRISCO, ProviderId::Twilio, true), ("+14155550199", ProviderId::Telnyx, false)]).await;
    assert_eq!(sender(&world.send(json!({})).await.unwrap()).0, FRISCO);
    world.state("platform-telnyx", AccountState { priority: 1, ..AccountState::default() });
    let sent = world.send(json!({})).await.unwrap();
    assert_eq!(
        sender(&sent),
        ("+14155550199".into(), ["country", "priority:1", "cost:0.0075"].map(String::from).into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_send_keeps_its_decision_and_it_can_be_made_again() {
    let world = World::new(&[
        (FRISCO, ProviderId::Twilio, true),
        (MANHATTAN, ProviderId::Telnyx, false),
        (BROOKLYN, ProviderId::Retell, false),
    ])
    .await;
    let sent = world.send(json!({})).await.unwrap();
    let id = sent.view.message.id;
    let record = world.table.store.decision(&tenant("demo"), id).await.unwrap().unwrap();
    assert!(record.is_same(&record.replay()));
    assert_eq!(record.reasons(), sender(&sent).1);
    // It is beside the message, and no part of it.
    let view = world.table.store.message(&tenant("demo"), id).await.unwrap().unwrap();
    assert_eq!(view, sent.view);

    let explained = world.explain(json!({ "messageId": id.to_string() })).await.unwrap();
    assert_eq!((&explained["replay"]["same"], &explained["replay"]["rules"]), (&json!(true), &json!(1)));
    assert_eq!(explained["selected"]["number"], MANHATTAN);
    assert_eq!(explained["excluded"][0]["reason"], "capability_missing:sms");
    for member in ["selected", "candidates", "excluded", "decidedBy"] {
        assert_eq!(explained[member], explained["replay"]["stored"][member], "{member}");
        assert_eq!(explained[member], explained["now"][member], "{member}");
    }

    // What has changed since changes what would be chosen, and not what was.
    world.state("platform-telnyx", AccountState::UNKNOWN);
    let later = world.explain(json!({ "messageId": id.to_string() })).await.unwrap();
    assert_eq!((&later["replay"], &later["selected"]), (&explained["replay"], &explained["selected"]));
    assert_eq!(later["now"]["selected"]["number"], FRISCO);

    for unknown in ["", "nothing", "01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
        let told = refused(world.explain(json!({ "messageId": unknown })).await, Code::MessageNotFound);
        assert_eq!(told[0].0, "messageId");
    }
    let foreign: ExplainRequest = serde_json::from_value(json!({ "messageId": id.to_string() })).unwrap();
    refused(world.explain.explain(&tenant("rival"), &foreign).await, Code::MessageNotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_explained_without_being_sent() {
    let world = World::new(&[
        (FRISCO, ProviderId::Twilio, true),
        (MANHATTAN, ProviderId::SignalWire, false),
        (BROOKLYN, ProviderId::Retell, false),
    ])
    .await;
    let explained = world.explain(json!({ "to": "(212) 555-0123" })).await.unwrap();
    assert_eq!(explained["selected"], explained["candidates"][0]);
    assert_eq!(explained["selected"]["provider"], "signalwire");
    assert_eq!(explained["selected"]["providerAccountId"], "platform-signalwire");
    assert_eq!(explained["selected"]["reasons"], json!(["overlay", "priority:100", "cost:0.0075"]));
    let score = explained["selected"]["score"].as_array().unwrap();
    assert_eq!(
        score[..8],
        [json!(0), json!(0), json!(3), json!(0), json!(-100), json!(1), json!(-0.0075), json!(0)]
    );
    assert_eq!(explained["decidedBy"], "local");
    assert_eq!(
        explained["excluded"],
        json!([{ "provider": "retell", "providerAccountId": "platform-retell",
        "number": BROOKLYN, "reason": "capability_missing:sms" }])
    );
    assert!(explained.get("replay").is_none() && explained.get("now").is_none());

    let far = world.explain(json!({ "to": TO, "localPresence": false })).await.unwrap();
    assert_eq!((&far["selected"]["number"], &far["decidedBy"]), (&json!(FRISCO), &json!("primary")));
    let calls = world
        .explain(json!({ "to": TO, "capabilities": ["voice"], "signedCall": true, "localPresence": false }))
        .await
        .unwrap();
    assert_eq!(calls["candidates"].as_array().unwrap().len(), 3);
    assert_eq!(calls["selected"]["reasons"], json!(["signed", "priority:100", "primary"]));
    let signed = world.explain(json!({ "to": TO, "capabilities": ["voice", "shaken"] })).await.unwrap();
    let retell = signed["excluded"].as_array().unwrap().iter().find(|e| e["provider"] == "retell").unwrap();
    assert_eq!(retell["reason"], "capability_missing:shaken");
    let nobody = world.explain(json!({ "to": TO, "providerOverride": "telnyx" })).await.unwrap();
    assert_eq!((&nobody["selected"], &nobody["decidedBy"]), (&Value::Null, &Value::Null));
    assert!(nobody["excluded"].as_array().unwrap().iter().all(|e| e["reason"] == "override_mismatch"));
    let named = world.explain(json!({ "to": TO, "from": BROOKLYN })).await.unwrap();
    assert_eq!((&named["selected"], named["excluded"].as_array().unwrap().len()), (&Value::Null, 1));
    refused(world.explain(json!({ "to": TO, "from": "+12125550999" })).await, Code::NoProviderForNumber);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_question_is_named() {
    let world = World::new(&[(FRISCO, ProviderId::Twilio, true)]).await;
    for (request, code, field) in [
        (json!({}), Code::ValidationFailed, "to"),
        (json!({ "to": "x" }), Code::InvalidNumber, "to"),
        (json!({ "to": TO, "from": "ACME" }), Code::InvalidNumber, "from"),
        (json!({ "to": TO, "capabilities": [] }), Code::ValidationFailed, "capabilities"),
        (json!({ "to": TO, "capabilities": ["sms", "fax"] }), Code::ValidationFailed, "capabilities[1]"),
        (json!({ "to": TO, "capabilities": ["SMS"] }), Code::ValidationFailed, "capabilities[0]"),
        (json!({ "to": TO, "providerOverride": "acme" }), Code::ValidationFailed, "providerOverride"),
        (json!({ "to": TO, "providerAccountId": "a b" }), Code::ValidationFailed, "providerAccountId"),
        (json!({ "to": TO, "messageId": "x" }), Code::ValidationFailed, "messageId"),
        (json!({ "signedCall": true, "messageId": "x" }), Code::ValidationFailed, "messageId"),
    ] {
        let told = refused(world.explain(request.clone()).await, code);
        assert_eq!(told[0].0, field, "{request}");
    }
    for request in [
        json!({ "to": 1 }),
        json!({ "localPresence": "yes" }),
        json!({ "signedCall": 1 }),
        json!({ "capabilities": "sms" }),
        json!({ "purpose": "otp" }),
    ] {
        assert!(serde_json::from_value::<ExplainRequest>(request.clone()).is_err(), "{request}");
    }
    for (request, field) in [
        (json!({ "providerOverride": "acme" }), "providerOverride"),
        (json!({ "providerOverride": "" }), "providerOverride"),
        (json!({ "from": "ACME" }), "from"),
    ] {
        let problem = world.send(request).await.unwrap_err();
        assert_eq!((problem.status(), problem.errors()[0].field.as_str()), (400, field));
    }
}
