//! How an outbound message gets from `queued` to its end.

use super::{errors, status_callback::status_callback};
use crate::{
    events::Event,
    model::{Message, Provider, Status},
    phones::{self, Effects},
    state::State,
};

/// Where the message goes next (twilio.md, section 2, status machine).
fn next(message: &Message) -> Option<Status> {
    match (message.status, message.fate.status) {
        (Status::Scheduled | Status::Accepted, _) => Some(Status::Queued),
        (Status::Queued, Status::Queued) => None,
        // It never leaves the provider.
        (Status::Queued, Status::Failed) => Some(Status::Failed),
        (Status::Queued, _) => Some(Status::Sending),
        (Status::Sending, _) => Some(Status::Sent),
        (Status::Sent, fate @ (Status::Delivered | Status::Undelivered)) => Some(fate),
        _ => None,
    }
}

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
        message.price_micros = Some(price(message));
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
    let arrived =
        status == Status::Delivered || (status == Status::Sent && message.fate.status == Status::Sent);
    Effects {
        callback: status_callback(state, &message, status, message.error_code),
        arrives_at_own_number: arrived.then(|| phones::arrive(state, &message)).flatten(),
    }
}

/// Micro-dollars. Round figures near the list prices: 0.0075 and 0.02 at Twilio, 0.005 and 0.015 at SignalWire.
fn price(message: &Message) -> i64 {
    let (sms, mms) = match message.provider {
        Provider::Twilio => (7_500, 20_000),
        _ => (5_000, 15_000),
    };
    if message.is_mms() { mms } else { sms * i64::from(message.num_segments) }
}

/// Text for `error_message`.
pub(crate) fn error_message(message: &Message) -> Option<&'static str> {
    message.error_code.map(|code| errors::delivery_error(message.provider, code))
}
