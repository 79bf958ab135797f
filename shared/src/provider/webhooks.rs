//! What a provider sends us: verify, then parse, then answer. Pure and synchronous; holds no client.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::account::ProviderAccount;
use super::calling::{CallEvent, RemoteAgent};
use super::error::ProviderCode;
use super::messaging::Callback;
use super::numbers::OrderReport;
use super::recordings::{RecordingReady, Transcribed};
use super::request::{InboundRequest, Verified};
use crate::domain::address::Address;
use crate::domain::ids::{AccountId, ProviderSid};
use crate::domain::message::Bill;
use crate::domain::secret::Secret;
use crate::domain::status::MessageStatus;
use crate::domain::timestamp::Timestamp;
use crate::domain::voice::verb::Verb;

/// Which of an account's keys it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRole {
    /// The key in force.
    Current,
    /// The key that a rotation is about to put in force.
    Next,
}

/// A key that may have signed a request.
#[derive(Clone, Debug)]
pub struct VerificationKey {
    /// Whose key.
    pub account: AccountId,
    /// The provider's name for that account, where its requests always carry one. A request that
    /// names another account is not verified by this key: an account speaks for itself only.
    pub remote_id: String,
    /// Which of its keys.
    pub role: KeyRole,
    /// The key.
    pub secret: Secret,
}

/// Which of our URLs was called: a provider's requests do not always say what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookKind {
    /// `…/sms`: an inbound text.
    Sms,
    /// `…/status-callback`: what became of an outbound text.
    StatusCallback,
    /// `…/voice`: a call waits to be told what to do: one that came in, or one of ours that was answered.
    Voice,
    /// `…/dial-action`: somebody was rung, or an audio stream is over; the call waits.
    DialAction,
    /// `…/record-action`: a message was recorded; the call waits.
    RecordAction,
    /// `…/call-screen`: whoever was rung for a call waits to be asked.
    CallScreen,
    /// `…/call-status`: what became of a leg.
    CallStatus,
    /// `…/amd-status`: who answered.
    AmdStatus,
    /// `…/stream-status`: how an audio stream does.
    StreamStatus,
    /// `…/recording-status`: the recording of a call.
    RecordingStatus,
    /// `…/voicemail-recording`: the recording of a message.
    VoicemailRecording,
    /// `…/transcription`: what was said in a message.
    Transcription,
    /// `…/telnyx` and `…/retell`: everything that the provider has to say.
    Events,
}

impl WebhookKind {
    /// The last segment of its path.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::StatusCallback => "status-callback",
            Self::Voice => "voice",
            Self::DialAction => "dial-action",
            Self::RecordAction => "record-action",
            Self::CallScreen => "call-screen",
            Self::CallStatus => "call-status",
            Self::AmdStatus => "amd-status",
            Self::StreamStatus => "stream-status",
            Self::RecordingStatus => "recording-status",
            Self::VoicemailRecording => "voicemail-recording",
            Self::Transcription => "transcription",
            Self::Events => "events",
        }
    }
}

/// Why a webhook is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// No signature, or an unreadable or repeated one.
    #[error("the signature header is missing or unreadable")]
    MissingSignature,
    /// It names no account that we know, so there is no key to try.
    #[error("no known account is named")]
    UnknownAccount,
    /// No key verifies it.
    #[error("the signature does not match")]
    BadSignature,
    /// A timestamp outside the scheme's tolerance.
    #[error("the signature is too old or from the future")]
    Stale,
    /// Verified, and yet not what the provider documents.
    #[error("the request is malformed: {0}")]
    Malformed(&'static str),
}

/// A verified webhook, in our words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A text arrived.
    MessageReceived(InboundText),
    /// A text of ours moved on.
    MessageStatus(StatusReport),
    /// Something happened on a leg of a call.
    Call(Box<CallEvent>),
    /// Something happened on a leg of a call, and the call waits for a document that says how to go on.
    CallAsks(Box<CallEvent>),
    /// A call arrives at an agent's number, and the provider asks who is to answer.
    CallLookup(CallLookup),
    /// A recording can be fetched, or will never be.
    RecordingReady(RecordingReady),
    /// What was said in a recording.
    Transcribed(Transcribed),
    /// An order of numbers has come to its end, or to a step on the way.
    NumberOrder(OrderReport),
    /// Something that this version does not know. It is recorded and answered with success, because
    /// providers add events without notice.
    Unrecognised {
        /// The provider's name for it.
        name: String,
    },
}

