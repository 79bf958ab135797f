//! Certificates: the key that a token is verified with, and from when until when it counts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::VerifyingKey;
use p256::pkcs8::DecodePublicKey;
use sha2::{Digest, Sha256};
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};
use x509_cert::time::Time;

use super::Refusal;
use crate::domain::timestamp::Timestamp;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
/// The longest text that is read, in bytes: a chain of three has about 3 000.
const LONGEST: usize = 32 * 1024;
/// The longest chain that is read.
const MOST: usize = 8;
/// How long a line of PEM is (RFC 7468, 2).
const LINE: usize = 64;

/// The text is no chain of certificates whose first has a key on P-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a PEM chain of X.509 certificates, the first of which has a key on P-256")]
pub struct Unreadable;

/// A certificate, and those that vouch for it. That they do is not checked here: whoever names the chain
/// answers for it.
#[derive(Clone, Debug)]
pub struct Chain {
    id: String,
    pem: String,
    key: VerifyingKey,
    from: Timestamp,
    until: Timestamp,
}

impl Chain {
    /// Reads a PEM text, the certificate of the key first. What stands between the certificates is left
    /// out, be it a comment or a key that was put there by mistake.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        if text.len() > LONGEST {
            return Err(Unreadable);
        }
        let encoded = blocks(text)?;
        let mut read = Vec::with_capacity(encoded.len());
        for der in &encoded {
            read.push(Certificate::from_der(der).map_err(|_| Unreadable)?);
        }
        let (first, leaf) = encoded.first().zip(read.first()).ok_or(Unreadable)?;
        let key = leaf.tbs_certificate().subject_public_key_info().to_der().map_err(|_| Unreadable)?;
        let times = read.iter().map(|certificate| certificate.tbs_certificate().validity());
        Ok(Self {
            id: hex::encode(Sha256::digest(first)),
            pem: encoded.iter().map(|der| to_pem(der)).collect(),
            key: VerifyingKey::from_public_key_der(&key).map_err(|_| Unreadable)?,
            from: times.clone().map(|valid| time(valid.not_before)).max().ok_or(Unreadable)?,
            until: times.map(|valid| time(valid.not_after)).min().ok_or(Unreadable)?,
        })
    }

    /// The SHA-256 of the first certificate, in hexadecimal. Another certificate has another one.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The certificates and nothing else, as they are published.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The key of the first certificate.
    pub(super) fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// Every certificate of the chain counts now.
    pub(super) fn counts_at(&self, now: Timestamp) -> Result<(), Refusal> {
        if now < self.from {
            Err(Refusal::CertificateNotYetValid)
        } else if now > self.until {
            Err(Refusal::CertificateExpired)
        } else {
            Ok(())
        }
    }
}

/// The DER of each certificate, as it came: written anew, it might no longer be what was signed.
fn blocks(text: &str) -> Result<Vec<Vec<u8>>, Unreadable> {
    let mut found = Vec::new();
    for block in text.split(BEGIN).skip(1) {
        let (body, _) = block.split_once(END).ok_or(Unreadable)?;
        let body: String = body.split_ascii_whitespace().collect();
        found.push(STANDARD.decode(body).map_err(|_| Unreadable)?);
    }
    if (1..=MOST).contains(&found.len()) { Ok(found) } else { Err(Unreadable) }
}

fn to_pem(der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut pem = format!("{BEGIN}\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(LINE).unwrap_or((rest, ""));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str(END);
    pem.push('\n');
    pem
}

fn time(time: Time) -> Timestamp {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_millis(seconds.saturating_mul(1000))
}
