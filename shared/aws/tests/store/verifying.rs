//! Webhooks are let in with the keys of the table and of the deployment, and what that costs.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use telephony::app::authenticate::{Refusal, authenticate};
use telephony::domain::account::AccountRecord;
use telephony::domain::secret::Secret;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::AccountBook;
use telephony::provider::ProviderId;
use telephony::provider::request::InboundRequest;
use telephony::provider::webhooks::WebhookError;
use telephony_aws::{Book, Directory};
use telephony_testkit::telnyx;

use crate::accounts::of;
use crate::support::keys::{Keys, Parameters};
use crate::support::samples::*;
use crate::support::{Table, table};

const NOW: Timestamp = Timestamp::from_millis(1_767_621_900_000);
const URL: &str = "https://phone.example.com/api/webhooks/telnyx";
const PLATFORM: [u8; 32] = [1; 32];
const TENANT: [u8; 32] = [2; 32];
const STRANGER: [u8; 32] = [3; 32];
/// The organization of the tenant's account.
const ORGANIZATION: &str = "47a530f8-0000-4000-8000-00000000000a";

/// The deployment's account has the profile of the samples.
fn deployed() -> String {
    json!({"accounts": [{"id": "platform-telnyx", "provider": "telnyx", "config": {
        "api_key": "k", "public_key": telnyx::public_key(&PLATFORM),
        "account_id": telnyx::ACCOUNT_ID, "messaging_profile_id": telnyx::PROFILE_ID,
    }}]})
    .to_string()
}

fn theirs(seed: &[u8; 32]) -> AccountRecord {
    let mut record = AccountRecord::new("theirs".parse().unwrap(), ProviderId::Telnyx, of("acme"));
    record.own.set("public_key", Secret::new(telnyx::public_key(seed)));
    record.own.set("account_id", Secret::new(ORGANIZATION));
    record
}

struct Process {
    directory: Directory,
    keys: Arc<Keys>,
    parameters: Arc<Parameters>,
}

async fn process(table: &Table) -> Process {
    let (keys, parameters) = (Arc::new(Keys::default()), Arc::new(Parameters::new(&deployed())));
    let directory = Directory::new(table.store.clone(), parameters.clone(), keys.clone());
    directory.warm_up().await;
    table.meter.reset();
    Process { directory, keys, parameters }
}

/// A text that names the platform's profile, and this organization.
fn event(seed: &[u8; 32], organization: &str) -> InboundRequest {
    let mut event = telnyx::message_received(1, telnyx::THEIRS, telnyx::OURS, "hi");
    event["data"]["payload"]["organization_id"] = Value::from(organization);
    telnyx::signed(seed, NOW.seconds(), URL, &event.to_string())
}

impl Process {
    async fn open(&self, request: &InboundRequest) -> Result<String, Refusal> {
        let authentic = authenticate(ProviderId::Telnyx, request, &self.directory, false, NOW).await;
        authentic.map(|authentic| authentic.account.id.to_string())
    }
}

async fn added(table: &Table) -> (Book, AccountRecord) {
    let book =
        Book::new(table.store.clone(), Arc::new(Parameters::new(&deployed())), Arc::new(Keys::default()));
    book.add(&tenant("acme"), &theirs(&TENANT), None, at(0)).await.unwrap();
    let record = book.find(&of("acme"), &"theirs".parse().unwrap()).await.unwrap().unwrap();
    (book, record)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platforms_webhooks_read_nothing() {
    let table = table().await;
    added(&table).await;
    let process = process(&table).await;
    let fetched = process.parameters.fetched.load(Ordering::SeqCst);
    for organization in [telnyx::ACCOUNT_ID, ORGANIZATION, "nobodys"] {
        assert_eq!(process.open(&event(&PLATFORM, organization)).await.unwrap(), "platform-telnyx");
    }
    assert_eq!(table.meter.take().requests, 0);
    assert_eq!(process.keys.opened.load(Ordering::SeqCst), 0);
    assert_eq!(process.parameters.fetched.load(Ordering::SeqCst), fetched);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_webhook_is_let_in_beside_a_name_of_the_platforms() {
    let table = table().await;
    added(&table).await;
    let process = process(&table).await;
    assert_eq!(process.open(&event(&TENANT, ORGANIZATION)).await.unwrap(), "theirs");
    assert!(table.meter.take().requests > 0);
    // The second one finds the name in memory; what nobody holds is remembered for seconds.
    assert_eq!(process.open(&event(&TENANT, ORGANIZATION)).await.unwrap(), "theirs");
    assert_eq!(table.meter.take().requests, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgery_is_refused_whomever_it_names() {
    let table = table().await;
    added(&table).await;
    let process = process(&table).await;
    for (seed, organization) in [
        (&STRANGER, telnyx::ACCOUNT_ID),
        (&STRANGER, ORGANIZATION),
        (&STRANGER, "nobodys"),
        // The tenant's key, for what does not name the tenant.
        (&TENANT, telnyx::ACCOUNT_ID),
    ] {
        let refused = process.open(&event(seed, organization)).await;
        assert!(
            matches!(refused, Err(Refusal::Webhook(WebhookError::BadSignature))),
            "{organization} {refused:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_cannot_be_read_is_no_forgery() {
    let table = table().await;
    let (book, record) = added(&table).await;
    let process = process(&table).await;
    process.keys.broken.store(true, Ordering::SeqCst);
    let answer = process.open(&event(&TENANT, ORGANIZATION)).await;
    assert!(matches!(answer, Err(Refusal::Store(_))), "{answer:?}");
    assert_eq!(process.open(&event(&PLATFORM, ORGANIZATION)).await.unwrap(), "platform-telnyx");
    process.keys.broken.store(false, Ordering::SeqCst);
    assert_eq!(process.open(&event(&TENANT, ORGANIZATION)).await.unwrap(), "theirs");
    // Removed: its key is good for nothing in a new process.
    book.remove(&record).await.unwrap();
    let refused = self::process(&table).await.open(&event(&TENANT, ORGANIZATION)).await;
    assert!(matches!(refused, Err(Refusal::Webhook(WebhookError::BadSignature))), "{refused:?}");
}
