//! `GET /api/stir/certificates/{file}`: what others verify our signatures with.

use std::sync::Arc;

use super::SUFFIX;
use crate::app::problem::{Code, Problem};
use crate::domain::passport::Chain;
use crate::ports::{Keyrings, StoreError};

/// Publishes certificates.
pub struct PublishCertificates {
    /// Where they are.
    pub keyrings: Arc<dyn Keyrings>,
}

impl PublishCertificates {
    /// The chain that a path's last segment names, as PEM.
    ///
    /// # Errors
    /// `NOT_FOUND`; what the store fails with.
    pub async fn chain(&self, file: &str) -> Result<String, Problem> {
        let id = file.strip_suffix(SUFFIX).ok_or(Problem::new(Code::NotFound))?;
        let chain = find(self.keyrings.as_ref(), id).await?;
        chain.map(|chain| chain.pem().to_owned()).ok_or(Problem::new(Code::NotFound))
    }
}

/// A published certificate. One that is not in memory may be newer than that.
pub(super) async fn find(keyrings: &dyn Keyrings, id: &str) -> Result<Option<Chain>, StoreError> {
    let look = || async {
        let keyring = keyrings.keyring().await?;
        Ok::<_, StoreError>(keyring.and_then(|keyring| keyring.chain(id).cloned()))
    };
    if let Some(chain) = look().await? {
        return Ok(Some(chain));
    }
    keyrings.refresh().await;
    look().await
}
