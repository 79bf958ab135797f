//! Calls in JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::call::{Attestation, Call, CallDirection, Leg, SignatureReport};
use crate::domain::recording::{MailboxState, Recording, RecordingSource, Transcription};
use crate::domain::voice::outcome::{outcome, root};
use crate::provider::ProviderId;

/// A call.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallBody {
    /// Our id.
    pub id: String,
    /// The provider's id of the leg that the call is about; `null` until it is known.
    pub call_sid: Option<String>,
    /// `inbound` or `outbound`.
    pub direction: &'static str,
    /// The provider.
    #[schemars(with = "String")]
    pub provider: ProviderId,
    /// The provider account.
    pub provider_account_id: String,
    /// The caller.
    pub from: String,
    /// The called party.
    pub to: String,
    /// The status of that leg: `queued`, `initiated`, `ringing`, `in-progress`, `canceled`, `failed`, `busy`,
    /// `no-answer` or `completed`.
    pub status: &'static str,
    /// What came of it: `answered`, `voicemail`, `missed`, `agent`, `rejected` or `abandoned`; `null` until it
    /// is over.
    pub outcome: Option<&'static str>,
    /// Seconds that it was connected.
    pub duration: Option<u64>,
    /// When it was answered.
    pub answered_at: Option<String>,
    /// When it ended.
    pub ended_at: Option<String>,
    /// The owner of our number when it happened.
    pub user_id: Option<String>,
    /// Your own name for whom it concerns.
    pub lead_id: Option<String>,
    /// The agent.
    pub agent_id: Option<String>,
    /// `human`, `machine`, `fax` or `unknown`, where somebody listened for it.
    pub answered_by: Option<&'static str>,
    /// The provider's id of the newest recording that is no voicemail.
    pub recording_sid: Option<String>,
    /// A link to its sound, good for 5 minutes; `null` until we have it.
    pub recording_url: Option<String>,
    /// Its seconds.
    pub recording_duration: Option<u64>,
    /// `in-progress`, `absent`, `failed` or `completed`.
    pub recording_status: Option<&'static str>,
    /// The caller left a message.
    pub has_voicemail: bool,
    /// Its seconds.
    pub voicemail_duration: Option<u64>,
    /// What is known about the signature of the caller's number.
    pub signature: SignatureBody,
    /// Its legs.
    pub legs: Vec<LegBody>,
    /// What was recorded of it, the oldest first.
    pub recordings: Vec<RecordingBody>,
    /// When we heard of it.
    pub created_at: String,
    /// When it last moved.
    pub updated_at: String,
}

/// What is known about the signature of a call.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignatureBody {
    /// `A`, `B` or `C`.
    pub attestation: Option<&'static str>,
    /// `signed`, `verified`, `failed` or `unreported`.
    pub status: &'static str,
    /// Who says so: `provider`.
    pub source: Option<&'static str>,
}

/// A leg of a call.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LegBody {
    /// Its id.
    pub id: String,
    /// The provider.
    #[schemars(with = "String")]
    pub provider: ProviderId,
    /// The provider's id.
    pub provider_leg_id: String,
    /// The provider's id of the leg that it was dialled for.
    pub parent_leg_id: Option<String>,
    /// `caller` or `callee` of an inbound call, `first` or `second` of an outbound one.
    pub role: &'static str,
    /// Who calls.
    pub from: Option<String>,
    /// Who is called.
    pub to: Option<String>,
    /// Its status.
    pub status: &'static str,
    /// When it was answered.
    pub answered_at: Option<String>,
    /// When it ended.
    pub ended_at: Option<String>,
    /// Seconds that it was connected.
    pub duration: Option<u64>,
}

/// A recording of a call.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordingBody {
    /// Our id.
    pub id: String,
    /// The provider's id.
    pub sid: String,
    /// The leg that was recorded.
    pub leg_id: String,
    /// `call` or `voicemail`.
    pub source: &'static str,
    /// Channels.
    pub channels: Option<u32>,
    /// `in-progress`, `absent`, `failed` or `completed`.
    pub status: &'static str,
    /// Seconds.
    pub duration: Option<u64>,
    /// A link to its sound, good for 5 minutes; `null` until we have it.
    pub url: Option<String>,
}

/// A message that a caller left.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VoicemailBody {
    /// Our id, also of its recording.
    pub id: String,
    /// The call.
    pub call_id: String,
    /// The provider's id of the recording.
    pub recording_sid: String,
    /// The caller.
    pub from: String,
    /// The called number.
    pub to: String,
    /// Seconds.
    pub duration: Option<u64>,
    /// A link to its sound, good for 5 minutes; `null` until we have it.
    pub recording_url: Option<String>,
    /// What was said, where the provider tells.
    pub transcription: Option<String>,
    /// `completed` or `failed`; `null` until the provider tells.
    pub transcription_status: Option<&'static str>,
    /// `new`, `listened` or `archived`.
    pub status: &'static str,
    /// The owner of our number when it was left.
    pub user_id: Option<String>,
    /// When we heard of it.
    pub created_at: String,
    /// When somebody first listened.
    pub listened_at: Option<String>,
}

/// What has become of a message.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VoicemailRequest {
    /// `new`, `listened` or `archived`.
    #[schemars(with = "String")]
    pub status: MailboxState,
}

impl RecordingBody {
    fn new(recording: &Recording, url: Option<&String>) -> Self {
        Self {
            id: recording.id.to_string(),
            sid: recording.id.sid.to_string(),
            leg_id: recording.leg.to_string(),
            source: recording.source.as_str(),
            channels: recording.channels,
            status: recording.status.as_str(),
            duration: recording.duration,
            url: url.cloned(),
        }
    }
}

