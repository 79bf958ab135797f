//! Calls: placing them, steering them, and what providers report about them.

use async_trait::async_trait;
use std::collections::BTreeMap;
use std::time::Duration;

use super::error::ProviderError;
use super::messaging::Callback;
use crate::domain::address::Address;
use crate::domain::call::{AnsweredBy, CallDirection, CallStatus, HangupCause, SignatureReport};
use crate::domain::ids::ProviderSid;
use crate::domain::money::Cost;
use crate::domain::timestamp::Timestamp;

/// A call to be placed, in the provider-neutral form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundCall {
    /// The calling number, E.164.
    pub from: String,
    /// Whom to call, E.164.
    pub to: String,
    /// Where the provider reports to, and under which id.
    pub callback: Callback,
    /// What the called party gets once it answers.
    pub then: AnswerWith,
    /// Listen for an answering machine.
    pub machine_detection: Option<MachineDetection>,
    /// Record from the answer on.
    pub record: bool,
    /// How long it may ring.
    pub ring_timeout: Duration,
    /// How long it may last: what its money pays for.
    pub time_limit: Option<Duration>,
}

/// Who speaks to the called party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerWith {
    /// The provider asks us, by webhook or by event, when the call is answered.
    Webhook,
    /// An agent that lives at the provider.
    Agent(RemoteAgent),
}

/// An agent at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteAgent {
    /// The provider's id of the agent.
    pub id: String,
    /// A version of it; `None`: the published one.
    pub version: Option<String>,
    /// Values for the agent's prompt; texts all of them.
    pub variables: BTreeMap<String, String>,
}

/// How to listen for an answering machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MachineDetection {
    /// The provider's better, dearer kind, where it has one.
    pub premium: bool,
    /// Wait for the end of the greeting, to speak after it.
    pub until_greeting_ends: bool,
}

/// The provider took a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedCall {
    /// The provider's id of the leg.
    pub sid: ProviderSid,
    /// What commands are addressed to, where that is not the leg's id.
    pub control_id: Option<String>,
    /// What the legs of one call have in common, where the provider says so.
    pub session: Option<String>,
    /// Its first status.
    pub status: CallStatus,
}

/// A call as the provider knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteCall {
    /// The provider's id of the leg.
    pub sid: ProviderSid,
    /// The caller.
    pub from: Option<Address>,
    /// The called party.
    pub to: Option<Address>,
    /// The status. `None`: a word that this version does not know.
    pub status: Option<CallStatus>,
    /// Our opaque id, where the provider keeps one with the call.
    pub callback_id: Option<String>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How long it was connected.
    pub duration: Option<Duration>,
    /// What the provider bills.
    pub cost: Option<Cost>,
}

/// Which calls to look for when an answer was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallQuery {
    /// The caller, E.164.
    pub from: String,
    /// The called party, E.164.
    pub to: String,
    /// Not older than this.
    pub since: Timestamp,
}

/// Placing calls.
#[async_trait]
pub trait Calling: Send + Sync {
    /// Places one call. Called at most once per leg, as for texts: after an error whose effect is
    /// unknown, [`Calling::find`] says what happened.
    async fn dial(&self, call: &OutboundCall) -> Result<PlacedCall, ProviderError>;

    /// One call by the provider's id (Telnyx: the control id).
    async fn fetch(&self, id: &str) -> Result<RemoteCall, ProviderError>;

    /// All outbound calls that match, over every page.
    async fn find(&self, query: &CallQuery) -> Result<Vec<RemoteCall>, ProviderError>;

    /// Ends a call. A call that has ended already is no error.
    async fn hang_up(&self, id: &str) -> Result<(), ProviderError>;
}

/// What to do with a call that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallCommand {
    /// Take the call.
    Answer,
    /// Turn it away.
    Reject {
        /// As busy, instead of as refused.
        busy: bool,
    },
    /// End it.
    HangUp,
    /// Say a text.
    Speak {
        /// Plain text, at most 3 000 characters.
        text: String,
        /// The language, e.g. `en-US`.
        language: String,
    },
    /// Play a file.
    Play {
        /// Its public URL.
        url: String,
    },
    /// Stop what is being said or played.
    StopPlaying,
    /// Begin to record.
    RecordStart {
        /// A beep before it.
        beep: bool,
        /// Each side on its own channel.
        dual: bool,
        /// Ends by itself after this time.
        max_length: Option<Duration>,
        /// Ends by itself after this much silence.
        silence: Option<Duration>,
    },
    /// Stop recording.
    RecordStop,
    /// Ring somebody else and join both.
    Transfer {
        /// Whom, E.164 or a SIP URI.
        to: String,
        /// The caller that is shown.
        from: Option<String>,
        /// How long it may ring.
        ring_timeout: Duration,
        /// The longest that both may talk.
        time_limit: Option<Duration>,
        /// Record both sides from the answer on.
        recorded: bool,
        /// Our state for the leg that is rung, which comes back with every event of it.
        leg_state: Option<String>,
    },
    /// Join with another call that is under way.
    Bridge {
        /// Its control id.
        with: String,
    },
    /// Say a text and collect key presses.
    Gather {
        /// The text.
        text: String,
        /// The language.
        language: String,
        /// The most keys.
        max_digits: u32,
        /// How long to wait for one.
        timeout: Duration,
    },
    /// Press keys.
    SendDigits {
        /// `0-9*#ABCDwW`.
        digits: String,
    },
    /// Stream the audio to a WebSocket.
    StreamStart {
        /// `wss://…`
        url: String,
        /// Both directions: the stream may speak.
        both_ways: bool,
        /// What the stream is told when it begins.
        parameters: BTreeMap<String, String>,
    },
    /// Stop streaming.
    StreamStop,
}

