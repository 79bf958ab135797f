//! Data keys of KMS.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use aws_sdk_kms::Client;
use aws_sdk_kms::error::SdkError;
use aws_sdk_kms::operation::decrypt::DecryptError;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use aws_types::SdkConfig;
use std::collections::HashMap;
use telephony::ports::StoreError;

use crate::dynamo::failure;
use crate::envelope::{DataKey, DataKeys, KeyContext, OpensKeys};
use crate::item::corrupt;

/// One key of KMS. The client is made at the first use: most webhooks are of the platform's accounts, which
/// need none.
#[derive(Clone, Debug)]
pub struct KmsKeys {
    shared: SdkConfig,
    client: Arc<OnceLock<Client>>,
    key: Arc<str>,
}

impl KmsKeys {
    pub(crate) fn new(shared: SdkConfig, key: &str) -> Self {
        Self { shared, client: Arc::default(), key: key.into() }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| Client::new(&self.shared))
    }
}

fn members(context: &KeyContext) -> Option<HashMap<String, String>> {
    Some(context.members().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

#[async_trait]
impl OpensKeys for KmsKeys {
    async fn open(&self, context: &KeyContext, wrapped: &[u8]) -> Result<DataKey, StoreError> {
        let sent = self
            .client()
            .decrypt()
            // Named, so that an envelope of a stranger's key is not opened in its place.
            .key_id(&*self.key)
            .set_encryption_context(members(context))
            .ciphertext_blob(Blob::new(wrapped))
            .send()
            .await;
        match sent {
            Ok(answer) => {
                let plain = answer.plaintext.ok_or_else(|| corrupt("data key"))?;
                Ok(DataKey::new(plain.into_inner()))
            }
            Err(error) if is_of_another(&error) => Err(corrupt("data key")),
            Err(error) => Err(failure(&error)),
        }
    }
}

/// It was wrapped under another context or by another key: no waiting helps.
fn is_of_another<R>(error: &SdkError<DecryptError, R>) -> bool {
    error
        .as_service_error()
        .is_some_and(|error| error.is_invalid_ciphertext_exception() || error.is_incorrect_key_exception())
}

#[async_trait]
impl DataKeys for KmsKeys {
    async fn generate(&self, context: &KeyContext) -> Result<(DataKey, Vec<u8>), StoreError> {
        let sent = self
            .client()
            .generate_data_key()
            .key_id(&*self.key)
            .key_spec(DataKeySpec::Aes256)
            .set_encryption_context(members(context))
            .send()
            .await;
        let answer = sent.map_err(|error| failure(&error))?;
        match (answer.plaintext, answer.ciphertext_blob) {
            (Some(plain), Some(wrapped)) => Ok((DataKey::new(plain.into_inner()), wrapped.into_inner())),
            (None, _) | (_, None) => Err(corrupt("data key")),
        }
    }
}