impl VoicemailBody {
    /// A message, with a link to its sound.
    pub fn new(message: &Recording, url: Option<String>) -> Self {
        let (transcription, transcription_status) = match &message.transcription {
            Transcription::None => (None, None),
            Transcription::Failed => (None, Some("failed")),
            Transcription::Text(words) => (Some(words.clone()), Some("completed")),
        };
        Self {
            id: message.id.to_string(),
            call_id: message.id.call.to_string(),
            recording_sid: message.id.sid.to_string(),
            from: message.from.as_str().to_owned(),
            to: message.to.as_str().to_owned(),
            duration: message.duration,
            recording_url: url,
            transcription,
            transcription_status,
            status: message.mailbox.as_str(),
            user_id: message.user.as_ref().map(ToString::to_string),
            created_at: message.created_at.to_string(),
            listened_at: message.listened_at.map(|at| at.to_string()),
        }
    }
}

impl CallBody {
    /// A call with its legs and recordings, and with the links to the sound of these, in their order.
    pub fn new(call: &Call, legs: &[Leg], recordings: &[Recording], urls: &[Option<String>]) -> Self {
        let about = root(call, legs);
        let shown: Vec<RecordingBody> = recordings
            .iter()
            .enumerate()
            .map(|(at, recording)| RecordingBody::new(recording, urls.get(at).and_then(Option::as_ref)))
            .collect();
        let of_call = recordings.iter().rposition(|recording| recording.source == RecordingSource::Call);
        let newest = of_call.and_then(|at| shown.get(at)).cloned();
        let message = recordings.iter().rfind(|recording| recording.is_voicemail());
        let (first, second) = match call.direction {
            CallDirection::Inbound => ("caller", "callee"),
            CallDirection::Outbound => ("first", "second"),
        };
        let is_about = |leg: &Leg| about.is_some_and(|about| about.sid == leg.sid);
        Self {
            id: call.id.to_string(),
            call_sid: about.map(|leg| leg.sid.to_string()),
            direction: match call.direction {
                CallDirection::Inbound => "inbound",
                CallDirection::Outbound => "outbound",
            },
            provider: call.provider,
            provider_account_id: call.account.to_string(),
            from: call.from.as_str().to_owned(),
            to: call.to.as_str().to_owned(),
            status: about.map_or("queued", |leg| leg.status.as_str()),
            outcome: outcome(call, legs, message.is_some()).map(|outcome| outcome.as_str()),
            duration: about.and_then(|leg| leg.duration),
            answered_at: about.and_then(|leg| leg.answered_at).map(|at| at.to_string()),
            ended_at: about.and_then(|leg| leg.ended_at).map(|at| at.to_string()),
            user_id: call.user.as_ref().map(ToString::to_string),
            lead_id: call.lead.as_ref().map(ToString::to_string),
            agent_id: call.agent.as_ref().map(ToString::to_string),
            answered_by: about.and_then(|leg| leg.answered_by).map(|who| who.as_str()),
            recording_sid: newest.as_ref().map(|recording| recording.sid.clone()),
            recording_duration: newest.as_ref().and_then(|recording| recording.duration),
            recording_status: newest.as_ref().map(|recording| recording.status),
            recording_url: newest.and_then(|recording| recording.url),
            has_voicemail: message.is_some(),
            voicemail_duration: message.and_then(|message| message.duration),
            signature: SignatureBody::new(call.direction, about.map(|leg| leg.signature).unwrap_or_default()),
            legs: legs
                .iter()
                .map(|leg| LegBody::new(leg, if is_about(leg) { first } else { second }))
                .collect(),
            recordings: shown,
            created_at: call.created_at.to_string(),
            updated_at: legs
                .iter()
                .map(|leg| leg.updated_at)
                .chain(recordings.iter().map(|recording| recording.updated_at))
                .max()
                .unwrap_or(call.created_at)
                .to_string(),
        }
    }
}

impl SignatureBody {
    fn new(direction: CallDirection, report: SignatureReport) -> Self {
        let status = match (direction, report.verified, report.attestation) {
            (_, Some(true), _) => "verified",
            (_, Some(false), _) => "failed",
            (CallDirection::Outbound, None, Some(_)) => "signed",
            (_, None, _) => "unreported",
        };
        Self {
            attestation: report.attestation.map(|level| match level {
                Attestation::A => "A",
                Attestation::B => "B",
                Attestation::C => "C",
            }),
            status,
            source: (status != "unreported").then_some("provider"),
        }
    }
}

impl LegBody {
    fn new(leg: &Leg, role: &'static str) -> Self {
        let party = |party: &Option<crate::domain::address::Address>| {
            party.as_ref().map(|party| party.as_str().to_owned())
        };
        Self {
            id: leg.sid.to_string(),
            provider: leg.provider,
            provider_leg_id: leg.sid.to_string(),
            parent_leg_id: leg.parent.as_ref().map(ToString::to_string),
            role,
            from: party(&leg.from),
            to: party(&leg.to),
            status: leg.status.as_str(),
            answered_at: leg.answered_at.map(|at| at.to_string()),
            ended_at: leg.ended_at.map(|at| at.to_string()),
            duration: leg.duration,
        }
    }
}

/// What a voice server is told about the agent of a call (`configUrl`).
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentConfig {
    /// The agent.
    pub agent_id: String,
    /// What you call it.
    pub name: String,
    /// The call.
    pub call_id: String,
    /// The caller.
    pub from: String,
    /// The called number.
    pub to: String,
    /// What it is told to be.
    pub prompt: Option<String>,
    /// How it sounds.
    pub voice: Option<String>,
    /// What it thinks with.
    pub model: Option<String>,
}
