//! Plans carried out command by command. Every event comes twice, the second time when the provider has
//! forgotten the first, and all of them once more when all is over.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use telephony::app::voice::brief::token_hash;
use telephony::app::voice::record::Taken;
use telephony::app::voice::steer::NotActed;
use telephony::domain::agent::{Agent, AgentLine, Character};
use telephony::domain::number::PhoneNumber;
use telephony::domain::timestamp::Timestamp;
use telephony::domain::voice::outcome::{Outcome, outcome};
use telephony::domain::voice::script::{GREETING, HOLD, NOT_ACCEPTING, SCREEN, THANKS};
use telephony::ports::{Agents, CallRecords};
use telephony::provider::transport::TransportError;
use telephony::provider::webhooks::{Event, WebhookKind};
use telephony::provider::{ProviderId, registry};
use telephony_testkit::telnyx::{self, THEIRS};

use crate::steering_desk::{CALLER, Desk, MOBILE, OTHER, URL, desk, held, reference, wishes};
use crate::support::samples::{at, tenant};

fn speak(text: &str) -> String {
    format!("speak caller {text}")
}

#[tokio::test]
async fn a_call_is_forwarded_and_answered() {
    let desk = desk(&held(), wishes(true, false, true)).await;
    desk.comes_in().await;
    desk.said().await;
    let body = desk.body("transfer caller");
    assert_eq!(
        (&body["to"], &body["from"], &body["timeout_secs"]),
        (&json!(MOBILE), &json!(THEIRS), &json!(30))
    );
    assert_ne!(body["client_state"], body["target_leg_client_state"]);
    desk.hears(OTHER, "call.initiated", json!({"direction": "outgoing"})).await;
    desk.hears(OTHER, "call.answered", json!({})).await;
    desk.hears(OTHER, "call.bridged", json!({})).await;
    desk.hears(CALLER, "call.bridged", json!({})).await;
    desk.ends(OTHER, "normal_clearing").await;
    desk.ends(CALLER, "normal_clearing").await;
    desk.settled(&["answer caller", &speak(HOLD), "transfer caller", "hangup caller"], Outcome::Answered)
        .await;
}

#[tokio::test]
async fn nobody_answers_and_the_caller_leaves_a_message() {
    for cause in ["timeout", "user_busy", "call_rejected", "not_found", "normal_clearing"] {
        let desk = desk(&held(), wishes(true, false, true)).await;
        desk.comes_in().await;
        desk.said().await;
        desk.hears(OTHER, "call.initiated", json!({"direction": "outgoing"})).await;
        desk.ends(OTHER, cause).await;
        desk.said().await;
        let record = desk.body("record_start caller");
        assert_eq!((&record["channels"], &record["play_beep"]), (&json!("single"), &json!(true)));
        assert_eq!((&record["max_length"], &record["timeout_secs"]), (&json!(120), &Value::Null));
        desk.recorded().await;
        desk.said().await;
        desk.ends(CALLER, "normal_clearing").await;
        let told = [
            "answer caller",
            &speak(HOLD),
            "transfer caller",
            &speak(GREETING),
            "record_start caller",
            &speak(THANKS),
            "hangup caller",
        ];
        desk.settled(&told, Outcome::Missed).await;
        let (call, legs) = desk.stored().await;
        assert_eq!(outcome(&call, &legs, true), Some(Outcome::Voicemail));
    }
}

#[tokio::test]
async fn a_caller_who_hangs_up_after_the_message_is_told_nothing_more() {
    let desk = desk(&held(), wishes(false, false, true)).await;
    desk.comes_in().await;
    desk.said().await;
    desk.ends(CALLER, "normal_clearing").await;
    desk.recorded().await;
    desk.settled(&["answer caller", &speak(GREETING), "record_start caller"], Outcome::Missed).await;
}

#[tokio::test]
async fn a_caller_who_gives_up_while_it_rings_has_given_up() {
    let desk = desk(&held(), wishes(true, false, false)).await;
    desk.comes_in().await;
    desk.ends(CALLER, "normal_clearing").await;
    desk.hears(CALLER, "call.speak.ended", json!({"status": "call_hangup"})).await;
    desk.settled(&["answer caller", &speak(HOLD)], Outcome::Abandoned).await;
}

#[tokio::test]
async fn the_end_of_a_leg_before_its_answer() {
    let desk = desk(&held(), wishes(true, false, false)).await;
    desk.comes_in().await;
    desk.said().await;
    desk.ends(CALLER, "normal_clearing").await;
    desk.ends(OTHER, "normal_clearing").await;
    desk.hears(OTHER, "call.bridged", json!({})).await;
    desk.hears(OTHER, "call.answered", json!({})).await;
    desk.settled(&["answer caller", &speak(HOLD), "transfer caller"], Outcome::Answered).await;
}

