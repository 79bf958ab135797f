//! What was not reserved before: any order and any repetition of totals ends with the last one, in the
//! wallet, its ledger and the books alike.

use std::sync::Arc;

use proptest::prelude::*;
use telephony::app::money::calls::CallCharges;
use telephony::domain::address::Address;
use telephony::domain::call::{Call, CallDirection, CallRef, CallStatus, HangupCause};
use telephony::domain::ids::{CallId, NumberId, TenantId};
use telephony::domain::money::{Cost, Micros};
use telephony::domain::price::PriceTable;
use telephony::domain::usage::{Usage, UsageLine};
use telephony::domain::wallet::{EntryKind, Subject};
use telephony::ports::{Books, CallRecords, Charges, LegChange, LegStatus, StoreError, Total, Wallets};
use telephony::provider::ProviderId;

use crate::support::samples::*;
use crate::support::{Table, ledger_sums, table};

/// A minute of a call that comes in to a number of the US, by the bundled table.
const MINUTE: i64 = 13_000;

fn total(n: u64, version: u64, charge: i64) -> Total {
    let line = UsageLine {
        tenant: tenant("demo"),
        day: "2026-11-21".into(),
        provider: ProviderId::Telnyx,
        number: OWN.into(),
        user: "ann".parse().ok(),
    };
    let costs = [("USD".to_owned(), Micros::new(charge / 2)), ("EUR".to_owned(), Micros::new(1))];
    let usage = Usage {
        calls: 1,
        seconds: charge,
        charge: Micros::new(charge),
        costs: costs.into_iter().filter(|(_, cost)| *cost != Micros::ZERO).collect(),
        ..Usage::default()
    };
    Total { subject: Subject::Call(CallId::derived(&[&n.to_string()])), line, usage, version }
}

async fn booked(table: &Table, tenant: &TenantId) -> Usage {
    let lines = table.store.usage(tenant, "2000-01-01", "2100-01-01").await.unwrap();
    lines.iter().fold(Usage::default(), |sum, (_, usage)| sum.plus(usage))
}

/// The balance, which is what the ledger says and what the books say was charged.
async fn balance(table: &Table, tenant: &TenantId, paid_in: i64) -> i64 {
    let wallet = table.store.wallet(tenant).await.unwrap();
    assert_eq!(wallet.balance, wallet.available);
    assert_eq!(ledger_sums(table, tenant.as_str()).await, (wallet.balance.get(), 0));
    assert_eq!(booked(table, tenant).await.charge.get(), paid_in - wallet.balance.get());
    wallet.balance.get()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn any_order_and_repetition_of_totals_end_with_the_last(
        // For each of three calls the charges of its versions.
        versions in prop::collection::vec(prop::collection::vec(0_i64..40, 1..4), 3),
        order in prop::collection::vec((0_usize..3, any::<prop::sample::Index>()), 0..12),
        at_once in any::<bool>(),
        paid_in in prop::option::of(1_i64..100),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let table = table().await;
            let demo = tenant("demo");
            if let Some(paid_in) = paid_in {
                table.store.deposit(&demo, Micros::new(paid_in), "r", at(0)).await.unwrap();
            }
            let paid_in = paid_in.unwrap_or(0);
            let mut sets: Vec<Total> = order.iter().map(|(n, version)| {
                let version = version.index(versions[*n].len());
                total(*n as u64, version as u64, versions[*n][version])
            }).collect();
            // Every version comes at least once, the last ones among the first.
            for (n, charges) in versions.iter().enumerate() {
                for (version, charge) in charges.iter().enumerate() {
                    sets.insert(0, total(n as u64, version as u64, *charge));
                }
            }
            let set = async |store: telephony_aws::Store, total: Total| loop {
                match store.set_total(&total, at(5)).await {
                    Err(StoreError::Contended) => {}
                    other => return other.unwrap(),
                }
            };
            if at_once {
                let tasks: Vec<_> = sets.into_iter().map(|total| tokio::spawn(set(table.store.clone(), total))).collect();
                for task in tasks {
                    task.await.unwrap();
                }
            } else {
                for total in sets {
                    set(table.store.clone(), total).await;
                    balance(&table, &demo, paid_in).await;
                }
            }
            let last: Usage = versions.iter().enumerate().fold(Usage::default(), |sum, (n, charges)| {
                sum.plus(&total(n as u64, 0, *charges.last().unwrap()).usage)
            });
            assert_eq!(booked(&table, &demo).await, last);
            assert_eq!(balance(&table, &demo, paid_in).await, paid_in - last.charge.get());
        });
    }
}

fn name() -> CallRef {
    CallRef { tenant: tenant("demo"), call: CallId::derived(&["call", "1"]) }
}

fn inbound_call() -> Call {
    Call {
        id: name().call,
        tenant: tenant("demo"),
        direction: CallDirection::Inbound,
        provider: ProviderId::Telnyx,
        account: "platform-telnyx".parse().unwrap(),
        number: NumberId::derived(&["n"]),
        from: Address::parse("+447400123456"),
        to: Address::parse(OWN),
        user: "ann".parse().ok(),
        agent: None,
        own_account: false,
        lead: None,
        plan: None,
        created_at: at(0),
    }
}

