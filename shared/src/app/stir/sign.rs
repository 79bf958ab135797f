//! `POST /api/stir/sign`: vouches for the number that a call shows, as far as is known here.

use std::sync::Arc;

use super::certificate_url;
use crate::api::stir::{SignRequest, Signed};
use crate::app::problem::{Code, Problem};
use crate::domain::ids::{TenantId, UserId};
use crate::domain::passport::{Attestation, CallSignature, Claims, OrigId, Tn, header_value};
use crate::domain::phone::E164;
use crate::ports::{CallSignatures, Clock, Keyrings, Numbers, Random, StoreError};

/// Signs calls.
pub struct SignCalls {
    /// The key.
    pub keyrings: Arc<dyn Keyrings>,
    /// Who has which number.
    pub numbers: Arc<dyn Numbers>,
    /// Where every signature is recorded.
    pub signatures: Arc<dyn CallSignatures>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub random: Arc<dyn Random>,
    /// What stands before `/api/` in the URL of a certificate.
    pub base: String,
    /// The country of national forms (ISO 3166).
    pub default_country: String,
}

impl SignCalls {
    /// A signature for a call of this tenant. It is recorded before it is given out: one that cannot be
    /// recorded is none.
    ///
    /// # Errors
    /// `INVALID_NUMBER` naming the member; `STIR_NOT_CONFIGURED` without a key whose certificate counts
    /// now; what the store fails with.
    pub async fn sign(
        &self,
        tenant: &TenantId,
        user: &UserId,
        asked: &SignRequest,
    ) -> Result<Signed, Problem> {
        let (from, to) = (self.number("from", &asked.from)?, self.number("to", &asked.to)?);
        let keyring = self.keyrings.keyring().await?.ok_or(Problem::new(Code::StirNotConfigured))?;
        let now = self.clock.now();
        let usable = keyring.signing.as_ref().map_err(|unusable| *unusable);
        let identity = usable.and_then(|identity| identity.ready_at(now).map(|()| identity));
        let identity = identity.map_err(|unusable| {
            tracing::error!(reason = %unusable, "Calls cannot be signed");
            Problem::new(Code::StirNotConfigured).with_detail(format!("Calls cannot be signed: {unusable}."))
        })?;
        let signature = CallSignature {
            tenant: tenant.clone(),
            user: user.clone(),
            id: OrigId::from_ulid(self.random.ulid(now)),
            from: Tn::from(&from),
            to: Tn::from(&to),
            attestation: self.attestation(tenant, &from).await?,
            certificate: identity.chain().id().to_owned(),
            created_at: now,
        };
        let url = certificate_url(&self.base, &signature.certificate);
        let claims = Claims {
            attest: signature.attestation,
            dest: vec![signature.to.clone()],
            iat: now.seconds(),
            orig: signature.from.clone(),
            origid: signature.id.as_str().to_owned(),
        };
        let token = identity.sign(&url, &claims).map_err(Problem::internal)?;
        self.signatures.record_signature(&signature).await?;
        Ok(Signed::new(&signature, header_value(&token, &url), token, url))
    }

    /// Full only for a number that this tenant has, that its provider has confirmed, and that may call.
    /// Whoever asks is a tenant of ours in any case, so that it is never less than partial: the gateway's
    /// attestation is for calls of nobody knows whom.
    async fn attestation(&self, tenant: &TenantId, from: &E164) -> Result<Attestation, StoreError> {
        let held = self.numbers.by_tenant(tenant, from).await?;
        Ok(if held.is_some_and(|number| number.may_send()) { Attestation::A } else { Attestation::B })
    }

    fn number(&self, field: &'static str, text: &str) -> Result<E164, Problem> {
        E164::from_input(text, &self.default_country)
            .map_err(|_| Problem::new(Code::InvalidNumber).and_field(field, "is not a valid phone number"))
    }
}
