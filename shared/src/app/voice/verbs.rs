//! Verbs as commands.

use std::time::Duration;

use crate::domain::call::{Call, CallRef, Leg};
use crate::domain::voice::place::{CallState, Place};
use crate::domain::voice::script::Moment;
use crate::domain::voice::verb::{Dial, Speech, Verb};
use crate::provider::calling::{AnswerWith, CallCommand, OutboundCall};
use crate::provider::messaging::Callback;

/// The language of our own words.
const LANGUAGE: &str = "en-US";
/// How long a key is waited for.
const KEY_WAIT: Duration = Duration::from_secs(5);

/// What a verb is said to.
pub(super) struct Line<'l> {
    pub(super) call: &'l Call,
    pub(super) reference: &'l CallRef,
    /// The caller's leg.
    pub(super) caller: &'l Leg,
}

impl Line<'_> {
    /// The state of a leg that is rung for the caller's.
    fn rung(&self, screened: bool) -> String {
        let place = Place::Rung { parent: self.caller.sid.clone(), screened };
        CallState { call: self.reference.clone(), place }.to_text()
    }

    /// The number that is shown. `None`: the caller's is withheld.
    fn shown(&self, dial: &Dial) -> Option<String> {
        let caller = || self.call.from.phone().map(|phone| phone.expose().to_owned());
        dial.from.clone().or_else(caller)
    }
}

/// A verb as a command for the caller's leg.
pub(super) fn command(verb: &Verb, line: &Line<'_>) -> CallCommand {
    match verb {
        Verb::Say(speech) => {
            CallCommand::Speak { text: speech.as_str().to_owned(), language: LANGUAGE.to_owned() }
        }
        Verb::Play(url) => CallCommand::Play { url: url.clone() },
        Verb::Dial(dial) => CallCommand::Transfer {
            to: dial.to.clone(),
            from: line.shown(dial),
            ring_timeout: dial.ring_for,
            time_limit: dial.time_limit,
            recorded: dial.recorded,
            leg_state: Some(line.rung(dial.screened)),
        },
        Verb::Record(record) => CallCommand::RecordStart {
            beep: true,
            dual: false,
            max_length: Some(record.max_length),
            // Telnyx hears silence by a transcription that it charges for (OpenAPI, StartRecordingRequest,
            // `timeout_secs`); callers hang up.
            silence: None,
        },
        Verb::AskForKey(speech) => ask(speech),
        Verb::Stream(stream) => CallCommand::StreamStart {
            url: stream.url.clone(),
            both_ways: true,
            parameters: stream.parameters.clone(),
        },
        Verb::HangUp => CallCommand::HangUp,
    }
}

/// Asks for one key.
pub(super) fn ask(speech: &Speech) -> CallCommand {
    CallCommand::Gather {
        text: speech.as_str().to_owned(),
        language: LANGUAGE.to_owned(),
        max_digits: 1,
        timeout: KEY_WAIT,
    }
}

/// The leg of somebody who is asked for a key first. Its state is also what makes it one leg, however often
/// it is asked for.
pub(super) fn screened(dial: &Dial, line: &Line<'_>, base: &str) -> OutboundCall {
    OutboundCall {
        from: line.shown(dial).unwrap_or_else(|| line.call.own().as_str().to_owned()),
        to: dial.to.clone(),
        callback: Callback { base: base.to_owned(), id: line.rung(true) },
        then: AnswerWith::Webhook,
        machine_detection: None,
        record: dial.recorded,
        ring_timeout: dial.ring_for,
        time_limit: dial.time_limit,
    }
}

/// What follows on a verb that the provider refuses.
pub(super) enum NextAfterRefusal {
    /// The verb behind it.
    NextVerb,
    /// Another moment's script.
    Moment(Moment),
    /// Nothing can.
    Nothing,
}

/// What follows on a verb that the provider refuses.
pub(super) const fn after_refusal(verb: &Verb) -> NextAfterRefusal {
    match verb {
        // Nobody can leave a message: there is nothing to thank for.
        Verb::Record(_) => NextAfterRefusal::Moment(Moment::DialEnded { joined: true }),
        Verb::Say(_) | Verb::Play(_) | Verb::AskForKey(_) => NextAfterRefusal::NextVerb,
        Verb::Dial(_) => NextAfterRefusal::Moment(Moment::DialEnded { joined: false }),
        Verb::Stream(_) => NextAfterRefusal::Moment(Moment::StreamEnded { failed: true }),
        Verb::HangUp => NextAfterRefusal::Nothing,
    }
}
