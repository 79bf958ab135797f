//! A stand-in for KMS that keeps its word about contexts, and a secret from memory.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use async_trait::async_trait;
use telephony::ports::StoreError;
use telephony_aws::SecretSource;
use telephony_aws::envelope::{DataKey, DataKeys, KeyContext, OpensKeys};

#[derive(Default)]
pub struct Keys {
    pub opened: AtomicU32,
    pub made: AtomicU32,
    pub broken: AtomicBool,
}

#[async_trait]
impl OpensKeys for Keys {
    async fn open(&self, context: &KeyContext, wrapped: &[u8]) -> Result<DataKey, StoreError> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        if self.broken.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("KMS is down".into()));
        }
        let key = wrapped.strip_prefix(context.bytes().as_slice());
        key.map(|key| DataKey::new(key.to_vec())).ok_or_else(|| StoreError::Corrupt("data key".into()))
    }
}

#[async_trait]
impl DataKeys for Keys {
    async fn generate(&self, context: &KeyContext) -> Result<(DataKey, Vec<u8>), StoreError> {
        let n = self.made.fetch_add(1, Ordering::SeqCst);
        let key = [n.to_be_bytes(); 8].concat();
        Ok((DataKey::new(key.clone()), [context.bytes(), key].concat()))
    }
}

pub struct Parameters {
    pub text: Mutex<String>,
    pub fetched: AtomicU32,
    pub broken: AtomicBool,
}

impl Parameters {
    pub fn new(text: &str) -> Self {
        Self { text: Mutex::new(text.to_owned()), fetched: AtomicU32::new(0), broken: AtomicBool::new(false) }
    }
}

#[async_trait]
impl SecretSource for Parameters {
    async fn fetch(&self) -> Result<String, StoreError> {
        self.fetched.fetch_add(1, Ordering::SeqCst);
        if self.broken.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("Secrets Manager is down".into()));
        }
        Ok(self.text.lock().unwrap().clone())
    }
}
