//! The token: header, claims and signature, as it is made and as it is read.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Attestation, Claims, Refusal, Tn};

/// ECDSA on P-256 with SHA-256, the only algorithm that SHAKEN has.
pub(super) const ALG: &str = "ES256";
/// The extension.
pub(super) const PPT: &str = "shaken";
/// The kind of token.
const TYP: &str = "passport";
/// A signature: r and s, 32 bytes each (RFC 7518, 3.4).
const SIGNATURE_BYTES: usize = 64;
/// The most called numbers that are read.
const MOST_CALLED: usize = 64;
/// The longest `origid` that is read, in bytes.
const LONGEST_ORIGID: usize = 128;

/// Why a text cannot be read as an `Identity` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Longer than any header that a call can carry.
    #[error("is too long")]
    TooLong,
    /// Not `header.claims.signature`.
    #[error("must be a token of three parts")]
    Parts,
    /// A part is not base64url without padding.
    #[error("has a part that is not base64url")]
    Base64,
    /// Header or claims are not a JSON object with the members that every token has.
    #[error("has a part that is not the JSON of a PASSporT")]
    Json,
    /// The signature does not have 64 bytes.
    #[error("has a signature that is not of ES256")]
    Signature,
    /// What follows the token is not `;name=value`, or says something twice.
    #[error("has parameters that cannot be read")]
    Parameters,
}

/// The header as it was signed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TokenHeader {
    /// The algorithm.
    pub alg: String,
    /// The extension; absent in a token without one.
    #[serde(default)]
    pub ppt: Option<String>,
    /// The kind of token.
    #[serde(default)]
    pub typ: Option<String>,
    /// Where the certificate is.
    #[serde(default)]
    pub x5u: Option<String>,
    /// Extensions that a reader must know (RFC 7515, 4.1.11). None is known here.
    #[serde(default)]
    crit: Option<Value>,
}

impl TokenHeader {
    /// It is of a SHAKEN PASSporT, signed as SHAKEN wants it.
    pub(super) fn is_shaken(&self) -> bool {
        self.alg == ALG
            && self.ppt.as_deref() == Some(PPT)
            && self.typ.as_deref().is_none_or(|typ| typ == TYP)
            && self.x5u.is_some()
            && self.crit.is_none()
    }
}

/// A token as it came, split and decoded; nothing of it is verified.
#[derive(Clone)]
pub struct Token {
    signed: String,
    header: TokenHeader,
    claims: RawClaims,
    signature: [u8; SIGNATURE_BYTES],
}

/// Members as they are written; serde refuses what comes twice.
#[derive(Clone, Deserialize)]
struct RawClaims {
    #[serde(default)]
    attest: Option<String>,
    #[serde(default)]
    dest: Option<Value>,
    #[serde(default)]
    iat: Option<Value>,
    #[serde(default)]
    orig: Option<Value>,
    #[serde(default)]
    origid: Option<String>,
}

impl Token {
    /// Splits and decodes `header.claims.signature`.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let mut parts = text.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Malformed::Parts);
        };
        let signed = format!("{header}.{claims}");
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Malformed::Base64);
        let (header, claims, signature) = (decode(header)?, decode(claims)?, decode(signature)?);
        Ok(Self {
            signed,
            header: object(&header)?,
            claims: object(&claims)?,
            signature: signature.try_into().map_err(|_| Malformed::Signature)?,
        })
    }

    /// Its header.
    pub fn header(&self) -> &TokenHeader {
        &self.header
    }

    /// The signature is this key's, over exactly the bytes that came. False also for numbers that are no
    /// signature at all.
    pub(super) fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        Signature::from_slice(&self.signature)
            .is_ok_and(|signature| key.verify(self.signed.as_bytes(), &signature).is_ok())
    }

    /// Its claims. Three habits of others are read for what they mean: an `iat` in quotes (an example
    /// of RFC 8225), `orig` and `dest` as texts that hold JSON, and a single called number without its
    /// list (both libstirshaken's).
    ///
    /// # Errors
    /// [`Refusal::ClaimsInvalid`] when one is missing, or is none that SHAKEN has.
    pub fn claims(&self) -> Result<Claims, Refusal> {
        self.read_claims().ok_or(Refusal::ClaimsInvalid)
    }

    fn read_claims(&self) -> Option<Claims> {
        let raw = &self.claims;
        let number = |tn: &Value| Tn::read(tn.as_str()?).ok();
        let dest = match numbers(raw.dest.as_ref()?)? {
            Value::Array(listed) if (1..=MOST_CALLED).contains(&listed.len()) => {
                listed.iter().map(number).collect::<Option<Vec<Tn>>>()?
            }
            single => vec![number(&single)?],
        };
        let iat = match raw.iat.as_ref()? {
            Value::String(digits) => digits.parse().ok()?,
            seconds => seconds.as_i64()?,
        };
        Some(Claims {
            attest: Attestation::parse(raw.attest.as_deref()?)?,
            dest,
            iat,
            orig: number(&numbers(raw.orig.as_ref()?)?)?,
            origid: raw.origid.clone().filter(|id| (1..=LONGEST_ORIGID).contains(&id.len()))?,
        })
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(***)")
    }
}

fn object<T: for<'de> Deserialize<'de>>(part: &[u8]) -> Result<T, Malformed> {
    // serde would take a list for a struct, member by member.
    if part.first() != Some(&b'{') {
        return Err(Malformed::Json);
    }
    serde_json::from_slice(part).map_err(|_| Malformed::Json)
}

/// The `tn` of `orig` or `dest`.
fn numbers(claim: &Value) -> Option<Value> {
    match claim {
        Value::String(escaped) => serde_json::from_str::<Value>(escaped).ok()?.get("tn").cloned(),
        claim => claim.get("tn").cloned(),
    }
}

/// The token of these claims: members in the order of their names, no space between them, r and s as
/// they are (RFC 8225, 9). The same claims give the same token (RFC 6979).
pub(super) fn sign(key: &SigningKey, x5u: &str, claims: &Claims) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Header<'a> {
        alg: &'a str,
        ppt: &'a str,
        typ: &'a str,
        x5u: &'a str,
    }
    #[derive(Serialize)]
    struct One<'a> {
        tn: &'a str,
    }
    #[derive(Serialize)]
    struct Many<'a> {
        tn: Vec<&'a str>,
    }
    #[derive(Serialize)]
    struct Payload<'a> {
        attest: Attestation,
        dest: Many<'a>,
        iat: i64,
        orig: One<'a>,
        origid: &'a str,
    }
    let header = serde_json::to_vec(&Header { alg: ALG, ppt: PPT, typ: TYP, x5u })?;
    let payload = serde_json::to_vec(&Payload {
        attest: claims.attest,
        dest: Many { tn: claims.dest.iter().map(Tn::expose).collect() },
        iat: claims.iat,
        orig: One { tn: claims.orig.expose() },
        origid: &claims.origid,
    })?;
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature: Signature = key.sign(signed.as_bytes());
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes())))
}
