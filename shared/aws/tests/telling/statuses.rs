//! The projector tells of statuses: each once, none that the message has left behind, and also of an end
//! without an attempt.

use std::sync::Arc;

use serde_json::Value;
use telephony::app::answer::Answer;
use telephony::app::project::{Change, Project};
use telephony::domain::message::Message;
use telephony::domain::price::PriceTable;
use telephony::domain::status::MessageStatus::{self, Canceled, Delivered, Queued, Sent};
use telephony::ports::*;

use crate::line::Counting;
use crate::support::samples::*;
use crate::world::World;

pub fn project(world: &World) -> Project {
    let store = Arc::new(world.table.store.clone());
    Project {
        projection: store.clone(),
        queue: world.line.clone(),
        answer: Answer {
            outbox: store.clone(),
            templates: store.clone(),
            numbers: store.clone(),
            projection: store.clone(),
            prices: PriceTable::bundled(),
            clock: world.clock.clone(),
        },
        emit: telephony::app::emit::Emit {
            listeners: telephony::app::emit::Listeners::new(store.clone(), store.clone()),
            log: store.clone(),
            numbers: store.clone(),
            queue: world.line.clone(),
            clock: world.clock.clone(),
        },
        call_charges: telephony::app::money::calls::CallCharges {
            charges: store.clone(),
            prices: PriceTable::bundled(),
        },
        history: store.clone(),
        public_base_url: "https://tandem.example".to_owned(),
        calls: store,
        clock: world.clock.clone(),
        random: Arc::new(Counting::default()),
    }
}

/// The stream's record of the attempt as it is now.
async fn moved(world: &World, message: &Message) -> Change {
    let view = Messages::message(&world.table.store, &message.tenant, message.id).await.unwrap().unwrap();
    Change::AttemptMoved(attempt_ref(message, 1), Box::new(view.attempts[0].clone()))
}

fn told(world: &World) -> Vec<(u64, Value, Value)> {
    let came = world.consumer.came();
    let read = |body: &str| -> Value { serde_json::from_str(body).unwrap() };
    let data = came.iter().map(|c| (c.sequence, read(&c.body)["data"].clone()));
    data.map(|(n, data)| (n, data["status"].clone(), data["previousStatus"].clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_status_is_told_once_however_often_the_stream_comes() {
    let world = World::new(&[]).await;
    world.endpoint("aaa").await;
    let project = project(&world);
    let message = outbound(&world.tenant, 1, at(0));
    let store = &world.table.store;
    store.accept(&intent(message.clone())).await.unwrap();
    Dispatch::begin(store, &message.tenant, message.id, &attempt(&message, 1, at(1)), None).await.unwrap();
    let mut changes = vec![moved(&world, &message).await];
    for status in [Sent, Delivered] {
        store.merge(&attempt_ref(&message, 1), &report(&message, status, at(2))).await.unwrap();
        changes.push(moved(&world, &message).await);
        project.project(changes.last().unwrap()).await.unwrap();
    }
    for _ in 0..2 {
        for change in &changes {
            project.project(change).await.unwrap();
        }
    }
    world.settle().await;
    let word = |status: MessageStatus| Value::from(status.as_str());
    let sending = word(MessageStatus::Sending);
    assert_eq!(told(&world), [(1, word(Sent), sending), (2, word(Delivered), word(Sent))]);
}

/// Whoever folds first (the worker does, when the stream lags), the status is told.
#[tokio::test(flavor = "multi_thread")]
async fn a_status_that_another_process_took_over_is_told_as_well() {
    let world = World::new(&[]).await;
    world.endpoint("aaa").await;
    let message = outbound(&world.tenant, 1, at(0));
    let store = &world.table.store;
    store.accept(&intent(message.clone())).await.unwrap();
    Dispatch::begin(store, &message.tenant, message.id, &attempt(&message, 1, at(1)), None).await.unwrap();
    store.merge(&attempt_ref(&message, 1), &report(&message, Delivered, at(2))).await.unwrap();
    let change = moved(&world, &message).await;
    let Change::AttemptMoved(reference, state) = &change else { panic!() };
    store.fold(reference, state, at(3)).await.unwrap();
    project(&world).project(&change).await.unwrap();
    world.settle().await;
    assert_eq!(told(&world), [(1, Value::from("delivered"), Value::Null)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_ends_without_an_attempt_is_told_of() {
    let world = World::new(&[]).await;
    world.endpoint("aaa").await;
    let project = project(&world);
    let message = outbound(&world.tenant, 1, at(0));
    world.table.store.accept(&intent(message.clone())).await.unwrap();
    assert!(world.table.store.cancel(&message.tenant, message.id, at(1)).await.unwrap());
    let view = Messages::message(&world.table.store, &message.tenant, message.id).await.unwrap().unwrap();
    for _ in 0..2 {
        project.project(&Change::Ended(Box::new(view.clone()), Some(Queued))).await.unwrap();
    }
    world.settle().await;
    assert_eq!(told(&world), [(1, Value::from(Canceled.as_str()), Value::from("queued"))]);
}
