//! Secrets that sign what is posted, and signatures by the scheme of Standard Webhooks
//! (<https://www.standardwebhooks.com>): any of its libraries verifies them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use standardwebhooks::Webhook;

use crate::domain::endpoint::Sealed;
use crate::domain::ids::EventId;
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Random, SealContext, SecretBox, StoreError};

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// How long an opened secret is kept in memory: a rotation counts within this time.
const KEPT: Duration = Duration::from_secs(300);
/// How many are kept.
const CAPACITY: usize = 512;

/// A secret that nobody knows: 256 bits out of four draws of 80.
pub fn fresh_secret(random: &dyn Random, now: Timestamp) -> Secret {
    let mut hash = Sha256::new();
    for _ in 0..4 {
        hash.update(random.ulid(now).to_be_bytes());
    }
    Secret::new(format!("{PREFIX}{}", STANDARD.encode(hash.finalize())))
}

/// A secret that a customer brings: `whsec_` and base64 of 24 to 64 bytes.
pub fn is_secret(text: &str) -> bool {
    let bytes = text.strip_prefix(PREFIX).and_then(|rest| STANDARD.decode(rest).ok());
    bytes.is_some_and(|bytes| (24..=64).contains(&bytes.len()))
}

/// The headers of one try. Each secret signs: while one is being rotated the receiver may know either.
/// `None` when a secret is none.
pub fn headers(
    secrets: &[Secret],
    id: EventId,
    at: Timestamp,
    body: &str,
) -> Option<[(&'static str, String); 3]> {
    let id = id.to_string();
    let sign = |secret: &Secret| {
        let key = Webhook::new(secret.expose()).ok()?;
        key.sign(&id, at.seconds(), body.as_bytes()).ok()
    };
    let signatures: Option<Vec<String>> = secrets.iter().map(sign).collect();
    let signatures = signatures.filter(|signatures| !signatures.is_empty())?.join(" ");
    Some([
        (standardwebhooks::HEADER_WEBHOOK_TIMESTAMP, at.seconds().to_string()),
        (standardwebhooks::HEADER_WEBHOOK_SIGNATURE, signatures),
        (standardwebhooks::HEADER_WEBHOOK_ID, id),
    ])
}

type Opened = HashMap<Sealed, (Timestamp, Secret)>;

/// Opens secrets, and remembers them for a while.
pub struct OpenedSecrets {
    secret_box: Arc<dyn SecretBox>,
    opened: Mutex<Opened>,
}

impl OpenedSecrets {
    /// Nothing opened yet.
    pub fn new(secret_box: Arc<dyn SecretBox>) -> Self {
        Self { secret_box, opened: Mutex::default() }
    }

    /// The secret, from memory when it was opened in the last five minutes.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn open(
        &self,
        context: &SealContext,
        sealed: &Sealed,
        now: Timestamp,
    ) -> Result<Secret, StoreError> {
        let known = self.lock().get(sealed).cloned();
        if let Some((at, secret)) = known
            && now.since(at) < KEPT
        {
            return Ok(secret);
        }
        let secret = self.secret_box.open(context, sealed).await?;
        let mut opened = self.lock();
        if opened.len() >= CAPACITY {
            opened.clear();
        }
        opened.insert(sealed.clone(), (now, secret.clone()));
        Ok(secret)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Opened> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use http::HeaderMap;
    use proptest::prelude::*;
    use standardwebhooks::Webhook;

    use super::{headers, is_secret};
    use crate::domain::ids::EventId;
    use crate::domain::secret::Secret;
    use crate::domain::timestamp::Timestamp;

    fn now() -> Timestamp {
        Timestamp::from(time::OffsetDateTime::now_utc())
    }

    fn map(headers: [(&'static str, String); 3]) -> HeaderMap {
        headers.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn secret(bytes: &[u8]) -> Secret {
        Secret::new(format!("whsec_{}", STANDARD.encode(bytes)))
    }

    proptest! {
        #[test]
        fn the_schemes_own_verifier_takes_either_secret_and_nothing_changed(
            old in prop::collection::vec(any::<u8>(), 24..=64),
            new in prop::collection::vec(any::<u8>(), 24..=64),
            id: u128,
            body in ".{0,200}",
        ) {
            let at = now();
            let (old, new) = (secret(&old), secret(&new));
            let id = EventId::from_bits(id);
            let signed = map(headers(&[new.clone(), old.clone()], id, at, &body).unwrap());
            for secret in [&old, &new] {
                let verifier = Webhook::new(secret.expose()).unwrap();
                prop_assert!(verifier.verify(body.as_bytes(), &signed).is_ok());
                let changed = format!("{body} ");
                prop_assert!(verifier.verify(changed.as_bytes(), &signed).is_err());
                let mut other = signed.clone();
                other.insert("webhook-id", "evt_other".parse().unwrap());
                prop_assert!(verifier.verify(body.as_bytes(), &other).is_err());
            }
            let stranger = Webhook::from_bytes(vec![7; 23]).unwrap();
            prop_assert!(stranger.verify(body.as_bytes(), &signed).is_err());
            // The scheme's receivers refuse what is older than five minutes.
            let stale = at.minus(std::time::Duration::from_secs(301));
            let stale = map(headers(std::slice::from_ref(&new), id, stale, &body).unwrap());
            prop_assert!(Webhook::new(new.expose()).unwrap().verify(body.as_bytes(), &stale).is_err());
        }

        #[test]
        fn secrets_have_24_to_64_bytes(length in 0_usize..100) {
            let text = secret(&vec![1; length]);
            prop_assert_eq!(is_secret(text.expose()), (24..=64).contains(&length));
            prop_assert!(!is_secret(text.expose().trim_start_matches("whsec_")));
        }
    }

    #[test]
    fn the_example_of_the_scheme() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let at = Timestamp::from_millis(1_614_265_330_000);
        let id = EventId::from_bits(1);
        let signed = headers(std::slice::from_ref(&secret), id, at, "{\"test\": 2432232314}").unwrap();
        let expected = Webhook::new(secret.expose()).unwrap();
        let expected = expected.sign(&id.to_string(), 1_614_265_330, b"{\"test\": 2432232314}").unwrap();
        assert_eq!(signed[1].1, expected);
        assert!(headers(&[], id, at, "").is_none());
    }
}
