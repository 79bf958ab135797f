//! The phones of the outside world, as far as they are scripted.

use serde::{Deserialize, Serialize};

use crate::{
    call_script::CallScript,
    delivery::Delivery,
    inbound::Text,
    journal::InboxEntry,
    model::{Fate, Message, Provider, Status},
    state::State,
};

/// What happens to texts that are sent to this phone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Phone {
    /// `queued` never leaves the provider; `sent` is accepted by a carrier that gives no receipt.
    #[serde(default = "delivered")]
    pub(crate) outcome: Outcome,
    #[serde(default)]
    pub(crate) error_code: Option<u32>,
    /// False: a landline.
    #[serde(default = "yes")]
    pub(crate) sms: bool,
    /// What happens to calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) call: Option<CallScript>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    Queued,
    Sent,
    Delivered,
    Undelivered,
    Failed,
}

fn delivered() -> Outcome {
    Outcome::Delivered
}

fn yes() -> bool {
    true
}

impl Default for Phone {
    fn default() -> Self {
        Self { outcome: Outcome::Delivered, error_code: None, sms: true, call: None }
    }
}

impl Phone {
    pub(crate) fn fate(&self) -> Fate {
        fate(self.outcome, self.error_code)
    }
}

/// 30003 "unreachable destination handset" and 30008 "unknown error" are the defaults
/// (twilio-error-codes, signalwire-error-codes).
pub(crate) fn fate(outcome: Outcome, error_code: Option<u32>) -> Fate {
    let (status, default) = match outcome {
        Outcome::Queued => (Status::Queued, None),
        Outcome::Sent => (Status::Sent, None),
        Outcome::Delivered => (Status::Delivered, None),
        Outcome::Undelivered => (Status::Undelivered, Some(30003)),
        Outcome::Failed => (Status::Failed, Some(30008)),
    };
    Fate { status, error_code: default.map(|code| error_code.unwrap_or(code)) }
}

/// What follows from a step of a message's life, to be done without the lock.
#[derive(Default)]
pub(crate) struct Effects {
    pub(crate) callback: Option<Delivery>,
    pub(crate) arrives_at_own_number: Option<Text>,
}

/// Shows the text on the phone; a number that an account owns gets it as an inbound message instead.
pub(crate) fn arrive(state: &mut State, message: &Message) -> Option<Text> {
    let from = message.from.clone().unwrap_or_default();
    deliver(
        state,
        Arrival {
            provider: message.provider,
            account: message.account.clone(),
            from: from.clone(),
            to: message.to.clone(),
            body: message.body.clone(),
            media: message.media_urls.clone(),
            kind: "message",
            message_sid: Some(message.sid.clone()),
        },
    );
    let owned = state.owned_number(&message.to, None).is_some();
    owned.then(|| Text::new(from, message.to.clone(), message.body.clone()))
}

/// A text that is about to appear on a phone.
pub(crate) struct Arrival {
    pub(crate) provider: Provider,
    pub(crate) account: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) body: String,
    pub(crate) media: Vec<String>,
    pub(crate) kind: &'static str,
    pub(crate) message_sid: Option<String>,
}

pub(crate) fn deliver(state: &mut State, text: Arrival) {
    let at = state.timestamp();
    state.inbox.add(|id| InboxEntry {
        id,
        at,
        provider: text.provider,
        account: text.account,
        to: text.to,
        from: text.from,
        body: text.body,
        media: text.media,
        kind: text.kind,
        message_sid: text.message_sid,
    });
}
