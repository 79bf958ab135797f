//! How far lists have been read, and whose they are.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

use telephony::app::backfill::Backfill;
use telephony::domain::account::{AccountRecord, Owner};
use telephony::domain::ids::{AccountId, MessageId};
use telephony::domain::number::PhoneNumber;
use telephony::ports::{AccountBook, AccountList, Messages, Numbers, Watermark, Watermarks, Window};
use telephony::provider::transport::{HttpTransport, TransportError};
use telephony::provider::{Environment, ProviderId};
use telephony_testkit::replay::response;

use crate::accounts::{book, of, record};
use crate::support::samples::*;
use crate::support::table;

fn mark(account: &str, until: i64, version: u32) -> Watermark {
    let account = account.parse().unwrap();
    Watermark { account, until: at(until), window: None, tried_at: at(until + 300), version }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watermark_moves_from_where_it_was_read_and_from_nowhere_else() {
    let table = table().await;
    let store = &table.store;
    assert_eq!(store.watermarks().await, Ok(vec![]));
    assert_eq!(store.set_watermark(&mark("a", 10, 0), at(11)).await, Ok(true));
    // Who thought that there was none comes too late.
    assert_eq!(store.set_watermark(&mark("a", 5, 0), at(12)).await, Ok(false));
    for page in [None, Some("/next?Page=1".to_owned())] {
        let window = Some(Window { since: at(1), until: at(20), page });
        let [read] = store.watermarks().await.unwrap().try_into().unwrap();
        let moved = Watermark { window, until: at(20), ..read.clone() };
        assert_eq!(store.set_watermark(&moved, at(13)).await, Ok(true));
        assert_eq!(store.set_watermark(&read, at(14)).await, Ok(false));
        let after = Watermark { version: read.version + 1, ..moved };
        assert_eq!(store.watermarks().await, Ok(vec![after]));
    }
    assert_eq!(store.set_watermark(&mark("b", 10, 0), at(11)).await, Ok(true));
    assert_eq!(store.watermarks().await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn everyones_accounts_are_listed_by_provider() {
    let table = table().await;
    let book = book(&table);
    let mut all = vec![(Owner::Platform, "platform-twilio"), (of("acme"), "lent")];
    for (owner, id, sid) in [
        (of("acme"), "acmes", "AC1"),
        (of("rival"), "rivals", "AC2"),
        (Owner::Platform, "second", "AC3"),
        (of("acme"), "gone", "AC4"),
    ] {
        let account = record(owner.clone(), id, sid, "token-token");
        book.add(&tenant("acme"), &account, None, at(0)).await.unwrap();
        all.push((owner, id));
    }
    let mut other = AccountRecord::new("telnyx".parse().unwrap(), ProviderId::SignalWire, of("acme"));
    other.own.set("project_id", telephony::domain::secret::Secret::new("P"));
    book.add(&tenant("acme"), &other, None, at(0)).await.unwrap();
    let gone = book.find(&of("acme"), &"gone".parse().unwrap()).await.unwrap().unwrap();
    assert!(book.remove(&gone).await.unwrap());
    all.retain(|(_, id)| *id != "gone");

    let listed = async |provider| {
        let mut listed = book.everyones(provider).await.unwrap();
        listed.sort();
        listed
    };
    let mut expected: Vec<(Owner, AccountId)> =
        all.into_iter().map(|(owner, id)| (owner, id.parse().unwrap())).collect();
    expected.sort();
    assert_eq!(listed(ProviderId::Twilio).await, expected);
    assert_eq!(listed(ProviderId::SignalWire).await, [(of("acme"), other.id)]);
    assert_eq!(listed(ProviderId::Telnyx).await, []);

    // A change keeps its place.
    let rivals = book.find(&of("rival"), &"rivals".parse().unwrap()).await.unwrap().unwrap();
    let renamed = AccountRecord { display_name: Some("Theirs".into()), ..rivals.clone() };
    book.replace(&rivals, &renamed, at(1)).await.unwrap();
    assert_eq!(listed(ProviderId::Twilio).await, expected);
}

type Answers = Box<dyn Fn(&str) -> (u16, String) + Send + Sync>;

/// Providers that answer by the URL.
struct Answering {
    answer: Answers,
    asked: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl HttpTransport for Answering {
    async fn execute(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let url = request.uri().to_string();
        let (status, body) = (self.answer)(&url);
        self.asked.lock().unwrap().push(url);
        Ok(response(status, &[], body))
    }
}

fn sid(digit: char) -> String {
    format!("AC{}", digit.to_string().repeat(32))
}

/// One account that fails stops no other, one that is switched off is not asked, and what an account lists
/// goes to the tenant that holds the number through that very account.
#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_read_apart_and_speak_for_themselves_only() {
    let table = table().await;
    let book = Arc::new(book(&table));
    for (owner, id, digit, active) in [
        (of("acme"), "acmes", '1', true),
        (of("rival"), "rivals", '2', true),
        (of("rival"), "off", '3', false),
        (of("rival"), "broken", '4', true),
    ] {
        let account = AccountRecord { active, ..record(owner, id, &sid(digit), "token-token") };
        book.add(&tenant("acme"), &account, None, at(0)).await.unwrap();
    }
    for (name, account) in [("acme", "acmes"), ("rival", "rivals")] {
        let number = PhoneNumber { own_account: true, ..number(&tenant(name), account, OWN) };
        assert!(table.store.put(&number).await.unwrap());
    }
    let message = |n: u32, to: &str| {
        serde_json::json!({
            "sid": format!("SM{n:032x}"), "status": "received", "direction": "inbound", "from": CONTACT,
            "to": to, "body": format!("text {n}"), "num_media": "0",
            "date_created": "Fri, 21 Nov 2025 04:41:00 +0000",
        })
    };
    assert_eq!(at(60).to_string(), "2025-11-21T04:41:00.000Z");
    // The rival's account claims a number that acme holds through another one.
    let lists = [('1', message(1, OWN)), ('2', message(2, OWN)), ('2', message(3, "+14155550101"))];
    let answer = move |url: &str| {
        if url.contains(&sid('4')) {
            return (500, "{}".to_owned());
        }
        let of = lists.iter().filter(|(digit, _)| url.contains(&sid(*digit)));
        let messages: Vec<_> = of.map(|(_, message)| message.clone()).collect();
        (200, serde_json::json!({ "messages": messages }).to_string())
    };
    let asked = Arc::new(Mutex::new(Vec::new()));
    let store = Arc::new(table.store.clone());
    let clock = crate::managing_desk::TestDesk::default();
    clock.with(|world| world.now = at(600));
    let backfill = Backfill {
        accounts: book.clone(),
        book,
        transport: Arc::new(Answering { answer: Box::new(answer), asked: asked.clone() }),
        environment: Environment::default(),
        watermarks: store.clone(),
        numbers: store.clone(),
        messages: store.clone(),
        inbox: store.clone(),
        clock: Arc::new(clock.clone()),
    };
    let run = backfill.run(at(600), at(660)).await.unwrap();
    // The deployment's own accounts of these tests have no usable settings, which is a failure too.
    assert_eq!((run.stored[&ProviderId::Twilio], run.unknown, run.accounts, run.failures), (2, 1, 2, 3));
    for (name, account, n) in [("acme", "acmes", 1), ("rival", "rivals", 2)] {
        for other in ["acme", "rival"] {
            let id = MessageId::derived(&["inbound", account, &format!("SM{n:032x}")]);
            let found = store.message(&tenant(other), id).await.unwrap();
            let body = found.map(|view| view.message.body);
            assert_eq!(body, (name == other).then(|| format!("text {n}")));
        }
    }
    let mut urls = asked.lock().unwrap().clone();
    urls.sort();
    assert!(urls.iter().all(|url| !url.contains(&sid('3'))), "{urls:?}");
    assert_eq!(urls.len(), 3, "one list each: {urls:?}");
}
