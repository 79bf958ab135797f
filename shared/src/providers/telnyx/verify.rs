//! The signature of Telnyx's webhooks: Ed25519 over the timestamp as received, `|` and the raw body
//! (docs, api-fundamentals, webhook signing; telnyx-python, webhook_verification). The URL is not
//! signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};

use crate::domain::timestamp::Timestamp;
use crate::provider::request::{InboundRequest, Verified};
use crate::provider::webhooks::{VerificationKey, WebhookError};

/// base64 of the 64 bytes of a signature.
const SIGNATURE: &str = "telnyx-signature-ed25519";
/// Seconds since the epoch, in decimal.
const TIMESTAMP: &str = "telnyx-timestamp";
/// How far the timestamp may be from our clock, both ways (telnyx-python, telnyx-node, telnyx-ruby).
const TOLERANCE_S: u64 = 300;
/// How many keys are tried for one request.
const MAX_KEYS: usize = 4;

/// Checks the signature with the keys, the first four of them.
pub(crate) fn verify<'r>(
    request: &'r InboundRequest,
    keys: &[VerificationKey],
    now: Timestamp,
) -> Result<Verified<'r>, WebhookError> {
    let timestamp = request.header(TIMESTAMP).ok_or(WebhookError::MissingSignature)?;
    let signed_at = seconds(timestamp).ok_or(WebhookError::MissingSignature)?;
    let signature = request.header(SIGNATURE).and_then(bytes::<64>).ok_or(WebhookError::MissingSignature)?;
    if signed_at.abs_diff(now.seconds()) > TOLERANCE_S {
        return Err(WebhookError::Stale);
    }
    let signature = Signature::from_bytes(&signature);
    let message = [timestamp.as_bytes(), b"|", &request.body].concat();
    keys.iter()
        .take(MAX_KEYS)
        .find(|key| {
            // `verify_strict` refuses keys and points of small order, which verify anything.
            public_key(key.secret.expose()).is_some_and(|key| key.verify_strict(&message, &signature).is_ok())
        })
        .map(|key| Verified::new(request, key.account.clone(), key.role))
        .ok_or(WebhookError::BadSignature)
}

/// The setting is a usable key.
pub(crate) fn is_public_key(text: &str) -> bool {
    public_key(text).is_some()
}

fn public_key(text: &str) -> Option<VerifyingKey> {
    VerifyingKey::from_bytes(&bytes::<32>(text)?).ok().filter(|key| !key.is_weak())
}

/// base64 in its one spelling: padded, and without stray bits.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// Digits alone: `+1` and ` 1` would be other spellings of what is signed as it is spelt.
fn seconds(text: &str) -> Option<i64> {
    (text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}
