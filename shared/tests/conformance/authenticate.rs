//! Whose webhook it is: which keys are tried, in which order, and when the credentials are read anew.

use std::sync::Mutex;

use async_trait::async_trait;
use serde_json::json;
use telephony::app::authenticate::{Authentic, Refusal, authenticate};
use telephony::domain::ids::{AccountId, TenantId};
use telephony::domain::secret::Secret;
use telephony::domain::timestamp::Timestamp;
use telephony::ports::Whose::{Platform, Tenants};
use telephony::ports::{Accounts, Candidates, StoreError, Whose};
use telephony::provider::account::ProviderAccount;
use telephony::provider::request::InboundRequest;
use telephony::provider::webhooks::{KeyRole, WebhookError};
use telephony::provider::{ProviderId, registry};
use telephony_testkit::fixture::fixture;
use telephony_testkit::telnyx;

use super::{NOW, SMS_URL};

/// The sample account under another id, with this current and next key.
fn account(provider: ProviderId, id: &str, keys: &[u8]) -> ProviderAccount {
    let facts = fixture(provider);
    let mut account = facts.account;
    account.id = id.parse().unwrap();
    for (at, name) in facts.keys.into_iter().enumerate() {
        let value = keys.get(at).map(|n| (facts.key)(*n)).unwrap_or_default();
        account.config.set(name, Secret::new(value));
    }
    account
}

/// A genuine webhook of the sample account, signed with the key of this number.
fn signed(provider: ProviderId, n: u8) -> InboundRequest {
    (fixture(provider).signed)(n, NOW)
}

/// What is known before and after the credentials are read anew, and what was asked.
#[derive(Default)]
struct Vault {
    known: Mutex<[Vec<ProviderAccount>; 2]>,
    fresh: Option<[Vec<ProviderAccount>; 2]>,
    /// These only stand in.
    nameless: Vec<Whose>,
    broken: Option<Whose>,
    asked: Mutex<Vec<Whose>>,
    claims: Mutex<usize>,
    refreshed: Mutex<u32>,
    noted: Mutex<Vec<(String, Timestamp)>>,
}

impl Vault {
    fn new(platform: Vec<ProviderAccount>, tenants: Vec<ProviderAccount>) -> Self {
        Self { known: Mutex::new([platform, tenants]), ..Self::default() }
    }

    fn then(self, platform: Vec<ProviderAccount>, tenants: Vec<ProviderAccount>) -> Self {
        Self { fresh: Some([platform, tenants]), ..self }
    }

