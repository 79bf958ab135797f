//! `POST /api/stir/verify`: whether a call is what its `Identity` header says.

use std::sync::Arc;

use super::own_certificate;
use super::publish::find;
use crate::api::stir::{Verified, VerifyRequest};
use crate::app::problem::{Code, Problem};
use crate::domain::passport::{Chain, Claims, Expected, Identity, Refusal, Tn, check};
use crate::domain::phone::E164;
use crate::ports::{Clock, Keyrings};

/// Verifies signatures of calls.
pub struct VerifyCalls {
    /// Our own certificates.
    pub keyrings: Arc<dyn Keyrings>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// What stands before `/api/` in the URL of a certificate of ours.
    pub base: String,
    /// The country of national forms (ISO 3166).
    pub default_country: String,
}

impl VerifyCalls {
    /// Whether the header holds for this call, now. The certificate is the request's, or ours where the
    /// token names one of ours. What a stranger's token names is never fetched: the URL is the stranger's
    /// choice.
    ///
    /// # Errors
    /// A problem that names the member which cannot be read, or `certificate` where one is needed; what
    /// the store fails with.
    pub async fn verify(&self, asked: &VerifyRequest) -> Result<Verified, Problem> {
        let identity = Identity::parse(&asked.identity)
            .map_err(|malformed| Problem::field("identity", malformed.to_string()))?;
        let (from, to) = (self.number("from", &asked.from)?, self.number("to", &asked.to)?);
        let chain = match &asked.certificate {
            Some(pem) => Chain::read(pem)
                .map_err(|unreadable| Problem::field("certificate", format!("is {unreadable}")))?,
            None => match self.own(&identity).await? {
                Ok(chain) => chain,
                Err(refusal) => return Ok(outcome(Err(refusal))),
            },
        };
        let call = Expected { from, to, at: self.clock.now() };
        Ok(outcome(check(&identity, &chain, &call)))
    }

    async fn own(&self, identity: &Identity) -> Result<Result<Chain, Refusal>, Problem> {
        let Some(token) = &identity.token else { return Ok(Err(Refusal::CompactForm)) };
        let named = token.header().x5u.as_deref();
        let id = named.and_then(|url| own_certificate(&self.base, url)).ok_or_else(|| {
            Problem::field("certificate", "is required: the token names none of this deployment")
        })?;
        Ok(find(self.keyrings.as_ref(), id).await?.ok_or(Refusal::CertificateUnknown))
    }

    /// A number as it came by SIP: as a person writes it, or any number that is complete, a short one too.
    fn number(&self, field: &'static str, text: &str) -> Result<Tn, Problem> {
        match E164::from_input(text, &self.default_country) {
            Ok(phone) => Ok(Tn::from(&phone)),
            Err(_) => Tn::read(text)
                .map_err(|_| Problem::new(Code::InvalidNumber).and_field(field, "is not a telephone number")),
        }
    }
}

fn outcome(checked: Result<Claims, Refusal>) -> Verified {
    match checked {
        Ok(claims) => Verified::held(&claims),
        Err(refusal) => Verified::refused(refusal),
    }
}
