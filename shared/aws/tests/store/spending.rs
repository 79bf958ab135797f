//! What may be spent in a day and in a month.

use futures_util::future::join_all;
use telephony::domain::ids::CallId;
use telephony::domain::message::Message;
use telephony::domain::money::Micros;
use telephony::domain::spending::{Day, SpendCap, Spending};
use telephony::domain::status::MessageStatus;
use telephony::domain::timestamp::Timestamp;
use telephony::domain::usage::{Usage, UsageLine};
use telephony::domain::wallet::Subject;
use telephony::ports::{
    Accepted, Charges, Dispatch, Outbox, Projection, Reports, StoreError, Total, Wallets,
};
use telephony::provider::ProviderId;

use crate::support::samples::*;
use crate::support::{Table, ledger_sums, table};

const PRICE: i64 = 7_500;
/// `at(0)` is 2025-11-21T04:40:00Z.
const NEXT_DAY: i64 = 86_400;
const NEXT_MONTH: i64 = 15 * 86_400;

fn cap(daily: Option<i64>, monthly: Option<i64>) -> SpendCap {
    SpendCap { daily: daily.map(Micros::new), monthly: monthly.map(Micros::new) }
}

async fn capped(table: &Table, daily: Option<i64>, monthly: Option<i64>) {
    table.store.set_spend_cap(&tenant("demo"), &cap(daily, monthly)).await.unwrap();
}

async fn spending(table: &Table) -> Spending {
    table.store.wallet(&tenant("demo")).await.unwrap().spending
}

/// What is spent on the day of a moment, and in its month.
async fn spent(table: &Table, now: Timestamp) -> (i64, i64) {
    let (of_day, of_month) = spending(table).await.on(Day::of(now));
    (of_day.get(), of_month.get())
}

fn text(n: u64, now: Timestamp) -> Message {
    priced(outbound(&tenant("demo"), n, now), PRICE)
}

async fn accept(table: &Table, n: u64, now: Timestamp) -> Accepted {
    table.store.accept(&intent(text(n, now))).await.unwrap()
}

/// The attempt ends with this status, and the money follows.
async fn ends(table: &Table, n: u64, status: MessageStatus, began: Timestamp, now: Timestamp) {
    let message = text(n, began);
    let key = attempt_ref(&message, 1);
    table.store.begin(&message.tenant, message.id, &attempt(&message, 1, began), None).await.unwrap();
    table.store.merge(&key, &report(&message, status, now)).await.unwrap();
    let view = Projection::load(&table.store, &key.tenant, key.message).await.unwrap().unwrap();
    table.store.fold(&key, view.attempts.last().unwrap(), now).await.unwrap();
}

