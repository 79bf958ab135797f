//! SignalWire's webhooks.

use super::{config, dialect, status, verify};
use crate::domain::timestamp::Timestamp;
use crate::provider::ProviderId;
use crate::provider::account::ProviderAccount;
use crate::provider::request::{InboundRequest, Verified};
use crate::provider::webhooks::{
    Event, HttpReply, KeyRole, Reply, VerificationKey, WebhookError, WebhookKind, Webhooks,
};
use crate::providers::twilio::compat::webhook::{self, WebhookDialect};

/// The receiving half of SignalWire.
#[derive(Clone, Copy, Debug)]
pub struct SignalWireWebhooks;

const DIALECT: WebhookDialect = WebhookDialect {
    is_account: config::is_uuid,
    provider: ProviderId::SignalWire,
    callback_settings: dialect::CALLBACK_SETTINGS,
    is_message: config::is_uuid,
    // Its form has the transcription and the recording, no account and no call (cXML reference, `Record`,
    // `transcribeCallback`).
    transcribes: false,
    is_call: config::is_uuid,
    status: status::from_word,
    // "SignalWire does not manage opt-outs" (docs, platform/messaging/sms/overview): never.
    answers: |_, _| false,
};

impl Webhooks for SignalWireWebhooks {
    fn claims(&self, request: &InboundRequest) -> Vec<String> {
        webhook::claimed_account(request).into_iter().collect()
    }

    fn names(&self, account: &ProviderAccount) -> Vec<String> {
        account.config.get("project_id").map(|id| id.expose().to_owned()).into_iter().collect()
    }

    /// After a rotation the old signing key stays good for a minute or two, so both are accepted.
    fn keys(&self, account: &ProviderAccount) -> Vec<VerificationKey> {
        let Some(remote_id) = self.names(account).pop() else { return Vec::new() };
        [("signing_key", KeyRole::Current), ("next_signing_key", KeyRole::Next)]
            .into_iter()
            .filter_map(|(name, role)| {
                let secret = account.config.get(name)?.clone();
                Some(VerificationKey {
                    account: account.id.clone(),
                    remote_id: remote_id.clone(),
                    role,
                    secret,
                })
            })
            .collect()
    }

    /// The scheme carries no time, so a request cannot be stale: what arrives twice is told by its id.
    fn verify<'r>(
        &self,
        request: &'r InboundRequest,
        keys: &[VerificationKey],
        _now: Timestamp,
    ) -> Result<Verified<'r>, WebhookError> {
        verify::verify(request, webhook::claimed_account(request).as_deref(), keys)
    }

    fn parse(&self, request: &Verified<'_>, kind: WebhookKind) -> Result<Vec<Event>, WebhookError> {
        webhook::parse(&DIALECT, request, kind)
    }

    fn respond(&self, reply: Reply) -> HttpReply {
        webhook::respond(&DIALECT, &reply)
    }
}
