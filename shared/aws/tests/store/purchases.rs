//! Purchases on the table.

use futures_util::future::join_all;
use telephony::domain::ids::{NumberId, PurchaseId};
use telephony::domain::money::Micros;
use telephony::domain::number::PhoneNumber;
use telephony::domain::purchase::{Purchase, PurchaseFailure, PurchaseState};
use telephony::domain::spending::SpendCap;
use telephony::domain::wallet::EntryKind;
use telephony::ports::{
    Begun, BoundPurchase, Completed, IdempotencyBinding, Inventory, NumberChange, NumberStock, Numbers,
    Purchases, Return, Returns, StockNumber, SweepState, Sweeps, Task, TaskKind, Tasks, Wallets,
};
use telephony::provider::ProviderId;
use telephony::provider::numbers::{NumberCapabilities, NumberKind};

use crate::support::samples::*;
use crate::support::{Table, ledger_sums, table};

const PRICE: i64 = 1_500_000;

fn purchase(name: &str, n: u64, phone: &str) -> Purchase {
    let id = PurchaseId::derived(&["test", &n.to_string()]);
    Purchase {
        id,
        tenant: tenant(name),
        requested_by: "ann".parse().unwrap(),
        phone: phone.parse().unwrap(),
        provider: ProviderId::Twilio,
        account: "platform-twilio".parse().unwrap(),
        own_account: false,
        country: "US".into(),
        kind: NumberKind::Local,
        display_name: "Front desk".into(),
        business: None,
        user: None,
        agent: None,
        subscription: None,
        papers: Default::default(),
        charge: Some(Micros::new(PRICE)),
        cost: None,
        mark: format!("tandem:test:{id}"),
        state: PurchaseState::Reserved,
        asked_at: None,
        order: None,
        sid: "PN1".parse().ok(),
        capabilities: NumberCapabilities { voice: true, sms: true, mms: true },
        number: None,
        failure: None,
        failure_code: None,
        failure_message: None,
        tries: 0,
        version: 0,
        created_at: at(0),
        updated_at: at(0),
    }
}

fn key(name: &str, body: &str) -> IdempotencyBinding {
    IdempotencyBinding { key: name.into(), body: body.into(), expires_at: at(86_400) }
}

fn bought(purchase: &Purchase) -> (Purchase, PhoneNumber) {
    let id = NumberId::derived(&["purchase", &purchase.id.to_string()]);
    let held =
        PhoneNumber { id, ..number(&purchase.tenant, purchase.account.as_str(), purchase.phone.expose()) };
    let after =
        Purchase { state: PurchaseState::Done, number: Some(id), updated_at: at(5), ..purchase.clone() };
    (after, held)
}

fn failed(purchase: &Purchase) -> Purchase {
    let failure = Some(PurchaseFailure::Unavailable);
    Purchase { state: PurchaseState::Failed, failure, updated_at: at(6), ..purchase.clone() }
}

async fn paid(table: &Table, name: &str, micros: i64) {
    table.store.deposit(&tenant(name), Micros::new(micros), "r", at(0)).await.unwrap();
}

async fn money(table: &Table, name: &str) -> (i64, i64, i64) {
    let wallet = table.store.wallet(&tenant(name)).await.unwrap();
    assert_eq!(ledger_sums(table, name).await, (wallet.balance.get(), wallet.held.get()));
    (wallet.balance.get(), wallet.held.get(), wallet.available.get())
}

async fn begin(table: &Table, purchase: &Purchase) -> Begun {
    table.store.begin(purchase, None, at(60)).await.unwrap()
}

async fn due(table: &Table, kind: TaskKind) -> Vec<Task> {
    let tasks = table.store.due_tasks(kind, at(1_000_000), 10).await.unwrap();
    tasks.into_iter().map(|(task, _)| task).collect()
}

