//! Monthly rental: each month of a number is paid once, in whatever order things happen and wherever a
//! run dies; a number whose rental is not paid is suspended, works again once it is, and is given back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use proptest::prelude::*;
use telephony::app::money::rents::Rents;
use telephony::domain::ids::{NumberId, TenantId};
use telephony::domain::money::Micros;
use telephony::domain::number::{NumberStatus, PhoneNumber};
use telephony::domain::rent::{Rent, RentPolicy, after_months};
use telephony::domain::timestamp::Timestamp;
use telephony::domain::wallet::{EntryKind, LedgerEntry};
use telephony::ports::{
    Books, Inventory, MonthCharged, NumberChange, Numbers, Page, PageRequest, RentBook, StoreError, Task,
    TaskKind, Tasks, Wallets,
};
use telephony_aws::Store;

use crate::support::samples::*;
use crate::support::{Table, ledger_sums, table};

const DAY: i64 = 86_400;
const RENT: i64 = 1_500_000;
const POLICY: (u32, u32) = (7, 30);

/// A store whose answers get lost now and then: before the write, or after it.
#[derive(Clone)]
struct Lossy {
    store: Store,
    /// One bit pair for each call: 1 fails before, 2 after.
    fate: Arc<AtomicU64>,
}

impl Lossy {
    async fn call<T>(&self, write: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let lost = || Err(StoreError::Unavailable("lost".into()));
        let fate =
            self.fate.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |fate| Some(fate >> 2)).unwrap();
        match fate & 3 {
            1 => lost(),
            2 => write.await.and_then(|_| lost()),
            _ => write.await,
        }
    }
}

#[async_trait]
impl RentBook for Lossy {
    async fn charge_month(
        &self,
        before: &PhoneNumber,
        after: &PhoneNumber,
        amount: Micros,
        now: Timestamp,
    ) -> Result<MonthCharged, StoreError> {
        self.call(self.store.charge_month(before, after, amount, now)).await
    }
}

#[async_trait]
impl Inventory for Lossy {
    async fn number(&self, tenant: &TenantId, id: NumberId) -> Result<Option<PhoneNumber>, StoreError> {
        self.store.number(tenant, id).await
    }

