//! The same cases against every provider's adapter: what must be accepted, what must be refused, what
//! is sent, and how answers are read. Where a provider publishes a document (an OpenAPI file, a list
//! of codes, signature vectors), the adapter is held against that.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod accounts_compat;
mod accounts_compat_refusals;
mod audit;
mod audit_documents;
mod authenticate;
mod boundaries;
mod call_documents;
mod calls_compat;
mod calls_compat_documents;
mod codes;
mod documents;
mod errors;
mod forgeries;
mod history;
mod media;
mod messages;
mod mutations;
mod numbers_compat;
mod numbers_compat_market;
mod openapi;
mod parsing;
mod recordings_compat;
mod retell;
mod secrets;
mod telnyx;
mod vectors;
mod voice;

use std::sync::Arc;

use telephony::domain::secret::Secret;
use telephony::domain::timestamp::Timestamp;
use telephony::provider::account::ProviderAccount;
use telephony::provider::messaging::{Callback, Messaging, OutboundText};
use telephony::provider::request::{InboundRequest, Verified};
use telephony::provider::webhooks::{KeyRole, VerificationKey, WebhookError};
use telephony::provider::{Environment, registry};
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::webhooks::Sample;

const NOW: Timestamp = Timestamp::from_millis(1_767_621_900_000);
const SMS_URL: &str = "https://phone.example.com/prod/api/webhooks/x/sms";
const STATUS_URL: &str = "https://phone.example.com/prod/api/webhooks/x/status-callback?m=01ABC.d-1";

fn keys_of(sample: &Sample) -> Vec<VerificationKey> {
    registry::webhooks(sample.provider).keys(&sample.account())
}

fn key(sample: &Sample, secret: &str) -> VerificationKey {
    VerificationKey {
        account: sample.account().id,
        remote_id: sample.remote_id.to_owned(),
        role: KeyRole::Current,
        secret: Secret::new(secret),
    }
}

fn verify<'r>(sample: &Sample, request: &'r InboundRequest) -> Result<Verified<'r>, WebhookError> {
    registry::webhooks(sample.provider).verify(request, &keys_of(sample), NOW)
}

fn inbound(sample: &Sample) -> InboundRequest {
    let sid = sample.message_sid(1);
    let params = sample.inbound_params(&sid, "+14155552671", "+14155550100", "Hi & bye +1 100%");
    sample.signed_form(sample.keys[0], SMS_URL, &telephony_testkit::webhooks::form_body(&params))
}

fn status_report(sample: &Sample) -> InboundRequest {
    let sid = sample.message_sid(2);
    let mut params = sample.status_params(&sid, "undelivered");
    params.push(("ErrorCode", "30034"));
    sample.signed_form(sample.keys[0], STATUS_URL, &telephony_testkit::webhooks::form_body(&params))
}

fn messaging_of(account: &ProviderAccount, transport: &Arc<ReplayTransport>) -> Box<dyn Messaging> {
    registry::messaging(account.provider).unwrap()(account, &Environment::default(), transport.clone())
        .unwrap()
}

fn text() -> OutboundText {
    OutboundText {
        from: "+14155550100".to_owned(),
        to: "+14155552671".to_owned(),
        body: "Grüße & 100% +1 👋".to_owned(),
        media_urls: vec![
            "https://media.example.com/a.jpg?x=1&y=2".to_owned(),
            "https://media.example.com/b".to_owned(),
        ],
        callback: Callback { base: "https://phone.example.com/prod".to_owned(), id: "01ABC.d-1".to_owned() },
    }
}
