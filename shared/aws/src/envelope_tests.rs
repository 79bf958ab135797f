use std::sync::Mutex;

use async_trait::async_trait;
use proptest::prelude::*;
use telephony::domain::account::{ConfigPatch, Owner};
use telephony::domain::secret::Secret;
use telephony::ports::StoreError;

use super::{DataKey, DataKeys, Envelope, KeyContext, OpensKeys, open, seal};

/// Hands the same key out to anybody: only the cipher stands between the contexts.
struct Careless;

#[async_trait]
impl OpensKeys for Careless {
    async fn open(&self, _: &KeyContext, wrapped: &[u8]) -> Result<DataKey, StoreError> {
        Ok(DataKey::new(wrapped.to_vec()))
    }
}

#[async_trait]
impl DataKeys for Careless {
    async fn generate(&self, _: &KeyContext) -> Result<(DataKey, Vec<u8>), StoreError> {
        Ok((DataKey::new(vec![7; 32]), vec![7; 32]))
    }
}

/// Remembers under which contexts it was asked.
#[derive(Default)]
struct Asked(Mutex<Vec<KeyContext>>);

#[async_trait]
impl OpensKeys for Asked {
    async fn open(&self, context: &KeyContext, _: &[u8]) -> Result<DataKey, StoreError> {
        self.0.lock().unwrap().push(context.clone());
        Err(StoreError::Unavailable("down".into()))
    }
}

fn context(tenant: Option<&str>, account: &str) -> KeyContext {
    let owner = tenant.map_or(Owner::Platform, |tenant| Owner::Tenant(tenant.parse().unwrap()));
    KeyContext::of(&owner, &account.parse().unwrap())
}

fn settings() -> ConfigPatch {
    let mut settings = ConfigPatch::default();
    settings.set("auth_token", Secret::new("0123456789abcdef0123456789abcdef"));
    settings.set("next_auth_token", Secret::new(""));
    settings
}

async fn sealed() -> Envelope {
    seal(&Careless, &context(Some("acme"), "a"), &settings()).await.unwrap()
}

#[tokio::test]
async fn settings_come_back_and_are_not_seen_from_outside() {
    let envelope = sealed().await;
    assert_eq!(open(&Careless, &context(Some("acme"), "a"), &envelope).await, Ok(settings()));
    let bytes = String::from_utf8_lossy(&envelope.sealed).into_owned();
    assert!(!bytes.contains("auth_token") && !bytes.contains("0123456789abcdef"));
    assert_ne!(sealed().await.sealed, envelope.sealed, "a nonce is never used twice");
    assert!(!format!("{envelope:?} {:?}", DataKey::new(vec![1; 32])).contains('7'));
}

#[tokio::test]
async fn a_moved_envelope_does_not_open() {
    let envelope = sealed().await;
    for (tenant, account) in [
        (Some("rival"), "a"),
        (Some("acme"), "b"),
        (None, "a"),
        (Some("platform"), "a"),
        (Some("acmea"), "a"),
    ] {
        let opened = open(&Careless, &context(tenant, account), &envelope).await;
        assert_eq!(opened, Err(StoreError::Corrupt("credentials".into())), "{tenant:?} {account}");
    }
    // A tenant that is called `platform` is not the platform.
    assert_ne!(context(None, "a"), context(Some("platform"), "a"));
    let other = Envelope { wrapped: vec![8; 32], ..envelope };
    assert!(open(&Careless, &context(Some("acme"), "a"), &other).await.is_err());
}

#[tokio::test]
async fn the_key_is_asked_for_under_its_context() {
    let asked = Asked::default();
    let failed = open(&asked, &context(Some("acme"), "a"), &sealed().await).await;
    assert_eq!(failed, Err(StoreError::Unavailable("down".into())), "a failure of KMS is not corruption");
    let members: Vec<_> = asked.0.lock().unwrap()[0].members().map(|(n, v)| (n, v.to_owned())).collect();
    assert_eq!(
        members,
        [
            ("tenant", "acme".to_owned()),
            ("account", "a".to_owned()),
            ("purpose", "provider-credentials".to_owned()),
            ("scope", "tenant".to_owned()),
        ]
    );
}

proptest! {
    /// No changed, shortened or invented bytes open, and none panic.
    #[test]
    fn tampering_is_seen(at in any::<prop::sample::Index>(), bit in 0_u8..8, cut in any::<prop::sample::Index>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let envelope = sealed().await;
            let context = context(Some("acme"), "a");
            let mut flipped = envelope.clone();
            let place = at.index(flipped.sealed.len());
            flipped.sealed[place] ^= 1 << bit;
            prop_assert!(open(&Careless, &context, &flipped).await.is_err());
            let mut shorter = envelope.clone();
            shorter.sealed.truncate(cut.index(envelope.sealed.len()));
            prop_assert!(open(&Careless, &context, &shorter).await.is_err());
            Ok(())
        })?;
    }
}
