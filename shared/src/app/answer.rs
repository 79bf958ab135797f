//! Texts that answer texts: the confirmation of an opt-out or opt-in, help, and the template named
//! on a number. They leave through the outbound queue like every message, under ids that follow from
//! the text that they answer, so that a text delivered twice is answered once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::retry;
use crate::domain::address::Address;
use crate::domain::ids::{MessageId, TemplateId};
use crate::domain::keyword::Intent;
use crate::domain::message::{Direction, MediaRef, Message, Origin, Purpose, RouteNote};
use crate::domain::price::PriceTable;
use crate::domain::segments;
use crate::domain::status::MessageStatus;
use crate::domain::template;
use crate::domain::timestamp::Timestamp;
use crate::ports::{
    Accepted, Clock, Intent as SendIntent, Numbers, Outbox, Projection, StoreError, Templates,
};

/// An opt-out may be confirmed within 5 minutes of it (47 CFR 64.1200(a)(12)); after that the
/// confirmation would be one more unwanted text.
const CONFIRM_WITHIN: Duration = Duration::from_secs(300);
/// A conversation is answered automatically at most once in this time.
const AUTO_ANSWER_WINDOW: Duration = Duration::from_secs(300);

/// Answers inbound texts.
pub struct Answer {
    /// Where answers are accepted.
    pub outbox: Arc<dyn Outbox>,
    /// Stored templates. `stop-confirmation`, `start-confirmation` and `help`, where a tenant has
    /// them, replace our words.
    pub templates: Arc<dyn Templates>,
    /// To know our own numbers: two of them must not talk to each other.
    pub numbers: Arc<dyn Numbers>,
    /// The guard against loops.
    pub projection: Arc<dyn Projection>,
    /// Prices.
    pub prices: &'static PriceTable,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl Answer {
    /// Answers an inbound message, if anything is to be answered. What an agent is to answer gets no
    /// automatic answer besides.
    ///
    /// # Errors
    /// When the store fails; the change is to be projected again.
    pub async fn answer(&self, inbound: &Message, agent_answers: bool) -> Result<(), StoreError> {
        // Only a phone number can be answered; and a short code or a name is a machine.
        let Address::Phone(contact) = &inbound.from else { return Ok(()) };
        let Some(origin) = origin(inbound) else { return Ok(()) };
        if origin == Origin::AutoAnswer {
            if agent_answers {
                return Ok(());
            }
            let ours = self.numbers.by_tenant(&inbound.tenant, contact).await?.is_some();
            let id = answer_id(inbound, origin);
            if ours || !self.may_auto_answer(inbound, id).await? {
                tracing::info!(message_id = %inbound.id, "Not answered, so that no loop begins");
                return Ok(());
            }
        }
        let Some(body) = self.words(inbound, origin).await? else { return Ok(()) };
        let intent = self.intent(inbound, origin, body);
        match self.outbox.accept(&intent).await? {
            Accepted::New => {
                tracing::info!(message_id = %intent.message.id, answers = %inbound.id, origin = ?origin, "Answer queued");
            }
            Accepted::Replay(_) | Accepted::Exists => {}
            Accepted::OptedOut => {}
            Accepted::InsufficientBalance => {
                tracing::warn!(answers = %inbound.id, "Not answered: the wallet is empty");
            }
            Accepted::SpendCapReached(_) => {
                tracing::warn!(answers = %inbound.id, "Not answered: the spend cap is reached");
            }
        }
        Ok(())
    }

    /// The guard is taken once per inbound message: a repeated projection must come to the same
    /// answer, so a message that was answered already passes.
    async fn may_auto_answer(&self, inbound: &Message, answer: MessageId) -> Result<bool, StoreError> {
        if self.projection.load(&inbound.tenant, answer).await?.is_some() {
            return Ok(true);
        }
        let now = self.clock.now();
        self.projection.may_auto_answer(&inbound.tenant, inbound.conversation, now, AUTO_ANSWER_WINDOW).await
    }

