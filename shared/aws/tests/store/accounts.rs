//! Accounts as they are administered.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use telephony::domain::account::{AccountRecord, AccountState, ConnectionTest, Owner};
use telephony::domain::secret::Secret;
use telephony::ports::{AccountBook, AccountWrite, IdempotencyBinding, StoreError};
use telephony::provider::ProviderId;
use telephony_aws::Book;
use telephony_aws::keys;

use crate::support::keys::{Keys, Parameters};
use crate::support::samples::*;
use crate::support::{Table, table};

pub(crate) const DEPLOYED: &str = r#"{"accounts": [
    {"id": "platform-twilio", "provider": "twilio",
     "config": {"account_sid": "ACplatform", "auth_token": "deployed", "next_auth_token": ""}},
    {"id": "lent", "provider": "twilio", "tenant": "acme",
     "config": {"account_sid": "AClent", "auth_token": "lent"}}
]}"#;

pub(crate) fn of(name: &str) -> Owner {
    Owner::Tenant(tenant(name))
}

pub(crate) fn record(owner: Owner, id: &str, sid: &str, token: &str) -> AccountRecord {
    let mut record = AccountRecord::new(id.parse().unwrap(), ProviderId::Twilio, owner);
    record.own.set("account_sid", Secret::new(sid));
    record.own.set("auth_token", Secret::new(token));
    record
}

pub(crate) fn book(table: &Table) -> Book {
    Book::new(table.store.clone(), Arc::new(Parameters::new(DEPLOYED)), Arc::new(Keys::default()))
}

fn setting(record: &AccountRecord, name: &str) -> Option<String> {
    record.config().get(name).map(|value| value.expose().to_owned())
}

async fn add(book: &Book, record: &AccountRecord) -> AccountWrite {
    book.add(&tenant("acme"), record, None, at(0)).await.unwrap()
}

async fn found(book: &Book, owner: &Owner, id: &str) -> AccountRecord {
    book.find(owner, &id.parse().unwrap()).await.unwrap().unwrap()
}

async fn names(table: &Table) -> BTreeSet<(String, String)> {
    let all = table.client.scan().table_name(&table.name).send().await.unwrap();
    let of = |item: &std::collections::HashMap<String, AttributeValue>, name: &str| {
        item[name].as_s().unwrap().clone()
    };
    let names = all.items().iter().filter(|item| item["PK"].as_s().unwrap().starts_with("AN#"));
    names.map(|item| (of(item, "PK"), of(item, "acct"))).collect()
}

