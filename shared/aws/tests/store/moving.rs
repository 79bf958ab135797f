//! Numbers that are to move: what is refused and why, and what holds while one is on its way.

use std::sync::Arc;

use serde_json::{Value, json};
use telephony::app::numbers::moving::{MoveNumber, Moving};
use telephony::app::problem::Problem;
use telephony::app::receive_message::{ReceiveMessage, Received};
use telephony::app::route_cache::RouteCache;
use telephony::domain::address::Address;
use telephony::domain::ids::NumberId;
use telephony::domain::money::Micros;
use telephony::domain::moving::MOVING_FOR;
use telephony::domain::number::{Holding, NumberStatus, PhoneNumber, VoiceBinding};
use telephony::domain::rent::Rent;
use telephony::ports::*;
use telephony::provider::ProviderId;
use telephony::provider::webhooks::InboundText;

use crate::accounts::{book, of, record};
use crate::managing_desk::TestDesk;
use crate::support::samples::*;
use crate::support::{Table, table};

struct Stack {
    table: Table,
    desk: TestDesk,
    moves: MoveNumber,
}

async fn stack() -> Stack {
    let table = table().await;
    let desk = TestDesk::default();
    let store = Arc::new(table.store.clone());
    let moves = MoveNumber {
        inventory: store.clone(),
        numbers: store.clone(),
        moves: store,
        book: Arc::new(book(&table)),
        desk: Arc::new(desk.clone()),
        clock: Arc::new(desk.clone()),
    };
    Stack { table, desk, moves }
}

impl Stack {
    async fn number(&self, phone: &str, change: impl FnOnce(&mut PhoneNumber)) -> PhoneNumber {
        let mut number =
            PhoneNumber { is_primary: false, ..number(&tenant("acme"), "platform-twilio", phone) };
        change(&mut number);
        assert!(Numbers::put(&self.table.store, &number).await.unwrap());
        number
    }

    async fn ask(&self, id: NumberId, body: Value, key: Option<&str>) -> Result<Moving, Problem> {
        let request = serde_json::from_value(body).unwrap();
        self.moves.begin(&tenant("operator"), &tenant("acme"), id, &request, key).await
    }

    async fn refused(&self, id: NumberId, body: Value) -> (String, u16, Vec<String>) {
        let problem = self.ask(id, body, None).await.unwrap_err();
        let fields = problem.errors().iter().map(|error| error.field.clone()).collect();
        (problem.code().as_str().into_owned(), problem.status(), fields)
    }

    async fn stored(&self, id: NumberId) -> PhoneNumber {
        self.table.store.number(&tenant("acme"), id).await.unwrap().unwrap()
    }
}

