use telephony::domain::consent::Block;
use telephony::domain::ids::MessageId;
use telephony::domain::message::{Message, Origin};
use telephony::domain::money::Micros;
use telephony::domain::status::MessageStatus;
use telephony::ports::{Accepted, Bound, Consents, Messages, Outbox, StoreError, Wallets};

use crate::support::samples::*;
use crate::support::{ledger_sums, table};

#[tokio::test(flavor = "multi_thread")]
async fn fifty_accepts_with_one_key_start_one_message() {
    let table = table().await;
    let demo = tenant("demo");
    table.store.deposit(&demo, Micros::new(1_000_000), "r", at(0)).await.unwrap();
    let tasks: Vec<_> = (0..50)
        .map(|n| {
            let store = table.store.clone();
            let intent = keyed(intent(priced(outbound(&demo, n, at(0)), 7_500)), "key", "body");
            tokio::spawn(async move { (intent.message.id, store.accept(&intent).await.unwrap()) })
        })
        .collect();
    let mut new = Vec::new();
    let mut bound = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            (id, Accepted::New) => new.push(id),
            (_, Accepted::Replay(to)) => bound.push(to),
            other => panic!("{other:?}"),
        }
    }
    let [winner]: [MessageId; 1] = new.try_into().unwrap();
    assert!(bound.iter().all(|to| *to == Bound { body: "body".into(), message: winner }));
    assert_eq!(table.store.wallet(&demo).await.unwrap().held, Micros::new(7_500));
    assert_eq!(ledger_sums(&table, "demo").await, (1_000_000, 7_500));
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_accepts_with_money_for_seven_accept_seven() {
    let table = table().await;
    let demo = tenant("demo");
    table.store.deposit(&demo, Micros::new(7 * 7_500 + 7_499), "r", at(0)).await.unwrap();
    let tasks: Vec<_> = (0..50)
        .map(|n| {
            let store = table.store.clone();
            let intent = intent(priced(outbound(&demo, n, at(0)), 7_500));
            tokio::spawn(async move {
                loop {
                    match store.accept(&intent).await {
                        Err(StoreError::Contended) => {}
                        other => return other.unwrap(),
                    }
                }
            })
        })
        .collect();
    let mut accepted = 0;
    for task in tasks {
        match task.await.unwrap() {
            Accepted::New => accepted += 1,
            Accepted::InsufficientBalance => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(accepted, 7);
    let wallet = table.store.wallet(&demo).await.unwrap();
    assert_eq!((wallet.held, wallet.available), (Micros::new(7 * 7_500), Micros::new(7_499)));
    assert_eq!(ledger_sums(&table, "demo").await.1, 7 * 7_500);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_charged_touches_no_wallet() {
    let table = table().await;
    let demo = tenant("demo");
    for (n, message) in
        [outbound(&demo, 1, at(0)), priced(outbound(&demo, 2, at(0)), 0)].into_iter().enumerate()
    {
        assert_eq!(table.store.accept(&intent(message)).await, Ok(Accepted::New), "{n}");
    }
    assert_eq!(ledger_sums(&table, "demo").await, (0, 0));
    let poor = priced(outbound(&demo, 3, at(0)), 1);
    assert_eq!(table.store.accept(&intent(poor.clone())).await, Ok(Accepted::InsufficientBalance));
    assert_eq!(table.store.message(&demo, poor.id).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reasons_have_an_order() {
    let table = table().await;
    let demo = tenant("demo");
    let first = keyed(intent(outbound(&demo, 1, at(0))), "key", "body");
    assert_eq!(table.store.accept(&first).await, Ok(Accepted::New));
    table.store.change(&change(&demo, Block::Text, true, at(1))).await.unwrap();

    // Opted out, without money, and yet the key's first answer stands.
    let replay = keyed(intent(priced(outbound(&demo, 2, at(2)), 7_500)), "key", "other body");
    let bound = Bound { body: "body".into(), message: first.message.id };
    assert_eq!(table.store.accept(&replay).await, Ok(Accepted::Replay(bound.clone())));
    assert_eq!(table.store.bound(&demo, "key", at(2)).await, Ok(Some(bound)));
    assert_eq!(table.store.bound(&tenant("rival"), "key", at(2)).await, Ok(None));

    let exists = intent(outbound(&demo, 1, at(2)));
    assert_eq!(table.store.accept(&exists).await, Ok(Accepted::Exists));
    let poor = intent(priced(outbound(&demo, 3, at(2)), 7_500));
    assert_eq!(table.store.accept(&poor).await, Ok(Accepted::OptedOut));
    let confirmation = Message { origin: Origin::OptOutConfirmation, ..outbound(&demo, 4, at(2)) };
    assert_eq!(table.store.accept(&intent(confirmation)).await, Ok(Accepted::New));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_key_is_free_again() {
    let table = table().await;
    let demo = tenant("demo");
    table.store.accept(&keyed(intent(outbound(&demo, 1, at(0))), "key", "one")).await.unwrap();
    assert_eq!(table.store.bound(&demo, "key", at(86_400)).await, Ok(None));
    let again = keyed(intent(outbound(&demo, 2, at(86_400))), "key", "two");
    assert_eq!(table.store.accept(&again).await, Ok(Accepted::New));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_withdrawn_before_it_leaves_and_not_after() {
    use telephony::ports::Dispatch;
    let table = table().await;
    let demo = tenant("demo");
    table.store.deposit(&demo, Micros::new(100_000), "r", at(0)).await.unwrap();
    let (early, late) = (priced(outbound(&demo, 1, at(0)), 7_500), priced(outbound(&demo, 2, at(0)), 7_500));
    table.store.accept(&intent(early.clone())).await.unwrap();
    table.store.accept(&intent(late.clone())).await.unwrap();
    assert_eq!(table.store.begin(&demo, late.id, &attempt(&late, 1, at(1)), None).await, Ok(true));
    assert_eq!(table.store.cancel(&demo, late.id, at(2)).await, Ok(false));
    assert_eq!(table.store.cancel(&demo, early.id, at(2)).await, Ok(true));
    assert_eq!(table.store.cancel(&demo, early.id, at(3)).await, Ok(true));
    assert_eq!(table.store.cancel(&tenant("rival"), early.id, at(3)).await, Ok(false));
    assert_eq!(table.store.begin(&demo, early.id, &attempt(&early, 1, at(4)), None).await, Ok(false));
    let view = table.store.message(&demo, early.id).await.unwrap().unwrap();
    assert_eq!(view.progress.status, MessageStatus::Canceled);
    let wallet = table.store.wallet(&demo).await.unwrap();
    assert_eq!((wallet.balance, wallet.held), (Micros::new(100_000), Micros::new(7_500)));
    assert_eq!(ledger_sums(&table, "demo").await, (100_000, 7_500));
}