#[tokio::test]
async fn whoever_answers_a_screened_call_is_asked_for_a_key_before_both_are_joined() {
    let begins = |last: &[&str]| -> Vec<String> {
        let mut told = vec!["answer caller".to_owned(), speak(HOLD), "dial other".to_owned()];
        told.push(format!("gather_using_speak other {SCREEN}"));
        told.extend(last.iter().map(|act| (*act).to_owned()));
        told
    };
    let borrowed = |told: &[String]| told.iter().map(String::as_str).map(str::to_owned).collect::<Vec<_>>();
    for taken in [true, false] {
        let desk = desk(&held(), wishes(true, true, true)).await;
        desk.comes_in().await;
        desk.said().await;
        let body = desk.body("dial other");
        assert_eq!((&body["to"], &body["from"]), (&json!(MOBILE), &json!(THEIRS)));
        desk.hears(OTHER, "call.initiated", json!({"direction": "outgoing"})).await;
        desk.hears(OTHER, "call.answered", json!({})).await;
        let (told, came) = if taken {
            desk.hears(OTHER, "call.dtmf.received", json!({"digit": "5"})).await;
            desk.hears(OTHER, "call.gather.ended", json!({"digits": "5", "status": "valid"})).await;
            assert_eq!(desk.body("bridge other")["call_control_id"], CALLER);
            desk.hears(OTHER, "call.bridged", json!({})).await;
            desk.ends(OTHER, "normal_clearing").await;
            (begins(&["bridge other", "hangup caller"]), Outcome::Answered)
        } else {
            desk.hears(OTHER, "call.gather.ended", json!({"digits": "", "status": "timeout"})).await;
            desk.ends(OTHER, "normal_clearing").await;
            (begins(&["hangup other", &speak(GREETING)]), Outcome::Missed)
        };
        desk.ends(CALLER, "normal_clearing").await;
        let told = borrowed(&told);
        desk.settled(&told.iter().map(String::as_str).collect::<Vec<_>>(), came).await;
    }
}

#[tokio::test]
async fn a_screened_phone_stops_ringing_when_the_caller_gives_up() {
    let desk = desk(&held(), wishes(true, true, false)).await;
    desk.comes_in().await;
    desk.said().await;
    desk.ends(CALLER, "normal_clearing").await;
    desk.ends(OTHER, "originator_cancel").await;
    let told = ["answer caller", &speak(HOLD), "dial other", "hangup other"];
    assert_eq!(desk.told(), told);
}

async fn agent(desk: &Desk, fallback: Option<telephony::domain::agent::Fallback>) {
    let agent = Agent {
        id: "sales".parse().unwrap(),
        tenant: tenant("demo"),
        name: "Sales".to_owned(),
        line: Some(AgentLine::Stream {
            url: "wss://voice.example.com/in".into(),
            parameters: [("lang".to_owned(), "en & \"us\"".to_owned())].into(),
        }),
        character: Character::default(),
        fallback,
        sms_url: None,
        secret: None,
        created_at: at(0),
        updated_at: at(0),
    };
    assert_eq!(desk.table.store.put_agent(&agent, true).await, Ok(true));
}

fn with_agent() -> PhoneNumber {
    PhoneNumber { agent: Some("sales".parse().unwrap()), ..held() }
}

