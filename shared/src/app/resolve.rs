//! The answer to a send was lost. The text may be on its way or not; it is never sent again blindly.
//!
//! What decides: the callback that carries our id (it binds the provider's id to the attempt, and
//! then there is nothing left to do here), or the provider's own list of messages. Only when the
//! provider has said twice, and at least a minute after the call, that it has no such text,
//! is the text known not to have been sent.

use std::collections::HashSet;
use std::time::Duration;

use super::deliver::{Deliver, GIVE_UP_ASKING, ended, lane};
use super::retry;
use crate::domain::ids::ProviderSid;
use crate::domain::message::{Attempt, Bill, Direction, Message, MessageView};
use crate::domain::status::MessageStatus;
use crate::domain::timestamp::Timestamp;
use crate::ports::{PageRequest, StatusChange, StoreError};
use crate::provider::error::Effect;
use crate::provider::messaging::{MessageQuery, RemoteMessage};

/// How long the callback is given before the provider is asked.
pub const FIRST_QUESTION: Duration = Duration::from_secs(5);
/// A text that the provider took appears in its list well before this; a request that we gave up on
/// after 10 s is not still on its way.
const SURE_AFTER: Duration = Duration::from_secs(60);
/// How many vain questions make sure, at least.
const SURE_QUESTIONS: u32 = 2;
/// How long before its call a message may have been accepted: the longest validity without a `sendBefore`.
const LONGEST_WAIT: Duration = Duration::from_secs(4 * 3600);
/// Clocks differ, and providers keep whole seconds.
const CLOCK_SLACK: Duration = Duration::from_secs(60);

impl Deliver {
    /// Asks the provider about an attempt whose answer was lost.
    pub(super) async fn resolve(&self, view: &MessageView, attempt: &Attempt) -> Result<(), StoreError> {
        let message = &view.message;
        let now = self.clock.now();
        let reference = self.attempt_ref(message, attempt.n);
        let started = attempt.started_at.unwrap_or(message.created_at);
        let age = now.since(started);
        let lane = lane(message);
        if attempt.status != MessageStatus::Unknown {
            // Its process died between the call and the answer.
            if let Some(lane) = &lane {
                let until = started.plus(retry::lane_window(message.purpose));
                self.dispatch.block_lane(lane, &reference, until).await?;
            }
            let mut lost = ended(MessageStatus::Unknown, None, now);
            lost.effect = Some(Effect::Unknown);
            self.dispatch.end(&reference, &lost).await?;
        }
        let Some(messaging) = self.messaging(message).await? else {
            return self.ask_again(message, age).await;
        };
        let query = MessageQuery {
            from: message.from.as_str().to_owned(),
            to: message.to.as_str().to_owned(),
            since: started.minus(CLOCK_SLACK),
        };
        let neighbours = self.neighbours(message, query.since).await?;
        if neighbours
            .iter()
            .any(|view| view.progress.status == MessageStatus::Sending && view.progress.sid.is_none())
        {
            // Its answer is still to come, and the provider's id may be of that one.
            return self.ask_again(message, age).await;
        }
        let known: HashSet<&ProviderSid> =
            neighbours.iter().filter_map(|view| view.progress.sid.as_ref()).chain(tried(view)).collect();
        let candidates = match messaging.find(&query).await {
            Ok(candidates) => candidates,
            Err(error) if age >= GIVE_UP_ASKING => {
                tracing::error!(message_id = %message.id, kind = ?error.kind(), "A lost answer stays unresolved");
                return self.dispatch.set_due(&message.tenant, message.id, None).await;
            }
            Err(error) => {
                tracing::warn!(message_id = %message.id, kind = ?error.kind(), "Asking about a lost answer failed");
                return self.ask_again(message, age).await;
            }
        };
        for remote in candidates.iter().filter(|remote| is_it(message, started, remote)) {
            if known.contains(&remote.sid) {
                continue;
            }
            if !self.dispatch.claim(&message.account, &remote.sid, &reference).await? {
                continue;
            }
            tracing::info!(
                message_id = %message.id, provider_sid = %remote.sid, "Lost answer resolved: the provider has the message"
            );
            let status = remote.status.unwrap_or(MessageStatus::Queued);
            self.dispatch.end(&reference, &ended(status, Some(remote.sid.clone()), now)).await?;
            if let Some(change) = as_change(message, remote, now) {
                self.reports.merge(&reference, &change).await?;
            }
            if let Some(lane) = &lane {
                self.dispatch.open_lane(lane, &reference).await?;
            }
            return self.later(message, now.plus(SURE_AFTER)).await;
        }
        let asked = self.dispatch.asked(&reference).await?;
        if asked < SURE_QUESTIONS || age < SURE_AFTER {
            return self.ask_again(message, age).await;
        }
        tracing::info!(message_id = %message.id, asked, "Lost answer resolved: the provider never had the message");
        let mut end = ended(MessageStatus::Failed, None, now);
        end.effect = Some(Effect::NotSent);
        end.error_kind = attempt.error_kind;
        end.error_code = Some("NOT_SENT".to_owned());
        end.error_message = Some("The provider never received the message".to_owned());
        end.superseded = attempt.n < retry::MAX_ATTEMPTS;
        self.dispatch.end(&reference, &end).await?;
        if let Some(lane) = &lane {
            self.dispatch.open_lane(lane, &reference).await?;
        }
        if end.superseded { self.later(message, now).await } else { Ok(()) }
    }