    async fn open<'r>(&self, request: &'r InboundRequest) -> Result<Authentic<'r>, Refusal> {
        self.opened(request, false).await
    }

    async fn opened<'r>(
        &self,
        request: &'r InboundRequest,
        signatures_disabled: bool,
    ) -> Result<Authentic<'r>, Refusal> {
        let known = self.known.lock().unwrap().concat();
        let later = self.fresh.iter().flat_map(|fresh| fresh.concat());
        let provider = known.into_iter().chain(later).next().unwrap().provider;
        authenticate(provider, request, self, signatures_disabled, NOW).await
    }

    /// Who signed, and with which of its keys.
    async fn id(&self, request: &InboundRequest) -> (String, KeyRole) {
        let Authentic { verified, account } = self.open(request).await.unwrap();
        assert_eq!(*verified.account(), account.id);
        (account.id.to_string(), verified.role())
    }

    async fn refusal(&self, request: &InboundRequest) -> WebhookError {
        match self.open(request).await {
            Err(Refusal::Webhook(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    fn asked(&self) -> Vec<Whose> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn refreshed(&self) -> u32 {
        *self.refreshed.lock().unwrap()
    }

    fn noted(&self) -> Vec<(String, Timestamp)> {
        self.noted.lock().unwrap().clone()
    }
}

#[async_trait]
impl Accounts for Vault {
    async fn candidates(
        &self,
        _provider: ProviderId,
        claims: &[String],
        whose: Whose,
    ) -> Result<Candidates, StoreError> {
        self.asked.lock().unwrap().push(whose);
        *self.claims.lock().unwrap() = claims.len();
        if self.broken == Some(whose) {
            return Err(StoreError::Unavailable("down".into()));
        }
        let [platform, tenants] = self.known.lock().unwrap().clone();
        let accounts = match whose {
            Platform => platform,
            Tenants => tenants,
        };
        Ok(Candidates { accounts, named: !self.nameless.contains(&whose) })
    }

    async fn account(&self, _: &TenantId, _: &AccountId) -> Result<Option<ProviderAccount>, StoreError> {
        Ok(None)
    }

    async fn refresh(&self) {
        *self.refreshed.lock().unwrap() += 1;
        if let Some(fresh) = &self.fresh {
            self.known.lock().unwrap().clone_from(fresh);
        }
    }

    async fn next_key_used(&self, account: &ProviderAccount, now: Timestamp) {
        self.noted.lock().unwrap().push((account.id.to_string(), now));
    }
}

#[tokio::test]
async fn the_current_and_the_next_key_are_let_in_and_only_the_next_is_noted() {
    for provider in ProviderId::ALL {
        let vault = Vault::new(vec![account(provider, "own", &[1, 2])], vec![]);
        assert_eq!(vault.id(&signed(provider, 1)).await, ("own".to_owned(), KeyRole::Current), "{provider}");
        assert_eq!(vault.noted(), []);
        assert_eq!(vault.id(&signed(provider, 2)).await, ("own".to_owned(), KeyRole::Next), "{provider}");
        assert_eq!(vault.noted(), [("own".to_owned(), NOW)]);
        assert_eq!((vault.asked(), vault.refreshed()), (vec![Platform, Platform], 0), "nobody else is asked");
    }
}

#[tokio::test]
async fn a_retired_key_is_refused_after_one_look_at_the_credentials() {
    for provider in ProviderId::ALL {
        let vault =
            Vault::new(vec![account(provider, "own", &[1, 2])], vec![account(provider, "theirs", &[3])]);
        assert_eq!(vault.refusal(&signed(provider, 9)).await, WebhookError::BadSignature, "{provider}");
        assert_eq!(vault.asked(), [Platform, Tenants, Platform, Tenants]);
        assert_eq!((vault.refreshed(), vault.noted()), (1, vec![]));
        // What was good before the credentials were read anew is not tried again with what they were.
        let vault = Vault::new(vec![account(provider, "own", &[1])], vec![])
            .then(vec![account(provider, "own", &[2])], vec![]);
        assert_eq!(vault.refusal(&signed(provider, 9)).await, WebhookError::BadSignature);
        assert_eq!(vault.refusal(&signed(provider, 1)).await, WebhookError::BadSignature);
    }
}

#[tokio::test]
async fn a_rotation_is_learned_from_the_first_webhook_that_does_not_fit() {
    for provider in ProviderId::ALL {
        let rotated = Vault::new(vec![account(provider, "own", &[1])], vec![])
            .then(vec![account(provider, "own", &[2, 3])], vec![]);
        assert_eq!(
            rotated.id(&signed(provider, 2)).await,
            ("own".to_owned(), KeyRole::Current),
            "{provider}"
        );
        assert_eq!((rotated.asked(), rotated.refreshed()), (vec![Platform, Tenants, Platform], 1));
        assert_eq!(rotated.id(&signed(provider, 3)).await, ("own".to_owned(), KeyRole::Next));
        assert_eq!((rotated.asked(), rotated.refreshed()), (vec![Platform], 1));
        let theirs =
            Vault::new(vec![account(provider, "own", &[1])], vec![account(provider, "theirs", &[4])])
                .then(vec![account(provider, "own", &[1])], vec![account(provider, "theirs", &[5])]);
        assert_eq!(theirs.id(&signed(provider, 5)).await, ("theirs".to_owned(), KeyRole::Current));
        assert_eq!(theirs.asked(), [Platform, Tenants, Platform, Tenants]);
        // An account that was just added.
        let added = Vault::default().then(vec![], vec![account(provider, "new", &[6])]);
        assert_eq!(added.id(&signed(provider, 6)).await, ("new".to_owned(), KeyRole::Current));
        assert_eq!(added.refreshed(), 1);
    }
}

#[tokio::test]
async fn whoever_signed_is_let_in_and_the_platform_comes_first() {
    for provider in ProviderId::ALL {
        let vault = Vault::new(
            vec![account(provider, "own", &[1]), account(provider, "second", &[2])],
            vec![account(provider, "theirs", &[3]), account(provider, "others", &[1, 4])],
        );
        for (key, id, role, asked) in [
            (1, "own", KeyRole::Current, &[Platform][..]),
            (2, "second", KeyRole::Current, &[Platform]),
            (3, "theirs", KeyRole::Current, &[Platform, Tenants]),
            (4, "others", KeyRole::Next, &[Platform, Tenants]),
        ] {
            assert_eq!(vault.id(&signed(provider, key)).await, (id.to_owned(), role), "{provider} {key}");
            assert_eq!(vault.asked(), asked, "{provider} {key}");
        }
        assert_eq!((vault.refreshed(), vault.noted()), (0, vec![("others".to_owned(), NOW)]));
    }
}

#[tokio::test]
async fn at_most_four_keys_of_each_side_are_tried() {
    for provider in ProviderId::ALL {
        let three = |prefix: &str, first: u8| -> Vec<ProviderAccount> {
            let account =
                |n: u8| account(provider, &format!("{prefix}-{n}"), &[first + 2 * n, first + 2 * n + 1]);
            (0..3).map(account).collect()
        };
        let vault = Vault::new(three("own", 1), three("theirs", 11));
        for (key, id) in [(4, "own-1"), (14, "theirs-1")] {
            assert_eq!(vault.id(&signed(provider, key)).await, (id.to_owned(), KeyRole::Next), "{provider}");
        }
        for key in [5, 6, 15, 16] {
            assert_eq!(vault.refusal(&signed(provider, key)).await, WebhookError::BadSignature, "{provider}");
        }
    }
}

#[tokio::test]
async fn what_no_key_could_change_is_refused_at_once() {
    for provider in ProviderId::ALL {
        let vault = Vault::new(vec![account(provider, "own", &[1])], vec![account(provider, "theirs", &[2])]);
        let mut unsigned = signed(provider, 1);
        let kind = unsigned.headers.remove("content-type").unwrap();
        unsigned.headers.clear();
        unsigned.headers.insert("content-type", kind);
        assert_eq!(vault.refusal(&unsigned).await, WebhookError::MissingSignature, "{provider}");
        assert_eq!((vault.asked(), vault.refreshed()), (vec![Platform], 0));
    }
    let telnyx = account(ProviderId::Telnyx, "own", &[1]);
    let event = telnyx::message_received(1, telnyx::THEIRS, telnyx::OURS, "hi").to_string();
    let old = telnyx::signed(&[1; 32], NOW.seconds() - 301, SMS_URL, &event);
    let vault = Vault::new(vec![telnyx], vec![]);
    assert_eq!(vault.refusal(&old).await, WebhookError::Stale);
    assert_eq!(vault.refreshed(), 0);
}

#[tokio::test]
async fn without_a_key_nobody_is_let_in() {
    for provider in ProviderId::ALL {
        let vault = Vault::new(vec![account(provider, "own", &[])], vec![]);
        assert_eq!(vault.refusal(&signed(provider, 1)).await, WebhookError::UnknownAccount, "{provider}");
        assert_eq!((vault.asked(), vault.refreshed()), (vec![Platform, Tenants, Platform, Tenants], 1));
    }
}

#[tokio::test]
async fn credentials_that_cannot_be_read_are_our_failure() {
    for provider in ProviderId::ALL {
        for (broken, key) in [(Platform, 1), (Platform, 2), (Tenants, 2), (Tenants, 9)] {
            let vault = Vault {
                broken: Some(broken),
                ..Vault::new(vec![account(provider, "own", &[1])], vec![account(provider, "theirs", &[2])])
            };
            let request = signed(provider, key);
            let answer = vault.open(&request).await;
            assert!(matches!(answer, Err(Refusal::Store(_))), "{provider} {broken:?} {answer:?}");
            assert_eq!(vault.refreshed(), 0);
        }
        // The tenants' are not needed for the platform's own.
        let own = vec![account(provider, "own", &[1])];
        let vault = Vault { broken: Some(Tenants), ..Vault::new(own, vec![]) };
        assert_eq!(vault.id(&signed(provider, 1)).await.0, "own");
    }
}

#[tokio::test]
async fn at_most_eight_names_are_looked_at() {
    let mut event = telnyx::message_received(1, telnyx::THEIRS, telnyx::OURS, "hi");
    let payload = event.pointer_mut("/data/payload").unwrap();
    payload["direction"] = json!(null);
    payload["connection_id"] = json!(telnyx::CONNECTION_ID);
    payload["to"] = (0..4).map(|n| json!({"phone_number": format!("+1415555010{n}")})).collect();
    payload["from"] = (4..8).map(|n| json!({"phone_number": format!("+1415555010{n}")})).collect();
    let request = telnyx::signed(&[1; 32], NOW.seconds(), SMS_URL, &event.to_string());
    assert_eq!(registry::webhooks(ProviderId::Telnyx).claims(&request).len(), 11);
    let vault = Vault::new(vec![account(ProviderId::Telnyx, "own", &[1])], vec![]);
    assert_eq!(vault.id(&request).await.0, "own");
    assert_eq!(*vault.claims.lock().unwrap(), 8);
}

#[tokio::test]
async fn a_local_stack_believes_who_is_named() {
    let believed = async |vault: &Vault, request: &InboundRequest| {
        let authentic = vault.opened(request, true).await;
        authentic.map(|authentic| authentic.account.id.to_string()).map_err(|refusal| refusal.to_string())
    };
    for provider in ProviderId::ALL {
        let forged = signed(provider, 9);
        let one = |id: &str| vec![account(provider, id, &[1])];
        for (platform, tenants, nameless, id) in [
            (one("own"), one("theirs"), vec![], "own"),
            (one("own"), one("theirs"), vec![Tenants], "own"),
            (one("own"), one("theirs"), vec![Platform], "theirs"),
            (one("own"), one("theirs"), vec![Platform, Tenants], "own"),
            (vec![], one("theirs"), vec![Platform, Tenants], "theirs"),
        ] {
            let vault = Vault { nameless, ..Vault::new(platform, tenants) };
            assert_eq!(believed(&vault, &forged).await.as_deref(), Ok(id), "{provider}");
            assert_eq!((vault.refreshed(), vault.noted()), (0, vec![]));
            // Elsewhere a forgery is one.
            assert_eq!(vault.refusal(&forged).await, WebhookError::BadSignature);
        }
        // Without a key there is nobody to believe.
        let vault = Vault::new(vec![account(provider, "own", &[])], vec![]);
        assert!(believed(&vault, &forged).await.is_err());
    }
}
