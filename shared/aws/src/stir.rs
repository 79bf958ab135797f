//! The deployment's key for signatures of calls, in a secret of its own:
//! `{"privateKey": PEM, "certificates": PEM, "retiredCertificates": [PEM, …]}`; `{}` until one is put there.

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde::Deserialize;
use telephony::domain::passport::Keyring;
use telephony::domain::secret::Secret;
use telephony::ports::{Keyrings, StoreError};

use crate::aged::{Aged, lock, through};
use crate::secrets::SecretSource;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    #[serde(default = "nothing")]
    private_key: Secret,
    #[serde(default)]
    certificates: String,
    #[serde(default)]
    retired_certificates: Vec<String>,
}

fn nothing() -> Secret {
    Secret::new("")
}

/// Reads the secret. What cannot be read is a key that cannot be used: calls are then not signed, and the
/// answer says so. The text is never logged.
fn read(text: &str) -> Option<Arc<Keyring>> {
    let Ok(stored) = serde_json::from_str::<Stored>(text) else {
        tracing::error!("The secret of the key for calls is no JSON of the form that is documented");
        return Some(Arc::new(Keyring::read(&nothing(), "", &[])));
    };
    let empty = stored.private_key.is_empty()
        && stored.certificates.is_empty()
        && stored.retired_certificates.is_empty();
    (!empty).then(|| {
        let Stored { private_key, certificates, retired_certificates } = &stored;
        Arc::new(Keyring::read(private_key, certificates, retired_certificates))
    })
}

/// The key, read at most every 5 minutes; while Secrets Manager fails, the last known one.
#[derive(Clone)]
pub struct StirSecret {
    secret: Arc<dyn SecretSource>,
    kept: Arc<Mutex<Aged<(), Option<Arc<Keyring>>>>>,
}

impl StirSecret {
    /// The key of a secret.
    pub fn new(secret: Arc<dyn SecretSource>) -> Self {
        Self { secret, kept: Arc::new(Mutex::new(Aged::new(1))) }
    }
}

impl fmt::Debug for StirSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StirSecret(***)")
    }
}

#[async_trait]
impl Keyrings for StirSecret {
    async fn keyring(&self) -> Result<Option<Arc<Keyring>>, StoreError> {
        through(&self.kept, (), async { Ok(read(&self.secret.fetch().await?)) }).await
    }

    async fn refresh(&self) {
        lock(&self.kept).outdate();
    }
}
