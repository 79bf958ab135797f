//! Accounts as webhooks and workers find them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use telephony::domain::account::{AccountRecord, ConnectionTest, Owner};
use telephony::domain::number::{NumberStatus, PhoneNumber};
use telephony::domain::secret::Secret;
use telephony::ports::Whose::{Platform, Tenants};
use telephony::ports::{AccountBook, Accounts, Inventory, NumberChange, Numbers, StoreError, Whose};
use telephony::provider::ProviderId;
use telephony_aws::{Book, Directory};

use crate::accounts::{DEPLOYED, of, record};
use crate::support::keys::{Keys, Parameters};
use crate::support::samples::*;
use crate::support::{Table, table};

/// A process of its own: its caches are empty.
struct Process {
    directory: Directory,
    keys: Arc<Keys>,
    parameters: Arc<Parameters>,
}

fn process(table: &Table) -> Process {
    let (keys, parameters) = (Arc::new(Keys::default()), Arc::new(Parameters::new(DEPLOYED)));
    let directory = Directory::new(table.store.clone(), parameters.clone(), keys.clone());
    Process { directory, keys, parameters }
}

impl Process {
    async fn ids(&self, whose: Whose, claims: &[&str]) -> Vec<String> {
        let claims: Vec<String> = claims.iter().map(|claim| (*claim).to_owned()).collect();
        let found = self.directory.candidates(ProviderId::Twilio, &claims, whose).await.unwrap();
        found.accounts.into_iter().map(|account| account.id.to_string()).collect()
    }

    async fn account(&self, name: &str, id: &str) -> Option<String> {
        let found = self.directory.account(&tenant(name), &id.parse().unwrap()).await.unwrap();
        found.map(|account| account.config.get("auth_token").unwrap().expose().to_owned())
    }
}

async fn add(book: &Book, record: AccountRecord, seconds: i64) -> AccountRecord {
    book.add(&tenant("acme"), &record, None, at(seconds)).await.unwrap();
    book.find(&record.owner, &record.id).await.unwrap().unwrap()
}

