//! A desk for calls that are steered by commands: on the real store, with the real adapter, over a line that
//! takes every command as the provider does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use telephony::app::route_cache::RouteCache;
use telephony::app::voice::planner::Planner;
use telephony::app::voice::record::{RecordCall, Taken};
use telephony::app::voice::steer::{NotActed, SteerCall};
use telephony::domain::call::{Call, CallRef, Leg};
use telephony::domain::ids::CallId;
use telephony::domain::number::PhoneNumber;
use telephony::domain::timestamp::Timestamp;
use telephony::domain::voice::outcome::{Outcome, outcome};
use telephony::domain::voice::preferences::Preferences as Wishes;
use telephony::ports::{CallRecords, Numbers, Preferences};
use telephony::provider::transport::{HttpTransport, TransportError};
use telephony::provider::webhooks::{Event, WebhookKind};
use telephony::provider::{Environment, ProviderId, registry};
use telephony_testkit::replay::response;
use telephony_testkit::telnyx::{self, CONTROL_ID, LEG_ID, OURS, THEIRS};

use crate::support::samples::{at, number, tenant};
use crate::support::{Table, table};

pub const URL: &str = "https://phone.example.com/api/webhooks/telnyx";
pub const MOBILE: &str = "+14155550199";
/// The leg that is rung.
pub const OTHER: &str = "v3:other";
pub const OTHER_LEG: &str = "428c31b6-7af4-4bcb-b7f5-000000000009";
pub const CALLER: &str = CONTROL_ID;

/// The provider's side: takes commands, each id once a leg, and keeps the state of each leg.
#[derive(Default)]
pub struct Line(pub Mutex<Seen>);

#[derive(Default)]
pub struct Seen {
    told: Vec<(String, Value)>,
    pub states: BTreeMap<String, Value>,
    pub registered: u32,
    /// How many of them are older than a minute, which the provider does not remember.
    forgotten: usize,
    /// What to answer instead, by action, once each.
    faults: BTreeMap<String, Result<(u16, String), TransportError>>,
}

#[async_trait]
impl HttpTransport for Line {
    async fn execute(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let mut seen = self.0.lock().unwrap();
        let path = request.uri().path().replace("%3A", ":");
        let parts: Vec<&str> = path.split('/').collect();
        let (control, action) = match parts.as_slice() {
            [.., "v2", "register-phone-call"] => {
                seen.registered += 1;
                return match seen.faults.remove("register") {
                    Some(Err(error)) => Err(error),
                    _ => Ok(response(201, &[], json!({"call_id": "call_1"}).to_string())),
                };
            }
            [.., control, "actions", action] => ((*control).to_owned(), (*action).to_owned()),
            _ => (OTHER.to_owned(), "dial".to_owned()),
        };
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let fault = seen.faults.remove(&action);
        if let Some(Ok((status, text))) = fault {
            return Ok(response(status, &[], text));
        }
        let repeated = |(_, old): &(String, Value)| old["command_id"] == body["command_id"];
        if !seen.told.iter().skip(seen.forgotten).any(repeated) {
            if let Some(state) = body.get("client_state") {
                seen.states.insert(control.clone(), state.clone());
            }
            if let Some(state) = body.get("target_leg_client_state") {
                seen.states.insert(OTHER.to_owned(), state.clone());
            }
            seen.told
                .push((format!("{action} {}", if control == CALLER { "caller" } else { "other" }), body));
        }
        match fault {
            // Taken, and the answer lost: like a crash right behind the command.
            Some(Err(error)) => Err(error),
            _ => {
                let leg = json!({"data": {
                    "result": "ok", "call_control_id": OTHER, "call_leg_id": OTHER_LEG, "call_session_id": "s-2",
                }});
                Ok(response(200, &[], leg.to_string()))
            }
        }
    }
}

pub struct Desk {
    pub table: Table,
    record: RecordCall,
    pub steer: SteerCall,
    pub line: Arc<Line>,
    /// Everything that was delivered.
    events: Mutex<Vec<Value>>,
}

pub async fn desk(number: &PhoneNumber, wishes: Wishes) -> Desk {
    let table = table().await;
    assert_eq!(table.store.put(number).await, Ok(true));
    let user = "user-1".parse().unwrap();
    table.store.put_preferences(&tenant("demo"), &user, &wishes).await.unwrap();
    let store = Arc::new(table.store.clone());
    let record = RecordCall {
        routes: Arc::new(RouteCache::new(store.clone())),
        planner: Planner { agents: store.clone(), preferences: store.clone() },
        calls: store.clone(),
        inbox: store.clone(),
    };
    let line = Arc::new(Line::default());
    let brief = crate::handing::brief(&store, line.clone());
    let steer =
        SteerCall { calls: store, brief, transport: line.clone(), environment: Environment::default() };
    Desk { table, record, steer, line, events: Mutex::default() }
}

pub fn held() -> PhoneNumber {
    PhoneNumber { user: Some("user-1".parse().unwrap()), ..number(&tenant("demo"), "test-telnyx", OURS) }
}