    async fn numbers(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<PhoneNumber>, StoreError> {
        self.store.numbers(tenant, page).await
    }

    async fn change_numbers(&self, changes: &[NumberChange]) -> Result<bool, StoreError> {
        self.call(self.store.change_numbers(changes)).await
    }
}

fn rents(store: &Store, fate: u64) -> Rents {
    let lossy = Arc::new(Lossy { store: store.clone(), fate: Arc::new(AtomicU64::new(fate)) });
    Rents {
        tasks: Arc::new(store.clone()),
        inventory: lossy.clone(),
        book: lossy,
        policy: RentPolicy::of_days(POLICY.0, POLICY.1),
    }
}

/// A number that was bought at 0, with its first month paid.
fn bought(tenant: &TenantId, phone: &str) -> PhoneNumber {
    let mut number = number(tenant, "platform-twilio", phone);
    number.holding.monthly_charge = Some(Micros::new(RENT));
    number.holding.mark = Some("tandem:test".into());
    number.holding.rent = Some(Rent::begun(at(0)));
    number.holding.due = Some(after_months(at(0), 1));
    number
}

async fn stored(table: &Table, number: &PhoneNumber) -> PhoneNumber {
    table.store.number(&number.tenant, number.id).await.unwrap().unwrap()
}

async fn deposit(table: &Table, tenant: &TenantId, months: i64, reference: &str) {
    table.store.deposit(tenant, Micros::new(months * RENT), reference, at(0)).await.unwrap();
}

async fn rentals(table: &Table, tenant: &TenantId) -> Vec<LedgerEntry> {
    let entries = table.store.entries(tenant, &page(100, None)).await.unwrap();
    assert_eq!(entries.next, None);
    entries.items.into_iter().filter(|entry| entry.kind == EntryKind::Rental).collect()
}

async fn available(table: &Table, tenant: &TenantId) -> i64 {
    let wallet = table.store.wallet(tenant).await.unwrap();
    let sums = ledger_sums(table, tenant.as_str()).await;
    assert_eq!(sums, (wallet.balance.get(), wallet.held.get()));
    wallet.available.get()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_paid_when_it_is_due_and_once_by_whoever_comes() {
    let table = table().await;
    let demo = tenant("demo");
    let own = bought(&demo, OWN);
    table.store.put(&own).await.unwrap();
    deposit(&table, &demo, 3, "r").await;
    let due = after_months(at(0), 1);
    let just_before = Timestamp::from_millis(due.millis() - 1);
    assert_eq!(rents(&table.store, 0).run_due(just_before, 10).await, Ok(0));
    assert_eq!(rentals(&table, &demo).await, []);

    let later = due.plus(std::time::Duration::from_secs(60));
    let runs: Vec<_> = (0..8)
        .map(|_| {
            let store = table.store.clone();
            tokio::spawn(async move { rents(&store, 0).run_due(later, 10).await })
        })
        .collect();
    for run in runs {
        // Whoever loses every race leaves it to the next run.
        assert!(matches!(run.await.unwrap(), Ok(_) | Err(StoreError::Contended)));
    }
    let entries = rentals(&table, &demo).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].amount, Micros::new(-RENT));
    assert_eq!(entries[0].resource, Some(format!("number/{}/{}", own.id, due.month())));
    assert_eq!(available(&table, &demo).await, 2 * RENT);
    let now = stored(&table, &own).await;
    assert_eq!(now.holding.rent.as_ref().map(|rent| rent.months_paid), Some(2));
    assert_eq!(now.holding.due, Some(after_months(at(0), 2)));
    assert_eq!(table.store.due_tasks(TaskKind::Number, later, 10).await.unwrap(), []);
    let next = after_months(at(0), 2).plus(std::time::Duration::from_secs(1));
    let task = Task::Number(demo.clone(), own.id);
    assert_eq!(
        table.store.due_tasks(TaskKind::Number, next, 10).await.unwrap(),
        [(task, after_months(at(0), 2))]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn months_that_were_missed_are_charged_one_after_another() {
    let table = table().await;
    let demo = tenant("demo");
    let own = bought(&demo, OWN);
    table.store.put(&own).await.unwrap();
    deposit(&table, &demo, 4, "r").await;
    let now = after_months(at(0), 3).plus(std::time::Duration::from_secs(5));
    assert_eq!(rents(&table.store, 0).run_due(now, 10).await, Ok(1));
    let mut months: Vec<_> = rentals(&table, &demo).await.into_iter().filter_map(|e| e.resource).collect();
    months.sort();
    let expected: Vec<_> =
        (1..=3).map(|n| format!("number/{}/{}", own.id, after_months(at(0), n).month())).collect();
    assert_eq!(months, expected);
    assert_eq!(available(&table, &demo).await, RENT);
    assert_eq!(stored(&table, &own).await.holding.due, Some(after_months(at(0), 4)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_paid_is_suspended_then_given_back_and_works_again_when_paid_in_time() {
    let table = table().await;
    let demo = tenant("demo");
    let (kept, lost, strange) = (
        bought(&demo, OWN),
        bought(&tenant("poor"), "+12025550177"),
        bought(&tenant("other"), "+12025550178"),
    );
    // Not bought here: never ours to give back.
    let strange = PhoneNumber {
        holding: telephony::domain::number::Holding { mark: None, ..strange.holding },
        ..strange
    };
    for number in [&kept, &lost, &strange] {
        table.store.put(number).await.unwrap();
    }
    let due = after_months(at(0), 1);
    let day = |n: i64| Timestamp::from_millis(due.millis() + n * DAY * 1000 + 1);
    let run = async |n| rents(&table.store, 0).run_due(day(n), 10).await.unwrap();
    let status = async |number: &PhoneNumber| stored(&table, number).await.status;

    run(0).await;
    let owed = stored(&table, &kept).await;
    assert_eq!(owed.holding.rent.as_ref().unwrap().owed_since, Some(day(0)));
    assert!(owed.may_send(), "there is a time of grace");
    run(6).await;
    assert_eq!(status(&kept).await, NumberStatus::Active);
    run(7).await;
    let suspended = stored(&table, &kept).await;
    assert_eq!(suspended.status, NumberStatus::Suspended);
    assert_eq!(suspended.holding.rent.as_ref().unwrap().owed_since, Some(day(0)), "set once");
    assert!(!suspended.may_send() && suspended.is_routed());
    assert_eq!(
        table.store.by_tenant(&demo, &kept.phone).await.unwrap().unwrap().status,
        NumberStatus::Suspended
    );

    deposit(&table, &demo, 1, "late").await;
    run(8).await;
    let again = stored(&table, &kept).await;
    assert_eq!((again.status, available(&table, &demo).await), (NumberStatus::Active, 0));
    assert_eq!(again.holding.rent.as_ref().unwrap().owed_since, None);

    run(29).await;
    assert_eq!(status(&lost).await, NumberStatus::Suspended);
    run(30).await;
    assert_eq!(status(&lost).await, NumberStatus::Releasing);
    assert_eq!(status(&strange).await, NumberStatus::Suspended);
    // Whoever gives it back finds it at once; a deposit that comes too late is not touched.
    let releasing = stored(&table, &lost).await;
    assert_eq!(releasing.holding.due, Some(day(30)));
    deposit(&table, &lost.tenant, 5, "too late").await;
    run(31).await;
    assert_eq!((stored(&table, &lost).await, rentals(&table, &lost.tenant).await), (releasing, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_comes_months_late_suspends_nobody_without_grace() {
    let table = table().await;
    let own = bought(&tenant("demo"), OWN);
    table.store.put(&own).await.unwrap();
    let late = after_months(at(0), 4);
    for (hours, status) in
        [(0, NumberStatus::Active), (2, NumberStatus::Active), (7 * 24, NumberStatus::Suspended)]
    {
        let now = late.plus(std::time::Duration::from_secs(hours * 3600));
        rents(&table.store, 0).run_due(now, 10).await.unwrap();
        assert_eq!(stored(&table, &own).await.status, status, "after {hours} hours");
    }
    // One month of three that are owed does not buy it back, but begins the time anew.
    deposit(&table, &own.tenant, 1, "a part").await;
    let now = late.plus(std::time::Duration::from_secs(8 * 24 * 3600));
    rents(&table.store, 0).run_due(now, 10).await.unwrap();
    let partly = stored(&table, &own).await;
    assert_eq!(partly.status, NumberStatus::Suspended);
    assert_eq!(partly.holding.rent.as_ref().unwrap().owed_since, Some(now));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tenants_own_account_and_what_has_no_price_are_never_charged() {
    let table = table().await;
    let demo = tenant("demo");
    deposit(&table, &demo, 9, "r").await;
    let own = PhoneNumber { own_account: true, ..bought(&demo, OWN) };
    let mut free = bought(&demo, "+12025550177");
    free.holding.monthly_charge = None;
    let mut gratis = bought(&demo, "+12025550178");
    gratis.holding.monthly_charge = Some(Micros::ZERO);
    for number in [&own, &free, &gratis] {
        table.store.put(number).await.unwrap();
    }
    let now = after_months(at(0), 2).plus(std::time::Duration::from_secs(1));
    assert_eq!(rents(&table.store, 0).run_due(now, 10).await, Ok(3));
    assert_eq!((rentals(&table, &demo).await, available(&table, &demo).await), (vec![], 9 * RENT));
    assert_eq!(rents(&table.store, 0).run_due(now, 10).await, Ok(0), "they do not come again");
    assert_eq!(stored(&table, &gratis).await.holding.due, Some(after_months(at(0), 3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_forgot_what_was_paid_does_not_charge_again() {
    let table = table().await;
    let demo = tenant("demo");
    let own = bought(&demo, OWN);
    table.store.put(&own).await.unwrap();
    deposit(&table, &demo, 1, "r").await;
    let now = after_months(at(0), 1).plus(std::time::Duration::from_secs(1));
    rents(&table.store, 0).run_due(now, 10).await.unwrap();
    // An operator writes an old copy back.
    table.store.put(&own).await.unwrap();
    rents(&table.store, 0).run_due(now, 10).await.unwrap();
    assert_eq!((rentals(&table, &demo).await.len(), available(&table, &demo).await), (1, 0));
    let now = stored(&table, &own).await;
    assert_eq!((now.status, now.holding.due), (NumberStatus::Active, Some(after_months(at(0), 2))));
}

/// What happens, in days and months of rent.
#[derive(Clone, Debug)]
enum Happens {
    /// So many days go by.
    Days(i64),
    /// One run, whose answers get lost as this says.
    Run(u64),
    /// Several at once.
    Runs(u8),
    /// Money comes in.
    Deposit(i64),
    /// The tenant gives the number back.
    Release,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        4 => (1_i64..40).prop_map(Happens::Days),
        3 => any::<u64>().prop_map(Happens::Run),
        2 => (2_u8..5).prop_map(Happens::Runs),
        3 => (1_i64..4).prop_map(Happens::Deposit),
        1 => Just(Happens::Release),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn each_month_is_paid_at_most_once_whatever_happens(events in prop::collection::vec(happens(), 4..24)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let table = table().await;
            let demo = tenant("demo");
            let own = bought(&demo, OWN);
            table.store.put(&own).await.unwrap();
            let (mut day, mut paid_in, mut released_at) = (0_i64, 0_i64, None);
            for (n, event) in events.iter().enumerate() {
                // Each act has a moment of its own, so that the ledger tells the order.
                let now = Timestamp::from_millis(at(0).millis() + day * DAY * 1000 + i64::try_from(n).unwrap());
                match event {
                    Happens::Days(days) => day += days,
                    Happens::Run(fate) => {
                        let _ = rents(&table.store, *fate).run_due(now, 10).await;
                    }
                    Happens::Runs(several) => {
                        let runs: Vec<_> = (0..*several).map(|_| {
                            let store = table.store.clone();
                            tokio::spawn(async move { rents(&store, 0).run_due(now, 10).await })
                        }).collect();
                        for run in runs {
                            let _ = run.await.unwrap();
                        }
                    }
                    Happens::Deposit(months) => {
                        deposit(&table, &demo, *months, &format!("r{n}")).await;
                        paid_in += months;
                    }
                    Happens::Release => {
                        let before = stored(&table, &own).await;
                        if before.status != NumberStatus::Released {
                            let mut after = before.clone();
                            after.status = NumberStatus::Released;
                            after.holding.due = None;
                            assert!(table.store.change_numbers(&[NumberChange { before, after }]).await.unwrap());
                            released_at = Some(now);
                        }
                    }
                }
                assert!(available(&table, &demo).await >= 0, "rent is an outbound act");
            }
            // Then everything goes well once more: what is owed is tried every hour.
            let end = Timestamp::from_millis(at(0).millis() + day * DAY * 1000 + 7_200_000);
            rents(&table.store, 0).run_due(end, 10).await.unwrap();

            let entries = rentals(&table, &demo).await;
            let mut months: Vec<_> = entries.iter().map(|entry| entry.resource.clone().unwrap()).collect();
            months.sort();
            let all = months.len();
            months.dedup();
            assert_eq!(months.len(), all, "a month was charged twice");
            // Month by month, without a gap.
            let begun: Vec<_> = (1..).take(all)
                .map(|n| format!("number/{}/{}", own.id, after_months(at(0), n).month())).collect();
            assert_eq!(months, begun);
            let left = (paid_in - i64::try_from(all).unwrap()) * RENT;
            assert_eq!(available(&table, &demo).await, left);
            let lines = table.store.usage(&demo, "2000-01-01", "2100-01-01").await.unwrap();
            let months: i64 = lines.iter().map(|(_, usage)| usage.months).sum();
            let charged: i64 = lines.iter().map(|(_, usage)| usage.charge.get()).sum();
            assert_eq!((usize::try_from(months).unwrap(), charged), (all, paid_in * RENT - left));
            if let Some(released_at) = released_at {
                assert!(entries.iter().all(|entry| entry.created_at <= released_at), "rent after a release");
            }
            let last = stored(&table, &own).await;
            let rent = last.holding.rent.clone().unwrap();
            assert_eq!(usize::try_from(rent.months_paid).unwrap(), all + 1);
            if matches!(last.status, NumberStatus::Active | NumberStatus::Suspended) {
                let owes = rent.paid_until() <= end;
                assert_eq!(rent.owed_since.is_some(), owes);
                assert!(!owes || left < RENT, "it was not paid although it could be");
                assert!(owes || last.status == NumberStatus::Active);
                assert!(last.holding.due > Some(end), "somebody looks again");
            }
        });
    }
}
