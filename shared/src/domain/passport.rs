//! SHAKEN PASSporTs (RFC 8225 and 8588): a signed statement of who vouches for the number that a call
//! shows, and the `Identity` header that carries it (RFC 8224).
//!
//! What is made here is canonical to the byte (RFC 8225, 9). What others made is read with patience for
//! how they write it, and with none for what it says: the signature is over the bytes as they came.

mod certificate;
mod check;
mod identity;
mod keyring;
mod number;
mod token;

use serde::{Deserialize, Serialize};

pub use super::call::Attestation;
use super::ids::{TenantId, UserId};
use super::timestamp::Timestamp;

pub use self::certificate::{Chain, Unreadable};
pub use self::check::{Expected, FRESH, Refusal, check};
pub use self::identity::{Identity, header_value};
pub use self::keyring::{Keyring, SigningIdentity, Unusable};
pub use self::number::{InvalidTn, Tn};
pub use self::token::{Malformed, Token, TokenHeader};

/// What a SHAKEN PASSporT claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// How far the signer vouches.
    pub attest: Attestation,
    /// The called numbers; at least one.
    pub dest: Vec<Tn>,
    /// When it was signed, in seconds since the epoch.
    pub iat: i64,
    /// The number that the call shows.
    pub orig: Tn,
    /// Where the call began, as the signer calls it; a UUID by RFC 8588, and any text by others.
    pub origid: String,
}

/// The identifier of an origination: a UUID of version 7, made of the 128 bits of a ULID, whose first 48
/// are the time in milliseconds as well.
///
/// Every signature has one of its own. RFC 8588 leaves it to the signer what an identifier stands for;
/// this way a call that is traced back leads to the one record of who asked for it, and nobody who
/// sees two calls learns from them whether they are one customer's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrigId(String);

/// The text is no identifier of an origination that was made here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID")]
pub struct InvalidOrigId;

impl OrigId {
    /// From the bits of [`crate::ports::Random::ulid`]. Six of them give way to version and variant.
    pub fn from_ulid(bits: u128) -> Self {
        let versioned = (bits & !(0xF << 76)) | (0x7 << 76);
        let uuid = (versioned & !(0b11 << 62)) | (0b10 << 62);
        let part = |shift: u32, digits: u32| (uuid >> shift) & ((1 << (4 * digits)) - 1);
        Self(format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            part(96, 8),
            part(80, 4),
            part(64, 4),
            part(48, 4),
            part(0, 12)
        ))
    }

    /// Reads a UUID in lower case, with its dashes.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let groups: Vec<&str> = text.split('-').collect();
        let fits = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
            && groups.iter().all(|group| group.bytes().all(hex));
        fits.then(|| Self(text.to_owned()))
    }

    /// The UUID.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for OrigId {
    type Error = InvalidOrigId;

    fn try_from(text: String) -> Result<Self, InvalidOrigId> {
        Self::parse(&text).ok_or(InvalidOrigId)
    }
}

impl From<OrigId> for String {
    fn from(id: OrigId) -> String {
        id.0
    }
}

/// A signature that was given out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSignature {
    /// Whose call it is.
    pub tenant: TenantId,
    /// Who asked for it.
    pub user: UserId,
    /// The `origid` of the token: leads from a call that is traced back to here.
    pub id: OrigId,
    /// The number shown, as signed.
    pub from: Tn,
    /// The number called, as signed.
    pub to: Tn,
    /// How far it was vouched for.
    pub attestation: Attestation,
    /// The certificate whose key signed: [`Chain::id`].
    pub certificate: String,
    /// When.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for CallSignature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CallSignature({} {})", self.id.as_str(), self.attestation.as_str())
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
