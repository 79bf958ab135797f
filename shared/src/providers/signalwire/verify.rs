//! The signatures of SignalWire's webhooks, made with the project's *signing key*, never with its API
//! token. Form posts are signed as at Twilio; everything else is signed over the URL and the raw body
//! and written in hexadecimal (signalwire-python, webhook_validator).

use http::HeaderMap;

use crate::provider::request::{InboundRequest, Verified};
use crate::provider::webhooks::{VerificationKey, WebhookError};
use crate::providers::twilio::compat::form::is_form;
use crate::providers::twilio::compat::signature::{
    Covered, Pair, Spellings, base64_text, covered, hmac_sha1, same, try_keys,
};

/// Only the scheme's own port comes and goes; any other is part of what is signed.
const SPELLINGS: Spellings = Spellings { any_port_removed: false, quotes: false };

const HEADER: &str = "x-signalwire-signature";

/// Checks the signature of a request that names the account `named`.
pub(crate) fn verify<'r>(
    request: &'r InboundRequest,
    named: Option<&str>,
    keys: &[VerificationKey],
) -> Result<Verified<'r>, WebhookError> {
    let offered = request
        .header(header(&request.headers))
        .filter(|signature| !signature.is_empty())
        .ok_or(WebhookError::MissingSignature)?;
    let urls = SPELLINGS.of(&request.public_url);
    // The reference validator lets a signature over the URL alone vouch for any body that is not a
    // form. That body would be nobody's, so it is accepted only with its digest in the URL.
    let form = match covered(request, sort) {
        Covered::Form(form) => Some(form),
        Covered::Url => Some(Vec::new()),
        Covered::Uncovered => None,
    };
    let raw = (!is_form(request)).then_some(request.body.as_ref());
    try_keys(request, named, keys, |key| {
        urls.iter().any(|url| {
            let base64 = form.as_ref().and_then(|form| hmac_sha1(key, &[url.as_bytes(), form]));
            let hexadecimal = raw.and_then(|body| hmac_sha1(key, &[url.as_bytes(), body]));
            base64.is_some_and(|digest| same(&base64_text(&digest), offered))
                || hexadecimal.is_some_and(|digest| same(&hex::encode(digest), offered))
        })
    })
}

/// Documents of the compatible kind carry Twilio's header beside SignalWire's own, which counts
/// whenever it is there, even when it is wrong.
fn header(headers: &HeaderMap) -> &'static str {
    if headers.contains_key(HEADER) { HEADER } else { "x-twilio-signature" }
}

/// Names in the order of their bytes; a repeated name keeps the order in which it came.
fn sort(pairs: &mut Vec<Pair<'_>>) {
    pairs.sort_by_key(|(name, _)| *name);
}
