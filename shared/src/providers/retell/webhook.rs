//! Retell's webhooks: JSON, all of them at one URL.

use http::Method;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::verify;
use super::wire::{Ending, REFERENCE, WireCall, moment, text};
use crate::domain::address::Address;
use crate::domain::call::CallDirection;
use crate::domain::timestamp::Timestamp;
use crate::provider::account::ProviderAccount;
use crate::provider::calling::{CallEvent, CallHappening, RemoteAgent};
use crate::provider::request::{InboundRequest, Verified};
use crate::provider::webhooks::{
    CallLookup, Event, HttpReply, KeyRole, LookupAnswer, Reply, VerificationKey, WebhookError, WebhookKind,
    Webhooks,
};

/// The receiving half of Retell.
#[derive(Clone, Copy, Debug)]
pub struct RetellWebhooks;

impl Webhooks for RetellWebhooks {
    /// The agent and the number of ours that it speaks of.
    fn claims(&self, request: &InboundRequest) -> Vec<String> {
        let Ok(body) = serde_json::from_slice::<Value>(&request.body) else { return Vec::new() };
        let about = body.get("call").or_else(|| body.get("call_inbound"));
        let Some(about) = about else { return Vec::new() };
        let ours = match WireCall(about).direction() {
            Some(CallDirection::Outbound) => "from_number",
            Some(CallDirection::Inbound) | None => "to_number",
        };
        [text(about, "agent_id"), text(about, ours)].into_iter().flatten().map(str::to_owned).collect()
    }

    /// None: an account has no name of its own in Retell's requests, and which agents are its own
    /// changes at Retell without us, so that every account stands in.
    fn names(&self, _account: &ProviderAccount) -> Vec<String> {
        Vec::new()
    }

    /// Moving the webhook badge to another key changes the signing key at once, so the coming one is
    /// accepted beforehand.
    fn keys(&self, account: &ProviderAccount) -> Vec<VerificationKey> {
        [("api_key", KeyRole::Current), ("next_api_key", KeyRole::Next)]
            .into_iter()
            .filter_map(|(name, role)| {
                let secret = account.config.get(name)?.clone();
                Some(VerificationKey { account: account.id.clone(), remote_id: String::new(), role, secret })
            })
            .collect()
    }

    fn verify<'r>(
        &self,
        request: &'r InboundRequest,
        keys: &[VerificationKey],
        now: Timestamp,
    ) -> Result<Verified<'r>, WebhookError> {
        verify::verify(request, keys, now)
    }

    fn parse(&self, request: &Verified<'_>, kind: WebhookKind) -> Result<Vec<Event>, WebhookError> {
        let request = request.request();
        if request.method != Method::POST {
            return Err(WebhookError::Malformed("not a POST"));
        }
        let body: Value =
            serde_json::from_slice(&request.body).map_err(|_| WebhookError::Malformed("not JSON"))?;
        let name = text(&body, "event").ok_or(WebhookError::Malformed("event is missing"))?;
        let event = match kind {
            WebhookKind::Events => event(name, &body, &request.body)?,
            WebhookKind::Sms
            | WebhookKind::StatusCallback
            | WebhookKind::Voice
            | WebhookKind::DialAction
            | WebhookKind::RecordAction
            | WebhookKind::CallScreen
            | WebhookKind::CallStatus
            | WebhookKind::AmdStatus
            | WebhookKind::StreamStatus
            | WebhookKind::RecordingStatus
            | WebhookKind::VoicemailRecording
            | WebhookKind::Transcription => {
                Event::Unrecognised { name: format!("{name} at another provider's URL") }
            }
        };
        Ok(vec![event])
    }

    /// The answer to an ordinary event is not read; the one to a lookup is a document
    /// (https://docs.retellai.com/features/inbound-call-webhook), and `{}` says nothing in it.
    fn respond(&self, reply: Reply) -> HttpReply {
        let document = match reply {
            Reply::Empty | Reply::Document(_) => json!({}),
            Reply::Agent(answer) => json!({"call_inbound": lookup_answer(answer)}),
        };
        HttpReply { status: 200, content_type: "application/json", body: document.to_string().into() }
    }
}