/// A command with what makes it safe to repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What to do.
    pub act: CallCommand,
    /// The same for the same step of the same event: the provider ignores a repetition.
    pub id: String,
    /// Our opaque id and where the leg stands, which come back with every later event of the leg.
    pub state: Option<String>,
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commanded {
    /// The provider took it.
    Accepted,
    /// The caller is gone. No error: people hang up.
    CallEnded,
}

/// Steering calls that are under way by commands, at providers that are not steered by documents.
#[async_trait]
pub trait CallControl: Send + Sync {
    /// Gives one command.
    async fn command(&self, control_id: &str, command: &Command) -> Result<Commanded, ProviderError>;
}

/// What a provider reports about one leg of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallEvent {
    /// The provider's id of the event, the same over all retries. `None`: it has none, and then the
    /// leg and the kind name it.
    pub event_id: Option<String>,
    /// The provider's id of the leg.
    pub sid: ProviderSid,
    /// What commands are addressed to, where that is not the leg's id.
    pub control_id: Option<String>,
    /// What the legs of one call have in common.
    pub session: Option<String>,
    /// The leg that this one was dialled for.
    pub parent: Option<ProviderSid>,
    /// Our opaque id, where we gave one; with where the leg stands, where it is steered by commands
    /// ([`crate::domain::voice::place::CallState`]).
    pub callback_id: Option<String>,
    /// Which way the leg goes, seen from us. `None`: the event does not say.
    pub direction: Option<CallDirection>,
    /// The caller.
    pub from: Option<Address>,
    /// The called party.
    pub to: Option<Address>,
    /// What happened.
    pub what: CallHappening,
    /// When, as the provider says.
    pub at: Option<Timestamp>,
}

/// How it ended that somebody was rung.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialEnd {
    /// What became of the leg that was dialled.
    pub status: CallStatus,
    /// The leg.
    pub leg: Option<ProviderSid>,
    /// Both sides were joined. `None`: the provider does not say.
    pub joined: Option<bool>,
    /// How long the leg was connected.
    pub duration: Option<Duration>,
}

/// What happened on a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallHappening {
    /// It began: an inbound one waits for our first command.
    Initiated {
        /// What the network says about the caller's number.
        signature: SignatureReport,
    },
    /// It rings.
    Ringing,
    /// It was answered.
    Answered,
    /// It was joined with another leg.
    Bridged,
    /// Somebody was rung for it, and that is over.
    Dialled(DialEnd),
    /// What the caller had to say is recorded.
    MessageLeft,
    /// Whoever was rung has answered, and waits to be told who is calling.
    Screening,
    /// Whoever was rung was asked for a key.
    Screened {
        /// The keys; empty when there were none.
        digits: String,
    },
    /// It ended.
    Ended {
        /// As what.
        status: CallStatus,
        /// Why.
        cause: HangupCause,
        /// The provider's word for it.
        provider_cause: String,
        /// How long it was connected, where the provider says so.
        duration: Option<Duration>,
        /// What the provider bills, where it says so.
        cost: Option<Cost>,
    },
    /// Who answered.
    AnsweredBy(AnsweredBy),
    /// The machine's greeting is over.
    GreetingEnded {
        /// A beep was heard.
        beep: bool,
    },
    /// What was being said or played is over.
    PlaybackEnded {
        /// To its end.
        completed: bool,
    },
    /// Keys were pressed.
    Digits {
        /// Which.
        digits: String,
        /// As many as were asked for.
        complete: bool,
    },
    /// The audio stream began, stopped or failed; in the provider's word.
    Stream {
        /// `started`, `stopped` or `failed`.
        state: String,
    },
    /// What the provider bills for the leg.
    Billed {
        /// How much.
        cost: Cost,
        /// For how long.
        duration: Option<Duration>,
    },
    /// An agent's afterthoughts: transcript, summary, mood. JSON, as the provider gives it.
    Analysed {
        /// The transcript.
        transcript: Option<String>,
        /// The summary.
        summary: Option<String>,
        /// It ended in a mailbox.
        in_voicemail: Option<bool>,
        /// Where the recording is.
        recording_url: Option<String>,
    },
    /// Something that changes nothing here (a queue's event, a transcript's line): the provider's word.
    Other {
        /// The provider's name for it.
        name: String,
    },
}
