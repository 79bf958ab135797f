//! Any order and any repetition of reports ends in the same message, hold and wallet.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use telephony::domain::ids::TenantId;
use telephony::domain::message::{Attempt, Bill, Message, MessageView, Progress};
use telephony::domain::money::{Cost, Micros};
use telephony::domain::status::MessageStatus;
use telephony::domain::usage::{Usage, of_message};
use telephony::domain::wallet::{EntryKind, HoldState, Wallet};
use telephony::ports::{Books, Dispatch, Outbox, Projection, Reports, StatusChange, StoreError, Wallets};

use crate::support::samples::*;
use crate::support::{Table, ledger_sums, table};

const PRICE: i64 = 7_500;
const PAID_IN: i64 = 1_000_000;

/// What can happen to a message after it was accepted.
#[derive(Clone, Debug)]
enum Happens {
    Begins,
    Reported(MessageStatus, Bill),
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

fn of_progress(view: &MessageView) -> Usage {
    let progress = &view.progress;
    of_message(&view.message, progress.status, progress.attempt, &progress.bills)
}

/// All that is in a tenant's books.
async fn booked(table: &Table, tenant: &TenantId) -> Usage {
    let lines = table.store.usage(tenant, "2000-01-01", "2100-01-01").await.unwrap();
    lines.iter().fold(Usage::default(), |sum, (_, usage)| sum.plus(usage))
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
            Happens::Reported(status, bill) => {
                let report = StatusChange { bill: bill.clone(), ..report(&message, *status, at(9)) };
                table.store.merge(&key, &report).await.unwrap();
            }
            Happens::Folded => fold_now(table, &key).await,
        }
        let wallet = table.store.wallet(&tenant).await.unwrap();
        assert_eq!(ledger_sums(table, name).await, (wallet.balance.get(), wallet.held.get()));
        assert_eq!(wallet.available.get(), wallet.balance.get() - wallet.held.get());
        if !matches!(event, Happens::Folded) {
            continue;
        }
        // The books say what the wallet has paid, and what the message has come to by what it shows.
        let view = Projection::load(&table.store, &tenant, message.id).await.unwrap().unwrap();
        let (shown, usage) = (of_progress(&view), booked(table, &tenant).await);
        assert_eq!(usage, shown);
        assert_eq!(usage.charge.get(), PAID_IN - wallet.balance.get());
    }
    // The stream delivers every change at least once.
    fold_now(table, &key).await;
    let view = Projection::load(&table.store, &tenant, message.id).await.unwrap().unwrap();
    let attempts = view.attempts;
    (view.progress, attempts, table.store.wallet(&tenant).await.unwrap())
}

/// Reports of different statuses; a provider says of one status always the same.
fn reports() -> impl Strategy<Value = BTreeMap<MessageStatus, Bill>> {
    let status = proptest::sample::select(MessageStatus::ALL[2..].to_vec());
    let cost = (0_i64..4).prop_map(|n| Cost { amount: Micros::new(n * 1_000), currency: "USD".into() });
    let bill = (proptest::option::of(1_u32..4), proptest::option::of(cost));
    let bill = bill.prop_map(|(segments, cost)| Bill { segments, cost });
    proptest::collection::btree_map(status, bill, 1..6)
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
    fn any_order_and_repetition_end_alike(reports in reports(), order in any::<u64>()) {
        static CASE: AtomicU64 = AtomicU64::new(0);
        let (runtime, table) = shared();
        let case = CASE.fetch_add(1, Ordering::SeqCst);

        let mut straight = vec![Happens::Begins];
        straight.extend(reports.iter().map(|(status, bill)| Happens::Reported(*status, bill.clone())));

        // The same again, repeated, folded at any point, in any order.
        let mut mixed = straight.clone();
        mixed.extend(straight.iter().cloned());
        mixed.extend([Happens::Folded, Happens::Folded]);
        let mut random = order;
        for i in (1..mixed.len()).rev() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            mixed.swap(i, (random >> 33) as usize % (i + 1));
        }

        let (a, attempts, wallet) = runtime.block_on(outcome(table, &format!("a{case}"), &straight));
        let (b, others, purse) = runtime.block_on(outcome(table, &format!("b{case}"), &mixed));
        let status = reports.keys().copied().max().unwrap().max(MessageStatus::Sending);
        prop_assert_eq!(a.status, status);
        let times = |progress: Progress| Progress { updated_at: at(0), delivered_at: None, ..progress };
        prop_assert_eq!(times(a), times(b));
        prop_assert_eq!(wallet, purse);
        let settled = |attempt: &Attempt| (attempt.status, attempt.error_code.clone(), attempt.sid.clone());
        prop_assert_eq!(settled(&attempts[0]), settled(&others[0]));

        // The highest status that says how many segments are billed has the word.
        let segments = reports.values().rev().find_map(|bill| bill.segments).unwrap_or(1);
        let taken = match HoldState::of(status) {
            HoldState::Held => (0, PRICE),
            HoldState::Captured => (PRICE * i64::from(segments), 0),
            HoldState::Released => (0, 0),
        };
        let cost = reports.values().rev().find_map(|bill| bill.cost.as_ref()).map_or(0, |cost| cost.amount.get());
        for name in [format!("a{case}"), format!("b{case}")] {
            let usage = runtime.block_on(booked(table, &tenant(&name)));
            let billed = usage.costs.get("USD").map_or(0, |cost| cost.get());
            prop_assert_eq!((usage.charge.get(), billed), (taken.0, cost));
        }
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
    let events = [MessageStatus::Failed, MessageStatus::Delivered]
        .map(|status| Happens::Reported(status, Bill::default()));
    let events = [Happens::Begins, events[0].clone(), Happens::Folded, events[1].clone()];
    let (progress, _, wallet) = runtime.block_on(outcome(table, "late-receipt", &events));
    assert_eq!((progress.status, progress.error_code), (MessageStatus::Delivered, None));
    assert_eq!(wallet.available.get(), PAID_IN - PRICE);
}

