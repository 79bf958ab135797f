use telephony::domain::endpoint::{Delivery, DeliveryState};
use telephony::domain::event::Event;
use telephony::domain::ids::ReplayId;
use telephony::ports::{Deliveries, EventLog, OverdueDeliveries, TryEnd};

use crate::support::happenings::*;
use crate::support::samples::*;
use crate::support::{Table, table};

fn end(state: DeliveryState, status: u16, next: Option<i64>) -> TryEnd {
    let next = next.map(at);
    TryEnd { state, status: Some(status), error: None, next_at: next, due: next }
}

async fn opened(table: &Table, n: u64) -> (Event, Delivery) {
    let demo = tenant("demo");
    let what = event(&demo, thread(1), n, at(n as i64));
    table.store.record_event(&what).await.unwrap();
    let event = table.store.event(&demo, what.id).await.unwrap().unwrap();
    let key = delivery(&what, endpoint(&demo, "a", at(0)).id);
    let opened = table.store.open(&event, &key, DeliveryState::Pending, at(60)).await.unwrap();
    (event, opened)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_try_is_begun_by_one_and_counted_before_it_is_made() {
    let table = table().await;
    let (event, first) = opened(&table, 1).await;
    assert_eq!((first.tries, first.state, first.next_at), (0, DeliveryState::Pending, Some(at(1))));
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let (store, first) = (table.store.clone(), first.clone());
            tokio::spawn(async move { store.begin_try(&first, at(70)).await.unwrap() })
        })
        .collect();
    let mut begun = Vec::new();
    for task in tasks {
        begun.extend(task.await.unwrap());
    }
    assert_eq!(begun.len(), 1);
    assert_eq!((begun[0].tries, begun[0].lease_until), (1, Some(at(70))));
    // Opened again it is what it was.
    let again = table.store.open(&event, &first.key, DeliveryState::Pending, at(99)).await.unwrap();
    assert_eq!(again, begun[0]);
    assert_eq!(table.store.overdue(at(71), 10).await.unwrap()[0].due, at(70));
    assert_eq!(table.store.end_try(&begun[0], &end(DeliveryState::Delivered, 200, None)).await, Ok(true));
    assert!(table.store.overdue(at(9_999), 10).await.unwrap().is_empty());
    // Somebody who was slow has nothing more to say.
    assert_eq!(table.store.end_try(&begun[0], &end(DeliveryState::Dead, 500, None)).await, Ok(false));
    let stored = table.store.delivery(&first.key).await.unwrap().unwrap();
    assert_eq!(
        (stored.state, stored.last_status, stored.lease_until),
        (DeliveryState::Delivered, Some(200), None)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_handed_out_once() {
    let table = table().await;
    let (_, first) = opened(&table, 1).await;
    let begun = table.store.begin_try(&first, at(70)).await.unwrap().unwrap();
    table.store.end_try(&begun, &end(DeliveryState::Pending, 503, Some(400))).await.unwrap();
    assert!(table.store.overdue(at(399), 10).await.unwrap().is_empty());
    let overdue = table.store.overdue(at(401), 10).await.unwrap();
    assert_eq!((overdue.len(), &overdue[0].key), (1, &first.key));
    assert_eq!(table.store.postpone_delivery(&overdue[0], at(900)).await, Ok(true));
    assert_eq!(table.store.postpone_delivery(&overdue[0], at(900)).await, Ok(false));
    assert!(table.store.overdue(at(401), 10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_begins_anew_once() {
    let table = table().await;
    let (event, first) = opened(&table, 1).await;
    let begun = table.store.begin_try(&first, at(70)).await.unwrap().unwrap();
    let wish = ReplayId::from_bits(1);
    assert_eq!(table.store.restart(&event, &first.key, wish, at(80), at(140)).await, Ok(true));
    assert_eq!(table.store.restart(&event, &first.key, wish, at(81), at(141)).await, Ok(false));
    let anew = table.store.delivery(&first.key).await.unwrap().unwrap();
    assert_eq!((anew.tries, anew.run, anew.next_at, anew.lease_until), (0, 1, Some(at(80)), None));
    // The try that was under way is of another run.
    assert_eq!(table.store.end_try(&begun, &end(DeliveryState::Delivered, 200, None)).await, Ok(false));
    assert_eq!(table.store.begin_try(&first, at(90)).await, Ok(None));
    assert!(table.store.begin_try(&anew, at(90)).await.unwrap().is_some());
    // What an endpoint never had can be told to it as well.
    let other = delivery(&event.what, endpoint(&tenant("demo"), "b", at(0)).id);
    assert_eq!(table.store.restart(&event, &other, wish, at(80), at(140)).await, Ok(true));
    let told = table.store.delivery(&other).await.unwrap().unwrap();
    assert_eq!((told.state, told.sequence, told.event_at), (DeliveryState::Pending, 1, at(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_listed_newest_first_for_their_own_endpoint() {
    let table = table().await;
    let demo = tenant("demo");
    for n in 1..=3 {
        opened(&table, n).await;
    }
    let of = |name: &'static str, limit, cursor| {
        let (store, demo) = (table.store.clone(), demo.clone());
        async move {
            store.of_endpoint(&demo, endpoint(&demo, name, at(0)).id, &page(limit, cursor)).await.unwrap()
        }
    };
    let first = of("a", 2, None).await;
    assert_eq!(first.items.iter().map(|delivery| delivery.event_at).collect::<Vec<_>>(), [at(3), at(2)]);
    let last = of("a", 2, first.next).await;
    assert_eq!((last.items.len(), last.next), (1, None));
    assert!(of("b", 2, None).await.items.is_empty());
    let rival =
        table.store.of_endpoint(&tenant("rival"), endpoint(&demo, "a", at(0)).id, &page(9, None)).await;
    assert!(rival.unwrap().items.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_waits_for_nobody() {
    let table = table().await;
    let demo = tenant("demo");
    let what = event(&demo, thread(1), 1, at(1));
    table.store.record_event(&what).await.unwrap();
    let event = table.store.event(&demo, what.id).await.unwrap().unwrap();
    let key = delivery(&what, endpoint(&demo, "a", at(0)).id);
    table.store.open(&event, &key, DeliveryState::Held, at(2)).await.unwrap();
    assert!(table.store.overdue(at(9_999), 10).await.unwrap().is_empty());
}