pub fn wishes(forwarding: bool, screening: bool, voicemail: bool) -> Wishes {
    Wishes {
        call_forwarding: forwarding,
        forward_to: Some(MOBILE.parse().unwrap()),
        call_screening: screening,
        voicemail,
        time_zone: None,
    }
}

pub fn reference() -> CallRef {
    let name = ["call", "test-telnyx", telnyx::SESSION_ID];
    CallRef { tenant: tenant("demo"), call: CallId::derived(&name) }
}

impl Desk {
    /// What was commanded since the beginning: the action, its leg, and what is said.
    pub fn told(&self) -> Vec<String> {
        let said = |body: &Value| body["payload"].as_str().map(|text| format!(" {text}")).unwrap_or_default();
        self.line.0.lock().unwrap().told.iter().map(|(act, body)| format!("{act}{}", said(body))).collect()
    }

    pub fn body(&self, act: &str) -> Value {
        let seen = self.line.0.lock().unwrap();
        seen.told.iter().find(|(told, _)| told == act).unwrap_or_else(|| panic!("no {act}")).1.clone()
    }

    pub fn fault(&self, action: &str, fault: Result<(u16, String), TransportError>) {
        self.line.0.lock().unwrap().faults.insert(action.to_owned(), fault);
    }

    pub async fn take(&self, payload: &Value) -> Result<(), NotActed> {
        let account = telnyx::account();
        let now = Timestamp::from_millis(1_795_262_400_000);
        let request = telnyx::signed(&telnyx::SEED, now.seconds(), URL, &payload.to_string());
        let webhooks = registry::webhooks(ProviderId::Telnyx);
        let verified = webhooks.verify(&request, &webhooks.keys(&account), now).unwrap();
        match webhooks.parse(&verified, WebhookKind::Events).unwrap().pop().unwrap() {
            Event::Call(event) => {
                let taken = self.record.record(&account, &event, at(0)).await.unwrap();
                assert_eq!(taken, Taken::Recorded(reference()));
                self.steer.act(&account, &event, &taken, at(0)).await
            }
            Event::RecordingReady(recording) => self.steer.recorded(&account, &recording, at(0)).await,
            other => panic!("{other:?}"),
        }
    }

    /// An event of a leg, with the state that the leg has now. It comes twice.
    pub async fn hears(&self, leg: &str, name: &str, more: Value) {
        let event = self.event(leg, name, more);
        self.take(&event).await.unwrap();
        self.forget();
        self.take(&event).await.unwrap();
    }

    /// A minute goes by.
    fn forget(&self) {
        let mut seen = self.line.0.lock().unwrap();
        seen.forgotten = seen.told.len();
    }

    pub fn event(&self, leg: &str, name: &str, mut more: Value) -> Value {
        let n = u32::try_from(self.events.lock().unwrap().len()).unwrap() + 1;
        more["client_state"] = self.line.0.lock().unwrap().states.get(leg).cloned().unwrap_or_default();
        if leg == OTHER {
            more["call_control_id"] = OTHER.into();
            more["call_leg_id"] = OTHER_LEG.into();
            more["from"] = THEIRS.into();
            more["to"] = MOBILE.into();
        }
        let event = telnyx::call(name, n, &more);
        self.events.lock().unwrap().push(event.clone());
        event
    }

    pub async fn comes_in(&self) {
        let more = json!({"direction": "incoming", "state": "parked"});
        self.hears(CALLER, "call.initiated", more).await;
        self.hears(CALLER, "call.answered", json!({})).await;
    }

    pub async fn said(&self) {
        self.hears(CALLER, "call.speak.ended", json!({"status": "completed"})).await;
    }

    pub async fn ends(&self, leg: &str, cause: &str) {
        self.hears(leg, "call.hangup", json!({"hangup_cause": cause, "hangup_source": "caller"})).await;
    }

    pub async fn recorded(&self) {
        let more = json!({"channels": "single", "recording_urls": {"mp3": "https://cdn.example.com/1"}});
        self.hears(CALLER, "call.recording.saved", more).await;
    }

    pub async fn stored(&self) -> (Call, Vec<Leg>) {
        self.table.store.call(&reference()).await.unwrap().unwrap()
    }

    /// Everything again, the last first; and nothing more is commanded.
    pub async fn settled(&self, told: &[&str], came: Outcome) {
        assert_eq!(self.told(), told);
        let events = self.events.lock().unwrap().clone();
        for event in events.iter().rev() {
            self.take(event).await.unwrap();
        }
        assert_eq!(self.told(), told, "once more");
        let (call, legs) = self.stored().await;
        assert_eq!(outcome(&call, &legs, false), Some(came), "{legs:#?}");
        for leg in legs.iter().filter(|leg| leg.sid.as_str() == OTHER_LEG) {
            assert_eq!(leg.parent.as_ref().map(|parent| parent.as_str()), Some(LEG_ID));
        }
    }
}
