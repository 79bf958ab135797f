//! Calls that ask what to do: who takes them is decided once, and a question that comes again gets the same
//! answer, whatever has changed since.

use std::sync::Arc;

use telephony::app::route_cache::RouteCache;
use telephony::app::voice::answer::AnswerCall;
use telephony::app::voice::brief::{TOKEN_FOR, token_hash};
use telephony::app::voice::planner::Planner;
use telephony::app::voice::record::RecordCall;
use telephony::domain::address::Address;
use telephony::domain::agent::{Agent, AgentLine, Character};
use telephony::domain::call::{CallDirection, CallRef, CallStatus, SignatureReport};
use telephony::domain::ids::CallId;
use telephony::domain::number::{NumberStatus, PhoneNumber};
use telephony::domain::voice::line_up::AgentRoute;
use telephony::domain::voice::preferences::Preferences as Wishes;
use telephony::domain::voice::verb::Verb;
use telephony::ports::{Agents, CallRecords, Numbers, Preferences};
use telephony::provider::account::ProviderAccount;
use telephony::provider::calling::{CallEvent, CallHappening, DialEnd};
use telephony::provider::webhooks::Reply;
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::webhooks::TWILIO;

use crate::support::samples::{at, number, tenant};
use crate::support::{Table, table};

const OURS: &str = "+14155550100";
const SID: &str = "CA00000000000000000000000000000001";

struct Desk {
    table: Table,
    answer: AnswerCall,
    account: ProviderAccount,
}

fn held() -> PhoneNumber {
    PhoneNumber { user: Some("user-1".parse().unwrap()), ..number(&tenant("demo"), "test-twilio", OURS) }
}

async fn desk(number: &PhoneNumber) -> Desk {
    let table = table().await;
    assert_eq!(table.store.put(number).await, Ok(true));
    let store = Arc::new(table.store.clone());
    let record = RecordCall {
        routes: Arc::new(RouteCache::new(store.clone())),
        planner: Planner { agents: store.clone(), preferences: store.clone() },
        calls: store.clone(),
        inbox: store.clone(),
    };
    let brief = crate::handing::brief(&store, Arc::new(ReplayTransport::new()));
    let answer = AnswerCall { record, calls: store, brief };
    Desk { table, answer, account: TWILIO.account() }
}

fn event(what: CallHappening) -> CallEvent {
    CallEvent {
        event_id: None,
        sid: SID.parse().unwrap(),
        control_id: None,
        session: None,
        parent: None,
        callback_id: None,
        direction: Some(CallDirection::Inbound),
        from: Some(Address::parse("+14155552671")),
        to: Some(Address::parse(OURS)),
        what,
        at: None,
    }
}

fn begins() -> CallEvent {
    event(CallHappening::Initiated { signature: SignatureReport::default() })
}

fn dialled(status: CallStatus, joined: Option<bool>) -> CallEvent {
    event(CallHappening::Dialled(DialEnd { status, leg: None, joined, duration: None }))
}

fn reference() -> CallRef {
    CallRef { tenant: tenant("demo"), call: CallId::derived(&["call", "test-twilio", SID]) }
}

impl Desk {
    async fn asks(&self, event: &CallEvent, second: i64) -> Vec<Verb> {
        match self.answer.answer(&self.account, event, at(second)).await.unwrap() {
            Reply::Document(document) => {
                assert_eq!(document.callback.base, "https://phone.example.com");
                document.verbs
            }
            other => panic!("{other:?}"),
        }
    }

    async fn wishes(&self, forwarding: bool, screening: bool, voicemail: bool) {
        let wishes = Wishes {
            call_forwarding: forwarding,
            forward_to: Some("+14155550199".parse().unwrap()),
            call_screening: screening,
            voicemail,
            time_zone: None,
        };
        let user = "user-1".parse().unwrap();
        self.table.store.put_preferences(&tenant("demo"), &user, &wishes).await.unwrap();
    }

