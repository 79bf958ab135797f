//! The inventory: every copy of a number changes at once, and a change is never made over another.

use telephony::domain::number::{NumberStatus, PhoneNumber};
use telephony::ports::{Inventory, NumberChange, Numbers, Task, TaskKind, Tasks};

use crate::support::samples::*;
use crate::support::table;

const OTHER: &str = "+12025550177";

fn to(before: &PhoneNumber, change: impl FnOnce(&mut PhoneNumber)) -> NumberChange {
    let mut after = before.clone();
    change(&mut after);
    NumberChange { before: before.clone(), after }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_reaches_every_copy_once() {
    let table = table().await;
    let demo = tenant("demo");
    let own = number(&demo, "platform-twilio", OWN);
    assert!(table.store.put(&own).await.unwrap());
    assert_eq!(table.store.number(&demo, own.id).await.unwrap(), Some(own.clone()));
    assert_eq!(table.store.number(&tenant("rival"), own.id).await.unwrap(), None);

    let renamed = to(&own, |number| number.display_name = "Desk".into());
    assert!(table.store.change_numbers(std::slice::from_ref(&renamed)).await.unwrap());
    // The same again was read before the change: it is not made.
    assert!(!table.store.change_numbers(std::slice::from_ref(&renamed)).await.unwrap());
    let is = PhoneNumber { version: 1, ..renamed.after };
    assert_eq!(table.store.number(&demo, own.id).await.unwrap(), Some(is.clone()));
    assert_eq!(table.store.by_tenant(&demo, &own.phone).await.unwrap(), Some(is.clone()));
    assert_eq!(table.store.by_account(&own.account, &own.phone).await.unwrap(), Some(is));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_released_number_is_found_by_its_id_alone_and_can_be_held_again() {
    let table = table().await;
    let demo = tenant("demo");
    let own = PhoneNumber { own_account: true, ..number(&demo, "acme-telnyx", OWN) };
    assert!(table.store.put(&own).await.unwrap());
    let released = to(&own, |number| number.status = NumberStatus::Released);
    assert!(table.store.change_numbers(&[released]).await.unwrap());
    assert_eq!(table.store.by_tenant(&demo, &own.phone).await.unwrap(), None);
    assert_eq!(table.store.by_account(&own.account, &own.phone).await.unwrap(), None);
    assert_eq!(table.store.of_tenant(&demo).await.unwrap(), vec![]);
    let kept = table.store.number(&demo, own.id).await.unwrap().unwrap();
    assert_eq!(kept.status, NumberStatus::Released);

    let again = PhoneNumber { id: telephony::domain::ids::NumberId::derived(&["again"]), ..own };
    assert!(table.store.put(&again).await.unwrap());
    let all = table.store.numbers(&demo, &page(10, None)).await.unwrap().items;
    assert_eq!(all.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_number_has_no_route_until_it_is_active() {
    let table = table().await;
    let demo = tenant("demo");
    let own = PhoneNumber { status: NumberStatus::Pending, ..number(&demo, "platform-twilio", OWN) };
    assert!(table.store.put(&own).await.unwrap());
    assert_eq!(table.store.by_account(&own.account, &own.phone).await.unwrap(), None);
    assert!(table.store.change_numbers(&[to(&own, |n| n.status = NumberStatus::Active)]).await.unwrap());
    assert!(table.store.by_account(&own.account, &own.phone).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_business_has_one_primary_number() {
    let table = table().await;
    let demo = tenant("demo");
    let plain = |phone| PhoneNumber { is_primary: false, ..number(&demo, "platform-twilio", phone) };
    let (first, second) = (plain(OWN), plain(OTHER));
    for number in [&first, &second] {
        assert!(table.store.put(number).await.unwrap());
    }
    let rise = |number: &PhoneNumber| to(number, |number| number.is_primary = true);
    assert!(table.store.change_numbers(&[rise(&first)]).await.unwrap());
    // Whoever did not see the first one cannot become primary beside it.
    assert!(!table.store.change_numbers(&[rise(&second)]).await.unwrap());
    let first = table.store.number(&demo, first.id).await.unwrap().unwrap();
    let demoted = to(&first, |number| number.is_primary = false);
    assert!(table.store.change_numbers(&[rise(&second), demoted]).await.unwrap());
    let numbers = table.store.of_tenant(&demo).await.unwrap();
    let primary: Vec<_> = numbers.iter().filter(|n| n.is_primary).map(|n| n.phone.expose()).collect();
    assert_eq!(primary, [OTHER]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_looked_at_when_it_is_due() {
    let table = table().await;
    let demo = tenant("demo");
    let mut own = number(&demo, "platform-twilio", OWN);
    own.holding.due = Some(at(1_000));
    assert!(table.store.put(&own).await.unwrap());
    let due = |now| table.store.due_tasks(TaskKind::Number, now, 10);
    assert_eq!(due(at(1_000)).await.unwrap(), vec![]);
    assert_eq!(due(at(1_001)).await.unwrap(), vec![(Task::Number(demo.clone(), own.id), at(1_000))]);
    assert_eq!(table.store.due_tasks(TaskKind::Purchase, at(2_000), 10).await.unwrap(), vec![]);
    assert!(table.store.change_numbers(&[to(&own, |number| number.holding.due = None)]).await.unwrap());
    assert_eq!(due(at(2_000)).await.unwrap(), vec![]);
}