/// An inbound SMS or MMS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundText {
    /// The provider's id: the same over all retries.
    pub sid: ProviderSid,
    /// Who sent it. Nothing is refused for its sender.
    pub from: Address,
    /// Which number of ours it was sent to.
    pub to: Address,
    /// The text; may be empty on an MMS.
    pub body: String,
    /// Segments as the provider counted them.
    pub segments: Option<u32>,
    /// The attached media, in order.
    pub media: Vec<InboundMedia>,
    /// The provider itself answers this text (its own STOP or HELP handling), so that we must not.
    pub answered_by_provider: bool,
}

/// A call arrives at an agent's number: who is to answer it?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLookup {
    /// The caller.
    pub from: Address,
    /// Our number.
    pub to: Address,
    /// The agent that is bound to the number at the provider.
    pub agent: Option<String>,
    /// When, as the provider says.
    pub at: Option<Timestamp>,
}

/// Who answers a call that was looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupAnswer {
    /// The agent that is bound to the number, told nothing more than our opaque id.
    Bound {
        /// Our opaque id of the call, which comes back with its events.
        state: String,
    },
    /// Another agent.
    Instead {
        /// Which.
        agent: RemoteAgent,
        /// Our opaque id of the call.
        state: String,
    },
    /// Nobody.
    Reject,
}

/// One attachment of an inbound MMS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundMedia {
    /// Its place, from 0.
    pub index: u32,
    /// Where the provider keeps it.
    pub url: String,
    /// What the provider says it is. Believed only for display; the bytes decide.
    pub content_type: String,
}

/// What a provider reports about one outbound text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusReport {
    /// The provider's id of the message.
    pub sid: ProviderSid,
    /// Our opaque id from the callback's URL, when it is there.
    pub callback_id: Option<String>,
    /// The status, in our words. `None`: a word that this version does not know.
    pub status: Option<MessageStatus>,
    /// The provider's word.
    pub provider_status: String,
    /// The provider's error code.
    pub error: Option<ProviderCode>,
    /// When the provider says that it happened, where it says so.
    pub at: Option<Timestamp>,
    /// What it bills, where it says so.
    pub bill: Bill,
}

/// What we answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// "Thank you": an empty document. Texts never leave through the answer.
    Empty,
    /// Who answers a call that was looked up. A provider that asks no such thing answers as for
    /// [`Reply::Empty`].
    Agent(LookupAnswer),
    /// What a call is to do. A provider that is steered by commands answers as for [`Reply::Empty`].
    Document(CallDocument),
}

/// What a call is to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallDocument {
    /// One after another.
    pub verbs: Vec<Verb>,
    /// Where the provider reports to, and under which id.
    pub callback: Callback,
}

/// An answer in the provider's form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpReply {
    /// The status.
    pub status: u16,
    /// The content type.
    pub content_type: &'static str,
    /// The body.
    pub body: Bytes,
}

/// The receiving half of a provider.
pub trait Webhooks: Send + Sync {
    /// The names by which the *unverified* request says whose it is: an account's id, or a connection,
    /// a profile, an organization, an agent or a number of ours. Used only to pick keys, at most the
    /// first 8 are looked at.
    fn claims(&self, request: &InboundRequest) -> Vec<String>;

    /// The names by which this account may appear in [`Webhooks::claims`]. An account without a name
    /// stands in when a request names nobody that we know.
    fn names(&self, account: &ProviderAccount) -> Vec<String>;

    /// The keys that may sign this account's webhooks, the current one first. Empty: nothing that
    /// claims to be from it can be verified.
    fn keys(&self, account: &ProviderAccount) -> Vec<VerificationKey>;

    /// Checks the signature over the exact bytes and the exact URL, in constant time.
    ///
    /// # Errors
    /// [`WebhookError::MissingSignature`], [`WebhookError::BadSignature`], [`WebhookError::Stale`].
    fn verify<'r>(
        &self,
        request: &'r InboundRequest,
        keys: &[VerificationKey],
        now: Timestamp,
    ) -> Result<Verified<'r>, WebhookError>;

    /// Reads a verified request.
    ///
    /// # Errors
    /// [`WebhookError::Malformed`] when a member that the provider always sends is missing.
    fn parse(&self, request: &Verified<'_>, kind: WebhookKind) -> Result<Vec<Event>, WebhookError>;

    /// Our answer in the provider's form.
    fn respond(&self, reply: Reply) -> HttpReply;
}
