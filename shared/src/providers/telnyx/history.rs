//! What Telnyx remembers of calls: their events (OpenAPI, GET /call_events), put together by leg.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Method;
use serde::Deserialize;
use serde_json::Value;

use super::client::{Client, body, strange};
use super::events::state;
use super::hangup;
use super::wire::WirePage;
use crate::domain::call::CallStatus;
use crate::domain::ids::ProviderSid;
use crate::domain::timestamp::Timestamp;
use crate::provider::calling::RemoteCall;
use crate::provider::error::ProviderError;

/// How far back the events go that are not asked for by their leg.
pub(crate) const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// How many pages are followed.
const MAX_PAGES: u32 = 20;
/// How deep the metadata of an event is searched.
const MAX_DEPTH: u32 = 4;

/// OpenAPI, CallEvent.
#[derive(Deserialize)]
struct WireEvent {
    call_leg_id: String,
    event_timestamp: String,
    name: String,
    /// "Includes raw event, and extra information": where in it the event is, is not documented.
    #[serde(default)]
    metadata: Value,
}

/// What is known of one leg.
pub(crate) struct Leg {
    pub(crate) sid: ProviderSid,
    callback_id: Option<String>,
    started_at: Option<Timestamp>,
    answered_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    cause: Option<String>,
}

impl Leg {
    /// A leg of which nothing is known.
    pub(crate) fn of(sid: ProviderSid) -> Self {
        Self { sid, callback_id: None, started_at: None, answered_at: None, ended_at: None, cause: None }
    }

    fn learn(&mut self, event: &WireEvent) {
        let at = Timestamp::parse_rfc3339(&event.event_timestamp);
        match event.name.as_str() {
            "call.initiated" => self.started_at = self.started_at.or(at),
            "call.answered" => self.answered_at = self.answered_at.or(at),
            "call.hangup" => {
                self.ended_at = self.ended_at.or(at);
                self.cause = within(&event.metadata, "hangup_cause", 0).map(str::to_owned);
            }
            _ => {}
        }
        if self.callback_id.is_none() {
            self.callback_id = within(&event.metadata, "client_state", 0).and_then(state);
        }
    }

    /// The call as we read it. `over`: another source says that it has ended.
    pub(crate) fn into_call(self, over: bool) -> RemoteCall {
        let over = over || self.ended_at.is_some();
        let status = match (over, self.answered_at, &self.cause) {
            (true, Some(_), _) => Some(CallStatus::Completed),
            (true, None, Some(cause)) => Some(hangup::meaning(cause).0),
            // It ended, and nobody says how.
            (true, None, None) => None,
            (false, Some(_), _) => Some(CallStatus::InProgress),
            (false, None, _) => Some(CallStatus::Initiated),
        };
        RemoteCall {
            sid: self.sid,
            from: None,
            to: None,
            status,
            callback_id: self.callback_id,
            started_at: self.started_at,
            answered_at: self.answered_at,
            ended_at: self.ended_at,
            duration: self.answered_at.zip(self.ended_at).map(|(from, to)| to.since(from)),
            cost: None,
        }
    }
}

/// The legs of all events that pass the filter, and when Telnyx answered, by its own clock.
pub(crate) async fn legs(
    client: &Client,
    operation: &'static str,
    filter: &str,
) -> Result<(Vec<Leg>, Option<Timestamp>), ProviderError> {
    let mut legs: BTreeMap<ProviderSid, Leg> = BTreeMap::new();
    let mut asked_at = None;
    for number in 1..=MAX_PAGES {
        let url = format!("/call_events?{filter}&page%5Bnumber%5D={number}&page%5Bsize%5D=250");
        let answer = client.call(operation, Method::GET, &url, None).await?;
        let date = answer.headers().get("date").and_then(|date| date.to_str().ok());
        asked_at = asked_at.or(date.and_then(Timestamp::parse_rfc2822));
        let page: WirePage<WireEvent> = body(operation, &answer)?;
        if page.meta.page_number.is_some_and(|given| given != number) {
            return Err(strange(operation));
        }
        for event in &page.data {
            let sid: ProviderSid = event.call_leg_id.parse().map_err(|_| strange(operation))?;
            legs.entry(sid.clone()).or_insert_with(|| Leg::of(sid)).learn(event);
        }
        let more = match page.meta.total_pages {
            Some(total) => number < total,
            None => page.data.len() >= 250,
        };
        if !more {
            return Ok((legs.into_values().collect(), asked_at));
        }
    }
    // Cut short, it would read as complete.
    Err(strange(operation))
}

/// The first text of this name, not too deep.
fn within<'v>(value: &'v Value, name: &str, depth: u32) -> Option<&'v str> {
    let Value::Object(members) = value else { return None };
    if let Some(text) = members.get(name).and_then(Value::as_str) {
        return Some(text);
    }
    if depth >= MAX_DEPTH {
        return None;
    }
    members.values().find_map(|member| within(member, name, depth + 1))
}
