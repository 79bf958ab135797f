//! Numbers for sale: which accounts are asked, and what becomes of their answers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};
use serde_json::{Value, json};
use telephony::app::numbers::search::SearchNumbers;
use telephony::app::problem::Problem;
use telephony::app::provider_accounts::desk::Providers;
use telephony::domain::account::{AccountRecord, Owner};
use telephony::domain::price::PriceTable;
use telephony::domain::secret::Secret;
use telephony::ports::AccountBook;
use telephony::provider::transport::{HttpTransport, TransportError};
use telephony::provider::{Environment, ProviderId};
use telephony_aws::Book;
use tokio::sync::Barrier;

use crate::accounts::of;
use crate::support::keys::{Keys, Parameters};
use crate::support::samples::*;
use crate::support::table;

const PLATFORM: &str = "AC00000000000000000000000000000001";
const OWN: &str = "AC00000000000000000000000000000002";
const DEPLOYED: &str = r#"{"accounts": [
    {"id": "platform-twilio", "provider": "twilio",
     "config": {"account_sid": "AC00000000000000000000000000000001", "auth_token": "t"}},
    {"id": "platform-signalwire", "provider": "signalwire",
     "config": {"project_id": "11111111-1111-4111-8111-111111111111", "token": "t", "space_url": "demo.signalwire.com"}},
    {"id": "platform-telnyx", "provider": "telnyx", "config": {"api_key": "KEY1"}},
    {"id": "platform-retell", "provider": "retell", "config": {"api_key": "key_1"}}
]}"#;

type Answered = Result<(u16, Value), TransportError>;

/// What each provider has for sale, by a piece of the URL that is asked.
#[derive(Default)]
struct Markets {
    answers: Mutex<BTreeMap<&'static str, Answered>>,
    asked: Mutex<Vec<String>>,
    /// So many requests have to be under way before any is answered.
    together: Option<Barrier>,
}

#[async_trait]
impl HttpTransport for Markets {
    async fn execute(
        &self,
        request: Request<bytes::Bytes>,
    ) -> Result<Response<bytes::Bytes>, TransportError> {
        let url = request.uri().to_string();
        self.asked.lock().unwrap().push(url.clone());
        if let Some(together) = &self.together {
            together.wait().await;
        }
        let answers = self.answers.lock().unwrap();
        let (_, answer) = answers.iter().find(|(part, _)| url.contains(**part)).unwrap();
        let (status, body) = answer.clone()?;
        Ok(Response::builder().status(status).body(body.to_string().into()).unwrap())
    }
}