    async fn agent(&self, id: &str, line: Option<AgentLine>) {
        let agent = Agent {
            id: id.parse().unwrap(),
            tenant: tenant("demo"),
            name: id.to_owned(),
            line,
            character: Character { prompt: Some("Be kind.".into()), ..Character::default() },
            fallback: None,
            sms_url: None,
            secret: None,
            created_at: at(0),
            updated_at: at(0),
        };
        assert_eq!(self.table.store.put_agent(&agent, true).await, Ok(true));
        let read = self.table.store.agent(&tenant("demo"), &agent.id).await.unwrap();
        assert_eq!(read, Some(agent));
    }
}

fn dials(verbs: &[Verb]) -> Option<(&str, bool)> {
    verbs.iter().find_map(|verb| match verb {
        Verb::Dial(dial) => Some((dial.to.as_str(), dial.screened)),
        _ => None,
    })
}

fn records(verbs: &[Verb]) -> bool {
    verbs.iter().any(|verb| matches!(verb, Verb::Record(_)))
}

#[tokio::test]
async fn what_was_decided_stays_decided() {
    let desk = desk(&held()).await;
    desk.wishes(true, false, true).await;
    let first = desk.asks(&begins(), 1).await;
    assert_eq!(dials(&first), Some(("+14155550199", false)));
    // The user changes everything while the phone rings.
    desk.wishes(false, true, false).await;
    assert_eq!(desk.asks(&begins(), 2).await, first);
    assert!(records(&desk.asks(&dialled(CallStatus::NoAnswer, Some(false)), 3).await));
    assert_eq!(desk.asks(&event(CallHappening::MessageLeft), 4).await.len(), 2);
    let (call, legs) = desk.table.store.call(&reference()).await.unwrap().unwrap();
    assert_eq!((call.direction, legs.len()), (CallDirection::Inbound, 1));
    assert_eq!(
        legs[0].dialled.as_ref().map(|dialled| (dialled.status, dialled.joined)),
        Some((CallStatus::NoAnswer, false))
    );
    assert_eq!(legs[0].from, Some(Address::parse("+14155552671")));
}

#[tokio::test]
async fn a_report_that_comes_before_the_question_decides_nothing() {
    let desk = desk(&held()).await;
    desk.wishes(false, false, true).await;
    let ended = CallHappening::Ringing;
    desk.answer.record.record(&desk.account, &event(ended), at(1)).await.unwrap();
    let (call, _) = desk.table.store.call(&reference()).await.unwrap().unwrap();
    assert_eq!(call.plan, None);
    assert!(records(&desk.asks(&begins(), 2).await));
}

#[tokio::test]
async fn a_screened_call_that_nobody_took_falls_to_voicemail_even_where_a_mailbox_answered() {
    let desk = desk(&held()).await;
    desk.wishes(true, true, true).await;
    assert_eq!(dials(&desk.asks(&begins(), 1).await), Some(("+14155550199", true)));
    // SignalWire does not say whether both were joined; nobody pressed a key.
    assert!(records(&desk.asks(&dialled(CallStatus::Completed, None), 2).await));
    let on_child = |what| CallEvent {
        sid: "CA00000000000000000000000000000002".parse().unwrap(),
        parent: Some(SID.parse().unwrap()),
        callback_id: Some(reference().to_opaque()),
        ..event(what)
    };
    assert!(desk.asks(&on_child(CallHappening::Screened { digits: "1".into() }), 3).await.is_empty());
    assert_eq!(desk.asks(&dialled(CallStatus::Completed, None), 4).await, [Verb::HangUp]);
}

