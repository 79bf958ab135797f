//! What customers are told of calls: that one began, each status of each of its legs, and what was recorded.

use serde_json::json;

use super::emit::Emit;
use crate::domain::call::{Call, CallStatus, Leg};
use crate::domain::event::{EventType, NewEvent};
use crate::domain::recording::{Recording, RecordingSource, Transcription};
use crate::ports::StoreError;

impl Emit {
    /// A leg moved. Telling of it twice tells of it once: the event's id follows from leg and status.
    ///
    /// # Errors
    /// As [`Emit::emit`].
    pub async fn leg(&self, call: &Call, leg: &Leg) -> Result<(), StoreError> {
        let data = json!({
            "callId": call.id,
            "callSid": leg.sid,
            "direction": call.direction,
            "provider": leg.provider,
            "providerAccountId": leg.account,
            "from": call.from.as_str(),
            "to": call.to.as_str(),
            "status": leg.status,
            "cause": leg.cause,
            "providerCause": leg.provider_cause,
            "answeredAt": leg.answered_at,
            "endedAt": leg.ended_at,
            "duration": leg.duration,
            "answeredBy": leg.answered_by,
            "userId": call.user,
            "agentId": call.agent,
        });
        let of_call = |kind, cause: &str| {
            NewEvent::of_call(&call.tenant, call.id, kind, cause, data.clone(), leg.updated_at)
        };
        if leg.status <= CallStatus::InProgress {
            self.emit(&of_call(EventType::CallStarted, "started")).await?;
        }
        let cause = format!("{}:{}", leg.sid, leg.status.as_str());
        self.emit(&of_call(EventType::CallStatus, &cause)).await
    }
    /// A recording or a message can be had from us. Told once each: the event's id follows from it.
    ///
    /// # Errors
    /// As [`Emit::emit`].
    pub async fn recording(&self, recording: &Recording) -> Result<(), StoreError> {
        let kind = match recording.source {
            RecordingSource::Call => EventType::CallRecording,
            RecordingSource::Message => EventType::CallVoicemail,
        };
        let mut data = json!({
            "callId": recording.id.call,
            "recordingId": recording.id.to_string(),
            "recordingSid": recording.id.sid,
            "legId": recording.leg,
            "provider": recording.provider,
            "providerAccountId": recording.account,
            "from": recording.from.as_str(),
            "to": recording.to.as_str(),
            "duration": recording.duration,
            "channels": recording.channels,
            "userId": recording.user,
            // Behind a token, unlike a link that was signed: it is good whenever this is read.
            "content": format!("/api/recordings/{}/content", recording.id),
        });
        if let (RecordingSource::Message, Some(members)) = (recording.source, data.as_object_mut()) {
            let words = match &recording.transcription {
                Transcription::Text(words) => Some(words.as_str()),
                Transcription::None | Transcription::Failed => None,
            };
            members.insert("transcription".to_owned(), json!(words));
        }
        let cause = recording.id.sid.as_str();
        let event =
            NewEvent::of_call(&recording.tenant, recording.id.call, kind, cause, data, recording.updated_at);
        self.emit(&event).await
    }
}