impl Markets {
    fn set(&self, part: &'static str, status: u16, body: Value) {
        self.answers.lock().unwrap().insert(part, Ok((status, body)));
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn form(phones: &[&str]) -> Value {
    let offers = phones.iter().map(|phone| {
        json!({"phone_number": phone, "region": "CA", "locality": "Town", "address_requirements": "any",
            "capabilities": {"voice": true, "SMS": true, "MMS": false}})
    });
    json!({"available_phone_numbers": offers.collect::<Vec<_>>()})
}

fn telnyx(phones: &[(&str, &str, &str)]) -> Value {
    let offers = phones.iter().map(|(phone, monthly, currency)| {
        json!({"phone_number": phone, "features": [{"name": "voice"}, {"name": "sms"}],
            "cost_information": {"monthly_cost": monthly, "currency": currency}})
    });
    json!({"data": offers.collect::<Vec<_>>()})
}

struct Stack {
    book: Arc<Book>,
    markets: Arc<Markets>,
    search: SearchNumbers,
    _table: crate::support::Table,
}

async fn stack(deployed: &str, together: Option<usize>) -> Stack {
    let table = table().await;
    let keys = Arc::new(Keys::default());
    let book = Arc::new(Book::new(table.store.clone(), Arc::new(Parameters::new(deployed)), keys));
    let markets = Arc::new(Markets { together: together.map(Barrier::new), ..Markets::default() });
    markets.set("twilio.com", 200, form(&["+14155550100", "+14155550101", "+14155550102"]));
    markets.set("signalwire.com", 200, form(&["+14155550110"]));
    markets.set(
        "telnyx.com",
        200,
        telnyx(&[("+14155550101", "1.00", "USD"), ("+14155550120", "1.50", "USD")]),
    );
    let search = SearchNumbers {
        book: book.clone(),
        desk: Arc::new(Providers { environment: Environment::default(), transport: markets.clone() }),
        prices: PriceTable::bundled(),
    };
    Stack { book, markets, search, _table: table }
}

impl Stack {
    async fn ask(&self, name: &str, changes: Value) -> Result<Value, Problem> {
        let mut request = json!({"countryCode": "US", "numberType": "local", "areaCode": "415"});
        for (member, value) in changes.as_object().unwrap() {
            request[member] = value.clone();
        }
        let answer = self.search.search(&tenant(name), &serde_json::from_value(request).unwrap()).await?;
        Ok(serde_json::to_value(&answer).unwrap())
    }

    async fn refused(&self, name: &str, changes: Value) -> (String, u16, Vec<String>) {
        let problem = self.ask(name, changes).await.unwrap_err();
        let fields = problem.errors().iter().map(|error| error.field.clone()).collect();
        (problem.code().as_str().into_owned(), problem.status(), fields)
    }

    async fn add(&self, record: &AccountRecord) {
        self.book.add(&tenant("acme"), record, None, at(0)).await.unwrap();
    }
}

fn refusal(code: &str, status: u16, fields: &[&str]) -> (String, u16, Vec<String>) {
    (code.to_owned(), status, fields.iter().map(|field| (*field).to_owned()).collect())
}

fn phones(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|number| number["phoneNumber"].as_str().unwrap()).collect()
}

/// A Twilio account of acme's, before the platform's.
fn own(id: &str, sid: &str) -> AccountRecord {
    let mut record = AccountRecord::new(id.parse().unwrap(), ProviderId::Twilio, of("acme"));
    record.own.set("account_sid", Secret::new(sid));
    record.own.set("auth_token", Secret::new("t"));
    record
}

#[tokio::test(flavor = "multi_thread")]
async fn all_providers_are_asked_at_once_and_take_turns() {
    let stack = stack(DEPLOYED, Some(3)).await;
    // Asked one after the other, the first would never be answered.
    let asked = tokio::time::timeout(Duration::from_secs(60), stack.ask("acme", json!({}))).await;
    let answer = asked.unwrap().unwrap();
    let numbers = &answer["numbers"];
    let expected = ["+14155550100", "+14155550110", "+14155550101", "+14155550102", "+14155550120"];
    let mut found = phones(numbers);
    found.sort_unstable();
    let mut all = expected.to_vec();
    all.sort_unstable();
    assert_eq!(found, all, "each once, though two providers offer one of them");
    assert_eq!(answer["unavailable"], json!([]));
    // By provider they are the same numbers, and the one without a market is not among them.
    let by_provider = answer["byProvider"].as_object().unwrap();
    assert_eq!(by_provider.keys().collect::<Vec<_>>(), ["signalwire", "telnyx", "twilio"]);
    let grouped: usize = by_provider.values().map(|list| list.as_array().unwrap().len()).sum();
    assert_eq!(grouped, 5);
    let first: Vec<&Value> = numbers.as_array().unwrap().iter().take(3).map(|n| &n["provider"]).collect();
    assert!(first.iter().all(|provider| first.iter().filter(|other| other == &provider).count() == 1));
    let twilio = &by_provider["twilio"][0];
    assert_eq!(
        *twilio,
        json!({"phoneNumber": "+14155550100", "provider": "twilio", "providerAccountId": "platform-twilio",
            "monthlyCost": 1.5, "currency": "USD", "charged": true, "locality": "Town", "region": "CA",
            "capabilities": {"voice": true, "sms": true, "mms": false}, "addressRequired": true})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_fails_is_named_and_the_others_answer() {
    let stack = stack(DEPLOYED, None).await;
    stack.markets.answers.lock().unwrap().insert("telnyx.com", Err(TransportError::Timeout));
    stack.markets.set("signalwire.com", 401, json!({}));
    let answer = stack.ask("acme", json!({})).await.unwrap();
    assert_eq!(phones(&answer["numbers"]), ["+14155550100", "+14155550101", "+14155550102"]);
    let mut failed: Vec<(&str, &str)> = answer["unavailable"].as_array().unwrap().iter().map(codes).collect();
    failed.sort_unstable();
    assert_eq!(failed, [("signalwire", "PROVIDER_REJECTED"), ("telnyx", "PROVIDER_UNAVAILABLE")]);
    assert_eq!(answer["byProvider"].as_object().unwrap().len(), 1);

    // SignalWire has no such list at all; none was asked for.
    let answer = stack.ask("acme", json!({"numberType": "mobile"})).await.unwrap();
    assert!(
        answer["unavailable"]
            .as_array()
            .unwrap()
            .iter()
            .map(codes)
            .any(|f| f == ("signalwire", "CAPABILITY_MISSING"))
    );
    // Everybody may fail.
    stack.markets.set("twilio.com", 503, json!({}));
    let answer = stack.ask("acme", json!({})).await.unwrap();
    assert_eq!((&answer["numbers"], answer["unavailable"].as_array().unwrap().len()), (&json!([]), 3));
}

fn codes(entry: &Value) -> (&str, &str) {
    (entry["provider"].as_str().unwrap(), entry["code"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_account_that_can_be_used_is_asked_and_its_bill_decides_the_price() {
    let stack = stack(DEPLOYED, None).await;
    stack.add(&own("ours", OWN)).await;
    let mut off = own("off", "AC00000000000000000000000000000003");
    (off.priority, off.active) = (1, false);
    stack.add(&off).await;
    let mut bare = own("bare", "");
    bare.priority = 2;
    stack.add(&bare).await;

    let answer = stack.ask("acme", json!({"provider": "twilio"})).await.unwrap();
    let offer = &answer["numbers"][0];
    assert_eq!((&offer["providerAccountId"], &offer["charged"]), (&json!("ours"), &json!(false)));
    assert_eq!((&offer["monthlyCost"], &offer["currency"]), (&Value::Null, &Value::Null), "it does not tell");
    let asked = stack.markets.asked();
    assert!(asked.len() == 1 && asked[0].contains(OWN), "{asked:?}");
    // The platform's by name; and for another tenant acme's is not there.
    for (name, changes) in [
        ("acme", json!({"providerAccountId": "platform-twilio", "provider": "twilio"})),
        ("rival", json!({"provider": "twilio"})),
    ] {
        let answer = stack.ask(name, changes).await.unwrap();
        assert_eq!(answer["numbers"][0]["charged"], true, "{name}");
        assert!(stack.markets.asked()[0].contains(PLATFORM));
    }
    // Its own Telnyx account tells what it costs, whatever that is.
    let mut telnyx_account = AccountRecord::new("carrier".parse().unwrap(), ProviderId::Telnyx, of("acme"));
    telnyx_account.own.set("api_key", Secret::new("KEY2"));
    stack.add(&telnyx_account).await;
    stack.markets.set("telnyx.com", 200, telnyx(&[("+14155550120", "9.75", "EUR")]));
    let answer = stack.ask("acme", json!({"providerAccountId": "carrier"})).await.unwrap();
    let offer = &answer["numbers"][0];
    assert_eq!((&offer["monthlyCost"], &offer["currency"]), (&json!(9.75), &json!("EUR")));
    assert_eq!(offer["charged"], false);

    // What the platform pays for is charged, also below a tenant's name.
    let mut below = own("below", "AC00000000000000000000000000000004");
    below.parent = Some("platform-twilio".parse().unwrap());
    stack.add(&below).await;
    let answer = stack.ask("acme", json!({"providerAccountId": "below"})).await.unwrap();
    assert_eq!(
        (&answer["numbers"][0]["charged"], &answer["numbers"][0]["monthlyCost"]),
        (&json!(true), &json!(1.5))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_offered_below_its_cost_or_without_a_price() {
    let stack = stack(DEPLOYED, None).await;
    let offers =
        [("+14155550120", "1.50", "USD"), ("+14155550121", "1.51", "USD"), ("+14155550122", "1.00", "EUR")];
    stack.markets.set("telnyx.com", 200, telnyx(&offers));
    let answer = stack.ask("acme", json!({"provider": "telnyx"})).await.unwrap();
    assert_eq!(phones(&answer["numbers"]), ["+14155550120"]);

    let german = json!({"countryCode": "DE", "areaCode": null});
    assert_eq!(
        stack.refused("acme", german.clone()).await,
        refusal("VALIDATION_FAILED", 400, &["countryCode"])
    );
    let mobile = json!({"countryCode": "AU", "numberType": "mobile", "areaCode": null});
    assert_eq!(stack.refused("acme", mobile).await, refusal("VALIDATION_FAILED", 400, &["numberType"]));
    stack.markets.asked();
    // Who pays the provider needs no price of ours.
    stack.add(&own("ours", OWN)).await;
    stack.markets.set("twilio.com", 200, form(&["+4930901820"]));
    let answer = stack.ask("acme", german).await.unwrap();
    assert_eq!(phones(&answer["numbers"]), ["+4930901820"]);
    assert_eq!(answer["byProvider"].as_object().unwrap().len(), 1);
    assert_eq!(stack.markets.asked().len(), 1, "the platform's accounts are not asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_there_is_nobody_to_ask() {
    let empty = stack(r#"{"accounts": []}"#, None).await;
    assert_eq!(empty.refused("acme", json!({})).await, refusal("PROVIDER_NOT_CONFIGURED", 503, &[]));
    let named = empty.refused("acme", json!({"provider": "telnyx"})).await;
    assert_eq!(named, refusal("TELNYX_NOT_CONFIGURED", 503, &[]));

    let stack = stack(DEPLOYED, None).await;
    let mut off = own("off", OWN);
    off.active = false;
    stack.add(&off).await;
    for (name, changes, expected) in [
        ("acme", json!({"provider": "retell"}), refusal("CAPABILITY_MISSING", 422, &["provider"])),
        (
            "acme",
            json!({"providerAccountId": "platform-retell"}),
            refusal("CAPABILITY_MISSING", 422, &["providerAccountId"]),
        ),
        ("acme", json!({"providerAccountId": "off"}), refusal("TWILIO_NOT_CONFIGURED", 503, &[])),
        (
            "acme",
            json!({"providerAccountId": "off", "provider": "telnyx"}),
            refusal("VALIDATION_FAILED", 400, &["provider"]),
        ),
        // Another tenant's account is as unknown as none.
        (
            "rival",
            json!({"providerAccountId": "off"}),
            refusal("PROVIDER_NOT_FOUND", 422, &["providerAccountId"]),
        ),
        (
            "rival",
            json!({"providerAccountId": "none"}),
            refusal("PROVIDER_NOT_FOUND", 422, &["providerAccountId"]),
        ),
    ] {
        assert_eq!(stack.refused(name, changes).await, expected);
    }
    assert!(stack.markets.asked().is_empty());
    // Without credentials it is left out, unless it is named.
    let mut bare = AccountRecord::new("bare".parse().unwrap(), ProviderId::Telnyx, Owner::Platform);
    bare.priority = 1;
    stack.add(&bare).await;
    let answer = stack.ask("acme", json!({"provider": "telnyx"})).await.unwrap();
    assert_eq!(answer["numbers"][0]["providerAccountId"], "platform-telnyx");
    let named = stack.refused("acme", json!({"providerAccountId": "bare"})).await;
    assert_eq!(named, refusal("TELNYX_NOT_CONFIGURED", 503, &[]));
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_never_more_than_were_asked_for() {
    let stack = stack(DEPLOYED, None).await;
    for limit in 1..=6 {
        let answer = stack.ask("acme", json!({"limit": limit})).await.unwrap();
        assert_eq!(phones(&answer["numbers"]).len(), limit.min(5), "{limit}");
        let grouped: usize =
            answer["byProvider"].as_object().unwrap().values().map(|l| l.as_array().unwrap().len()).sum();
        assert_eq!(grouped, limit.min(5));
    }
}
