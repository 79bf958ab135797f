//! Whether a call is what its `Identity` header says (RFC 8224, 6.2; RFC 8588).

use std::time::Duration;

use super::{Chain, Claims, Identity, Tn};
use crate::domain::timestamp::Timestamp;

/// How far the time of a token may be from now, on either side (RFC 8224, 12.1).
pub const FRESH: Duration = Duration::from_secs(60);

/// Why a call is not what its header says. The first that applies, in the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The compact form says nothing about the call; SHAKEN demands the full form.
    CompactForm,
    /// What stands beside the token is not what the token says.
    HeaderAltered,
    /// Not a SHAKEN PASSporT, or not one signed by ES256.
    NotShaken,
    /// A certificate of the chain counts no more.
    CertificateExpired,
    /// A certificate of the chain does not count yet.
    CertificateNotYetValid,
    /// The token names a certificate of this deployment that there is not.
    CertificateUnknown,
    /// The signature is not the certificate's, or not over this token.
    SignatureInvalid,
    /// A claim is missing, or none that SHAKEN has.
    ClaimsInvalid,
    /// Signed more than 60 seconds ago, or as much in the future.
    Stale,
    /// Signed for another caller or another called number.
    WrongNumber,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::CompactForm,
        Self::HeaderAltered,
        Self::NotShaken,
        Self::CertificateExpired,
        Self::CertificateNotYetValid,
        Self::CertificateUnknown,
        Self::SignatureInvalid,
        Self::ClaimsInvalid,
        Self::Stale,
        Self::WrongNumber,
    ];

    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CompactForm => "compact_form",
            Self::HeaderAltered => "header_altered",
            Self::NotShaken => "not_shaken",
            Self::CertificateExpired => "certificate_expired",
            Self::CertificateNotYetValid => "certificate_not_yet_valid",
            Self::CertificateUnknown => "certificate_unknown",
            Self::SignatureInvalid => "signature_invalid",
            Self::ClaimsInvalid => "claims_invalid",
            Self::Stale => "stale",
            Self::WrongNumber => "wrong_number",
        }
    }
}

/// The call as it arrived.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The number that it shows.
    pub from: Tn,
    /// The number that it calls.
    pub to: Tn,
    /// When it arrived.
    pub at: Timestamp,
}

/// The claims of a header, when they hold for this call and `chain` is what signed them.
///
/// # Errors
/// [`Refusal`]. Nothing that the token claims is to be believed then.
pub fn check(identity: &Identity, chain: &Chain, call: &Expected) -> Result<Claims, Refusal> {
    let token = identity.token.as_ref().ok_or(Refusal::CompactForm)?;
    if !identity.agrees(token) {
        return Err(Refusal::HeaderAltered);
    }
    if !token.header().is_shaken() {
        return Err(Refusal::NotShaken);
    }
    chain.counts_at(call.at)?;
    if !token.is_signed_by(chain.key()) {
        return Err(Refusal::SignatureInvalid);
    }
    let claims = token.claims()?;
    let signed_at = Timestamp::from_millis(claims.iat.saturating_mul(1000));
    if call.at.since(signed_at) > FRESH || signed_at.since(call.at) > FRESH {
        return Err(Refusal::Stale);
    }
    if claims.orig != call.from || !claims.dest.contains(&call.to) {
        return Err(Refusal::WrongNumber);
    }
    Ok(claims)
}