/// The events of a voice agent (OpenAPI, `AgentRequest`, `webhook_events`) and of a number.
fn event(name: &str, body: &Value, raw: &[u8]) -> Result<Event, WebhookError> {
    match name {
        "call_inbound" => lookup(body),
        "call_started" => {
            leg(name, body, raw, |call| (CallHappening::Answered, call.moment("start_timestamp")))
        }
        "call_ended" => leg(name, body, raw, |call| (ended(call), call.moment("end_timestamp"))),
        "call_analyzed" => leg(name, body, raw, |call| (analysed(call), None)),
        "transcript_updated" | "transfer_started" | "transfer_bridged" | "transfer_cancelled"
        | "transfer_ended" => {
            let what = CallHappening::Other { name: name.to_owned() };
            leg(name, body, raw, |_| (what, moment(body, "event_timestamp")))
        }
        // Chats, texts that ask for an agent, and what is newer than this.
        _ => Ok(Event::Unrecognised { name: name.chars().take(64).collect() }),
    }
}

fn leg<'b>(
    name: &str,
    body: &'b Value,
    raw: &[u8],
    read: impl FnOnce(WireCall<'b>) -> (CallHappening, Option<Timestamp>),
) -> Result<Event, WebhookError> {
    let call = WireCall(body.get("call").ok_or(WebhookError::Malformed("call is missing"))?);
    let sid = call.sid().ok_or(WebhookError::Malformed("call_id is missing"))?;
    let (what, at) = read(call);
    // Of its life's events a call has one each; of the others it can have many, and they carry no id.
    let event_id = if matches!(what, CallHappening::Other { .. }) {
        let digest = hex::encode(Sha256::digest(raw));
        format!("{name}:{sid}:{}", digest.get(..16).unwrap_or_default())
    } else {
        format!("{name}:{sid}")
    };
    Ok(Event::Call(Box::new(CallEvent {
        event_id: Some(event_id),
        sid,
        control_id: None,
        session: None,
        parent: None,
        callback_id: call.reference(),
        direction: call.direction(),
        from: call.party("from_number"),
        to: call.party("to_number"),
        what,
        at,
    })))
}

fn ended(call: WireCall<'_>) -> CallHappening {
    let Ending { status, cause, word } = call.ending();
    CallHappening::Ended { status, cause, provider_cause: word, duration: call.duration(), cost: call.cost() }
}

fn analysed(call: WireCall<'_>) -> CallHappening {
    let analysis = call.0.get("call_analysis");
    CallHappening::Analysed {
        transcript: call.text("transcript").map(str::to_owned),
        summary: analysis.and_then(|analysis| text(analysis, "call_summary")).map(str::to_owned),
        in_voicemail: analysis.and_then(|analysis| analysis.get("in_voicemail")?.as_bool()),
        recording_url: call.text("recording_url").map(str::to_owned),
    }
}

fn lookup(body: &Value) -> Result<Event, WebhookError> {
    let about = body.get("call_inbound").ok_or(WebhookError::Malformed("call_inbound is missing"))?;
    let party = |name, missing| {
        let party = about.get(name).and_then(Value::as_str);
        party.map(Address::parse).ok_or(WebhookError::Malformed(missing))
    };
    Ok(Event::CallLookup(CallLookup {
        from: party("from_number", "from_number is missing")?,
        to: party("to_number", "to_number is missing")?,
        agent: text(about, "agent_id").map(str::to_owned),
        at: moment(body, "event_timestamp"),
    }))
}

fn lookup_answer(answer: LookupAnswer) -> Value {
    match answer {
        LookupAnswer::Bound { state } => json!({"metadata": {REFERENCE: state}}),
        LookupAnswer::Instead { agent, state } => {
            let RemoteAgent { id, version, variables } = agent;
            let mut document = Map::new();
            document.insert("override_agent_id".to_owned(), id.into());
            if let Some(version) = version {
                document.insert("override_agent_version".to_owned(), agent_version(&version));
            }
            document.insert("dynamic_variables".to_owned(), json!(variables));
            document.insert("metadata".to_owned(), json!({REFERENCE: state}));
            document.into()
        }
        LookupAnswer::Reject => json!({"reject": true}),
    }
}

/// A number, or the name of a tag (OpenAPI, `AgentVersionReference`).
pub(super) fn agent_version(version: &str) -> Value {
    version.parse::<u32>().map_or_else(|_| version.into(), Value::from)
}
