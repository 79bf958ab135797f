use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use telephony::domain::event::{Event, Thread};
use telephony::domain::ids::TenantId;
use telephony::ports::{EventLog, StoreError};

use crate::support::happenings::*;
use crate::support::samples::*;
use crate::support::{Table, table};

async fn all(table: &Table, tenant: &TenantId, thread: Thread) -> Vec<Event> {
    table.store.not_handed_out(tenant, thread, 100).await.unwrap()
}

/// Whatever is repeated and happens at once: every event once, numbers from 1 without a gap.
#[tokio::test(flavor = "multi_thread")]
async fn numbers_have_no_gap_and_none_is_given_twice() {
    const EVENTS: u64 = 24;
    let table = table().await;
    let demo = tenant("demo");
    let tasks: Vec<_> = (0..3 * EVENTS)
        .map(|n| {
            let (store, event) = (table.store.clone(), event(&demo, thread(n % 2), n % EVENTS, at(1)));
            tokio::spawn(async move {
                // The stream comes again when writers met too often.
                loop {
                    match store.record_event(&event).await {
                        Err(StoreError::Contended) => {}
                        recorded => return recorded.unwrap(),
                    }
                }
            })
        })
        .collect();
    let mut new = 0;
    for task in tasks {
        new += u64::from(task.await.unwrap());
    }
    assert_eq!(new, EVENTS, "one of each three was the first");
    for n in 0..2 {
        let events = all(&table, &demo, thread(n)).await;
        let numbers: Vec<u64> = events.iter().map(|event| event.sequence).collect();
        assert_eq!(numbers, (1..=EVENTS / 2).collect::<Vec<_>>());
        assert_eq!(events.iter().map(|event| event.what.id.to_string()).collect::<BTreeSet<_>>().len(), 12);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_event_stays_as_it_was_first() {
    let table = table().await;
    let demo = tenant("demo");
    let first = event(&demo, thread(1), 1, at(1));
    assert_eq!(table.store.record_event(&first).await, Ok(true));
    let again =
        telephony::domain::event::NewEvent { data: serde_json::json!("other"), at: at(9), ..first.clone() };
    assert_eq!(table.store.record_event(&again).await, Ok(false));
    let stored = table.store.event(&demo, first.id).await.unwrap().unwrap();
    assert_eq!(stored, Event { what: first, sequence: 1 });
    assert_eq!(table.store.numbered(&demo, thread(1), 1).await, Ok(Some(stored)));
    assert_eq!(table.store.numbered(&demo, thread(1), 2).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_handed_out_is_not_handed_out_again() {
    let table = table().await;
    let demo = tenant("demo");
    assert!(all(&table, &demo, thread(1)).await.is_empty());
    for n in 1..=5 {
        table.store.record_event(&event(&demo, thread(1), n, at(n as i64))).await.unwrap();
    }
    table.store.handed_out(&demo, thread(1), 3).await.unwrap();
    // A job that comes late does not move it back.
    table.store.handed_out(&demo, thread(1), 2).await.unwrap();
    let left: Vec<u64> = all(&table, &demo, thread(1)).await.iter().map(|event| event.sequence).collect();
    assert_eq!(left, [4, 5]);
    assert_eq!(table.store.not_handed_out(&demo, thread(1), 1).await.unwrap().len(), 1);
    table.store.handed_out(&demo, thread(1), 5).await.unwrap();
    assert!(all(&table, &demo, thread(1)).await.is_empty());
    // What no thread has does not make one.
    table.store.handed_out(&demo, thread(7), 5).await.unwrap();
    table.store.record_event(&event(&demo, thread(7), 1, at(9))).await.unwrap();
    assert_eq!(all(&table, &demo, thread(7)).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_since_a_moment_come_oldest_first_by_page_and_of_one_tenant() {
    let table = table().await;
    let (demo, rival) = (tenant("demo"), tenant("rival"));
    for n in 1..=7 {
        table.store.record_event(&event(&demo, thread(n % 3), n, at(n as i64))).await.unwrap();
        table.store.record_event(&event(&rival, thread(n % 3), n, at(n as i64))).await.unwrap();
    }
    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = table.store.since(&demo, at(3), cursor.as_deref(), 2).await.unwrap();
        assert!(page.items.len() <= 2 && page.items.iter().all(|event| event.what.tenant == demo));
        found.extend(page.items.into_iter().map(|event| event.what.at));
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(found, (3..=7).map(at).collect::<Vec<_>>());
    let foreign = event(&rival, thread(1), 1, at(1)).id;
    assert_eq!(table.store.event(&demo, foreign).await, Ok(None));
}

/// Events and their pointers go after 30 days; the count of a thread stays.
#[tokio::test(flavor = "multi_thread")]
async fn events_expire_together() {
    let table = table().await;
    let demo = tenant("demo");
    table.store.record_event(&event(&demo, thread(1), 1, at(0))).await.unwrap();
    let items = table.client.scan().table_name(&table.name).send().await.unwrap().items.unwrap();
    let expiry = |entity: Option<&str>| {
        let of = |item: &&std::collections::HashMap<String, AttributeValue>| {
            item.get("ent").and_then(|value| value.as_s().ok()).map(String::as_str) == entity
        };
        let item = items.iter().find(of).unwrap();
        item.get("expires_at").map(|value| value.as_n().unwrap().parse::<i64>().unwrap())
    };
    let expected = Some(at(0).seconds() + 30 * 24 * 3600);
    assert_eq!([expiry(Some("evt")), expiry(Some("evp")), expiry(None)], [expected, expected, None]);
}
