//! The projector tells of numbers: what shows of a change, once, in the order in which it happened.

use serde_json::Value;
use telephony::app::project::Change;
use telephony::domain::number::{NumberStatus, PhoneNumber};
use telephony::domain::rent::Rent;
use telephony::ports::*;

use crate::statuses::project;
use crate::support::samples::*;
use crate::world::World;

/// The stream's records of a number that is stored and then changed so.
async fn records(world: &World, own: PhoneNumber, changes: &[&dyn Fn(&mut PhoneNumber)]) -> Vec<Change> {
    let store = &world.table.store;
    assert!(Numbers::put(store, &own).await.unwrap());
    let mut records = vec![Change::NumberChanged(None, Box::new(own.clone()))];
    let mut before = own;
    for change in changes {
        let mut after = before.clone();
        change(&mut after);
        assert!(store.change_numbers(&[NumberChange { before: before.clone(), after }]).await.unwrap());
        let after = store.number(&before.tenant, before.id).await.unwrap().unwrap();
        records.push(Change::NumberChanged(Some(Box::new(before)), Box::new(after.clone())));
        before = after;
    }
    records
}

fn told(world: &World) -> Vec<(u64, String, Value)> {
    let came = world.consumer.came();
    let read = |body: &str| -> Value { serde_json::from_str(body).unwrap() };
    let kind = |body: &Value| body["type"].as_str().unwrap().to_owned();
    came.iter()
        .map(|c| (c.sequence, read(&c.body)))
        .map(|(n, body)| (n, kind(&body), body["data"].clone()))
        .collect()
}

/// Each record is seen twice, and the whole once more when all is over.
async fn tell(world: &World, records: &[Change]) {
    let project = project(world);
    for record in records.iter().flat_map(|record| [record, record]).chain(records) {
        project.project(record).await.unwrap();
    }
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_shows_is_told_once_and_in_order() {
    let world = World::new(&[]).await;
    world.endpoint("aaa").await;
    let own = PhoneNumber { status: NumberStatus::Pending, ..number(&world.tenant, "platform-twilio", OWN) };
    let records = records(
        &world,
        own,
        &[
            &|n| n.holding.notes = Some("claimed".into()),
            &|n| n.status = NumberStatus::Active,
            &|n| n.display_name = "Desk".into(),
            // A month that is paid shows nowhere, and neither does the hour at which it was.
            &|n| {
                n.holding.rent = Some(Rent::begun(at(0)));
                n.holding.due = Some(at(99));
                n.holding.updated_at = Some(at(50));
            },
            &|n| n.user = Some("u-7".parse().unwrap()),
            &|n| n.status = NumberStatus::Suspended,
            &|n| n.status = NumberStatus::Active,
            &|n| n.status = NumberStatus::Releasing,
            &|n| n.status = NumberStatus::Released,
        ],
    )
    .await;
    tell(&world, &records).await;
    let told = told(&world);
    let words: Vec<(u64, &str)> = told.iter().map(|(n, kind, _)| (*n, kind.as_str())).collect();
    let updated = "number.updated";
    assert_eq!(
        words,
        [
            (1, "number.added"),
            (2, updated),
            (3, updated),
            (4, updated),
            (5, updated),
            (6, updated),
            (7, "number.released")
        ]
    );
    let of = |member: &str| -> Vec<Value> { told.iter().map(|(_, _, data)| data[member].clone()).collect() };
    assert_eq!(
        of("status"),
        ["active", "active", "active", "suspended", "active", "releasing", "released"].map(Value::from)
    );
    assert_eq!(of("displayName")[..2], ["Main", "Desk"].map(Value::from));
    assert_eq!(of("userId")[1..3], [Value::Null, "u-7".into()]);
    assert_eq!(of("phoneNumber")[0], OWN);
    let url = of("smsUrl")[0].as_str().unwrap().to_owned();
    assert!(url.starts_with("https://tandem.example/api/webhooks/twilio/sms"), "{url}");
}

/// A claim that nobody proved was never a number of the tenant's.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_not_told_of() {
    let world = World::new(&[]).await;
    world.endpoint("aaa").await;
    let own = PhoneNumber { status: NumberStatus::Pending, ..number(&world.tenant, "platform-twilio", OWN) };
    let records = records(&world, own, &[&|n| n.status = NumberStatus::Released]).await;
    tell(&world, &records).await;
    assert_eq!(told(&world), []);
}

/// A number mostly comes just before the first endpoint: that nobody wanted to hear of it is not remembered.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_nobody_hears_of_leaves_no_memory() {
    let world = World::new(&[]).await;
    let own = number(&world.tenant, "platform-twilio", OWN);
    let changes = records(&world, own, &[&|n| n.display_name = "Desk".into()]).await;
    let [added, renamed] = changes.as_slice() else { panic!() };
    let project = project(&world);
    project.project(added).await.unwrap();
    world.endpoint("aaa").await;
    project.project(renamed).await.unwrap();
    let message = outbound(&world.tenant, 1, at(0));
    world.table.store.accept(&intent(message.clone())).await.unwrap();
    assert!(world.table.store.cancel(&message.tenant, message.id, at(1)).await.unwrap());
    let view = Messages::message(&world.table.store, &message.tenant, message.id).await.unwrap().unwrap();
    project.project(&Change::Ended(Box::new(view), None)).await.unwrap();
    world.settle().await;
    let mut kinds: Vec<String> = told(&world).into_iter().map(|(_, kind, _)| kind).collect();
    kinds.sort();
    assert_eq!(kinds, ["message.status", "number.updated"]);
}