#[tokio::test]
async fn a_purchase_from_its_beginning_to_its_good_end() {
    let table = table().await;
    paid(&table, "acme", 10_000_000).await;
    let begun = purchase("acme", 1, OWN);
    assert_eq!(begin(&table, &begun).await, Begun::New);
    assert_eq!(money(&table, "acme").await, (10_000_000, PRICE, 10_000_000 - PRICE));
    assert_eq!(due(&table, TaskKind::Purchase).await, [Task::Purchase(tenant("acme"), begun.id)]);
    let claim = table.store.open_purchase(&begun.phone).await.unwrap();
    assert_eq!(claim, Some((tenant("acme"), begun.id)));

    let buying = Purchase { state: PurchaseState::Buying, asked_at: Some(at(1)), ..begun.clone() };
    let buying = table.store.advance(&begun, &buying, at(61)).await.unwrap().unwrap();
    assert_eq!(
        (buying.version, table.store.purchase(&tenant("acme"), begun.id).await.unwrap().unwrap()),
        (1, buying.clone())
    );
    // Whoever read it before is late.
    assert_eq!(table.store.advance(&begun, &buying, at(61)).await.unwrap(), None);
    let (after, held) = bought(&begun);
    assert_eq!(table.store.complete(&begun, &after, &held).await.unwrap(), Completed::Changed);
    assert!(!table.store.fail(&begun, &failed(&begun), None).await.unwrap());
    assert!(!table.store.hasten(&begun, at(2)).await.unwrap());

    assert!(table.store.hasten(&buying, at(2)).await.unwrap());
    assert_eq!(table.store.due_tasks(TaskKind::Purchase, at(3), 10).await.unwrap().len(), 1);
    let (after, held) = bought(&buying);
    assert_eq!(table.store.complete(&buying, &after, &held).await.unwrap(), Completed::Done);
    assert_eq!(money(&table, "acme").await, (10_000_000 - PRICE, 0, 10_000_000 - PRICE));
    assert_eq!(table.store.open_purchase(&begun.phone).await.unwrap(), None);
    assert!(due(&table, TaskKind::Purchase).await.is_empty());
    let routed = table.store.by_account(&begun.account, &begun.phone).await.unwrap();
    assert_eq!(routed.unwrap().id, held.id);
    assert_eq!(table.store.number(&tenant("acme"), held.id).await.unwrap().unwrap().phone, begun.phone);
    let done = table.store.purchase(&tenant("acme"), begun.id).await.unwrap().unwrap();
    let receipt = table.store.receipt(&done).await.unwrap().unwrap();
    assert_eq!((receipt.kind, receipt.amount.get()), (EntryKind::Capture, -PRICE));
    assert_eq!(receipt.resource, Some(format!("purchase/{}", begun.id)));
    // The end comes once.
    assert_eq!(table.store.complete(&buying, &after, &held).await.unwrap(), Completed::Changed);
    assert!(!table.store.hasten(&done, at(2)).await.unwrap());
    assert_eq!(money(&table, "acme").await.0, 10_000_000 - PRICE);
    // It is held now, by whoever it is.
    assert_eq!(begin(&table, &purchase("acme", 2, OWN)).await, Begun::Held);
    paid(&table, "bolt", 10_000_000).await;
    assert_eq!(begin(&table, &purchase("bolt", 3, OWN)).await, Begun::Held);
}

#[tokio::test]
async fn a_purchase_that_fails_costs_nothing() {
    let table = table().await;
    paid(&table, "acme", 10_000_000).await;
    let begun = purchase("acme", 1, OWN);
    begin(&table, &begun).await;
    assert!(table.store.fail(&begun, &failed(&begun), None).await.unwrap());
    assert_eq!(money(&table, "acme").await, (10_000_000, 0, 10_000_000));
    assert_eq!(table.store.open_purchase(&begun.phone).await.unwrap(), None);
    let stored = table.store.purchase(&tenant("acme"), begun.id).await.unwrap().unwrap();
    assert_eq!((stored.state, stored.failure), (PurchaseState::Failed, Some(PurchaseFailure::Unavailable)));
    assert!(!table.store.fail(&begun, &failed(&begun), None).await.unwrap());
    // The number may be bought again.
    assert_eq!(begin(&table, &purchase("acme", 2, OWN)).await, Begun::New);
}

#[tokio::test]
async fn a_key_outweighs_everything_else() {
    let table = table().await;
    paid(&table, "acme", 2 * PRICE).await;
    let store = &table.store;
    let first = purchase("acme", 1, OWN);
    assert_eq!(store.begin(&first, Some(&key("k", "b")), at(60)).await.unwrap(), Begun::New);
    let bound = BoundPurchase { body: "b".into(), purchase: first.id };
    assert_eq!(store.bound_purchase(&tenant("acme"), "k", at(1)).await.unwrap(), Some(bound.clone()));
    assert_eq!(store.bound_purchase(&tenant("acme"), "k", at(86_400)).await.unwrap(), None);
    assert_eq!(store.bound_purchase(&tenant("bolt"), "k", at(1)).await.unwrap(), None);
    // The number is claimed and the wallet is empty, and yet the key is what counts.
    store.begin(&purchase("acme", 2, CONTACT), None, at(60)).await.unwrap();
    let again = purchase("acme", 3, OWN);
    assert_eq!(
        store.begin(&again, Some(&key("k", "b")), at(60)).await.unwrap(),
        Begun::Replay(bound.clone())
    );
    assert_eq!(store.begin(&again, Some(&key("k", "other")), at(60)).await.unwrap(), Begun::Replay(bound));
    // Without it: the claim, then whether it is held, and the money last.
    assert_eq!(store.begin(&first, None, at(60)).await.unwrap(), Begun::Exists);
    assert_eq!(begin(&table, &again).await, Begun::Busy(Some(first.id)));
    assert_eq!(begin(&table, &purchase("bolt", 4, OWN)).await, Begun::Busy(None));
    assert!(store.put(&number(&tenant("acme"), "elsewhere", "+14155550199")).await.unwrap());
    assert_eq!(begin(&table, &purchase("acme", 5, "+14155550199")).await, Begun::Held);
    assert_eq!(begin(&table, &purchase("acme", 6, "+14155550198")).await, Begun::InsufficientBalance);
    // A wallet that never was; and one that is not needed.
    assert_eq!(begin(&table, &purchase("bolt", 7, "+14155550198")).await, Begun::InsufficientBalance);
    let free = Purchase { charge: None, ..purchase("bolt", 8, "+14155550197") };
    assert_eq!(begin(&table, &free).await, Begun::New);
    let (after, held) = bought(&free);
    assert_eq!(store.complete(&free, &after, &held).await.unwrap(), Completed::Done);
    assert_eq!(store.receipt(&after).await.unwrap(), None);
}