fn refusal(code: &str, status: u16, fields: &[&str]) -> (String, u16, Vec<String>) {
    (code.to_owned(), status, fields.iter().map(|field| (*field).to_owned()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named_and_nothing_is_begun() {
    let stack = stack().await;
    let own = stack.number(OWN, |_| {}).await;
    let accounts = book(&stack.table);
    for (owner, id, provider) in [
        ("acme", "acmes", ProviderId::Twilio),
        ("bolt", "bolts", ProviderId::Twilio),
        ("bolt", "bolts-signalwire", ProviderId::SignalWire),
    ] {
        let mut account = record(of(owner), id, &format!("AC{id}"), "token");
        account.provider = provider;
        accounts.add(&tenant(owner), &account, None, at(0)).await.unwrap();
    }
    let (bad, account) = ("VALIDATION_FAILED", "providerAccountId");
    for (body, wanted) in [
        (json!({}), refusal(bad, 400, &["tenantId"])),
        (json!({ "userId": "ann" }), refusal(bad, 400, &["tenantId"])),
        (json!({ "tenantId": "acme" }), refusal(bad, 400, &["tenantId"])),
        (json!({ "tenantId": "a#b" }), refusal(bad, 400, &["tenantId"])),
        (json!({ "providerAccountId": "platform-twilio" }), refusal(bad, 400, &[account])),
        (json!({ "tenantId": "bolt", "userId": "a b" }), refusal(bad, 400, &["userId"])),
        (json!({ "tenantId": "bolt", "businessId": "" }), refusal(bad, 400, &["businessId"])),
        (json!({ "providerAccountId": "nobodys" }), refusal("PROVIDER_NOT_FOUND", 422, &[account])),
        // Another tenant's account is none of this one's, and the other way round.
        (json!({ "providerAccountId": "bolts" }), refusal("PROVIDER_NOT_FOUND", 422, &[account])),
        (
            json!({ "tenantId": "bolt", "providerAccountId": "acmes" }),
            refusal("PROVIDER_NOT_FOUND", 422, &[account]),
        ),
        // That is porting.
        (
            json!({ "tenantId": "bolt", "providerAccountId": "bolts-signalwire" }),
            refusal("CAPABILITY_MISSING", 422, &[account]),
        ),
        // Neither is below the other.
        (json!({ "providerAccountId": "acmes" }), refusal("CAPABILITY_MISSING", 422, &[])),
    ] {
        assert_eq!(stack.refused(own.id, body.clone()).await, wanted, "{body}");
    }
    let unknown = NumberId::derived(&["unknown"]);
    assert_eq!(stack.refused(unknown, json!({ "tenantId": "bolt" })).await, refusal("NOT_FOUND", 404, &[]));
    assert_eq!(stack.stored(own.id).await, own);
}

/// Nobody is rid of debts by giving a number away, and what something else happens to stays.
#[tokio::test(flavor = "multi_thread")]
async fn only_what_works_and_is_paid_for_moves() {
    let stack = stack().await;
    let rent = |months_paid, owed_since| Rent { since: at(-40 * 86_400), months_paid, owed_since };
    let rented = |rent: Rent| Holding {
        monthly_charge: Some(Micros::new(1_500_000)),
        rent: Some(rent),
        ..Holding::default()
    };
    let trunk = VoiceBinding { provider: ProviderId::Retell, account: "agents".parse().unwrap(), sid: None };
    type Change = Box<dyn FnOnce(&mut PhoneNumber)>;
    let status = |status| -> Change { Box::new(move |number| number.status = status) };
    let holding = |holding| -> Change { Box::new(move |number| number.holding = holding) };
    let cases: Vec<(Change, &str, u16)> = vec![
        (status(NumberStatus::Pending), "NUMBER_UNAVAILABLE", 409),
        (status(NumberStatus::Suspended), "INSUFFICIENT_BALANCE", 402),
        (status(NumberStatus::Releasing), "IN_PROGRESS", 409),
        (status(NumberStatus::Released), "NUMBER_UNAVAILABLE", 409),
        (holding(rented(rent(2, Some(at(0))))), "INSUFFICIENT_BALANCE", 402),
        (holding(rented(rent(1, None))), "IN_PROGRESS", 409),
        (Box::new(|number| number.is_primary = true), "PRIMARY_NUMBER_DELETE", 409),
        (Box::new(move |number| number.voice_via = Some(trunk)), "CAPABILITY_MISSING", 422),
    ];
    for (n, (change, code, status)) in cases.into_iter().enumerate() {
        let number = stack.number(&format!("+1415555030{n}"), change).await;
        let got = stack.refused(number.id, json!({ "tenantId": "bolt" })).await;
        assert_eq!((got.0.as_str(), got.1), (code, status), "{n}");
        assert_eq!(stack.stored(number.id).await, number);
    }
    // Its own month is paid, and the other tenant's number is another one.
    let paid = stack.number(OWN, |number| number.holding = rented(rent(2, None))).await;
    let theirs = PhoneNumber { is_primary: false, ..number(&tenant("bolt"), "theirs", OWN) };
    assert!(Numbers::put(&stack.table.store, &theirs).await.unwrap());
    assert_eq!(
        stack.refused(paid.id, json!({ "tenantId": "bolt" })).await,
        refusal("NUMBER_UNAVAILABLE", 409, &[])
    );
    assert!(stack.ask(paid.id, json!({ "tenantId": "cora" }), None).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_is_begun_once_however_often_it_is_asked_for() {
    let stack = stack().await;
    let own = stack.number(OWN, |_| {}).await;
    let to = json!({ "tenantId": "bolt", "userId": "ben" });
    let first = stack.ask(own.id, to.clone(), Some("key")).await.unwrap();
    assert_eq!((first.number.status, first.replayed), (NumberStatus::Moving, false));
    assert_eq!(stack.stored(own.id).await, first.number);
    // Not before anybody can have forgotten who held it.
    let due = |at| stack.table.store.due_tasks(TaskKind::Number, at, 10);
    assert_eq!(first.number.holding.due, Some(stack.desk.now().plus(MOVING_FOR)));
    assert!(due(stack.desk.now().plus(MOVING_FOR)).await.unwrap().is_empty());
    assert_eq!(due(stack.desk.now().plus(MOVING_FOR * 2)).await.unwrap().len(), 1);

    let again = stack.ask(own.id, to.clone(), Some("key")).await.unwrap();
    assert_eq!((&again.number, again.replayed), (&first.number, true));
    let without = stack.ask(own.id, to.clone(), None).await.unwrap();
    assert_eq!((&without.number, without.replayed), (&first.number, false));
    let other = stack.ask(own.id, json!({ "tenantId": "cora" }), Some("key")).await.unwrap_err();
    assert_eq!(other.code().as_str(), "IDEMPOTENCY_MISMATCH");
    assert_eq!(stack.refused(own.id, json!({ "tenantId": "cora" })).await, refusal("IN_PROGRESS", 409, &[]));
    let strange = stack.ask(own.id, to, Some(" ")).await.unwrap_err();
    assert_eq!(strange.errors()[0].field, "Idempotency-Key");
    assert_eq!(stack.stored(own.id).await, first.number);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_slips_in_while_a_number_is_on_its_way() {
    let stack = stack().await;
    let own = stack.number(OWN, |_| {}).await;
    let moving = stack.ask(own.id, json!({ "tenantId": "bolt" }), None).await.unwrap().number;
    let store = &stack.table.store;
    assert!(!moving.may_send());
    let (acme, bolt) = (tenant("acme"), tenant("bolt"));
    // The new holder does not see it yet, and cannot take it in by hand meanwhile.
    assert_eq!(store.by_tenant(&bolt, &own.phone).await.unwrap(), None);
    assert_eq!(Numbers::of_tenant(store, &bolt).await.unwrap(), []);
    let entered = PhoneNumber { status: NumberStatus::Pending, ..number(&bolt, "bolts", OWN) };
    assert!(!Numbers::put(store, &entered).await.unwrap());
    assert_eq!(store.by_tenant(&acme, &own.phone).await.unwrap(), Some(moving.clone()));
    assert_eq!(store.by_account(&own.account, &own.phone).await.unwrap(), Some(moving.clone()));
    // When it comes to nothing, its place is free again.
    let after = PhoneNumber { status: NumberStatus::Active, ..moving.clone() };
    assert!(store.change_numbers(&[NumberChange { before: moving, after }]).await.unwrap());
    assert!(Numbers::put(store, &entered).await.unwrap());
}

fn text(n: u32) -> InboundText {
    InboundText {
        sid: format!("SM{n:032}").parse().unwrap(),
        from: Address::parse(CONTACT),
        to: Address::parse(OWN),
        body: "hello".into(),
        segments: None,
        media: Vec::new(),
        answered_by_provider: false,
    }
}

/// Who remembers the holder may use it for a minute; that a number is moving is asked each time, so that
/// the end of a move is seen at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_forgets_the_old_holder_and_sees_the_new_one() {
    let stack = stack().await;
    let own = stack.number(OWN, |_| {}).await;
    let store = Arc::new(stack.table.store.clone());
    let receive = ReceiveMessage { routes: Arc::new(RouteCache::new(store.clone())), inbox: store.clone() };
    let came = async |n: u32, seconds: i64| {
        receive.receive(ProviderId::Twilio, &own.account, text(n), at(seconds)).await.unwrap()
    };
    assert!(matches!(came(1, 0).await, Received::New(_)));
    let moving = stack.ask(own.id, json!({ "tenantId": "bolt" }), None).await.unwrap().number;
    assert!(matches!(came(2, 59).await, Received::New(_)));
    let Received::Parked(parked) = came(3, 60).await else { panic!() };
    assert_eq!(came(3, 61).await, Received::Parked(parked));
    // Another text under the same id is not the one that waits.
    let forged = InboundText { body: "other".into(), ..text(3) };
    let forged = receive.receive(ProviderId::Twilio, &own.account, forged, at(62)).await.unwrap();
    assert_eq!(forged, Received::Unrouted);
    let waiting = store.parked(&own.tenant, own.id).await.unwrap();
    assert_eq!(waiting.iter().map(|text| (text.message, text.at)).collect::<Vec<_>>(), [(parked, at(60))]);

    let held = PhoneNumber {
        id: NumberId::derived(&["held"]),
        tenant: tenant("bolt"),
        status: NumberStatus::Active,
        holding: Holding::default(),
        version: 0,
        ..moving.clone()
    };
    let left = PhoneNumber { status: NumberStatus::Released, ..moving.clone() };
    assert!(store.hand_over(&moving, Some(&left), &held).await.unwrap());
    assert!(!store.hand_over(&moving, Some(&left), &held).await.unwrap());
    let Received::New(new) = came(4, 63).await else { panic!() };
    assert!(Messages::message(&*store, &tenant("bolt"), new).await.unwrap().is_some());
    assert!(Messages::message(&*store, &tenant("acme"), new).await.unwrap().is_none());
}
