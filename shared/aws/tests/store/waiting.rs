use telephony::domain::message::MediaCopy;
use telephony::domain::status::MessageStatus;
use telephony::ports::{
    Dispatch, Inbox, MediaRecords, Messages, Outbox, Pending, PendingKind, Projection, Reports,
};

use crate::support::samples::*;
use crate::support::table;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_is_handed_out_oldest_first_and_once() {
    let table = table().await;
    let demo = tenant("demo");
    for n in 0..6_u64 {
        table.store.accept(&intent(outbound(&demo, n, at(n as i64)))).await.unwrap();
    }
    assert!(table.store.due(PendingKind::Send, at(59), 10).await.unwrap().is_empty());
    let due = table.store.due(PendingKind::Send, at(63), 10).await.unwrap();
    assert_eq!(due.iter().map(|message| message.due).collect::<Vec<_>>(), [at(60), at(61), at(62)]);
    assert_eq!(due[0].tenant, demo);
    assert_eq!(table.store.postpone(PendingKind::Send, &due[0], at(500)).await, Ok(true));
    assert_eq!(table.store.postpone(PendingKind::Send, &due[0], at(500)).await, Ok(false));
    assert_eq!(table.store.due(PendingKind::Send, at(63), 10).await.unwrap().len(), 2);
    assert!(table.store.due(PendingKind::Media, at(9_999), 10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settled_message_waits_for_nobody() {
    let table = table().await;
    let demo = tenant("demo");
    let message = outbound(&demo, 1, at(0));
    table.store.accept(&intent(message.clone())).await.unwrap();
    table.store.begin(&demo, message.id, &attempt(&message, 1, at(1)), None).await.unwrap();
    let due = table.store.due(PendingKind::Send, at(100), 10).await.unwrap();
    assert_eq!(due[0].due, at(31));
    table
        .store
        .merge(&attempt_ref(&message, 1), &report(&message, MessageStatus::Delivered, at(2)))
        .await
        .unwrap();
    let view = Messages::message(&table.store, &demo, message.id).await.unwrap().unwrap();
    table.store.fold(&attempt_ref(&message, 1), &view.attempts[0], at(3)).await.unwrap();
    assert!(table.store.due(PendingKind::Send, at(100), 10).await.unwrap().is_empty());
    Dispatch::set_due(&table.store, &demo, message.id, Some(at(4))).await.unwrap();
    assert!(table.store.due(PendingKind::Send, at(100), 10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_is_set_and_cleared() {
    let table = table().await;
    let demo = tenant("demo");
    let message = outbound(&demo, 1, at(0));
    table.store.accept(&intent(message.clone())).await.unwrap();
    Dispatch::set_due(&table.store, &demo, message.id, Some(at(9))).await.unwrap();
    assert_eq!(table.store.due(PendingKind::Send, at(10), 10).await.unwrap()[0].due, at(9));
    Dispatch::set_due(&table.store, &demo, message.id, None).await.unwrap();
    assert!(table.store.due(PendingKind::Send, at(999), 10).await.unwrap().is_empty());
    // Marking what is not there makes no item.
    Dispatch::set_due(&table.store, &demo, id(77), Some(at(9))).await.unwrap();
    assert_eq!(Messages::message(&table.store, &demo, id(77)).await, Ok(None));
    assert!(table.store.due(PendingKind::Send, at(999), 10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn media_wait_until_every_copy_is_final() {
    let table = table().await;
    let demo = tenant("demo");
    let message = with_media(inbound(&demo, 1, at(0)), 2);
    table.store.record(&message, None).await.unwrap();
    table.store.record(&inbound(&demo, 2, at(0)), None).await.unwrap();
    assert_eq!(table.store.due(PendingKind::Media, at(121), 10).await.unwrap().len(), 1);
    Projection::set_due(&table.store, &demo, message.id, Some(at(300))).await.unwrap();
    assert_eq!(table.store.due(PendingKind::Media, at(301), 10).await.unwrap()[0].due, at(300));
    Projection::set_due(&table.store, &demo, id(2), Some(at(1))).await.unwrap();

    let stored =
        MediaCopy::Stored { key: "mms/demo/_/SM1_0.jpg".into(), content_type: "image/jpeg".into(), size: 9 };
    let failed = MediaCopy::Failed { reason: "gone".into() };
    table.store.set_copy(&demo, message.id, 1, &failed, at(5)).await.unwrap();
    table.store.set_copy(&demo, message.id, 1, &stored, at(6)).await.unwrap();
    table.store.set_copy(&demo, message.id, 7, &stored, at(6)).await.unwrap();
    table.store.set_copy(&demo, message.id, 0, &MediaCopy::Pending, at(6)).await.unwrap();
    assert_eq!(table.store.due(PendingKind::Media, at(301), 10).await.unwrap().len(), 1);
    table.store.set_copy(&demo, message.id, 0, &stored, at(7)).await.unwrap();
    assert!(table.store.due(PendingKind::Media, at(999), 10).await.unwrap().is_empty());
    let view = MediaRecords::load(&table.store, &demo, message.id).await.unwrap().unwrap();
    assert_eq!(view.progress.copies, [stored, failed]);
}
