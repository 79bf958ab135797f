//! Any order and any repetition of reports ends in the same message, hold and wallet.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use telephony::domain::message::{Attempt, Progress};
use telephony::domain::money::Micros;
use telephony::domain::status::MessageStatus;
use telephony::domain::wallet::{HoldState, Wallet};
use telephony::ports::{Dispatch, Outbox, Projection, Reports, StoreError, Wallets};

use crate::support::samples::*;
use crate::support::{Table, ledger_sums, table};

const PRICE: i64 = 7_500;
const PAID_IN: i64 = 1_000_000;

/// What can happen to a message after it was accepted.
#[derive(Clone, Copy, Debug)]
enum Happens {
    Begins,
    Reported(MessageStatus),
    /// The projector sees whatever the attempt is by then.
    Folded,
}

async fn fold_now(table: &Table, key: &telephony::domain::message::AttemptRef) {
    let view = Projection::load(&table.store, &key.tenant, key.message).await.unwrap().unwrap();
    for state in view.attempts {
        loop {
            match table.store.fold(key, &state, at(50)).await {
                Err(StoreError::Contended) => {}
                other => {
                    other.unwrap();
                    break;
                }
            }
        }
    }
}

async fn outcome(table: &Table, name: &str, events: &[Happens]) -> (Progress, Vec<Attempt>, Wallet) {
    let tenant = tenant(name);
    table.store.deposit(&tenant, Micros::new(PAID_IN), "r", at(0)).await.unwrap();
    let message = priced(outbound(&tenant, 1, at(0)), PRICE);
    table.store.accept(&intent(message.clone())).await.unwrap();
    let key = attempt_ref(&message, 1);
    for event in events {
        match event {
            Happens::Begins => {
                table.store.begin(&tenant, message.id, &attempt(&message, 1, at(1)), None).await.unwrap();
            }
            Happens::Reported(status) => {
                table.store.merge(&key, &report(&message, *status, at(9))).await.unwrap();
            }
            Happens::Folded => fold_now(table, &key).await,
        }
        let wallet = table.store.wallet(&tenant).await.unwrap();
        assert_eq!(ledger_sums(table, name).await, (wallet.balance.get(), wallet.held.get()));
        assert_eq!(wallet.available.get(), wallet.balance.get() - wallet.held.get());
    }
    // The stream delivers every change at least once.
    fold_now(table, &key).await;
    let view = Projection::load(&table.store, &tenant, message.id).await.unwrap().unwrap();
    let attempts = view.attempts;
    (view.progress, attempts, table.store.wallet(&tenant).await.unwrap())
}

fn reports() -> impl Strategy<Value = Vec<MessageStatus>> {
    let status = proptest::sample::select(MessageStatus::ALL[2..].to_vec());
    proptest::collection::vec(status, 1..6)
}

/// One engine for all cases; each case has tenants of its own.
fn shared() -> &'static (tokio::runtime::Runtime, Table) {
    static SHARED: OnceLock<(tokio::runtime::Runtime, Table)> = OnceLock::new();
    SHARED.get_or_init(|| {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let table = runtime.block_on(table());
        (runtime, table)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_order_and_repetition_end_alike(statuses in reports(), order in any::<u64>()) {
        static CASE: AtomicU64 = AtomicU64::new(0);
        let (runtime, table) = shared();
        let case = CASE.fetch_add(1, Ordering::SeqCst);

        let mut straight = vec![Happens::Begins];
        straight.extend(statuses.iter().copied().map(Happens::Reported));

        // The same again, repeated, folded at any point, in any order.
        let mut mixed = straight.clone();
        mixed.extend(straight.iter().copied());
        mixed.extend([Happens::Folded, Happens::Folded]);
        let mut random = order;
        for i in (1..mixed.len()).rev() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            mixed.swap(i, (random >> 33) as usize % (i + 1));
        }

        let (a, attempts, wallet) = runtime.block_on(outcome(table, &format!("a{case}"), &straight));
        let (b, others, purse) = runtime.block_on(outcome(table, &format!("b{case}"), &mixed));
        let status = statuses.iter().copied().max().unwrap().max(MessageStatus::Sending);
        prop_assert_eq!(a.status, status);
        let times = |progress: Progress| Progress { updated_at: at(0), delivered_at: None, ..progress };
        prop_assert_eq!(times(a), times(b));
        prop_assert_eq!(wallet, purse);
        let settled = |attempt: &Attempt| (attempt.status, attempt.error_code.clone(), attempt.sid.clone());
        prop_assert_eq!(settled(&attempts[0]), settled(&others[0]));

        let taken = match HoldState::of(status) {
            HoldState::Held => (0, PRICE),
            HoldState::Captured => (PRICE, 0),
            HoldState::Released => (0, 0),
        };
        prop_assert_eq!((PAID_IN - wallet.balance.get(), wallet.held.get()), taken);
    }
}

#[test]
fn folds_at_once_move_the_money_once() {
    let (runtime, table) = shared();
    runtime.block_on(async {
        let tenant = tenant("at-once");
        table.store.deposit(&tenant, Micros::new(PAID_IN), "r", at(0)).await.unwrap();
        let mut tasks = Vec::new();
        for n in 0..10 {
            let message = priced(outbound(&tenant, n, at(0)), PRICE);
            table.store.accept(&intent(message.clone())).await.unwrap();
            table.store.begin(&tenant, message.id, &attempt(&message, 1, at(1)), None).await.unwrap();
            table
                .store
                .merge(&attempt_ref(&message, 1), &report(&message, MessageStatus::Sent, at(2)))
                .await
                .unwrap();
            for _ in 0..3 {
                let (store, message) = (table.store.clone(), message.clone());
                tasks.push(tokio::spawn(async move {
                    let key = attempt_ref(&message, 1);
                    let state = Attempt { status: MessageStatus::Sent, ..attempt(&message, 1, at(1)) };
                    loop {
                        match store.fold(&key, &state, at(3)).await {
                            Err(StoreError::Contended) => {}
                            other => return other.unwrap(),
                        }
                    }
                }));
            }
        }
        let mut moved = 0;
        for task in tasks {
            moved += u32::from(task.await.unwrap().is_some());
        }
        assert_eq!(moved, 10);
        let wallet = table.store.wallet(&tenant).await.unwrap();
        assert_eq!((wallet.balance.get(), wallet.held.get()), (PAID_IN - 10 * PRICE, 0));
        assert_eq!(ledger_sums(table, "at-once").await, (PAID_IN - 10 * PRICE, 0));
    });
}

#[test]
fn a_failed_message_that_arrived_all_the_same_is_paid_for() {
    let (runtime, table) = shared();
    let events = [MessageStatus::Failed, MessageStatus::Delivered].map(Happens::Reported);
    let events = [Happens::Begins, events[0], Happens::Folded, events[1]];
    let (progress, _, wallet) = runtime.block_on(outcome(table, "late-receipt", &events));
    assert_eq!((progress.status, progress.error_code), (MessageStatus::Delivered, None));
    assert_eq!(wallet.available.get(), PAID_IN - PRICE);
}
