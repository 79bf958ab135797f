//! Secrets of customers, sealed by a KMS key.
//!
//! They are shorter than the 4 KB that KMS takes, so that no data key is needed. The context (whose, of
//! what, what for) is bound by KMS: what was moved to another place does not open.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_kms::Client;
use aws_sdk_kms::operation::decrypt::DecryptError;
use aws_sdk_kms::primitives::Blob;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use telephony::domain::endpoint::Sealed;
use telephony::domain::secret::Secret;
use telephony::ports::{SealContext, SecretBox, StoreError};

use crate::dynamo::failure;
use crate::item::corrupt;

/// One key of KMS.
#[derive(Clone, Debug)]
pub struct KmsSeals {
    client: Client,
    key: Arc<str>,
}

impl KmsSeals {
    /// The key of this id.
    pub fn new(client: Client, key: &str) -> Self {
        Self { client, key: key.into() }
    }
}

#[async_trait]
impl SecretBox for KmsSeals {
    async fn seal(&self, context: &SealContext, plain: &Secret) -> Result<Sealed, StoreError> {
        let sent = self
            .client
            .encrypt()
            .key_id(&*self.key)
            .encryption_context("tenant", context.tenant.as_str())
            .encryption_context("owner", &context.owner)
            .encryption_context("purpose", context.purpose)
            .plaintext(Blob::new(plain.expose().as_bytes()))
            .send()
            .await;
        let sealed = sent.map_err(|error| failure(&error))?.ciphertext_blob;
        Ok(Sealed(STANDARD.encode(sealed.ok_or_else(|| corrupt("sealed secret"))?.into_inner())))
    }

    async fn open(&self, context: &SealContext, sealed: &Sealed) -> Result<Secret, StoreError> {
        let wrong = || corrupt("sealed secret");
        let sealed = STANDARD.decode(&sealed.0).map_err(|_| wrong())?;
        let sent = self
            .client
            .decrypt()
            // Named, so that nothing of a stranger's key is opened in its place.
            .key_id(&*self.key)
            .encryption_context("tenant", context.tenant.as_str())
            .encryption_context("owner", &context.owner)
            .encryption_context("purpose", context.purpose)
            .ciphertext_blob(Blob::new(sealed))
            .send()
            .await;
        let opened = sent.map_err(|error| {
            let foreign = error.as_service_error().is_some_and(|error: &DecryptError| {
                error.is_invalid_ciphertext_exception() || error.is_incorrect_key_exception()
            });
            // No waiting helps against another context or another key.
            if foreign { wrong() } else { failure(&error) }
        })?;
        let plain = opened.plaintext.ok_or_else(wrong)?.into_inner();
        String::from_utf8(plain).map(Secret::new).map_err(|_| wrong())
    }
}
