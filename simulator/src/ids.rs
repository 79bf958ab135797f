//! Identifiers in each provider's shape.

use std::{
    process,
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use sha2::{Digest as _, Sha256};

static NEXT: AtomicU64 = AtomicU64::new(0);

/// 64 hex digits that no other run and no other call gives. Not a secret: nothing here is.
pub(crate) fn hex64() -> String {
    let count = NEXT.fetch_add(1, Ordering::Relaxed);
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).map(|d| d.as_nanos()).unwrap_or_default();
    hex::encode(Sha256::digest(format!("{}:{since_epoch}:{count}", process::id())))
}

pub(crate) fn hex32() -> String {
    hex64().chars().take(32).collect()
}

/// Nineteen digits, as Telnyx's numbers and connections are named.
pub(crate) fn digits() -> String {
    let word = u64::from_str_radix(hex64().get(..15).unwrap_or_default(), 16).unwrap_or_default();
    format!("{}", 1_000_000_000_000_000_000 + word)
}

/// `SM` + 32 hex digits (patterns in twilio_api_v2010.json).
pub(crate) fn sid(prefix: &str) -> String {
    format!("{prefix}{}", hex32())
}

/// A version 4 UUID, as SignalWire's sids are.
pub(crate) fn uuid() -> String {
    let digits = hex32();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default().to_owned();
    format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}
