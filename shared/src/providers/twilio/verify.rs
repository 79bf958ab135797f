//! The signature of Twilio's webhooks (https://www.twilio.com/docs/usage/security): the base64 of
//! HMAC-SHA1 over the URL and, for a form, its parameters.

use super::compat::signature::{Covered, Pair, Spellings, base64_text, covered, hmac_sha1, same, try_keys};
use crate::provider::request::{InboundRequest, Verified};
use crate::provider::webhooks::{VerificationKey, WebhookError};

/// Twilio signs with the port or without it, whatever the port; and what its URL library makes of a
/// quote in the query has changed over time (twilio-node, spec/unit/webhooks).
const SPELLINGS: Spellings = Spellings { any_port_removed: true, quotes: true };

/// Checks the signature of a request that names the account `named`.
pub(crate) fn verify<'r>(
    request: &'r InboundRequest,
    named: Option<&str>,
    keys: &[VerificationKey],
) -> Result<Verified<'r>, WebhookError> {
    let offered = request
        .header("x-twilio-signature")
        .filter(|signature| !signature.is_empty())
        .ok_or(WebhookError::MissingSignature)?;
    let form = match covered(request, sort) {
        Covered::Form(form) => form,
        Covered::Url => Vec::new(),
        Covered::Uncovered => return Err(WebhookError::BadSignature),
    };
    let urls = SPELLINGS.of(&request.public_url);
    try_keys(request, named, keys, |key| {
        urls.iter().any(|url| {
            hmac_sha1(key, &[url.as_bytes(), &form])
                .is_some_and(|digest| same(&base64_text(&digest), offered))
        })
    })
}

/// Names in the order of their bytes, the values of a repeated name sorted and without repetitions
/// (twilio-python and twilio-node, RequestValidator).
fn sort(pairs: &mut Vec<Pair<'_>>) {
    pairs.sort_unstable();
    pairs.dedup();
}