async fn paid(table: &Table, micros: i64) {
    table.store.deposit(&tenant("demo"), Micros::new(micros), "r", at(0)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once_and_a_cap_for_seven() {
    for (daily, monthly) in
        [(Some(7 * PRICE + 1), None), (None, Some(8 * PRICE - 1)), (Some(7 * PRICE), Some(7 * PRICE))]
    {
        let table = table().await;
        paid(&table, 1_000_000).await;
        capped(&table, daily, monthly).await;
        let all = (0..50).map(|n| {
            let (store, intent) = (table.store.clone(), intent(text(n, at(0))));
            tokio::spawn(async move {
                loop {
                    match store.accept(&intent).await {
                        Err(StoreError::Contended) => {}
                        other => return other.unwrap(),
                    }
                }
            })
        });
        let all: Vec<Accepted> = join_all(all).await.into_iter().map(Result::unwrap).collect();
        let of = |is: fn(&Accepted) -> bool| all.iter().filter(|accepted| is(accepted)).count();
        assert_eq!(of(|accepted| *accepted == Accepted::New), 7);
        assert_eq!(of(|accepted| matches!(accepted, Accepted::SpendCapReached(_))), 43);
        assert_eq!(spent(&table, at(0)).await, (7 * PRICE, 7 * PRICE));
        assert_eq!(ledger_sums(&table, "demo").await, (1_000_000, 7 * PRICE));
    }
}

/// At once with sends, and over midnight: every sum is of one day, and no day passes its cap.
#[tokio::test(flavor = "multi_thread")]
async fn sends_around_midnight_count_on_one_day_each() {
    let table = table().await;
    paid(&table, 1_000_000).await;
    capped(&table, Some(5 * PRICE), None).await;
    let all = (0..30).map(|n| {
        let now = if n % 2 == 0 { at(0) } else { at(NEXT_DAY) };
        let (store, intent) = (table.store.clone(), intent(text(n, now)));
        tokio::spawn(async move {
            loop {
                match store.accept(&intent).await {
                    Err(StoreError::Contended) => {}
                    other => return other.unwrap(),
                }
            }
        })
    });
    let accepted =
        join_all(all).await.into_iter().filter(|one| *one.as_ref().unwrap() == Accepted::New).count();
    // Whoever comes late to the old day counts in the new one.
    assert!((5..=10).contains(&accepted), "{accepted}");
    assert_eq!(spent(&table, at(NEXT_DAY)).await.0, 5 * PRICE);
    assert_eq!(spent(&table, at(NEXT_DAY)).await.1, i64::try_from(accepted).unwrap() * PRICE);
}

#[tokio::test]
async fn a_refusal_says_which_cap_and_when_it_starts_again_and_writes_nothing() {
    let table = table().await;
    paid(&table, 1_000_000).await;
    capped(&table, Some(PRICE), Some(2 * PRICE)).await;
    assert_eq!(accept(&table, 1, at(0)).await, Accepted::New);
    let before = ledger_sums(&table, "demo").await;
    let Accepted::SpendCapReached(reached) = accept(&table, 2, at(1)).await else { panic!() };
    assert_eq!(reached.monthly, None);
    let daily = reached.daily.unwrap();
    assert_eq!((daily.cap.get(), daily.spent.get()), (PRICE, PRICE));
    assert_eq!(daily.until.to_string(), "2025-11-22T00:00:00.000Z");
    assert_eq!(ledger_sums(&table, "demo").await, before);
    // A key that is bound outweighs the cap, and so does what was accepted before.
    assert_eq!(accept(&table, 1, at(2)).await, Accepted::Exists);
    assert_eq!(accept(&table, 3, at(NEXT_DAY)).await, Accepted::New);
    let Accepted::SpendCapReached(reached) = accept(&table, 4, at(2 * NEXT_DAY)).await else { panic!() };
    assert_eq!(reached.daily, None);
    assert_eq!(reached.monthly.unwrap().until.to_string(), "2025-12-01T00:00:00.000Z");
    assert_eq!(accept(&table, 4, at(NEXT_MONTH)).await, Accepted::New);
    assert_eq!(spent(&table, at(NEXT_MONTH)).await, (PRICE, PRICE));
    // A price beyond the whole cap, in a month that nothing was spent in.
    capped(&table, None, Some(PRICE - 1)).await;
    assert!(matches!(accept(&table, 5, at(4 * NEXT_MONTH)).await, Accepted::SpendCapReached(_)));
    capped(&table, None, Some(0)).await;
    assert!(matches!(accept(&table, 5, at(4 * NEXT_MONTH)).await, Accepted::SpendCapReached(_)));
    capped(&table, None, None).await;
    assert_eq!(accept(&table, 5, at(4 * NEXT_MONTH)).await, Accepted::New);
    // Too little money is told first.
    let dear = priced(outbound(&tenant("demo"), 6, at(5 * NEXT_MONTH)), 2_000_000);
    capped(&table, Some(1), None).await;
    assert_eq!(table.store.accept(&intent(dear)).await, Ok(Accepted::InsufficientBalance));
}

#[tokio::test]
async fn what_is_given_back_is_taken_off_its_own_day() {
    let table = table().await;
    paid(&table, 1_000_000).await;
    capped(&table, Some(2 * PRICE), None).await;
    for n in 1..=2 {
        assert_eq!(accept(&table, n, at(0)).await, Accepted::New);
    }
    ends(&table, 1, MessageStatus::Failed, at(0), at(1)).await;
    assert_eq!(spent(&table, at(1)).await, (PRICE, PRICE));
    assert_eq!(accept(&table, 3, at(2)).await, Accepted::New);
    assert!(table.store.cancel(&tenant("demo"), text(3, at(2)).id, at(3)).await.unwrap());
    assert_eq!(spent(&table, at(3)).await, (PRICE, PRICE));
    // Taken, not only held: the same.
    assert_eq!(accept(&table, 4, at(4)).await, Accepted::New);
    ends(&table, 4, MessageStatus::Delivered, at(4), at(5)).await;
    assert_eq!(spent(&table, at(5)).await, (2 * PRICE, 2 * PRICE));
    // The next day: what fails then is yesterday's, and this month's.
    assert_eq!(accept(&table, 5, at(NEXT_DAY)).await, Accepted::New);
    assert_eq!(spent(&table, at(NEXT_DAY)).await, (PRICE, 3 * PRICE));
    ends(&table, 2, MessageStatus::Failed, at(0), at(NEXT_DAY)).await;
    assert_eq!(spent(&table, at(NEXT_DAY)).await, (PRICE, 2 * PRICE));
    // The next month: it is no one's.
    assert_eq!(accept(&table, 6, at(NEXT_MONTH)).await, Accepted::New);
    ends(&table, 5, MessageStatus::Failed, at(NEXT_DAY), at(NEXT_MONTH)).await;
    assert_eq!(spent(&table, at(NEXT_MONTH)).await, (PRICE, PRICE));
    assert_eq!(table.store.wallet(&tenant("demo")).await.unwrap().held, Micros::new(PRICE));
}

fn call(version: u64, charge: i64) -> Total {
    let line = UsageLine {
        tenant: tenant("demo"),
        day: "2025-11-21".into(),
        provider: ProviderId::Telnyx,
        number: OWN.into(),
        user: None,
    };
    let usage = Usage { calls: 1, charge: Micros::new(charge), ..Usage::default() };
    Total { subject: Subject::Call(CallId::derived(&["1"])), line, usage, version }
}

#[tokio::test]
async fn what_comes_in_counts_and_is_never_refused() {
    let table = table().await;
    capped(&table, Some(10), None).await;
    // In a wallet that was never paid into.
    assert!(table.store.set_total(&call(1, 25), at(0)).await.unwrap());
    assert_eq!(spent(&table, at(0)).await, (25, 25));
    paid(&table, 1_000_000).await;
    assert_eq!(spent(&table, at(0)).await, (25, 25));
    assert!(matches!(accept(&table, 1, at(1)).await, Accepted::SpendCapReached(_)));
    // Corrected on the day of the first charge, whenever that is.
    assert!(table.store.set_total(&call(2, 5), at(1)).await.unwrap());
    assert_eq!(spent(&table, at(1)).await, (5, 5));
    capped(&table, None, None).await;
    assert_eq!(accept(&table, 1, at(NEXT_DAY)).await, Accepted::New);
    assert!(table.store.set_total(&call(3, 2), at(NEXT_DAY)).await.unwrap());
    assert_eq!(spent(&table, at(NEXT_DAY)).await, (PRICE, PRICE + 2));
}

#[tokio::test]
async fn caps_are_set_and_read_and_leave_the_money_alone() {
    let table = table().await;
    let demo = tenant("demo");
    let set = table.store.set_spend_cap(&demo, &cap(Some(1), Some(2))).await.unwrap();
    assert_eq!(set, table.store.wallet(&demo).await.unwrap());
    assert_eq!(
        (set.balance, set.available, set.spending.cap),
        (Micros::ZERO, Micros::ZERO, cap(Some(1), Some(2)))
    );
    paid(&table, 5).await;
    let set = table.store.set_spend_cap(&demo, &cap(None, Some(3))).await.unwrap();
    assert_eq!((set.balance.get(), set.available.get(), set.spending.cap), (5, 5, cap(None, Some(3))));
    assert_eq!(ledger_sums(&table, "demo").await, (5, 0));
    assert_eq!(table.store.wallet(&tenant("rival")).await.unwrap().spending, Spending::default());
}