#[tokio::test]
async fn a_number_that_somebody_has_by_another_record() {
    let table = table().await;
    paid(&table, "acme", 10_000_000).await;
    let begun = purchase("acme", 1, OWN);
    begin(&table, &begun).await;
    let (after, held) = bought(&begun);
    // The tenant through another account: nobody has this holding.
    let elsewhere = number(&tenant("acme"), "elsewhere", OWN);
    table.store.put(&elsewhere).await.unwrap();
    assert_eq!(table.store.complete(&begun, &after, &held).await.unwrap(), Completed::Elsewhere);
    let gone = PhoneNumber {
        status: telephony::domain::number::NumberStatus::Released,
        is_primary: false,
        ..elsewhere.clone()
    };
    assert!(table.store.change_numbers(&[NumberChange { before: elsewhere, after: gone }]).await.unwrap());
    // Somebody through this account.
    table.store.put(&number(&tenant("bolt"), "platform-twilio", OWN)).await.unwrap();
    assert_eq!(table.store.complete(&begun, &after, &held).await.unwrap(), Completed::Held);
    assert_eq!(money(&table, "acme").await, (10_000_000, PRICE, 10_000_000 - PRICE));
    // What somebody has is not in the stock.
    assert!(table.store.fail(&begun, &failed(&begun), Some(&stocked(0))).await.unwrap());
    assert_eq!(table.store.in_stock(&begun.account, &begun.phone).await.unwrap(), None);
    assert_eq!(money(&table, "acme").await, (10_000_000, 0, 10_000_000));
}

fn stocked(tries: u32) -> StockNumber {
    StockNumber {
        phone: OWN.parse().unwrap(),
        provider: ProviderId::Twilio,
        account: "platform-twilio".parse().unwrap(),
        sid: "PN1".parse().ok(),
        voice: true,
        sms: true,
        mms: true,
        imported_at: at(0),
        release: Some(Return {
            owner: None,
            mark: "tandem:test:1".into(),
            since: at(0),
            tries,
            next: at(300),
        }),
    }
}

#[tokio::test]
async fn what_is_not_taken_back_is_in_the_stock_until_it_is() {
    let table = table().await;
    paid(&table, "acme", 10_000_000).await;
    let begun = purchase("acme", 1, OWN);
    begin(&table, &begun).await;
    let (store, account, phone) = (&table.store, &begun.account, &begun.phone);
    assert!(store.fail(&begun, &failed(&begun), Some(&stocked(1))).await.unwrap());
    assert_eq!(money(&table, "acme").await, (10_000_000, 0, 10_000_000));
    assert_eq!(store.in_stock(account, phone).await.unwrap(), Some(stocked(1)));
    assert_eq!(due(&table, TaskKind::Stock).await, [Task::Stock(account.clone(), phone.clone())]);
    // It is nobody's to assign.
    assert!(!store.assign(&number(&tenant("acme"), "platform-twilio", OWN)).await.unwrap());
    assert!(store.retry_return(&stocked(1), &stocked(2)).await.unwrap());
    assert!(!store.retry_return(&stocked(1), &stocked(2)).await.unwrap());
    assert!(!store.returned(&stocked(1)).await.unwrap());
    assert!(store.returned(&stocked(2)).await.unwrap());
    assert!(due(&table, TaskKind::Stock).await.is_empty());
    assert!(!store.returned(&stocked(2)).await.unwrap());
    // Taken from a tenant and kept, in one.
    let held = number(&tenant("acme"), "platform-twilio", OWN);
    store.put(&held).await.unwrap();
    assert!(!store.keep(&stocked(1)).await.unwrap());
    let released = PhoneNumber {
        status: telephony::domain::number::NumberStatus::Released,
        is_primary: false,
        ..held.clone()
    };
    let change = NumberChange { before: held, after: released };
    assert!(store.take_back(&change, &stocked(1)).await.unwrap());
    assert!(!store.take_back(&change, &stocked(1)).await.unwrap());
    assert_eq!(store.holder(account, phone).await.unwrap(), None);
    assert_eq!(store.in_stock(account, phone).await.unwrap(), Some(stocked(1)));
    assert!(store.keep(&stocked(3)).await.unwrap());
}

