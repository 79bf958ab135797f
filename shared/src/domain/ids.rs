//! Identifiers. Each is its own type, parsed at the edge and never again.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::timestamp::Timestamp;

/// Why a text is not the identifier that it was offered as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind}")]
pub struct InvalidId {
    kind: &'static str,
}

/// A text identifier with a closed alphabet: `[A-Za-z0-9._@-]`, 1 to `$max` characters. Because `#`
/// is not in it, no identifier can shift the boundaries of a key.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $max:literal, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'@' | b'-');
                if (1..=$max).contains(&text.len()) && text.bytes().all(allowed) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidId { kind: $kind })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// A customer organisation: the owner of everything that it can see.
    TenantId, 64, "tenant id"
);
text_id!(
    /// A person or machine of a tenant: the `sub` of a token.
    UserId, 128, "user id"
);
text_id!(
    /// One set of credentials at a provider, e.g. `platform-twilio`.
    AccountId, 64, "provider account id"
);
text_id!(
    /// An agent that answers a number.
    AgentId, 64, "agent id"
);
text_id!(
    /// The caller's own name for a lead: opaque inside the tenant.
    LeadId, 128, "lead id"
);
text_id!(
    /// A business of a tenant: opaque inside the tenant, and never a tenant itself.
    BusinessId, 128, "business id"
);
text_id!(
    /// The caller's own name for a subscription.
    SubscriptionId, 128, "subscription id"
);
text_id!(
    /// A stored template's name, e.g. `appointment_confirmation`.
    TemplateId, 64, "template id"
);
text_id!(
    /// What a provider calls a resource of its own (`SM…` at Twilio, a UUID at SignalWire).
    ProviderSid, 128, "provider sid"
);

/// A 128-bit identifier written as a ULID: 26 characters of Crockford's base 32.
///
/// What customers meet beside other systems' ids has a prefix (`evt_`).
macro_rules! ulid_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        ulid_id!($(#[$doc])* $name, $kind, "");
    };
    ($(#[$doc:meta])* $name:ident, $kind:literal, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(u128);

        impl $name {
            /// From raw bits: 48 of milliseconds, 80 random, when it is made by [`crate::ports::Random`].
            pub const fn from_bits(bits: u128) -> Self {
                Self(bits)
            }

            /// The raw bits.
            pub const fn bits(self) -> u128 {
                self.0
            }

            /// The identifier that always follows from `parts`: what arrives twice gets the same one.
            /// Each part is preceded by its length, so that no two lists of parts collide.
            pub fn derived(parts: &[&str]) -> Self {
                Self(digest_bits(parts))
            }

            /// The same, sorted among the others by the time of its cause.
            pub fn derived_at(at: Timestamp, parts: &[&str]) -> Self {
                let time = u128::try_from(at.millis()).unwrap_or_default();
                Self((time << RANDOM_BITS) | (digest_bits(parts) & ((1 << RANDOM_BITS) - 1)))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let digits = text.strip_prefix($prefix).and_then(decode_crockford);
                digits.map(Self).ok_or(InvalidId { kind: $kind })
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                f.write_str(&encode_crockford(self.0))
            }
        }
    };
}

ulid_id!(
    /// A message. Outbound: a ULID made when it is accepted. Inbound: derived from the provider
    /// account and the provider's id, so that a webhook delivered twice names the same message.
    MessageId, "message id"
);
ulid_id!(
    /// A conversation: derived from the tenant and the sorted remote addresses.
    ConversationId, "conversation id"
);
ulid_id!(
    /// A phone number that a tenant holds (a new one each time that it is acquired).
    NumberId, "number id"
);
ulid_id!(
    /// The purchase of one number. It is written at the provider, as a part of the number's mark.
    PurchaseId, "purchase id"
);
ulid_id!(
    /// A call. Outbound: a ULID made when it is asked for. Inbound: derived from the provider account
    /// and what the provider calls the call.
    CallId, "call id"
);
ulid_id!(
    /// An entry of a wallet's ledger.
    EntryId, "ledger entry id"
);
ulid_id!(
    /// Something that happened, as a customer is told of it: derived from its cause, so that what is
    /// seen twice is told under one id.
    EventId, "event id", "evt_"
);
ulid_id!(
    /// Where a customer is told of events.
    EndpointId, "event endpoint id", "ep_"
);
ulid_id!(
    /// One wish to be told of past events again.
    ReplayId, "replay id"
);

/// How many bits of a ULID are not its time.
const RANDOM_BITS: u32 = 80;
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn digest_bits(parts: &[&str]) -> u128 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().take(16).fold(0_u128, |bits, byte| (bits << 8) | u128::from(*byte))
}

fn encode_crockford(bits: u128) -> String {
    (0..26_u32)
        .rev()
        .map(|i| {
            let index = ((bits >> (i * 5)) & 31) as usize;
            CROCKFORD.get(index).copied().map_or('0', char::from)
        })
        .collect()
}

fn decode_crockford(text: &str) -> Option<u128> {
    if text.len() != 26 || text.bytes().next().is_none_or(|first| first > b'7') {
        return None;
    }
    text.bytes().try_fold(0_u128, |bits, byte| {
        let value = CROCKFORD.iter().position(|c| *c == byte)?;
        Some((bits << 5) | value as u128)
    })
}

#[cfg(test)]
mod tests {
    use super::{MessageId, TenantId};

    #[test]
    fn no_identifier_holds_a_delimiter() {
        for bad in ["", "a#b", "a b", "é", &"x".repeat(65)] {
            assert!(bad.parse::<TenantId>().is_err(), "{bad:?}");
        }
        assert!("demo-1.eu".parse::<TenantId>().is_ok());
    }

    #[test]
    fn ulids_read_back_and_only_their_own_spelling() {
        for bits in [0, 1, u128::MAX, 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef] {
            let id = MessageId::from_bits(bits);
            assert_eq!(id.to_string().parse::<MessageId>(), Ok(id));
        }
        for bad in
            ["", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "01ARZ3NDEKTSV4RRFFQ69G5FAU", "01arz3ndektsv4rrffq69g5fav"]
        {
            assert!(bad.parse::<MessageId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn derived_ids_keep_their_parts_apart() {
        assert_eq!(MessageId::derived(&["a", "b"]), MessageId::derived(&["a", "b"]));
        assert_ne!(MessageId::derived(&["ab", "c"]), MessageId::derived(&["a", "bc"]));
    }
}