async fn change(
    book: &Book,
    before: &AccountRecord,
    change: impl FnOnce(&mut AccountRecord),
) -> AccountRecord {
    let mut after = before.clone();
    change(&mut after);
    book.replace(before, &after, at(100)).await.unwrap();
    book.find(&before.owner, &before.id).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_squatter_does_not_push_the_real_one_out() {
    let table = table().await;
    let book = crate::accounts::book(&table);
    for n in 0..6 {
        add(&book, record(of(&format!("squat{n}")), &format!("s{n}"), "ACreal", "guess"), n).await;
    }
    let real = add(&book, record(of("acme"), "real", "ACreal", "t"), 50).await;
    // Only claims, and the oldest four of them.
    assert_eq!(process(&table).ids(Tenants, &["ACreal"]).await, ["s0", "s1", "s2", "s3"]);
    let test = ConnectionTest { at: at(60), problem: None, balance: None, note: None };
    assert_eq!(book.note_test(&real, &test, true).await, Ok(true));
    assert_eq!(process(&table).ids(Tenants, &["ACreal"]).await, ["real", "s0", "s1", "s2"]);
    // The platform's are apart, and nobody pushes them out.
    add(&book, record(of("thief"), "thief", "ACplatform", "guess"), 0).await;
    let process = process(&table);
    assert_eq!(process.ids(Platform, &["ACplatform"]).await, ["platform-twilio"]);
    assert_eq!(process.ids(Tenants, &["ACplatform"]).await, ["thief"]);
    assert_eq!(process.ids(Platform, &["AClent", "ACplatform"]).await, ["platform-twilio", "lent"]);
    assert_eq!(process.ids(Tenants, &["AClent", "ACplatform"]).await, ["thief"]);
    assert_eq!(process.ids(Platform, &["AClent"]).await, ["lent"]);
    // What names nobody may be of the platform's; the signature decides.
    assert_eq!(process.ids(Platform, &["ACnobody"]).await, ["platform-twilio"]);
    assert_eq!(process.ids(Platform, &[]).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_named_is_told_from_who_stands_in() {
    let table = table().await;
    let book = crate::accounts::book(&table);
    add(&book, record(of("acme"), "a", "ACown", "t"), 0).await;
    add(&book, record(of("rival"), "bare", "", "t"), 0).await;
    let process = process(&table);
    for (claim, platform, tenants) in [
        ("ACplatform", (true, &["platform-twilio"][..]), (false, &[][..])),
        ("AClent", (true, &["lent"]), (false, &[])),
        ("ACown", (false, &["platform-twilio"]), (true, &["a"])),
        ("ACnobody", (false, &["platform-twilio"]), (false, &["bare"])),
    ] {
        for (whose, (named, ids)) in [(Platform, platform), (Tenants, tenants)] {
            let claims = [claim.to_owned()];
            let found = process.directory.candidates(ProviderId::Twilio, &claims, whose).await.unwrap();
            assert_eq!(found.named, named, "{claim} {whose:?}");
            assert_eq!(process.ids(whose, &[claim]).await, ids, "{claim} {whose:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_webhook_asks_nobody() {
    let table = table().await;
    let book = crate::accounts::book(&table);
    add(&book, record(of("acme"), "a", "ACown", "t"), 0).await;
    let process = process(&table);
    process.directory.warm_up().await;
    assert_eq!(process.ids(Tenants, &["ACown"]).await, ["a"]);
    assert_eq!(process.account("acme", "a").await.as_deref(), Some("t"));
    assert_eq!(process.ids(Tenants, &["ACstranger"]).await, [""; 0]);
    let calls =
        || (process.keys.opened.load(Ordering::SeqCst), process.parameters.fetched.load(Ordering::SeqCst));
    let before = calls();
    table.meter.reset();
    for _ in 0..5 {
        process.directory.refresh().await;
        assert_eq!(process.ids(Tenants, &["ACown"]).await, ["a"]);
        assert_eq!(process.ids(Platform, &["ACplatform"]).await, ["platform-twilio"]);
        assert_eq!(process.ids(Platform, &["ACstranger"]).await, ["platform-twilio"]);
        assert_eq!(process.ids(Tenants, &["ACstranger"]).await, [""; 0]);
        assert_eq!(process.account("acme", "a").await.as_deref(), Some("t"));
    }
    assert_eq!(table.meter.take().requests, 0);
    assert_eq!(calls(), before);
    assert_eq!(before.1, 1, "one call to Secrets Manager");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_its_tenant_may_use_an_account() {
    let table = table().await;
    let book = crate::accounts::book(&table);
    add(&book, record(of("acme"), "a", "ACown", "t"), 0).await;
    add(&book, record(Owner::Platform, "p", "ACp", "pt"), 0).await;
    let process = process(&table);
    assert_eq!(process.account("acme", "a").await.as_deref(), Some("t"));
    assert_eq!(process.account("rival", "a").await, None);
    assert_eq!(process.account("rival", "p").await.as_deref(), Some("pt"));
    assert_eq!(process.account("acme", "lent").await.as_deref(), Some("lent"));
    assert_eq!(process.account("rival", "lent").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_switched_off_is_left_out_and_gives_its_place_up() {
    let table = table().await;
    let book = crate::accounts::book(&table);
    for n in 0..5 {
        let added = add(&book, record(of(&format!("t{n}")), &format!("a{n}"), "ACshared", "t"), n).await;
        if n < 2 {
            change(&book, &added, |account| account.active = false).await;
        }
    }
    let deployed = book.find(&Owner::Platform, &"platform-twilio".parse().unwrap()).await.unwrap().unwrap();
    change(&book, &deployed, |account| account.active = false).await;
    let process = process(&table);
    assert_eq!(process.ids(Tenants, &["ACshared"]).await, ["a2", "a3", "a4"]);
    assert_eq!(process.ids(Platform, &["ACplatform"]).await, [""; 0]);
    assert_eq!(process.account("t0", "a0").await, None);
    assert_eq!(process.account("acme", "platform-twilio").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_failures_and_not_answers() {
    let table = table().await;
    let book = crate::accounts::book(&table);
    add(&book, record(of("acme"), "a", "ACown", "t"), 0).await;
    let down = |what: &str| StoreError::Unavailable(format!("{what} is down"));
    let process = process(&table);
    process.keys.broken.store(true, Ordering::SeqCst);
    let claims = ["ACown".to_owned()];
    let refused = process.directory.candidates(ProviderId::Twilio, &claims, Tenants).await;
    assert_eq!(refused.unwrap_err(), down("KMS"), "the provider must come again");
    assert!(process.directory.account(&tenant("acme"), &"a".parse().unwrap()).await.is_err());
    // The platform's own accounts of the deployment need no key.
    assert_eq!(process.ids(Platform, &["ACplatform"]).await, ["platform-twilio"]);
    process.keys.broken.store(false, Ordering::SeqCst);
    assert_eq!(process.ids(Tenants, &["ACown"]).await, ["a"]);
    process.keys.broken.store(true, Ordering::SeqCst);
    assert_eq!(process.ids(Tenants, &["ACown"]).await, ["a"]);

    let cold = self::process(&table);
    cold.parameters.broken.store(true, Ordering::SeqCst);
    let refused = cold.directory.candidates(ProviderId::Twilio, &claims, Platform).await;
    assert_eq!(refused.unwrap_err(), down("Secrets Manager"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_use_of_a_next_key_is_noted_once_for_each_key() {
    let (table, acme) = (table().await, of("acme"));
    let book = crate::accounts::book(&table);
    let added = add(&book, record(acme.clone(), "a", "ACown", "t"), 0).await;
    let rotating =
        change(&book, &added, |account| account.own.set("next_auth_token", Secret::new("next"))).await;
    assert_eq!(rotating.next_key_first_used_at(), None);
    let noted = async |at_second: i64| {
        let process = process(&table);
        let claims = ["ACown".to_owned()];
        let found = process.directory.candidates(ProviderId::Twilio, &claims, Tenants).await.unwrap();
        let account = found.accounts.into_iter().next().unwrap();
        table.meter.reset();
        process.directory.next_key_used(&account, at(at_second)).await;
        process.directory.next_key_used(&account, at(at_second + 1)).await;
        assert_eq!(table.meter.take().requests, 1);
        book.find(&acme, &"a".parse().unwrap()).await.unwrap().unwrap().next_key_first_used_at()
    };
    assert_eq!(noted(10).await, Some(at(10)));
    assert_eq!(noted(20).await, Some(at(10)));
    let now = book.find(&acme, &"a".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(now.version, rotating.version, "a note is no change");
    // The next rotation begins anew.
    let done = change(&book, &now, |account| {
        account.own.set("auth_token", Secret::new("next"));
        account.own.forget("next_auth_token");
    })
    .await;
    assert_eq!(done.next_key_first_used_at(), None);
    let again =
        change(&book, &done, |account| account.own.set("next_auth_token", Secret::new("third"))).await;
    assert_eq!(again.next_key_first_used_at(), None);
    assert_eq!(noted(30).await, Some(at(30)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployed_accounts_next_key_is_noted_without_an_overlay() {
    let table = table().await;
    let rotating = DEPLOYED.replace(r#""next_auth_token": """#, r#""next_auth_token": "n""#);
    let parameters = Arc::new(Parameters::new(&rotating));
    let directory = Directory::new(table.store.clone(), parameters.clone(), Arc::new(Keys::default()));
    let account =
        directory.account(&tenant("acme"), &"platform-twilio".parse().unwrap()).await.unwrap().unwrap();
    directory.next_key_used(&account, at(3)).await;
    let book = Book::new(table.store.clone(), parameters, Arc::new(Keys::default()));
    let seen = book.find(&Owner::Platform, &account.id).await.unwrap().unwrap();
    assert_eq!((seen.next_key_first_used_at(), seen.version), (Some(at(3)), 0));
    // The note alone is no account.
    let bare = Arc::new(Parameters::new(r#"{"accounts": []}"#));
    let bare = Book::new(table.store.clone(), bare, Arc::new(Keys::default()));
    assert!(bare.list(&Owner::Platform).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_found_by_a_number_that_was_proven() {
    let table = table().await;
    let book = crate::accounts::book(&table);
    let mut account = AccountRecord::new("r".parse().unwrap(), ProviderId::Retell, of("acme"));
    account.own.set("auth_token", Secret::new("k"));
    let first = add(&book, account.clone(), 0).await;
    let second = add(&book, AccountRecord { id: "s".parse().unwrap(), ..account }, 1).await;
    let ids = async |claims: &[String]| {
        let found = process(&table).directory.candidates(ProviderId::Retell, claims, Tenants).await.unwrap();
        found.accounts.into_iter().map(|account| account.id.to_string()).collect::<Vec<_>>()
    };
    let claims = [OWN.to_owned()];
    // Nobody is named so: those without a name stand in.
    assert_eq!(ids(&claims).await, ["r", "s"]);
    let own =
        PhoneNumber { provider: ProviderId::Retell, own_account: true, ..number(&tenant("acme"), "s", OWN) };
    assert!(table.store.put(&own).await.unwrap());
    assert_eq!(ids(&claims).await, ["s"]);
    // Who merely claims the number stands behind whoever was proven to hold it.
    let squatter = PhoneNumber { status: NumberStatus::Pending, ..number(&tenant("squat"), "q", OWN) };
    assert!(table.store.put(&squatter).await.unwrap());
    assert_eq!(ids(&claims).await, ["s"]);
    let released = PhoneNumber { status: NumberStatus::Released, ..own.clone() };
    let change = NumberChange { before: own, after: released };
    assert!(table.store.change_numbers(&[change]).await.unwrap());
    assert_eq!(ids(&claims).await, ["r", "s"]);
    book.remove(&second).await.unwrap();
    assert_eq!(ids(&claims).await, ["r"]);
    book.remove(&first).await.unwrap();
    assert!(ids(&claims).await.is_empty());
}