#[tokio::test]
async fn a_comparison_is_remembered() {
    let table = table().await;
    let account = "platform-twilio".parse().unwrap();
    assert_eq!(table.store.sweep_states().await.unwrap(), []);
    let state = SweepState { page: Some("2".into()), after: None, unmanaged: 3, next: at(1) };
    table.store.put_sweep_state(&account, &state).await.unwrap();
    assert_eq!(table.store.sweep_states().await.unwrap(), [(account, state)]);
}

/// 50 at once against a wallet that can pay for 7.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once_and_money_for_seven() {
    let table = table().await;
    paid(&table, "acme", 7 * PRICE + 1).await;
    let all = (0..50).map(|n| {
        let (store, purchase) =
            (table.store.clone(), purchase("acme", n, &format!("+1415555{:04}", 2000 + n)));
        tokio::spawn(async move { store.begin(&purchase, None, at(60)).await.unwrap() })
    });
    let begun: Vec<Begun> = join_all(all).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(begun.iter().filter(|begun| **begun == Begun::New).count(), 7);
    assert_eq!(begun.iter().filter(|begun| **begun == Begun::InsufficientBalance).count(), 43);
    assert_eq!(money(&table, "acme").await, (7 * PRICE + 1, 7 * PRICE, 1));
}

/// 50 at once against a cap that allows 7, and money for all of them: a refusal by the cap is no lost race.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once_and_a_cap_for_seven() {
    let table = table().await;
    paid(&table, "acme", 100 * PRICE).await;
    let cap = SpendCap { daily: None, monthly: Some(Micros::new(8 * PRICE - 1)) };
    table.store.set_spend_cap(&tenant("acme"), &cap).await.unwrap();
    let all = (0..50).map(|n| {
        let (store, purchase) =
            (table.store.clone(), purchase("acme", n, &format!("+1415555{:04}", 2000 + n)));
        tokio::spawn(async move { (purchase.clone(), store.begin(&purchase, None, at(60)).await.unwrap()) })
    });
    let begun: Vec<(Purchase, Begun)> = join_all(all).await.into_iter().map(Result::unwrap).collect();
    let refused = begun.iter().filter(|(_, begun)| matches!(begun, Begun::SpendCapReached(_))).count();
    let new: Vec<&Purchase> =
        begun.iter().filter(|(_, begun)| *begun == Begun::New).map(|(purchase, _)| purchase).collect();
    assert_eq!((new.len(), refused), (7, 43));
    assert_eq!(money(&table, "acme").await, (100 * PRICE, 7 * PRICE, 93 * PRICE));
    // One that ends well goes on to count; one that fails makes room for one.
    let (after, held) = bought(new[0]);
    assert_eq!(table.store.complete(new[0], &after, &held).await.unwrap(), Completed::Done);
    assert!(matches!(begin(&table, &purchase("acme", 60, CONTACT)).await, Begun::SpendCapReached(_)));
    assert!(table.store.fail(new[1], &failed(new[1]), None).await.unwrap());
    assert_eq!(begin(&table, &purchase("acme", 60, CONTACT)).await, Begun::New);
    assert!(matches!(begin(&table, &purchase("acme", 61, "+14155550198")).await, Begun::SpendCapReached(_)));
    // What no wallet pays for is under no cap.
    let free = Purchase { charge: None, ..purchase("acme", 62, "+14155550197") };
    assert_eq!(begin(&table, &free).await, Begun::New);
}

/// Ten at once for one number: one begins.
#[tokio::test(flavor = "multi_thread")]
async fn ten_at_once_for_one_number() {
    let table = table().await;
    for name in ["acme", "bolt"] {
        paid(&table, name, 100 * PRICE).await;
    }
    let all = (0..10).map(|n| {
        let name = if n % 2 == 0 { "acme" } else { "bolt" };
        let (store, purchase) = (table.store.clone(), purchase(name, n, OWN));
        tokio::spawn(async move { store.begin(&purchase, None, at(60)).await.unwrap() })
    });
    let begun: Vec<Begun> = join_all(all).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(begun.iter().filter(|begun| **begun == Begun::New).count(), 1, "{begun:?}");
    let held = money(&table, "acme").await.1 + money(&table, "bolt").await.1;
    assert_eq!(held, PRICE);
}
