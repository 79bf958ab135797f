//! Signatures of calls in JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::passport::{CallSignature, Claims, Refusal, Tn};
use crate::domain::timestamp::Timestamp;

/// What `POST /api/stir/sign` reads. How far the number is vouched for is no member: it is computed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignRequest {
    /// The number that the call shows.
    pub from: String,
    /// The number that it calls.
    pub to: String,
}

/// What `POST /api/stir/sign` answers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Signed {
    /// The value of the SIP header `Identity`. It is good for 60 seconds.
    pub identity: String,
    /// The PASSporT in it.
    pub token: String,
    /// `A`: the number is an active one of the tenant. `B`: the tenant is known, the number is not its own.
    pub attestation: &'static str,
    /// Where the call began: names the record of this signature.
    pub orig_id: String,
    /// The number shown, as it is signed.
    pub from: String,
    /// The number called, as it is signed.
    pub to: String,
    /// Where the certificate is, for anybody.
    pub certificate_url: String,
    /// When it was signed; the token has whole seconds.
    pub signed_at: String,
}

impl Signed {
    /// A signature that was recorded.
    pub fn new(signature: &CallSignature, identity: String, token: String, certificate_url: String) -> Self {
        Self {
            identity,
            token,
            attestation: signature.attestation.as_str(),
            orig_id: signature.id.as_str().to_owned(),
            from: signature.from.expose().to_owned(),
            to: signature.to.expose().to_owned(),
            certificate_url,
            signed_at: signature.created_at.to_string(),
        }
    }
}

/// What `POST /api/stir/verify` reads.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerifyRequest {
    /// The value of the SIP header `Identity`.
    pub identity: String,
    /// The number that the call shows.
    pub from: String,
    /// The number that it calls.
    pub to: String,
    /// The certificate to verify with: a PEM chain, the signer's first. Whoever gives it vouches for it.
    /// Not needed where the token names a certificate of this deployment; none is ever fetched.
    pub certificate: Option<String>,
}

/// What `POST /api/stir/verify` answers. Only what is verified is told of the token.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// The header holds for this call, now.
    pub verified: bool,
    /// Why it does not: `compact_form`, `header_altered`, `not_shaken`, `certificate_expired`,
    /// `certificate_not_yet_valid`, `certificate_unknown`, `signature_invalid`, `claims_invalid`, `stale`
    /// or `wrong_number`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// How far the signer vouches: `A`, `B` or `C`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attestation: Option<&'static str>,
    /// Where the call began, as the signer calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orig_id: Option<String>,
    /// The number shown, as it was signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The numbers called, as they were signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Vec<String>>,
    /// When it was signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<String>,
}

impl Verified {
    /// What holds.
    pub fn held(claims: &Claims) -> Self {
        let at = Timestamp::from_millis(claims.iat.saturating_mul(1000));
        Self {
            verified: true,
            reason: None,
            attestation: Some(claims.attest.as_str()),
            orig_id: Some(claims.origid.clone()),
            from: Some(claims.orig.expose().to_owned()),
            to: Some(claims.dest.iter().map(Tn::expose).map(str::to_owned).collect()),
            signed_at: Some(at.to_string()),
        }
    }

    /// What does not.
    pub fn refused(refusal: Refusal) -> Self {
        Self { reason: Some(refusal.as_str()), ..Self::default() }
    }
}
