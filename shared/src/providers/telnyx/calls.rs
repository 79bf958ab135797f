//! Placing calls.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use form_urlencoded::Serializer;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Client, data, strange, unsupported};
use super::config::{Config, unusable};
use super::control::{act, encoded, ring_secs, segment};
use super::events::state;
use super::history::{self, Leg};
use crate::domain::call::CallStatus;
use crate::domain::timestamp::Timestamp;
use crate::provider::account::ProviderAccount;
use crate::provider::calling::{
    AnswerWith, CallQuery, Calling, MachineDetection, OutboundCall, PlacedCall, RemoteCall,
};
use crate::provider::error::{Effect, ErrorKind, ProviderError};
use crate::provider::transport::HttpTransport;
use crate::provider::{Environment, ProviderId};

/// Calling of one account.
///
/// # Errors
/// [`ErrorKind::Config`] when the account's settings cannot be used, or name no connection.
pub fn calling(
    account: &ProviderAccount,
    environment: &Environment,
    transport: Arc<dyn HttpTransport>,
) -> Result<Box<dyn Calling>, ProviderError> {
    let config = Config::of(account, environment)?;
    let client = Client::new(&config.base, &config.authorization, transport);
    let connection = config.connection_id.ok_or_else(|| unusable("configure"))?;
    Ok(Box::new(Calls { client, connection }))
}

struct Calls {
    client: Client,
    connection: String,
}

/// The shortest and the longest time limit (OpenAPI, CallRequest, `time_limit_secs`).
const TIME_LIMIT: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(14_400));

/// OpenAPI, Call and RetrieveCallStatusResponse.
#[derive(Deserialize)]
struct WireCall {
    call_control_id: String,
    call_leg_id: String,
    call_session_id: Option<String>,
    client_state: Option<String>,
    is_alive: Option<bool>,
    call_duration: Option<u64>,
    start_time: Option<String>,
    end_time: Option<String>,
}

#[async_trait]
impl Calling for Calls {
    /// Telnyx ignores a second dial with the same `command_id` (OpenAPI, CallRequest), which is our id.
    async fn dial(&self, call: &OutboundCall) -> Result<PlacedCall, ProviderError> {
        const OPERATION: &str = "dial";
        let body = self.body(call)?;
        let wire: WireCall = self.client.send(OPERATION, Method::POST, "/calls", &body).await?;
        Ok(PlacedCall {
            sid: wire.call_leg_id.parse().map_err(|_| strange(OPERATION))?,
            control_id: Some(wire.call_control_id),
            session: wire.call_session_id,
            status: CallStatus::Initiated,
        })
    }

    /// The call says whether it is alive; its events say whether it was answered, and how it ended.
    async fn fetch(&self, id: &str) -> Result<RemoteCall, ProviderError> {
        const OPERATION: &str = "fetch";
        let answer =
            self.client.call(OPERATION, Method::GET, &format!("/calls/{}", segment(id)), None).await?;
        let wire: WireCall = data(OPERATION, &answer)?;
        let sid = wire.call_leg_id.parse().map_err(|_| strange(OPERATION))?;
        let filter = Serializer::new(String::new()).append_pair("filter[leg_id]", &wire.call_leg_id).finish();
        let (legs, _) = history::legs(&self.client, OPERATION, &filter).await?;
        let leg = legs.into_iter().find(|leg| leg.sid == sid).unwrap_or_else(|| Leg::of(sid));
        let time = |text: &Option<String>| text.as_deref().and_then(Timestamp::parse_rfc3339);
        let over = wire.is_alive == Some(false) && wire.end_time.is_some();
        let mut call = leg.into_call(over);
        call.callback_id = wire.client_state.as_deref().and_then(state).or(call.callback_id);
        call.started_at = time(&wire.start_time).or(call.started_at);
        call.ended_at = time(&wire.end_time).or(call.ended_at);
        if let (Some(CallStatus::Completed), None) = (call.status, call.duration) {
            call.duration = wire.call_duration.map(Duration::from_secs);
        }
        Ok(call)
    }

    /// By the events of the last 24 hours (OpenAPI, GET /call_events): every leg that was dialled has
    /// one. An empty answer to an older question proves nothing and is an error.
    async fn find(&self, query: &CallQuery) -> Result<Vec<RemoteCall>, ProviderError> {
        const OPERATION: &str = "find";
        let filter = Serializer::new(String::new())
            .append_pair("filter[product]", "call_control")
            .append_pair("filter[from]", &query.from)
            .append_pair("filter[to]", &query.to)
            .append_pair("filter[occurred_at][gte]", &query.since.to_string())
            .finish();
        let (legs, asked_at) = history::legs(&self.client, OPERATION, &filter).await?;
        let complete = asked_at.is_some_and(|now| now.since(query.since) < history::KEPT);
        if !complete {
            return Err(unsupported(OPERATION, Effect::Unknown));
        }
        Ok(legs
            .into_iter()
            .map(|leg| leg.into_call(false))
            .map(|call| RemoteCall {
                from: Some(crate::domain::address::Address::parse(&query.from)),
                to: Some(crate::domain::address::Address::parse(&query.to)),
                ..call
            })
            .collect())
    }

    async fn hang_up(&self, id: &str) -> Result<(), ProviderError> {
        match act(&self.client, "hang_up", id, "hangup", json!({})).await {
            Ok(_) => Ok(()),
            // A call that ended long ago is not known any more.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Calls {
    fn body(&self, call: &OutboundCall) -> Result<Value, ProviderError> {
        const OPERATION: &str = "dial";
        let wrong = |kind| ProviderError::new(ProviderId::Telnyx, OPERATION, kind, Effect::NotSent);
        match &call.then {
            AnswerWith::Webhook => {}
            AnswerWith::Agent(_) => return Err(wrong(ErrorKind::Unsupported)),
        }
        let mut body = json!({
            "connection_id": self.connection,
            "to": call.to,
            "from": call.from,
            "timeout_secs": ring_secs(call.ring_timeout),
            "client_state": encoded(&call.callback.id),
            "command_id": call.callback.id,
            "webhook_url": format!("{}/api/webhooks/{}", call.callback.base, ProviderId::Telnyx),
        });
        let Value::Object(members) = &mut body else { return Err(wrong(ErrorKind::InvalidRequest)) };
        if let Some(limit) = call.time_limit {
            let (shortest, longest) = TIME_LIMIT;
            if limit < shortest {
                // A longer call than its money pays for is not placed.
                return Err(wrong(ErrorKind::InvalidRequest));
            }
            members.insert("time_limit_secs".to_owned(), json!(limit.min(longest).as_secs()));
        }
        if let Some(detection) = call.machine_detection {
            members.insert("answering_machine_detection".to_owned(), json!(detection_word(detection)));
        }
        if call.record {
            members.insert("record".to_owned(), json!("record-from-answer"));
            members.insert("record_channels".to_owned(), json!("dual"));
            members.insert("record_format".to_owned(), json!("mp3"));
        }
        Ok(body)
    }
}

/// OpenAPI, CallRequest, `answering_machine_detection`. `greeting_end` reports the greeting's end also
/// where no beep is heard, which `detect_beep` does not. The premium kind may keep silent about it where
/// it hears none: who waits for it needs a timer of its own.
fn detection_word(detection: MachineDetection) -> &'static str {
    match detection {
        MachineDetection { premium: true, .. } => "premium",
        MachineDetection { premium: false, until_greeting_ends: true } => "greeting_end",
        MachineDetection { premium: false, until_greeting_ends: false } => "detect",
    }
}