fn named(pairs: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    pairs.iter().map(|(sid, id)| (format!("AN#twilio#{sid}"), (*id).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_comes_back_and_its_secrets_are_not_in_the_table() {
    let (table, acme) = (table().await, of("acme"));
    let book = book(&table);
    let mut account = record(acme.clone(), "a", "ACown", "hunter2-hunter2");
    account.display_name = Some("Ours".into());
    account.priority = 7;
    assert_eq!(add(&book, &account).await, AccountWrite::Done);
    let back = found(&book, &acme, "a").await;
    assert_eq!(setting(&back, "auth_token").as_deref(), Some("hunter2-hunter2"));
    assert_eq!((back.display_name.as_deref(), back.priority, back.version), (Some("Ours"), 7, 1));
    assert_eq!((back.created_at, back.proven_at), (Some(at(0)), None));
    let ids: Vec<_> = book.list(&acme).await.unwrap().iter().map(|r| r.id.to_string()).collect();
    assert_eq!(ids, ["lent", "a"]);

    let all = table.client.scan().table_name(&table.name).send().await.unwrap();
    for item in all.items() {
        for value in item.values() {
            let bytes = value.as_b().map(|b| b.as_ref().to_vec()).unwrap_or_default();
            let text = format!("{value:?}{}", String::from_utf8_lossy(&bytes));
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_account_is_nobodys() {
    let table = table().await;
    let book = book(&table);
    add(&book, &record(of("acme"), "a", "ACown", "t")).await;
    add(&book, &record(Owner::Platform, "p", "ACp", "t")).await;
    for (owner, id) in [(of("rival"), "a"), (Owner::Platform, "a"), (of("acme"), "p"), (of("rival"), "lent")]
    {
        assert!(book.find(&owner, &id.parse().unwrap()).await.unwrap().is_none(), "{owner:?} {id}");
    }
    assert!(book.list(&of("rival")).await.unwrap().is_empty());
    let platform: Vec<_> =
        book.list(&Owner::Platform).await.unwrap().iter().map(|r| r.id.to_string()).collect();
    assert_eq!(platform, ["platform-twilio", "p"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_move_with_the_account() {
    let (table, acme) = (table().await, of("acme"));
    let book = book(&table);
    add(&book, &record(acme.clone(), "a", "AC1", "t")).await;
    add(&book, &record(of("rival"), "r", "AC1", "t")).await;
    assert_eq!(names(&table).await, named(&[("AC1", "a"), ("AC1", "r")]));

    let before = found(&book, &acme, "a").await;
    let mut after = before.clone();
    after.own.set("account_sid", Secret::new("AC2"));
    assert_eq!(book.replace(&before, &after, at(1)).await, Ok(AccountWrite::Done));
    assert_eq!(names(&table).await, named(&[("AC2", "a"), ("AC1", "r")]));

    // A second account of the same tenant does not take the name.
    let second = record(acme.clone(), "b", "AC2", "t");
    assert_eq!(add(&book, &second).await, AccountWrite::NameTaken("a".parse().unwrap()));
    assert!(book.find(&acme, &"b".parse().unwrap()).await.unwrap().is_none());

    let now = found(&book, &acme, "a").await;
    assert!(!book.remove(&before).await.unwrap(), "an old copy removes nothing");
    assert!(book.remove(&now).await.unwrap());
    assert_eq!(names(&table).await, named(&[("AC1", "r")]));
    assert_eq!(add(&book, &second).await, AccountWrite::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_change_it_at_once_each_sees_the_others() {
    let (table, acme) = (table().await, of("acme"));
    let book = book(&table);
    add(&book, &record(acme.clone(), "a", "AC0", "t")).await;
    let tasks: Vec<_> = (1..=8)
        .map(|n| {
            let (book, acme) = (book.clone(), acme.clone());
            tokio::spawn(async move {
                loop {
                    let before = found(&book, &acme, "a").await;
                    let mut after = before.clone();
                    after.own.set("account_sid", Secret::new(format!("AC{n}")));
                    after.own.set(&format!("k{n}"), Secret::new("x"));
                    match book.replace(&before, &after, at(n)).await {
                        Ok(AccountWrite::Done) => return,
                        Ok(AccountWrite::Changed) | Err(StoreError::Contended) => {}
                        other => panic!("{other:?}"),
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let last = found(&book, &acme, "a").await;
    assert_eq!(last.version, 9);
    assert!((1..=8).all(|n| setting(&last, &format!("k{n}")).is_some()), "nobody's change was lost");
    let sid = setting(&last, "account_sid").unwrap();
    assert_eq!(names(&table).await, named(&[(&sid, "a")]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overlay_changes_what_was_deployed_member_by_member() {
    let table = table().await;
    let book = book(&table);
    let before = found(&book, &Owner::Platform, "platform-twilio").await;
    assert_eq!((before.version, before.deployed.is_some()), (0, true));
    let mut after = before.clone();
    after.own.set("auth_token", Secret::new("rotated"));
    after.display_name = Some("Main".into());
    assert_eq!(book.replace(&before, &after, at(1)).await, Ok(AccountWrite::Done));
    assert_eq!(book.replace(&before, &after, at(1)).await, Ok(AccountWrite::Changed));
    let now = found(&book, &Owner::Platform, "platform-twilio").await;
    assert_eq!(setting(&now, "auth_token").as_deref(), Some("rotated"));
    assert_eq!(setting(&now, "account_sid").as_deref(), Some("ACplatform"));
    assert_eq!((now.version, now.display_name.as_deref()), (1, Some("Main")));
    assert!(names(&table).await.is_empty(), "the platform's accounts are all known");

    // The deployment's account of a tenant keeps its tenant; alone, its overlay is nothing.
    let lent = found(&book, &of("acme"), "lent").await;
    let mut changed = lent.clone();
    changed.own.set("auth_token", Secret::new("new"));
    assert_eq!(book.replace(&lent, &changed, at(1)).await, Ok(AccountWrite::Done));
    assert_eq!(setting(&found(&book, &of("acme"), "lent").await, "auth_token").as_deref(), Some("new"));
    let bare = Parameters::new(r#"{"accounts": []}"#);
    let bare = Book::new(table.store.clone(), Arc::new(bare), Arc::new(Keys::default()));
    let left: Vec<_> = bare.list(&Owner::Platform).await.unwrap().iter().map(|r| r.id.to_string()).collect();
    assert_eq!(left, ["platform-twilio"]);
    assert!(bare.list(&of("acme")).await.unwrap().is_empty());

    assert!(book.remove(&now).await.unwrap());
    let again = found(&book, &Owner::Platform, "platform-twilio").await;
    assert_eq!(setting(&again, "auth_token").as_deref(), Some("deployed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_item_is_not_read() {
    let (table, acme) = (table().await, of("acme"));
    let book = book(&table);
    add(&book, &record(acme.clone(), "a", "AC1", "t")).await;
    add(&book, &record(acme.clone(), "b", "AC2", "t")).await;
    let key = keys::account(&acme, &"a".parse().unwrap());
    let item = table.client.get_item().table_name(&table.name).key("PK", AttributeValue::S(key.pk));
    let item = item.key("SK", AttributeValue::S(key.sk)).send().await.unwrap().item.unwrap();
    for (pk, sk) in [("T#rival#PA", "a"), ("T#acme#PA", "c"), ("PLATFORM#PA", "a")] {
        let mut moved = item.clone();
        moved.insert("PK".into(), AttributeValue::S(pk.into()));
        moved.insert("SK".into(), AttributeValue::S(sk.into()));
        table.client.put_item().table_name(&table.name).set_item(Some(moved)).send().await.unwrap();
    }
    for (owner, id) in [(of("rival"), "a"), (acme.clone(), "c")] {
        let read = book.find(&owner, &id.parse().unwrap()).await;
        assert!(matches!(read, Err(StoreError::Corrupt(_))), "{owner:?} {id}");
    }
    // One that cannot be read does not stop the others.
    let ids: Vec<_> = book.list(&acme).await.unwrap().iter().map(|r| r.id.to_string()).collect();
    assert_eq!(ids, ["lent", "a", "b"]);
    assert_eq!(book.list(&Owner::Platform).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clients_key_makes_one_account() {
    let (table, acme) = (table().await, of("acme"));
    let book = book(&table);
    let binding = IdempotencyBinding { key: "k".into(), body: "b".into(), expires_at: at(60) };
    let first = record(acme.clone(), "a", "AC1", "t");
    assert_eq!(book.add(&tenant("acme"), &first, Some(&binding), at(0)).await, Ok(AccountWrite::Done));
    let second = record(acme.clone(), "b", "AC2", "t");
    let Ok(AccountWrite::Replay(bound)) = book.add(&tenant("acme"), &second, Some(&binding), at(1)).await
    else {
        panic!("a second act")
    };
    assert_eq!((bound.account.as_str(), bound.body.as_str(), &bound.owner), ("a", "b", &acme));
    assert_eq!(book.bound_account(&tenant("acme"), "k", at(59)).await, Ok(Some(bound)));
    assert_eq!(book.bound_account(&tenant("acme"), "k", at(60)).await, Ok(None));
    assert_eq!(book.bound_account(&tenant("rival"), "k", at(1)).await, Ok(None));
    assert_eq!(book.add(&tenant("acme"), &second, Some(&binding), at(61)).await, Ok(AccountWrite::Done));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_is_of_the_names_that_were_proven() {
    let (table, acme) = (table().await, of("acme"));
    let book = book(&table);
    add(&book, &record(acme.clone(), "a", "AC1", "t")).await;
    let read = found(&book, &acme, "a").await;
    let test = ConnectionTest { at: at(5), problem: None, balance: None, note: None };
    assert_eq!(book.note_test(&read, &test, true).await, Ok(true));
    assert_eq!(found(&book, &acme, "a").await.proven_at, Some(at(5)));
    assert_eq!(found(&book, &acme, "a").await.last_test, Some(test.clone()));

    // Another token leaves the proof, another account takes it away; and a test of what was there
    // before says nothing about what is there now.
    let before = found(&book, &acme, "a").await;
    let mut after = before.clone();
    after.own.set("auth_token", Secret::new("u"));
    book.replace(&before, &after, at(6)).await.unwrap();
    let before = found(&book, &acme, "a").await;
    assert_eq!(before.proven_at, Some(at(5)));
    let mut after = before.clone();
    after.own.set("account_sid", Secret::new("ACvictim"));
    book.replace(&before, &after, at(7)).await.unwrap();
    assert_eq!(found(&book, &acme, "a").await.proven_at, None);
    assert_eq!(book.note_test(&before, &test, true).await, Ok(false));
    assert_eq!(found(&book, &acme, "a").await.proven_at, None);
    // Not even a removed account comes back by it.
    let last = found(&book, &acme, "a").await;
    book.remove(&last).await.unwrap();
    assert_eq!(book.note_test(&last, &test, true).await, Ok(false));
    // What is deployed needs no item to be tested.
    let deployed = found(&book, &Owner::Platform, "platform-twilio").await;
    assert_eq!(book.note_test(&deployed, &test, true).await, Ok(true));
    let noted = found(&book, &Owner::Platform, "platform-twilio").await;
    assert_eq!((noted.proven_at, noted.version), (Some(at(5)), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_opening_has_no_name_yet() {
    let (table, acme) = (table().await, of("acme"));
    let book = book(&table);
    let mut opening = record(acme.clone(), "a", "AC1", "t");
    opening.state = AccountState::Opening;
    add(&book, &opening).await;
    assert!(names(&table).await.is_empty());
    let before = found(&book, &acme, "a").await;
    assert!(!before.is_usable());
    let after = AccountRecord { state: AccountState::Open, ..before.clone() };
    assert_eq!(book.replace(&before, &after, at(1)).await, Ok(AccountWrite::Done));
    assert_eq!(names(&table).await, named(&[("AC1", "a")]));
}
