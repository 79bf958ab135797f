//! Credentials at rest: AES-256-GCM under a data key that only KMS can unwrap.
//!
//! The context (whose account, which account, what for) is bound twice: KMS unwraps the data key under
//! exactly this encryption context only, and the cipher authenticates it. An envelope that was moved to
//! another account, another tenant or another key does not open.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretSlice};
use telephony::domain::account::{ConfigPatch, Owner};
use telephony::domain::ids::AccountId;
use telephony::ports::StoreError;

use crate::item::corrupt;

/// What the data keys are for; the roles that may decrypt are bound to it.
const PURPOSE: &str = "provider-credentials";

/// What an envelope is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyContext([(&'static str, String); 4]);

impl KeyContext {
    /// The credentials of one account.
    pub fn of(owner: &Owner, account: &AccountId) -> Self {
        let (scope, tenant) = match owner {
            Owner::Platform => ("platform", "platform"),
            // The scope tells a tenant that is called `platform` from the platform.
            Owner::Tenant(tenant) => ("tenant", tenant.as_str()),
        };
        Self([
            ("tenant", tenant.to_owned()),
            ("account", account.to_string()),
            ("purpose", PURPOSE.to_owned()),
            ("scope", scope.to_owned()),
        ])
    }

    /// The members, as KMS takes them.
    pub fn members(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The members as bytes; lengths keep them apart.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, value) in self.members() {
            for part in [name, value] {
                bytes.extend((part.len() as u64).to_be_bytes());
                bytes.extend(part.as_bytes());
            }
        }
        bytes
    }
}

/// A data key in the clear. Unprintable; its memory is wiped.
pub struct DataKey(SecretSlice<u8>);

impl DataKey {
    /// Takes over the bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(SecretSlice::from(bytes))
    }

    fn cipher(&self) -> Result<RandomizedNonceKey, StoreError> {
        RandomizedNonceKey::new(&AES_256_GCM, self.0.expose_secret()).map_err(|_| corrupt("data key"))
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Unwraps data keys: all that a function needs which calls providers or verifies webhooks.
#[async_trait]
pub trait OpensKeys: Send + Sync {
    /// The data key in `wrapped`. [`StoreError::Corrupt`]: it was not made under this context.
    async fn open(&self, context: &KeyContext, wrapped: &[u8]) -> Result<DataKey, StoreError>;
}

/// Makes data keys as well: what administers accounts.
#[async_trait]
pub trait DataKeys: OpensKeys {
    /// A new data key, and the same wrapped.
    async fn generate(&self, context: &KeyContext) -> Result<(DataKey, Vec<u8>), StoreError>;
}

/// Encrypted settings, as they are stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The data key, wrapped by KMS.
    pub wrapped: Vec<u8>,
    /// Nonce, ciphertext, tag.
    pub sealed: Vec<u8>,
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Envelope({} bytes)", self.sealed.len())
    }
}

/// Encrypts settings under a data key of their own.
///
/// # Errors
/// When no data key can be had.
pub async fn seal(
    keys: &dyn DataKeys,
    context: &KeyContext,
    config: &ConfigPatch,
) -> Result<Envelope, StoreError> {
    let (key, wrapped) = keys.generate(context).await?;
    let plain: BTreeMap<&str, &str> = config.iter().map(|(name, value)| (name, value.expose())).collect();
    // Encrypted where it lies; the zeroizing wrapper is for the way out by an error.
    let text = serde_json::to_vec(&plain).map_err(|_| corrupt("settings that cannot be written"))?;
    let mut text = Zeroizing::new(text);
    let nonce = key
        .cipher()?
        .seal_in_place_append_tag(Aad::from(context.bytes()), &mut *text)
        .map_err(|_| corrupt("settings that cannot be encrypted"))?;
    let mut sealed = nonce.as_ref().to_vec();
    sealed.extend_from_slice(&text);
    Ok(Envelope { wrapped, sealed })
}

/// Decrypts settings.
///
/// # Errors
/// [`StoreError::Corrupt`] when they are not of this context; whatever KMS fails with.
pub async fn open(
    keys: &dyn OpensKeys,
    context: &KeyContext,
    envelope: &Envelope,
) -> Result<ConfigPatch, StoreError> {
    let key = keys.open(context, &envelope.wrapped).await?;
    let wrong = || corrupt("credentials");
    let (nonce, text) = envelope.sealed.split_at_checked(NONCE_LEN).ok_or_else(wrong)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong())?;
    let mut text = Zeroizing::new(text.to_vec());
    let plain =
        key.cipher()?.open_in_place(nonce, Aad::from(context.bytes()), &mut text).map_err(|_| wrong())?;
    serde_json::from_slice(plain).map_err(|_| wrong())
}

#[cfg(test)]
#[path = "envelope_tests.rs"]
mod tests;
