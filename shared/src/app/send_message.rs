//! `POST /api/sms/send`: accept one message, once per key, with its money, or say why not.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::answer::due;
use super::compose::{Caller, Compose, Composed};
use super::idempotency;
use super::money::cap::cap_reached;
use super::problem::{Code, Problem};
use crate::api::message::SendRequest;
use crate::domain::ids::MessageId;
use crate::domain::message::{Message, MessageView, Progress};
use crate::domain::status::MessageStatus;
use crate::ports::{Accepted, Bound, Clock, IdempotencyBinding, Intent, Messages, Outbox, Random};

/// Accepts messages.
pub struct SendMessage {
    /// Makes messages of requests.
    pub compose: Compose,
    /// Where they are accepted.
    pub outbox: Arc<dyn Outbox>,
    /// Where their state is read, for a key that was used before.
    pub messages: Arc<dyn Messages>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub random: Arc<dyn Random>,
}

/// An accepted message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// It, and its state now.
    pub view: MessageView,
    /// The key had been used before; nothing was started.
    pub replayed: bool,
}

impl SendMessage {
    /// Accepts a message. `key` is the `Idempotency-Key` header.
    ///
    /// A key that was bound before is answered first, whatever has changed since: the wallet may be
    /// empty now, and the recipient gone.
    ///
    /// # Errors
    /// A problem of the contract.
    pub async fn send(
        &self,
        caller: &Caller,
        request: &SendRequest,
        key: Option<&str>,
    ) -> Result<Sent, Problem> {
        let now = self.clock.now();
        let idempotency =
            key.map(|key| idempotency::binding("POST /api/sms/send", key, request, now)).transpose()?;
        if let Some(binding) = &idempotency
            && let Some(bound) = self.outbox.bound(&caller.tenant, &binding.key, now).await?
        {
            return self.replay(caller, binding, &bound).await;
        }
        let id = MessageId::from_bits(self.random.ulid(now));
        let Composed { message, decision } = self.compose.compose(caller, request, id, now).await?;
        let status = if message.send_at.is_some() { MessageStatus::Scheduled } else { MessageStatus::Queued };
        let intent = Intent {
            status,
            due: message.send_at.unwrap_or_else(|| due(now)),
            message,
            idempotency: idempotency.clone(),
            decision: Some(decision),
        };
        match self.outbox.accept(&intent).await? {
            Accepted::New => {
                let message = &intent.message;
                tracing::info!(
                    provider = %message.provider, message_id = %message.id, tenant = %message.tenant,
                    segments = message.segments, media = message.media.len(), "Message accepted"
                );
                Ok(Sent { view: fresh(intent.message, status), replayed: false })
            }
            Accepted::Replay(bound) => match &idempotency {
                Some(binding) => self.replay(caller, binding, &bound).await,
                None => Err(Problem::new(Code::Internal)),
            },
            // A fresh random id that is taken: nothing was written, so the caller may simply retry.
            Accepted::Exists => Err(Problem::new(Code::Internal)),
            Accepted::OptedOut => {
                Err(Problem::new(Code::OptedOut).and_field("to", "has opted out of your messages"))
            }
            Accepted::InsufficientBalance => Err(Problem::new(Code::InsufficientBalance)),
            Accepted::SpendCapReached(reached) => Err(cap_reached(&reached)),
        }
    }

    async fn replay(
        &self,
        caller: &Caller,
        binding: &IdempotencyBinding,
        bound: &Bound,
    ) -> Result<Sent, Problem> {
        if bound.body != binding.body {
            return Err(Problem::new(Code::IdempotencyMismatch));
        }
        let view = self.messages.message(&caller.tenant, bound.message).await?;
        let view = view.ok_or_else(|| Problem::new(Code::NotFound))?;
        Ok(Sent { view, replayed: true })
    }
}

fn fresh(message: Message, status: MessageStatus) -> MessageView {
    let progress = Progress {
        status,
        attempt: 0,
        sid: None,
        error_code: None,
        error_message: None,
        delivered_at: None,
        bills: BTreeMap::new(),
        updated_at: message.created_at,
        copies: Vec::new(),
    };
    MessageView { message, progress, attempts: Vec::new() }
}