#[tokio::test]
async fn an_agents_stream_is_told_its_call_and_a_token_that_opens_its_settings_for_a_while() {
    let number = PhoneNumber { agent: Some("sales".parse().unwrap()), ..held() };
    let desk = desk(&number).await;
    let line = AgentLine::Stream { url: "wss://voice.example.com/in".into(), parameters: [].into() };
    desk.agent("sales", Some(line)).await;
    let mut tokens = Vec::new();
    for second in 1..=2 {
        let verbs = desk.asks(&begins(), second).await;
        let [Verb::Stream(stream)] = verbs.as_slice() else { panic!("{verbs:?}") };
        assert_eq!(stream.parameters["agentId"], "sales");
        assert_eq!(stream.parameters["callId"], reference().call.to_string());
        let url = format!("https://phone.example.com/api/calls/{}/agent-config", reference().to_opaque());
        assert_eq!(stream.parameters["configUrl"], url);
        tokens.push(token_hash(&stream.parameters["token"]));
    }
    assert_ne!(tokens[0], tokens[1]);
    let until = at(2).plus(TOKEN_FOR);
    for token in &tokens {
        assert!(desk.table.store.granted(&reference(), token, at(9)).await.unwrap().is_some());
        assert_eq!(desk.table.store.granted(&reference(), token, until).await, Ok(None));
    }
    assert_eq!(desk.table.store.granted(&reference(), &token_hash("guess"), at(9)).await, Ok(None));
    let other = CallRef { tenant: tenant("rival"), ..reference() };
    assert_eq!(desk.table.store.granted(&other, &tokens[0], at(9)).await, Ok(None));
}

#[tokio::test]
async fn an_agent_that_is_gone_a_number_that_is_off_and_one_of_nobodys_end_politely() {
    let gone = desk(&PhoneNumber { agent: Some("gone".parse().unwrap()), ..held() }).await;
    let said = |verbs: &[Verb]| match verbs {
        [Verb::Say(speech), Verb::HangUp] => speech.as_str().to_owned(),
        other => panic!("{other:?}"),
    };
    assert!(said(&gone.asks(&begins(), 1).await).starts_with("Agent not found"));
    for number in
        [PhoneNumber { is_active: false, ..held() }, PhoneNumber { status: NumberStatus::Moving, ..held() }]
    {
        let off = desk(&number).await;
        off.wishes(true, false, true).await;
        assert!(said(&off.asks(&begins(), 1).await).contains("not currently accepting"));
    }
    let suspended = desk(&PhoneNumber { status: NumberStatus::Suspended, ..held() }).await;
    suspended.wishes(false, false, true).await;
    assert!(records(&suspended.asks(&begins(), 1).await));
    let stranger = CallEvent { to: Some(Address::parse("+14155550111")), ..begins() };
    assert!(said(&gone.asks(&stranger, 2).await).contains("not currently accepting"));
}

#[tokio::test]
async fn several_agents_share_a_number() {
    let route = |agent: &str, weight, regions: &[&str]| AgentRoute {
        agent: agent.parse().unwrap(),
        voice: true,
        sms: false,
        weight,
        schedule: None,
        caller_regions: regions.iter().map(|region| (*region).to_owned()).collect(),
    };
    let number = PhoneNumber {
        routes: vec![route("west", 1, &["US-CA"]), route("rest", 1, &[]), route("never", 0, &["US-CA"])],
        ..held()
    };
    let desk = desk(&number).await;
    for (id, to) in [("west", "+14155550171"), ("rest", "+14155550172"), ("never", "+14155550173")] {
        desk.agent(id, Some(AgentLine::Number(to.parse().unwrap()))).await;
    }
    let from = |phone: &str, n: u32| CallEvent {
        sid: format!("CA{n:032}").parse().unwrap(),
        from: Some(Address::parse(phone)),
        ..begins()
    };
    for n in 10..20 {
        let near = desk.asks(&from("+14155552671", n), 1).await;
        assert_eq!(dials(&near), Some(("+14155550171", false)));
        let far = desk.asks(&from("+12125550123", n + 100), 1).await;
        assert_eq!(dials(&far), Some(("+14155550172", false)));
        let withheld = desk.asks(&from("anonymous", n + 200), 1).await;
        assert_eq!(dials(&withheld), Some(("+14155550172", false)));
    }
}