fn billed(segments: u32, cost: i64) -> Bill {
    let cost = Some(Cost { amount: Micros::new(cost), currency: "USD".into() });
    Bill { segments: Some(segments), cost }
}

async fn ledger(table: &Table, name: &str) -> Vec<(EntryKind, i64)> {
    let entries = table.store.entries(&tenant(name), &page(50, None)).await.unwrap().items;
    let mut entries: Vec<_> = entries.iter().map(|entry| (entry.kind, entry.amount.get())).collect();
    entries.sort_unstable_by_key(|(kind, amount)| (kind.as_str(), *amount));
    entries
}

#[test]
fn a_bill_that_comes_late_corrects_once_for_each_count() {
    let (runtime, table) = shared();
    runtime.block_on(async {
        let reported = |status, bill| Happens::Reported(status, bill);
        let events = [
            Happens::Begins,
            reported(MessageStatus::Sent, Bill::default()),
            Happens::Folded,
            // The same status again, and now it says what is billed; and again.
            reported(MessageStatus::Sent, billed(2, 8_000)),
            Happens::Folded,
            reported(MessageStatus::Sent, billed(2, 8_000)),
            Happens::Folded,
            reported(MessageStatus::Delivered, billed(1, 4_000)),
            Happens::Folded,
            Happens::Folded,
        ];
        let (progress, _, wallet) = outcome(table, "late-bill", &events).await;
        assert_eq!(wallet.balance.get(), PAID_IN - PRICE);
        assert_eq!(progress.bills, BTreeMap::from([(1, billed(1, 4_000))]));
        let expected = [
            (EntryKind::Capture, -PRICE),
            (EntryKind::Correction, -PRICE),
            (EntryKind::Correction, PRICE),
            (EntryKind::Deposit, PAID_IN),
            (EntryKind::Hold, 0),
        ];
        assert_eq!(ledger(table, "late-bill").await, expected);
        let usage = booked(table, &tenant("late-bill")).await;
        assert_eq!((usage.messages, usage.segments, usage.costs["USD"].get()), (1, 1, 4_000));

        // What is billed by the time it is taken is taken in one entry; what failed is given back whole.
        let events = [
            Happens::Begins,
            reported(MessageStatus::Sent, billed(3, 1)),
            Happens::Folded,
            reported(MessageStatus::Failed, Bill::default()),
        ];
        let (_, _, wallet) = outcome(table, "failed-bill", &events).await;
        assert_eq!(wallet.balance.get(), PAID_IN);
        let expected = [
            (EntryKind::Capture, -3 * PRICE),
            (EntryKind::Deposit, PAID_IN),
            (EntryKind::Hold, 0),
            (EntryKind::Release, 3 * PRICE),
        ];
        assert_eq!(ledger(table, "failed-bill").await, expected);
        // It cost us all the same.
        let usage = booked(table, &tenant("failed-bill")).await;
        assert_eq!((usage.messages, usage.charge.get(), usage.costs["USD"].get()), (0, 0, 1));
    });
}

#[test]
fn what_is_not_charged_is_counted_once_and_one_with_attachments_is_not_corrected() {
    let (runtime, table) = shared();
    runtime.block_on(async {
        let demo = tenant("uncharged");
        table.store.deposit(&demo, Micros::new(PAID_IN), "r", at(0)).await.unwrap();
        let own = Message { own_account: true, segments: 2, ..outbound(&demo, 1, at(0)) };
        let mms = with_media(priced(outbound(&demo, 2, at(0)), 20_000), 2);
        for message in [own, mms] {
            table.store.accept(&intent(message.clone())).await.unwrap();
            let key = attempt_ref(&message, 1);
            table.store.begin(&demo, message.id, &attempt(&message, 1, at(1)), None).await.unwrap();
            let change =
                StatusChange { bill: billed(3, 9_000), ..report(&message, MessageStatus::Sent, at(2)) };
            table.store.merge(&key, &change).await.unwrap();
            for _ in 0..3 {
                fold_now(table, &key).await;
            }
        }
        let usage = booked(table, &demo).await;
        assert_eq!((usage.messages, usage.segments), (2, 3 + 1));
        assert_eq!((usage.charge.get(), usage.costs["USD"].get()), (20_000, 18_000));
        let wallet = table.store.wallet(&demo).await.unwrap();
        assert_eq!((wallet.balance.get(), wallet.held.get()), (PAID_IN - 20_000, 0));
    });
}
