//! The signature of Retell's webhooks (https://docs.retellai.com/features/secure-webhook): HMAC-SHA256
//! over the body's bytes and then the time, under the API key that has the webhook badge. The time is
//! part of the header: `v={milliseconds},d={hexadecimal digest}`.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::domain::timestamp::Timestamp;
use crate::provider::request::{InboundRequest, Verified};
use crate::provider::webhooks::{VerificationKey, WebhookError};

const HEADER: &str = "x-retell-signature";

/// How far the signer's clock and ours may be apart, either way (retell-typescript-sdk, webhook_auth).
const TOLERANCE_MILLIS: u64 = 5 * 60 * 1000;

/// The most keys that one request is tried with.
const MAX_KEYS: usize = 4;

/// The length of an HMAC-SHA256 in hexadecimal.
const DIGITS: usize = 64;

/// Checks the signature.
pub(crate) fn verify<'r>(
    request: &'r InboundRequest,
    keys: &[VerificationKey],
    now: Timestamp,
) -> Result<Verified<'r>, WebhookError> {
    let header = request.header(HEADER).ok_or(WebhookError::MissingSignature)?;
    let Offered { millis, at, digest } = read(header).ok_or(WebhookError::MissingSignature)?;
    if now.millis().abs_diff(at) > TOLERANCE_MILLIS {
        return Err(WebhookError::Stale);
    }
    keys.iter()
        .take(MAX_KEYS)
        // An empty key signs for everybody.
        .filter(|key| !key.secret.is_empty())
        .find(|key| {
            sign(key.secret.expose(), &request.body, millis)
                // As text: decoding it first would let several spellings of one signature pass.
                .is_some_and(|expected| bool::from(expected.as_bytes().ct_eq(digest.as_bytes())))
        })
        .map(|key| Verified::new(request, key.account.clone(), key.role))
        .ok_or(WebhookError::BadSignature)
}

struct Offered<'h> {
    /// The time as it is written, which is what is signed.
    millis: &'h str,
    at: i64,
    digest: &'h str,
}

/// `^v=(\d+),d=([0-9a-f]{64})$` and nothing else.
fn read(header: &str) -> Option<Offered<'_>> {
    let (millis, digest) = header.strip_prefix("v=")?.split_once(",d=")?;
    let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let well_formed = !millis.is_empty()
        && millis.bytes().all(|b| b.is_ascii_digit())
        && digest.len() == DIGITS
        && digest.bytes().all(is_hex);
    well_formed.then_some(())?;
    Some(Offered { millis, at: millis.parse().ok()?, digest })
}

fn sign(key: &str, body: &[u8], millis: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?;
    mac.update(body);
    mac.update(millis.as_bytes());
    Some(hex::encode(mac.finalize().into_bytes()))
}