fn leg(sid: &str) -> LegChange {
    LegChange {
        account: "platform-telnyx".parse().unwrap(),
        provider: ProviderId::Telnyx,
        sid: sid.parse().unwrap(),
        control_id: None,
        session: None,
        parent: None,
        from: None,
        to: None,
        dialled: None,
        screened: None,
        stream_failed: false,
        status: None,
        answered_at: None,
        answered_by: None,
        signature: None,
        duration: None,
        cost: None,
        at: at(1),
    }
}

fn ended(sid: &str, status: CallStatus, second: i64) -> LegChange {
    let status = LegStatus {
        status,
        cause: Some(HangupCause::Normal),
        provider_cause: None,
        ended_at: Some(at(second)),
    };
    LegChange { status: Some(status), ..leg(sid) }
}

fn cost(micros: i64) -> Option<Cost> {
    Some(Cost { amount: Micros::new(micros), currency: "USD".into() })
}

/// Records reports as they come, and has the projector look at the call after each.
async fn play(table: &Table, call: &Call, reports: &[LegChange]) {
    let charges = CallCharges { charges: Arc::new(table.store.clone()), prices: PriceTable::bundled() };
    table.store.open(call).await.unwrap();
    for report in reports {
        table.store.merge_leg(&name(), report).await.unwrap();
        let (call, legs) = table.store.call(&name()).await.unwrap().unwrap();
        charges.settle(&call, &legs, at(70)).await.unwrap();
    }
}

/// A call of 62 seconds by our clocks that the provider bills with 58.
fn life() -> Vec<LegChange> {
    vec![
        LegChange { answered_at: Some(at(2)), ..leg("leg-1") },
        ended("leg-1", CallStatus::Completed, 64),
        LegChange { cost: cost(4_000), duration: Some(58), ..leg("leg-1") },
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_came_in_is_charged_by_the_minute_and_corrected_by_the_bill() {
    let demo = tenant("demo");
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let table = table().await;
        let life = life();
        let reports: Vec<_> = order.iter().chain(&order).map(|n| life[*n].clone()).collect();
        play(&table, &inbound_call(), &reports).await;
        // Nobody had paid anything in: what comes in is posted all the same.
        assert_eq!(balance(&table, &demo, 0).await, -MINUTE, "{order:?}");
        let usage = booked(&table, &demo).await;
        assert_eq!((usage.calls, usage.seconds, usage.costs["USD"].get()), (1, 58, 4_000), "{order:?}");
        let entries = table.store.entries(&demo, &page(9, None)).await.unwrap().items;
        assert!(entries.iter().all(|entry| entry.resource == Some(format!("call/{}", name().call))));
        if order == [0, 1, 2] {
            let kinds: Vec<_> = entries.iter().map(|entry| (entry.kind, entry.amount.get())).collect();
            assert!(kinds.contains(&(EntryKind::Usage, -2 * MINUTE)), "{kinds:?}");
            assert!(kinds.contains(&(EntryKind::Correction, MINUTE)), "{kinds:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_answered_and_what_is_not_ours_to_charge_is_free() {
    let missed = [ended("leg-1", CallStatus::NoAnswer, 30)];
    let own = Call { own_account: true, ..inbound_call() };
    let outbound = Call { direction: CallDirection::Outbound, ..inbound_call() };
    for (call, reports, seconds) in
        [(inbound_call(), &missed[..], 0), (own, &life()[..], 58), (outbound, &life()[..], 58)]
    {
        let table = table().await;
        play(&table, &call, reports).await;
        assert_eq!(balance(&table, &tenant("demo"), 0).await, 0);
        let usage = booked(&table, &tenant("demo")).await;
        assert_eq!((usage.seconds, usage.calls), (seconds, i64::from(seconds > 0)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leg_of_a_stranger_charges_nobody() {
    let table = table().await;
    let stranger = |change: LegChange| LegChange { account: "rivals-own".parse().unwrap(), ..change };
    let mut reports: Vec<_> = life()
        .into_iter()
        .map(|change| {
            stranger(LegChange { sid: "theirs".parse().unwrap(), duration: Some(86_400), ..change })
        })
        .collect();
    play(&table, &inbound_call(), &reports).await;
    assert_eq!(balance(&table, &tenant("demo"), 0).await, 0);
    reports.extend(life());
    play(&table, &inbound_call(), &reports).await;
    assert_eq!(balance(&table, &tenant("demo"), 0).await, -MINUTE);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_country_is_what_a_call_that_comes_in_is_priced_by() {
    for (to, priced) in [("+18005550100", true), ("+447400123456", true), ("+883510001234567", false)] {
        let table = table().await;
        let call = Call { to: Address::parse(to), ..inbound_call() };
        play(&table, &call, &life()).await;
        let charged = -balance(&table, &tenant("demo"), 0).await;
        assert_eq!(charged > 0, priced, "{to}: {charged}");
    }
}
