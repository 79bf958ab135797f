//! How an outbound message gets from `queued` to its end.

use super::{events, message_json};
use crate::{
    events::Event,
    model::{Message, Status},
    phones::{self, Effects},
    state::State,
};

/// Where the message goes next (telnyx.md, section 2). `queued` and `sending` have no event.
fn next(message: &Message) -> Option<Status> {
    match (message.status, message.fate.status) {
        (Status::Scheduled, _) => Some(Status::Queued),
        (Status::Queued, Status::Queued) => None,
        // It never leaves the provider.
        (Status::Queued, Status::Failed) => Some(Status::Failed),
        (Status::Queued, _) => Some(Status::Sending),
        (Status::Sending, _) => Some(Status::Sent),
        (Status::Sent, fate @ (Status::Delivered | Status::Undelivered)) => Some(fate),
        (Status::Sent, _) => Some(Status::Unconfirmed),
        _ => None,
    }
}

/// The message takes its next step.
pub(crate) fn step(state: &mut State, sid: &str) -> Effects {
    let now = state.now();
    let Some(message) = state.messages.get_mut(sid) else { return Effects::default() };
    let Some(status) = next(message) else { return Effects::default() };
    message.status = status;
    message.updated = now;
    if matches!(status, Status::Failed | Status::Undelivered) {
        message.error_code = message.fate.error_code;
    }
    if status == Status::Sent {
        message.sent = Some(now);
        message.price_micros = Some(message_json::price(message));
    }
    if status.is_final()
        && let Some(details) = &mut message.telnyx
    {
        details.completed = Some(now);
    }
    let message = message.clone();
    if status == Status::Sent
        && let Some(account) = state.accounts.get_mut(&message.account)
    {
        account.balance_micros -= message.price_micros.unwrap_or_default();
    }
    if next(&message).is_some() {
        let due = state.after_steps(1);
        state.queue.push(due, Event::Step(sid.to_owned()));
    }
    let arrived = matches!(status, Status::Delivered | Status::Unconfirmed);
    Effects {
        callback: events::status_webhook(state, &message, status),
        arrives_at_own_number: arrived.then(|| phones::arrive(state, &message)).flatten(),
    }
}
