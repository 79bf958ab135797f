//! An inbound text becomes a message: stored once, whatever the retries.

use std::sync::Arc;

use super::route_cache::RouteCache;
use crate::domain::address::Address;
use crate::domain::consent::{Block, ConsentChange, Evidence};
use crate::domain::conversation::conversation_id;
use crate::domain::ids::{AccountId, MessageId, ProviderSid};
use crate::domain::keyword::{self, Intent};
use crate::domain::message::{Direction, MediaRef, Message, Origin, Purpose};
use crate::domain::number::{NumberStatus, PhoneNumber};
use crate::domain::segments;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Inbox, ParkedText, Recorded, StoreError, Unrouted};
use crate::provider::ProviderId;
use crate::provider::webhooks::{InboundText, WebhookKind};

/// What became of an inbound text. Every one of them is answered with success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// Stored.
    New(MessageId),
    /// It had been stored before.
    Replay(MessageId),
    /// Its number is moving: it waits, and will be this message of the new holder's.
    Parked(MessageId),
    /// Nobody holds the number through this account, or the id is taken by another text. Recorded
    /// for the operator.
    Unrouted,
}

/// Receives texts.
pub struct ReceiveMessage {
    /// Who holds which number.
    pub routes: Arc<RouteCache>,
    /// Where messages are stored.
    pub inbox: Arc<dyn Inbox>,
}

impl ReceiveMessage {
    /// Stores a verified inbound text. The owner is found by the account that signed it and the
    /// number that it was sent to: a number held through another account counts as unknown.
    ///
    /// # Errors
    /// When the store fails; the provider is to deliver it again.
    pub async fn receive(
        &self,
        provider: ProviderId,
        account: &AccountId,
        text: InboundText,
        now: Timestamp,
    ) -> Result<Received, StoreError> {
        let number = match text.to.phone() {
            Some(phone) => self.routes.by_account(account, phone, now).await?,
            None => None,
        };
        let Some(number) = number else {
            self.unrouted(account, &text, "unknown_number", now).await?;
            return Ok(Received::Unrouted);
        };
        let message = message(provider, account, &number, text.clone(), now);
        if number.status == NumberStatus::Moving {
            return match park(self.inbox.as_ref(), &number, &message, text.clone()).await? {
                Recorded::New | Recorded::Replay => Ok(Received::Parked(message.id)),
                Recorded::Mismatch => {
                    self.unrouted(account, &text, "id_mismatch", now).await?;
                    Ok(Received::Unrouted)
                }
            };
        }
        let consent = consent_change(&message);
        match self.inbox.record(&message, consent.as_ref()).await? {
            Recorded::New => {
                tracing::info!(
                    %provider, message_id = %message.id, provider_sid = %text.sid, tenant = %message.tenant,
                    media = message.media.len(), "Inbound message stored"
                );
                Ok(Received::New(message.id))
            }
            Recorded::Replay => {
                tracing::info!(%provider, message_id = %message.id, "Inbound message delivered again");
                Ok(Received::Replay(message.id))
            }
            Recorded::Mismatch => {
                tracing::warn!(%provider, message_id = %message.id, "Another text is stored under this provider id");
                self.unrouted(account, &text, "id_mismatch", now).await?;
                Ok(Received::Unrouted)
            }
        }
    }

    async fn unrouted(
        &self,
        account: &AccountId,
        text: &InboundText,
        reason: &'static str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        tracing::warn!(%account, provider_sid = %text.sid, own = ?text.to, reason, "Inbound message not routed");
        let unrouted = Unrouted {
            account: account.clone(),
            kind: WebhookKind::Sms,
            sid: text.sid.to_string(),
            own: Some(text.to.as_str().to_owned()),
            reason,
            at,
        };
        self.inbox.record_unrouted(&unrouted).await
    }
}

/// Keeps a text until its number has moved. `message` is what it would be with the old holder, who gets
/// none of it but a STOP: whoever says it to a number of theirs means them, and is not written to again
/// while the number is under way. With the new holder the text says it once more. A START is heard by the
/// new holder alone.
pub(super) async fn park(
    inbox: &dyn Inbox,
    number: &PhoneNumber,
    message: &Message,
    text: InboundText,
) -> Result<Recorded, StoreError> {
    let parked = ParkedText {
        tenant: number.tenant.clone(),
        number: number.id,
        message: message.id,
        provider: message.provider,
        account: message.account.clone(),
        text,
        at: message.created_at,
    };
    let stop = consent_change(message).filter(|change| change.blocked);
    let recorded = inbox.park(&parked, message, stop.as_ref()).await?;
    if recorded == Recorded::New {
        tracing::info!(
            provider = %message.provider, message_id = %message.id, number = %number.id,
            "Inbound message parked, because its number is moving"
        );
    }
    Ok(recorded)
}

/// The id of the message that a text becomes, whichever way it comes.
pub(super) fn message_id(account: &AccountId, sid: &ProviderSid) -> MessageId {
    MessageId::derived(&["inbound", account.as_str(), sid.as_str()])
}

/// The message that a text becomes. Its id follows from the account and the provider's id, because a
/// retry carries nothing else that stays the same (Twilio's form has no time).
pub(super) fn message(
    provider: ProviderId,
    account: &AccountId,
    number: &PhoneNumber,
    text: InboundText,
    now: Timestamp,
) -> Message {
    let counted = segments::segment(&text.body);
    Message {
        id: message_id(account, &text.sid),
        tenant: number.tenant.clone(),
        conversation: conversation_id(&number.tenant, &[&text.from]),
        direction: Direction::Inbound,
        provider,
        account: account.clone(),
        number: number.id,
        intent: match keyword::classify(&text.body) {
            Intent::None => None,
            intent => Some(intent),
        },
        from: text.from,
        to: text.to,
        segments: text.segments.unwrap_or(counted.segments),
        encoding: counted.encoding,
        body: text.body,
        media: text
            .media
            .into_iter()
            .map(|media| MediaRef { url: media.url, content_type: Some(media.content_type) })
            .collect(),
        own_account: number.own_account,
        price: None,
        purpose: Purpose::Conversation,
        origin: Origin::Api,
        answered_by_provider: text.answered_by_provider,
        user: number.user.clone(),
        lead: None,
        agent: number.agent.clone(),
        auto_answer: if number.may_send() { number.auto_answer.clone() } else { None },
        inbound_sid: Some(text.sid),
        found_at: None,
        send_at: None,
        send_before: None,
        route: None,
        created_at: now,
    }
}

/// STOP and START change what the contact allows, in the same write as the message that says so.
pub(super) fn consent_change(message: &Message) -> Option<ConsentChange> {
    let (blocked, free_text) = match message.intent? {
        Intent::Stop { free_text } => (true, free_text),
        Intent::Start => (false, false),
        Intent::Help | Intent::Ambiguous | Intent::None => return None,
    };
    // A withheld sender is several people: nobody can be told from it.
    if message.from == Address::Withheld {
        return None;
    }
    Some(ConsentChange {
        tenant: message.tenant.clone(),
        contact: message.from.clone(),
        block: Block::Text,
        blocked,
        evidence: Evidence::Text { message: message.id, free_text },
        at: message.created_at,
    })
}