#[tokio::test]
async fn an_agents_stream_is_told_its_call() {
    let desk = desk(&with_agent(), wishes(true, false, true)).await;
    agent(&desk, None).await;
    desk.comes_in().await;
    let body = desk.body("streaming_start caller");
    assert_eq!(body["stream_url"], "wss://voice.example.com/in");
    let told: BTreeMap<&str, &str> = body["custom_parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|told| (told["name"].as_str().unwrap(), told["value"].as_str().unwrap()))
        .collect();
    assert_eq!((told["agentId"], told["lang"]), ("sales", "en & \"us\""));
    let granted = desk.table.store.granted(&reference(), &token_hash(told["token"]), at(9)).await.unwrap();
    assert!(granted.is_some());
    desk.hears(CALLER, "streaming.started", json!({})).await;
    desk.hears(CALLER, "streaming.stopped", json!({})).await;
    desk.ends(CALLER, "normal_clearing").await;
    desk.settled(&["answer caller", "streaming_start caller", "hangup caller"], Outcome::Agent).await;
}

#[tokio::test]
async fn a_stream_that_fails_or_is_refused_falls_to_voicemail_once() {
    for refused in [false, true] {
        let desk = desk(&with_agent(), wishes(false, false, true)).await;
        agent(&desk, None).await;
        if refused {
            let body = json!({"errors": [{"code": "10015", "title": "Bad stream_url"}]}).to_string();
            desk.fault("streaming_start", Ok((422, body)));
        }
        desk.comes_in().await;
        if !refused {
            // Both end the same verb, in the same place.
            let failed =
                desk.event(CALLER, "streaming.failed", json!({"failure_reason": "connection_failed"}));
            let stopped = desk.event(CALLER, "streaming.stopped", json!({}));
            for event in [&failed, &stopped, &failed] {
                desk.take(event).await.unwrap();
            }
        }
        desk.ends(CALLER, "normal_clearing").await;
        let told = desk.told();
        let greeted: Vec<&String> = told.iter().filter(|act| act.starts_with("speak")).collect();
        assert_eq!(greeted, [&speak(GREETING)], "{told:?}");
        assert!(!told.iter().any(|act| act.starts_with("hangup")), "{told:?}");
    }
}

#[tokio::test]
async fn an_agent_at_another_provider_is_rung_there_or_the_caller_falls_to_voicemail() {
    for reached in [true, false] {
        let number = PhoneNumber { agent: Some("talker".parse().unwrap()), ..held() };
        let desk = desk(&number, wishes(false, false, true)).await;
        assert_eq!(desk.table.store.put_agent(&crate::handing::remote(None), true).await, Ok(true));
        if !reached {
            desk.fault("register", Err(TransportError::Timeout));
        }
        desk.comes_in().await;
        if reached {
            assert_eq!(desk.body("transfer caller")["to"], "sip:call_1@sip.retellai.com");
            desk.hears(OTHER, "call.answered", json!({})).await;
            desk.ends(OTHER, "normal_clearing").await;
            desk.ends(CALLER, "normal_clearing").await;
            desk.settled(&["answer caller", "transfer caller", "hangup caller"], Outcome::Agent).await;
        } else {
            desk.ends(CALLER, "normal_clearing").await;
            desk.settled(&["answer caller", &speak(GREETING)], Outcome::Missed).await;
        }
        assert_eq!(desk.line.0.lock().unwrap().registered, 1);
    }
}

#[tokio::test]
async fn a_number_without_wishes_refuses_politely() {
    let desk = desk(&held(), wishes(false, false, false)).await;
    desk.comes_in().await;
    desk.said().await;
    desk.ends(CALLER, "normal_clearing").await;
    desk.settled(&["answer caller", &speak(NOT_ACCEPTING), "hangup caller"], Outcome::Rejected).await;
}

#[tokio::test]
async fn somebody_who_cannot_be_rung_is_somebody_who_does_not_answer() {
    for screened in [false, true] {
        let desk = desk(&held(), wishes(true, screened, true)).await;
        let body = json!({"errors": [{"code": "10016", "title": "Phone number must be in +E.164"}]});
        desk.fault(if screened { "dial" } else { "transfer" }, Ok((422, body.to_string())));
        desk.comes_in().await;
        desk.said().await;
        desk.ends(CALLER, "normal_clearing").await;
        desk.settled(&["answer caller", &speak(HOLD), &speak(GREETING)], Outcome::Missed).await;
    }
}

#[tokio::test]
async fn a_command_whose_answer_is_lost_is_given_once() {
    for (screened, act) in [(false, "answer"), (false, "speak"), (false, "transfer"), (true, "dial")] {
        let desk = desk(&held(), wishes(true, screened, true)).await;
        desk.fault(act, Err(TransportError::Timeout));
        let mut lost = 0;
        for (name, more) in [
            ("call.initiated", json!({"direction": "incoming"})),
            ("call.answered", json!({})),
            ("call.speak.ended", json!({"status": "completed"})),
        ] {
            let event = desk.event(CALLER, name, more);
            for _ in 0..3 {
                match desk.take(&event).await {
                    Ok(()) => {}
                    Err(NotActed::Provider(_)) => lost += 1,
                    Err(error) => panic!("{error}"),
                }
            }
        }
        assert_eq!(lost, 1, "{act}");
        let rings = if screened { "dial other" } else { "transfer caller" };
        assert_eq!(desk.told(), ["answer caller", &speak(HOLD), rings], "{act}");
    }
}

#[tokio::test]
async fn the_states_of_calls_that_began_before_this_version_are_understood() {
    let desk = desk(&held(), wishes(false, false, false)).await;
    desk.comes_in().await;
    // The bare id, as it was given with every command.
    let bare = STANDARD.encode(reference().to_opaque());
    desk.line.0.lock().unwrap().states.insert(CALLER.to_owned(), bare.into());
    desk.said().await;
    desk.ends(CALLER, "normal_clearing").await;
    assert_eq!(desk.told(), ["answer caller", &speak(NOT_ACCEPTING), "hangup caller"]);
    assert_eq!(desk.stored().await.1.len(), 1);
}

#[tokio::test]
async fn another_accounts_event_steers_nothing() {
    let desk = desk(&held(), wishes(false, false, true)).await;
    desk.comes_in().await;
    let event = desk.event(CALLER, "call.speak.ended", json!({"status": "completed"}));
    let now = Timestamp::from_millis(1_795_262_400_000);
    let request = telnyx::signed(&telnyx::SEED, now.seconds(), URL, &event.to_string());
    let webhooks = registry::webhooks(ProviderId::Telnyx);
    let verified = webhooks.verify(&request, &webhooks.keys(&telnyx::account()), now).unwrap();
    let Some(Event::Call(event)) = webhooks.parse(&verified, WebhookKind::Events).unwrap().pop() else {
        panic!("no call")
    };
    let stranger = telephony::provider::account::ProviderAccount {
        id: "rivals-own".parse().unwrap(),
        ..telnyx::account()
    };
    // Whatever its record says.
    let taken = Taken::Recorded(reference());
    desk.steer.act(&stranger, &event, &taken, at(0)).await.unwrap();
    assert_eq!(desk.told(), ["answer caller", &speak(GREETING)]);
}
