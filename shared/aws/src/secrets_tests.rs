use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use telephony::ports::{Accounts as _, StoreError};
use telephony::provider::ProviderId;

use super::{SecretAccounts, SecretSource, read};

const SECRET: &str = r#"{"accounts": [
    {"id": "platform-twilio", "provider": "twilio", "config": {"account_sid": "AC1", "auth_token": "t"}},
    {"id": "platform-signalwire", "provider": "signalwire", "config": {"project_id": "", "token": ""}},
    {"id": "later", "provider": "carrier-pigeon", "config": {"token": "t"}},
    {"id": "no good", "provider": "twilio", "config": {"auth_token": "t"}},
    {"id": "acme", "provider": "twilio", "tenant": "acme", "config": {"account_sid": "AC2", "auth_token": "t"}}
]}"#;

#[derive(Default)]
struct Source {
    calls: AtomicUsize,
    broken: AtomicBool,
}

#[async_trait]
impl SecretSource for Source {
    async fn fetch(&self) -> Result<String, StoreError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.broken.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("down".into()));
        }
        Ok(SECRET.to_owned())
    }
}

fn names() -> Vec<String> {
    ["AC1", "AC2"].map(str::to_owned).to_vec()
}

fn accounts() -> (Arc<Source>, SecretAccounts) {
    let source = Arc::new(Source::default());
    (Arc::clone(&source), SecretAccounts::new(source))
}

#[test]
fn only_usable_accounts_are_read() {
    let ids: Vec<String> = read(SECRET).unwrap().iter().map(|account| account.id.to_string()).collect();
    assert_eq!(ids, ["platform-twilio", "acme"]);
    for broken in ["", "{}", "[]", r#"{"accounts": {}}"#] {
        assert!(read(broken).is_err(), "{broken:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_warm_cache_makes_no_call_and_a_failing_store_is_survived() {
    let (source, accounts) = accounts();
    assert_eq!(accounts.candidates(ProviderId::Twilio, &names()).await.unwrap().len(), 2);
    tokio::time::advance(Duration::from_secs(299)).await;
    assert!(accounts.account(&"acme".parse().unwrap(), &"acme".parse().unwrap()).await.unwrap().is_some());
    assert_eq!(source.calls.load(Ordering::SeqCst), 1);

    source.broken.store(true, Ordering::SeqCst);
    tokio::time::advance(Duration::from_secs(2)).await;
    for _ in 0..3 {
        assert_eq!(accounts.candidates(ProviderId::Twilio, &names()).await.unwrap().len(), 2);
    }
    assert_eq!(source.calls.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn bad_signatures_do_not_become_calls() {
    let (source, accounts) = accounts();
    assert!(accounts.candidates(ProviderId::SignalWire, &names()).await.unwrap().is_empty());
    tokio::time::advance(Duration::from_secs(11)).await;
    for _ in 0..20 {
        accounts.refresh().await;
        accounts.candidates(ProviderId::Twilio, &names()).await.unwrap();
    }
    assert_eq!(source.calls.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn without_any_known_account_a_failure_is_one() {
    let (source, accounts) = accounts();
    source.broken.store(true, Ordering::SeqCst);
    assert!(accounts.candidates(ProviderId::Twilio, &names()).await.is_err());
    source.broken.store(false, Ordering::SeqCst);
    assert!(accounts.candidates(ProviderId::Twilio, &names()).await.is_ok());
}
