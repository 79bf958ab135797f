//! The deployment's own key and certificates.

use std::fmt;

use p256::SecretKey;
use p256::ecdsa::SigningKey;

use super::{Chain, Claims, Refusal, token};
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;

/// Why nothing can be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The key is no PEM of a private key on P-256.
    #[error("the private key cannot be read: it must be a PEM of a key on P-256")]
    KeyUnreadable,
    /// The certificate cannot be read.
    #[error("the certificate cannot be read: it must be a PEM chain, the one of the key first")]
    CertificateUnreadable,
    /// The certificate is another key's.
    #[error("the certificate is not the private key's")]
    KeyMismatch,
    /// A certificate of the chain does not count yet.
    #[error("the certificate is not valid yet")]
    CertificateNotYetValid,
    /// A certificate of the chain counts no more.
    #[error("the certificate has expired")]
    CertificateExpired,
}

/// A key and its certificate. `Debug` shows neither.
#[derive(Clone)]
pub struct SigningIdentity {
    key: SigningKey,
    chain: Chain,
}

impl SigningIdentity {
    /// A private key (PEM, PKCS #8 or SEC 1) and the chain of its certificate.
    ///
    /// # Errors
    /// [`Unusable`] when they cannot be read, or do not belong together.
    pub fn read(key: &Secret, chain: &str) -> Result<Self, Unusable> {
        let text = key.expose();
        // `openssl ecparam -genkey` writes the curve's parameters before the key.
        let from = text.rfind("-----BEGIN ").and_then(|from| text.get(from..));
        let key = from.and_then(|pem| SecretKey::from_pem(pem.trim_end()).ok());
        let key = SigningKey::from(&key.ok_or(Unusable::KeyUnreadable)?);
        let chain = Chain::read(chain).map_err(|_| Unusable::CertificateUnreadable)?;
        if key.verifying_key() == chain.key() { Ok(Self { key, chain }) } else { Err(Unusable::KeyMismatch) }
    }

    /// The certificate.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The certificate counts now: what is signed with it can be verified.
    ///
    /// # Errors
    /// [`Unusable`] when it does not.
    pub fn ready_at(&self, now: Timestamp) -> Result<(), Unusable> {
        self.chain.counts_at(now).map_err(|refusal| match refusal {
            Refusal::CertificateNotYetValid => Unusable::CertificateNotYetValid,
            _ => Unusable::CertificateExpired,
        })
    }

    /// The token of these claims, whose certificate is at `x5u`.
    ///
    /// # Errors
    /// When the claims cannot be written as JSON, which no claims are known to do.
    pub fn sign(&self, x5u: &str, claims: &Claims) -> Result<String, serde_json::Error> {
        token::sign(&self.key, x5u, claims)
    }
}

impl fmt::Debug for SigningIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningIdentity(***)")
    }
}

/// What signs now, and every certificate that is published.
#[derive(Clone, Debug)]
pub struct Keyring {
    /// What signs; why nothing does.
    pub signing: Result<SigningIdentity, Unusable>,
    published: Vec<Chain>,
}

impl Keyring {
    /// From what is configured. Certificates that were replaced stay published, so that what they signed
    /// can still be verified; one that cannot be read is left out.
    pub fn read(key: &Secret, chain: &str, replaced: &[String]) -> Self {
        let signing = SigningIdentity::read(key, chain);
        let of_now = signing.as_ref().ok().map(|identity| identity.chain().clone());
        let before = replaced.iter().filter_map(|chain| Chain::read(chain).ok());
        Self { published: of_now.into_iter().chain(before).collect(), signing }
    }

    /// The certificate of this id.
    pub fn chain(&self, id: &str) -> Option<&Chain> {
        self.published.iter().find(|chain| chain.id() == id)
    }
}