    async fn words(&self, inbound: &Message, origin: Origin) -> Result<Option<String>, StoreError> {
        let (template, ours) = match origin {
            Origin::OptOutConfirmation => (
                "stop-confirmation".parse::<TemplateId>().ok(),
                Some(
                    "You have been unsubscribed and will receive no more messages. Reply START to resubscribe.",
                ),
            ),
            Origin::OptInConfirmation => (
                "start-confirmation".parse().ok(),
                Some("You have been resubscribed. Reply HELP for help or STOP to unsubscribe."),
            ),
            Origin::HelpAnswer => {
                ("help".parse().ok(), Some("Reply STOP to unsubscribe. Message and data rates may apply."))
            }
            Origin::AutoAnswer => (inbound.auto_answer.clone(), None),
            Origin::Api | Origin::Agent => return Ok(None),
        };
        let stored = match template {
            Some(id) => self.templates.get(&inbound.tenant, &id).await?,
            None => None,
        };
        let Some(stored) = stored else { return Ok(ours.map(str::to_owned)) };
        let variables = BTreeMap::from([
            ("from".to_owned(), inbound.from.as_str().to_owned()),
            ("to".to_owned(), inbound.to.as_str().to_owned()),
        ]);
        match template::render(&stored.body, &variables) {
            Ok(text) if stored.opt_out_line => Ok(Some(template::with_opt_out_line(&text))),
            Ok(text) => Ok(Some(text)),
            Err(error) => {
                tracing::warn!(template = %stored.id, %error, "The template of an answer cannot be filled in");
                Ok(ours.map(str::to_owned))
            }
        }
    }

    fn intent(&self, inbound: &Message, origin: Origin, body: String) -> SendIntent {
        // Confirmations and help are owed by law: they must leave though the wallet be empty.
        let free = matches!(origin, Origin::OptOutConfirmation | Origin::HelpAnswer);
        let validity = if origin == Origin::OptOutConfirmation {
            CONFIRM_WITHIN
        } else {
            retry::validity(Purpose::Conversation)
        };
        let reply = Reply { id: answer_id(inbound, origin), origin, body, media: Vec::new(), free, validity };
        reply.to(inbound, self.prices, self.clock.now())
    }
}

/// A text that answers one.
pub(super) struct Reply {
    /// Follows from what it answers.
    pub(super) id: MessageId,
    /// Who answers.
    pub(super) origin: Origin,
    /// The words.
    pub(super) body: String,
    /// The attachments.
    pub(super) media: Vec<MediaRef>,
    /// Is not charged.
    pub(super) free: bool,
    /// How long after what it answers it may leave.
    pub(super) validity: Duration,
}

impl Reply {
    /// The send that it becomes, from our number that was written to.
    pub(super) fn to(self, inbound: &Message, prices: &PriceTable, now: Timestamp) -> SendIntent {
        let counted = segments::segment(&self.body);
        let country = inbound.from.phone().and_then(|phone| phone.country());
        let price = if self.free || inbound.own_account {
            None
        } else {
            prices.message_charge(country, !self.media.is_empty(), counted.segments)
        };
        let message = Message {
            id: self.id,
            tenant: inbound.tenant.clone(),
            conversation: inbound.conversation,
            direction: Direction::Outbound,
            provider: inbound.provider,
            account: inbound.account.clone(),
            number: inbound.number,
            from: inbound.to.clone(),
            to: inbound.from.clone(),
            body: self.body,
            media: self.media,
            segments: counted.segments,
            encoding: counted.encoding,
            own_account: inbound.own_account,
            price,
            purpose: Purpose::Conversation,
            origin: self.origin,
            intent: None,
            answered_by_provider: false,
            user: inbound.user.clone(),
            lead: None,
            agent: inbound.agent.clone(),
            auto_answer: None,
            inbound_sid: None,
            found_at: None,
            send_at: None,
            send_before: Some(inbound.created_at.plus(self.validity)),
            route: Some(RouteNote { reasons: vec!["answers_inbound".to_owned()], decided_by: None }),
            created_at: now,
        };
        SendIntent {
            message,
            status: MessageStatus::Queued,
            due: due(now),
            idempotency: None,
            decision: None,
        }
    }
}

/// Which answer a text gets, if any.
fn origin(inbound: &Message) -> Option<Origin> {
    // Found minutes or hours later: what it asks for holds, and an answer would surprise.
    if inbound.found_at.is_some() {
        return None;
    }
    match inbound.intent {
        // The provider has answered these itself, and a second answer would be one too many.
        Some(Intent::Stop { .. } | Intent::Start | Intent::Help) if inbound.answered_by_provider => None,
        Some(Intent::Stop { .. }) => Some(Origin::OptOutConfirmation),
        Some(Intent::Start) => Some(Origin::OptInConfirmation),
        Some(Intent::Help) => Some(Origin::HelpAnswer),
        Some(Intent::Ambiguous | Intent::None) | None => {
            inbound.auto_answer.as_ref().map(|_| Origin::AutoAnswer)
        }
    }
}

fn answer_id(inbound: &Message, origin: Origin) -> MessageId {
    MessageId::derived(&["answer", &inbound.id.to_string(), &format!("{origin:?}")])
}

/// When the sweeper looks after a send that nobody has.
pub(super) fn due(now: Timestamp) -> Timestamp {
    now.plus(Duration::from_secs(60))
}
