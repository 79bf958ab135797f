//! What customers are told of calls: that one began, and each status of each of its legs.

use serde_json::json;

use super::emit::Emit;
use crate::domain::call::{Call, CallStatus, Leg};
use crate::domain::event::{EventType, NewEvent};
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
}