    /// The other outbound messages of the same lane since then. Two equal texts look alike at the
    /// provider: what is known to be another one's is not this one.
    async fn neighbours(&self, message: &Message, since: Timestamp) -> Result<Vec<MessageView>, StoreError> {
        let mut page = PageRequest { limit: 100, cursor: None };
        let mut neighbours = Vec::new();
        loop {
            let got = self.messages.of_conversation(&message.tenant, message.conversation, &page).await?;
            let past = got.items.iter().any(|view| view.message.created_at < since.minus(LONGEST_WAIT));
            neighbours.extend(got.items.into_iter().filter(|view| {
                view.message.id != message.id
                    && view.message.direction == Direction::Outbound
                    && view.message.from == message.from
            }));
            page.cursor = got.next;
            if past || page.cursor.is_none() {
                return Ok(neighbours);
            }
        }
    }

    /// Asks again after a time that grows with the attempt's age. Past the lane's window somebody has
    /// to look, because a provider that cannot be asked for so long needs a person.
    async fn ask_again(&self, message: &Message, age: Duration) -> Result<(), StoreError> {
        if age > retry::lane_window(message.purpose) {
            tracing::error!(
                provider = %message.provider, message_id = %message.id, age_s = age.as_secs(),
                "A lost answer could not be resolved in time"
            );
        }
        let wait = age.clamp(Duration::from_secs(10), Duration::from_secs(900));
        self.later(message, self.clock.now().plus(wait)).await
    }
}

/// What the provider called the message in its other tries.
fn tried(view: &MessageView) -> impl Iterator<Item = &ProviderSid> {
    view.attempts.iter().filter_map(|attempt| attempt.sid.as_ref())
}

/// A message at the provider may be the one whose answer was lost: same text, and not older. A
/// provider that has redacted the body says nothing about it.
fn is_it(message: &Message, started: Timestamp, remote: &RemoteMessage) -> bool {
    let young_enough = remote.created_at.is_none_or(|at| at >= started.minus(CLOCK_SLACK));
    young_enough && (remote.body == message.body || remote.body.is_empty())
}

/// What the provider says of a message, as a report.
pub(super) fn as_change(message: &Message, remote: &RemoteMessage, now: Timestamp) -> Option<StatusChange> {
    Some(StatusChange {
        account: message.account.clone(),
        provider: message.provider,
        sid: Some(remote.sid.clone()),
        status: remote.status?,
        error_code: remote.error.as_ref().map(ToString::to_string),
        error_message: None,
        bill: Bill::told(remote.segments, remote.cost.clone()),
        at: now,
    })
}
