use telephony::domain::money::Micros;
use telephony::domain::wallet::Wallet;
use telephony::ports::{Deposited, StoreError, Wallets};

use crate::support::samples::*;
use crate::support::{ledger_sums, table};

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_counts_once_for_each_reference() {
    let table = table().await;
    let demo = tenant("demo");
    assert_eq!(table.store.wallet(&demo).await, Ok(Wallet::default()));
    let first = table.store.deposit(&demo, Micros::new(5_000_000), "invoice #7/ü", at(0)).await.unwrap();
    let Deposited::New(entry) = first else { panic!("{first:?}") };
    assert_eq!((entry.amount, entry.balance_after), (Micros::new(5_000_000), Micros::new(5_000_000)));
    let again = table.store.deposit(&demo, Micros::new(9), "invoice #7/ü", at(5)).await;
    assert_eq!(again, Ok(Deposited::Replay(entry)));
    table.store.deposit(&demo, Micros::new(1), "other", at(6)).await.unwrap();
    let balance = Micros::new(5_000_001);
    assert_eq!(
        table.store.wallet(&demo).await,
        Ok(Wallet { balance, available: balance, ..Wallet::default() })
    );
    assert_eq!(ledger_sums(&table, "demo").await, (5_000_001, 0));
    assert_eq!(table.store.wallet(&tenant("rival")).await, Ok(Wallet::default()));
}

#[tokio::test(flavor = "multi_thread")]
async fn deposits_at_once_tell_every_balance_once() {
    let table = table().await;
    let demo = tenant("demo");
    let tasks: Vec<_> = (0..24)
        .map(|n| {
            let (store, demo) = (table.store.clone(), demo.clone());
            // Three of each reference.
            let reference = format!("r{}", n % 8);
            tokio::spawn(async move {
                loop {
                    match store.deposit(&demo, Micros::new(100), &reference, at(n)).await {
                        Err(StoreError::Contended) => {}
                        other => return other.unwrap(),
                    }
                }
            })
        })
        .collect();
    let mut balances = Vec::new();
    for task in tasks {
        if let Deposited::New(entry) = task.await.unwrap() {
            balances.push(entry.balance_after.get());
        }
    }
    balances.sort_unstable();
    assert_eq!(balances, (1..=8).map(|n| n * 100).collect::<Vec<_>>());
    assert_eq!(ledger_sums(&table, "demo").await, (800, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_is_paged_and_its_cursors_are_the_tenants_own() {
    let table = table().await;
    for name in ["demo", "rival"] {
        for n in 0..7 {
            table.store.deposit(&tenant(name), Micros::new(1), &format!("r{n}"), at(n)).await.unwrap();
        }
    }
    let demo = tenant("demo");
    let mut seen = Vec::new();
    let mut cursor = None;
    let mut pages = 0;
    loop {
        let got = table.store.entries(&demo, &page(3, cursor.clone())).await.unwrap();
        seen.extend(got.items.into_iter().map(|entry| entry.created_at));
        pages += 1;
        cursor = got.next;
        let Some(cursor) = &cursor else { break };
        let foreign = table.store.entries(&tenant("rival"), &page(3, Some(cursor.clone()))).await;
        assert_eq!(foreign, Err(StoreError::BadCursor));
    }
    assert_eq!(pages, 3);
    assert_eq!(seen, (0..7).rev().map(at).collect::<Vec<_>>());
    for bad in ["", "AAAA", "!", "W10"] {
        assert_eq!(table.store.entries(&demo, &page(3, Some(bad.into()))).await, Err(StoreError::BadCursor));
    }
}
