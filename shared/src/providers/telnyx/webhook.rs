//! Telnyx's webhooks.

use bytes::Bytes;

use crate::domain::timestamp::Timestamp;
use crate::provider::account::ProviderAccount;
use crate::provider::request::{InboundRequest, Verified};
use crate::provider::webhooks::{
    Event, HttpReply, Reply, VerificationKey, WebhookError, WebhookKind, Webhooks,
};

/// The receiving half of Telnyx.
#[derive(Clone, Copy, Debug)]
pub struct TelnyxWebhooks;

impl Webhooks for TelnyxWebhooks {
    fn claims(&self, _request: &InboundRequest) -> Vec<String> {
        Vec::new()
    }

    fn names(&self, _account: &ProviderAccount) -> Vec<String> {
        Vec::new()
    }

    fn keys(&self, _account: &ProviderAccount) -> Vec<VerificationKey> {
        Vec::new()
    }

    fn verify<'r>(
        &self,
        _request: &'r InboundRequest,
        _keys: &[VerificationKey],
        _now: Timestamp,
    ) -> Result<Verified<'r>, WebhookError> {
        Err(WebhookError::MissingSignature)
    }

    fn parse(&self, _request: &Verified<'_>, _kind: WebhookKind) -> Result<Vec<Event>, WebhookError> {
        Ok(Vec::new())
    }

    fn respond(&self, _reply: Reply) -> HttpReply {
        HttpReply { status: 200, content_type: "application/json", body: Bytes::from_static(b"{}") }
    }
}
