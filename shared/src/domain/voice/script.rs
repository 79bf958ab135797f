//! What a plan comes to, moment by moment.

use std::collections::BTreeMap;
use std::time::Duration;

use super::plan::{Otherwise, Plan};
use super::verb::{Dial, Record, Speech, Stream, Verb};

/// What a caller hears while somebody is rung (the contract's words, like all below).
pub const HOLD: &str = "Please hold while we connect your call.";
/// Before the beep.
pub const GREETING: &str = "You have reached the voicemail. Please leave a message after the beep.";
/// After a message was left.
pub const THANKS: &str = "Thank you for your message. Goodbye.";
/// Nobody takes calls here.
pub const NOT_ACCEPTING: &str = "Thank you for calling. This number is not currently accepting calls.";
/// The number's agent is gone.
pub const AGENT_NOT_FOUND: &str =
    "Agent not found. Thank you for calling. This number is not currently accepting calls.";
/// To whoever answers a forwarded call.
pub const SCREEN: &str = "You have a call. Press any key to take it.";

/// How long somebody may ring.
pub const RING_FOR: Duration = Duration::from_secs(30);
/// The longest message in a mailbox.
pub const LONGEST_MESSAGE: Duration = Duration::from_secs(120);

/// A point at which a call needs to be told how to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// It came in, or a call of ours was answered.
    Begin,
    /// Somebody was rung, and that is over.
    DialEnded {
        /// Both were joined.
        joined: bool,
    },
    /// A message was recorded.
    Recorded,
    /// The audio stream is over.
    StreamEnded {
        /// It never began, or broke.
        failed: bool,
    },
    /// Whoever was rung has answered, and is to be asked for a key.
    Screening,
    /// Whoever was rung has pressed a key, or did not.
    ScreenPressed {
        /// A key was pressed.
        taken: bool,
    },
}

/// What a call is told besides its plan.
#[derive(Clone, Debug, Default)]
pub struct Setting {
    /// What a stream is told about its call: `agentId`, `callId`, `configUrl` and a token.
    pub stream: BTreeMap<String, String>,
    /// Where an agent at a provider is reached, for [`Plan::HandOver`]. `None`: it could not be registered.
    pub handed_to: Option<String>,
    /// The longest that the parties may talk, where their money says so.
    pub time_limit: Option<Duration>,
}

/// What is to be done now, in order.
pub fn script(plan: &Plan, moment: Moment, setting: &Setting) -> Vec<Verb> {
    match moment {
        Moment::Begin => begin(plan, setting),
        Moment::DialEnded { joined: true } | Moment::StreamEnded { failed: false } => vec![Verb::HangUp],
        Moment::DialEnded { joined: false } | Moment::StreamEnded { failed: true } => not_taken(plan),
        Moment::Recorded => goodbye(),
        Moment::Screening => vec![Verb::AskForKey(Speech::new(SCREEN)), Verb::HangUp],
        // With nothing more to do, both are joined.
        Moment::ScreenPressed { taken: true } => Vec::new(),
        Moment::ScreenPressed { taken: false } => vec![Verb::HangUp],
    }
}

fn begin(plan: &Plan, setting: &Setting) -> Vec<Verb> {
    let dial = |to: &str, from: Option<&str>, screened, recorded| {
        Verb::Dial(Dial {
            to: to.to_owned(),
            from: from.map(str::to_owned),
            ring_for: RING_FOR,
            time_limit: setting.time_limit,
            screened,
            recorded,
        })
    };
    match plan {
        Plan::Stream { url, parameters, .. } => {
            let mut told = parameters.clone();
            // What we say about the call is not for the tenant's parameters to change.
            told.extend(setting.stream.clone());
            vec![Verb::Stream(Stream { url: url.clone(), parameters: told })]
        }
        Plan::Forward { to, screened, .. } => {
            vec![Verb::Say(Speech::new(HOLD)), dial(to, None, *screened, false)]
        }
        Plan::HandOver { .. } => match &setting.handed_to {
            Some(to) => vec![dial(to, None, false, false)],
            None => not_taken(plan),
        },
        Plan::Voicemail => voicemail(),
        Plan::NotAccepting => apology(NOT_ACCEPTING),
        Plan::AgentNotFound => apology(AGENT_NOT_FOUND),
        Plan::Join { to, from, recorded } => vec![dial(to, Some(from), false, *recorded)],
        Plan::Tell { text } => vec![Verb::Say(Speech::new(text)), Verb::HangUp],
        Plan::Play { url } => vec![Verb::Play(url.clone()), Verb::HangUp],
    }
}

fn not_taken(plan: &Plan) -> Vec<Verb> {
    match plan {
        Plan::Stream { otherwise, .. }
        | Plan::Forward { otherwise, .. }
        | Plan::HandOver { otherwise, .. } => match otherwise {
            Otherwise::Voicemail => voicemail(),
            Otherwise::Apology => apology(NOT_ACCEPTING),
        },
        Plan::Voicemail
        | Plan::NotAccepting
        | Plan::AgentNotFound
        | Plan::Join { .. }
        | Plan::Tell { .. }
        | Plan::Play { .. } => vec![Verb::HangUp],
    }
}

/// The goodbye stands behind the recording, too: a caller who says nothing is not left in silence.
fn voicemail() -> Vec<Verb> {
    let record = Record { max_length: LONGEST_MESSAGE, transcribed: true };
    let mut verbs = vec![Verb::Say(Speech::new(GREETING)), Verb::Record(record)];
    verbs.extend(goodbye());
    verbs
}

fn goodbye() -> Vec<Verb> {
    vec![Verb::Say(Speech::new(THANKS)), Verb::HangUp]
}

fn apology(words: &str) -> Vec<Verb> {
    vec![Verb::Say(Speech::new(words)), Verb::HangUp]
}

#[cfg(test)]
#[path = "script_tests.rs"]
mod tests;
