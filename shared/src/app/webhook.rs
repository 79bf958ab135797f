//! The door that every webhook comes through: verified, parsed, and what is not ours noted.

use std::sync::Arc;

use super::authenticate::{Refusal, authenticate};
use super::problem::{Code, Problem};
use crate::domain::ids::AccountId;
use crate::ports::{Accounts, Clock, Inbox, Unrouted};
use crate::provider::account::ProviderAccount;
use crate::provider::request::InboundRequest;
use crate::provider::webhooks::{Event, HttpReply, Reply, WebhookError, WebhookKind};
use crate::provider::{ProviderId, registry};

/// The door.
pub struct WebhookDoor {
    /// Credentials.
    pub accounts: Arc<dyn Accounts>,
    /// Where the operator looks for what could not be routed.
    pub inbox: Arc<dyn Inbox>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Only a local stack can have them switched off.
    pub signatures_disabled: bool,
}

/// What came in, and whose key signed it.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// The provider.
    pub provider: ProviderId,
    /// The account. It speaks for itself only.
    pub account: AccountId,
    /// Its credentials, for whoever acts on it at once.
    pub credentials: ProviderAccount,
    /// What it says.
    pub events: Vec<Event>,
}

impl WebhookDoor {
    /// Lets a webhook in.
    ///
    /// # Errors
    /// `INVALID_SIGNATURE`, after which nothing has been stored; `VALIDATION_FAILED` for what is signed
    /// and yet not what the provider documents; our own failures, so that the provider tries again.
    pub async fn open(
        &self,
        provider: ProviderId,
        kind: WebhookKind,
        request: &InboundRequest,
    ) -> Result<Delivered, Problem> {
        let now = self.clock.now();
        let authentic =
            authenticate(provider, request, self.accounts.as_ref(), self.signatures_disabled, now)
                .await
                .map_err(|refusal| refused(provider, refusal))?;
        let events = registry::webhooks(provider)
            .parse(&authentic.verified, kind)
            .map_err(|error| Problem::new(Code::ValidationFailed).with_detail(error.to_string()))?;
        Ok(Delivered {
            provider,
            account: authentic.account.id.clone(),
            credentials: authentic.account,
            events,
        })
    }

    /// Notes an event that this URL, or this version, does not know.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unrecognised(
        &self,
        delivered: &Delivered,
        kind: WebhookKind,
        event: &Event,
    ) -> Result<(), Problem> {
        let sid = match event {
            Event::MessageReceived(text) => text.sid.to_string(),
            Event::MessageStatus(report) => report.sid.to_string(),
            Event::Call(call) | Event::CallAsks(call) => call.sid.to_string(),
            Event::RecordingReady(recording) => recording.call.to_string(),
            Event::Transcribed(text) => text.call.to_string(),
            Event::NumberOrder(report) => report.order.to_string(),
            Event::CallLookup(_) => "call_lookup".to_owned(),
            Event::Unrecognised { name } => name.clone(),
        };
        tracing::warn!(provider = %delivered.provider, account = %delivered.account, event = sid, "Unrecognised event");
        let unrouted = Unrouted {
            account: delivered.account.clone(),
            kind,
            sid,
            own: None,
            reason: "unrecognised_event",
            at: self.clock.now(),
        };
        Ok(self.inbox.record_unrouted(&unrouted).await?)
    }
}

/// "Thank you", in the provider's form.
pub fn thanks(provider: ProviderId) -> HttpReply {
    registry::webhooks(provider).respond(Reply::Empty)
}

fn refused(provider: ProviderId, refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Store(error) => error.into(),
        Refusal::Webhook(WebhookError::Malformed(what)) => {
            Problem::new(Code::ValidationFailed).with_detail(what)
        }
        Refusal::Webhook(
            error @ (WebhookError::MissingSignature
            | WebhookError::UnknownAccount
            | WebhookError::BadSignature
            | WebhookError::Stale),
        ) => {
            tracing::warn!(%provider, %error, "Webhook refused");
            Problem::new(Code::InvalidSignature)
        }
    }
}
