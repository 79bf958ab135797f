//! What the events say, and what is answered.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use telephony::domain::address::Address;
use telephony::domain::call::{CallDirection, CallStatus, HangupCause};
use telephony::domain::timestamp::Timestamp;
use telephony::provider::calling::{CallEvent, CallHappening, RemoteAgent};
use telephony::provider::request::InboundRequest;
use telephony::provider::webhooks::{Event, LookupAnswer, Reply, WebhookError, WebhookKind};
use telephony::provider::{ProviderId, registry};
use telephony_testkit::facts::facts;
use telephony_testkit::retell::{KEYS, OURS, THEIRS, account, call, event, lookup, signed};

use super::URL;
use crate::NOW;

fn parse(body: &str, kind: WebhookKind) -> Result<Vec<Event>, WebhookError> {
    let webhooks = registry::webhooks(ProviderId::Retell);
    let request = signed(KEYS[0], NOW.millis(), URL, body);
    let verified = webhooks.verify(&request, &webhooks.keys(&account()), NOW)?;
    webhooks.parse(&verified, kind)
}

fn leg(name: &str, call: &Value) -> CallEvent {
    let mut events = parse(&event(name, call), WebhookKind::Events).unwrap();
    assert_eq!(events.len(), 1);
    match events.remove(0) {
        Event::Call(leg) => *leg,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_begins() {
    let got = leg("call_started", &call("call_1", "ongoing", &json!({})));
    assert_eq!(
        got,
        CallEvent {
            event_id: Some("call_started:call_1".to_owned()),
            sid: "call_1".parse().unwrap(),
            control_id: None,
            session: None,
            parent: None,
            callback_id: Some("01ABC.d-1".to_owned()),
            direction: Some(CallDirection::Outbound),
            from: Some(Address::parse(OURS)),
            to: Some(Address::parse(THEIRS)),
            what: CallHappening::Answered,
            at: Some(Timestamp::from_millis(1_767_621_890_000)),
        }
    );
}

#[test]
fn a_call_ends() {
    let changes = json!({
        "disconnection_reason": "user_hangup", "end_timestamp": 1_767_621_899_500_i64, "duration_ms": 9_500,
        "call_cost": {"combined_cost": 12.5, "product_costs": []},
    });
    let got = leg("call_ended", &call("call_1", "ended", &changes));
    assert_eq!(got.at, Some(Timestamp::from_millis(1_767_621_899_500)));
    let CallHappening::Ended { status, cause, provider_cause, duration, cost } = got.what else {
        panic!("{got:?}")
    };
    assert_eq!((status, cause), (CallStatus::Completed, HangupCause::Normal));
    assert_eq!((provider_cause.as_str(), duration), ("user_hangup", Some(Duration::from_millis(9_500))));
    let cost = cost.unwrap();
    assert_eq!((cost.amount.get(), cost.currency.as_str()), (125_000, "USD"));
}

fn ending(status: &str, reason: &str, duration: Option<u64>) -> (CallStatus, HangupCause, String) {
    let changes = json!({"disconnection_reason": reason, "duration_ms": duration});
    match leg("call_ended", &call("call_1", status, &changes)).what {
        CallHappening::Ended { status, cause, provider_cause, .. } => (status, cause, provider_cause),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_documented_reason_has_a_meaning() {
    let Some(facts) = facts() else { return };
    let document: Value =
        serde_yaml_ng::from_str(&facts.text("specs/retell/retell-openapi.3.0.0.yml")).unwrap();
    let words = document["components"]["schemas"]["DisconnectionReason"]["enum"].as_array().unwrap();
    assert_eq!(words.len(), 32);
    let newer = ["no_concurrency_fallback", "call_take_over"];
    for word in words.iter().map(|word| word.as_str().unwrap()).chain(newer) {
        for status in ["ended", "not_connected", "error"] {
            let (ended_as, cause, kept) = ending(status, word, None);
            assert!(ended_as.is_settled() && cause != HangupCause::Unknown, "{word}");
            assert_eq!(kept, word);
        }
    }
    let known: Vec<&str> = telephony::providers::retell::reason::REASONS.iter().map(|row| row.word).collect();
    for (at, word) in known.iter().enumerate() {
        assert!(!known[..at].contains(word), "{word} twice");
        assert!(words.iter().any(|other| other == word) || newer.contains(word), "{word} is not documented");
    }
}

#[test]
fn a_reason_is_not_guessed_from_another() {
    use {CallStatus as S, HangupCause as C};
    for (status, reason, duration, expected) in [
        ("not_connected", "dial_busy", None, (S::Busy, C::Busy)),
        ("not_connected", "dial_no_answer", None, (S::NoAnswer, C::NoAnswer)),
        ("not_connected", "dial_failed", None, (S::Failed, C::Failure)),
        ("not_connected", "invalid_destination", None, (S::Failed, C::Unreachable)),
        ("not_connected", "user_declined", None, (S::Busy, C::Rejected)),
        ("not_connected", "marked_as_spam", None, (S::Failed, C::Rejected)),
        ("ended", "voicemail_reached", Some(4), (S::Completed, C::Voicemail)),
        ("ended", "max_duration_reached", Some(4), (S::Completed, C::TimeLimit)),
        ("ended", "call_transfer", Some(4), (S::Completed, C::Transferred)),
        ("error", "no_valid_payment", None, (S::Failed, C::NotAllowed)),
        ("error", "error_retell", None, (S::Failed, C::Failure)),
        ("error", "error_retell", Some(0), (S::Failed, C::Failure)),
        ("error", "error_retell", Some(7), (S::Completed, C::Failure)),
        ("ended", "manual_stopped", Some(7), (S::Completed, C::Normal)),
        ("not_connected", "manual_stopped", None, (S::Canceled, C::Normal)),
        ("ended", "abducted", None, (S::Completed, C::Unknown)),
        ("not_connected", "abducted", None, (S::Failed, C::Unknown)),
    ] {
        let (ended_as, cause, word) = ending(status, reason, duration);
        assert_eq!((ended_as, cause, word.as_str()), (expected.0, expected.1, reason), "{status} {reason}");
    }
    assert_eq!(ending("ended", "", None), (S::Completed, C::Unknown, String::new()));
}

#[test]
fn afterthoughts() {
    let changes = json!({
        "transcript": "Agent: Hi.", "recording_url": "https://example.com/r.wav",
        "call_analysis": {"call_summary": "They said hi.", "in_voicemail": false, "user_sentiment": "Neutral"},
    });
    assert_eq!(
        leg("call_analyzed", &call("call_1", "ended", &changes)).what,
        CallHappening::Analysed {
            transcript: Some("Agent: Hi.".to_owned()),
            summary: Some("They said hi.".to_owned()),
            in_voicemail: Some(false),
            recording_url: Some("https://example.com/r.wav".to_owned()),
        }
    );
    let bare = leg("call_analyzed", &call("call_1", "ended", &json!({})));
    assert!(matches!(bare.what, CallHappening::Analysed { transcript: None, in_voicemail: None, .. }));
}

#[test]
fn events_that_a_call_has_many_of_are_told_apart_and_repetitions_are_not() {
    for name in
        ["transcript_updated", "transfer_started", "transfer_bridged", "transfer_cancelled", "transfer_ended"]
    {
        let one = leg(name, &call("call_1", "ongoing", &json!({"transcript": "a"})));
        let again = leg(name, &call("call_1", "ongoing", &json!({"transcript": "a"})));
        let other = leg(name, &call("call_1", "ongoing", &json!({"transcript": "ab"})));
        assert_eq!(one.what, CallHappening::Other { name: name.to_owned() });
        assert_eq!(one.event_id, again.event_id);
        assert_ne!(one.event_id, other.event_id);
    }
}

#[test]
fn who_is_to_answer() {
    let events = parse(&lookup(&json!({})), WebhookKind::Events).unwrap();
    let [Event::CallLookup(asked)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((asked.from.as_str(), asked.to.as_str()), (THEIRS, OURS));
    assert_eq!(asked.agent.as_deref(), Some("agent_0000000000000001"));
    assert_eq!(asked.at, Some(Timestamp::from_millis(1_767_621_890_000)));
    let withheld =
        parse(&lookup(&json!({"from_number": "anonymous", "agent_id": null})), WebhookKind::Events);
    let events = withheld.unwrap();
    let [Event::CallLookup(asked)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((&asked.from, &asked.agent), (&Address::Withheld, &None));
    for missing in ["from_number", "to_number"] {
        assert!(parse(&lookup(&json!({missing: null})), WebhookKind::Events).is_err());
    }
}

#[test]
fn answers() {
    let answer = |reply| {
        let reply = registry::webhooks(ProviderId::Retell).respond(reply);
        assert_eq!((reply.status, reply.content_type), (200, "application/json"));
        serde_json::from_slice::<Value>(&reply.body).unwrap()
    };
    let state = || "01ABC.d-1".to_owned();
    assert_eq!(answer(Reply::Empty), json!({}));
    assert_eq!(
        answer(Reply::Agent(LookupAnswer::Bound { state: state() })),
        json!({"call_inbound": {"metadata": {"tandem_ref": "01ABC.d-1"}}})
    );
    assert_eq!(answer(Reply::Agent(LookupAnswer::Reject)), json!({"call_inbound": {"reject": true}}));
    for (version, written) in [(Some("7"), json!(7)), (Some("prod"), json!("prod")), (None, Value::Null)] {
        let agent = RemoteAgent {
            id: "agent_9".to_owned(),
            version: version.map(str::to_owned),
            variables: [("n".to_owned(), "7".to_owned())].into(),
        };
        let got = answer(Reply::Agent(LookupAnswer::Instead { agent, state: state() }));
        let got = &got["call_inbound"];
        assert_eq!(got["override_agent_id"], "agent_9");
        assert_eq!(got["override_agent_version"], written);
        assert_eq!(got["dynamic_variables"], json!({"n": "7"}));
        assert_eq!(got["metadata"], json!({"tandem_ref": "01ABC.d-1"}));
    }
}

#[test]
fn what_is_unknown_is_welcome_and_what_is_broken_is_not() {
    for name in ["chat_started", "chat_ended", "chat_analyzed", "chat_inbound", "call_teleported"] {
        let got = parse(&json!({"event": name}).to_string(), WebhookKind::Events).unwrap();
        assert_eq!(got, [Event::Unrecognised { name: name.to_owned() }]);
    }
    // A member of another type costs nothing but itself.
    let odd =
        json!({"metadata": "x", "start_timestamp": "soon", "duration_ms": -1, "direction": 7, "new": {}});
    let got = leg("call_started", &call("call_1", "teleported", &odd));
    assert_eq!((got.callback_id, got.at, got.direction), (None, None, None));
    for body in [
        "",
        "[]",
        "{",
        "null",
        r#"{"event":7}"#,
        r#"{"call":{"call_id":"call_1"}}"#,
        r#"{"event":"call_ended"}"#,
        r#"{"event":"call_ended","call":{}}"#,
        r#"{"event":"call_ended","call":{"call_id":"a#b"}}"#,
        r#"{"event":"call_inbound"}"#,
    ] {
        assert!(matches!(parse(body, WebhookKind::Events), Err(WebhookError::Malformed(_))), "{body}");
    }
    let ended = event("call_ended", &call("call_1", "ended", &json!({})));
    for kind in [WebhookKind::Sms, WebhookKind::StatusCallback] {
        assert!(matches!(parse(&ended, kind).unwrap()[0], Event::Unrecognised { .. }));
    }
    let webhooks = registry::webhooks(ProviderId::Retell);
    let get = InboundRequest { method: Method::GET, ..signed(KEYS[0], NOW.millis(), URL, &ended) };
    let keys = webhooks.keys(&account());
    assert!(webhooks.parse(&webhooks.verify(&get, &keys, NOW).unwrap(), WebhookKind::Events).is_err());
}

#[test]
fn claims_are_the_agent_and_our_number() {
    let webhooks = registry::webhooks(ProviderId::Retell);
    let claims = |body: &str| webhooks.claims(&signed(KEYS[0], 1, URL, body));
    let agent = "agent_0000000000000001";
    let outbound = event("call_started", &call("call_1", "ongoing", &json!({})));
    assert_eq!(claims(&outbound), [agent, OURS]);
    let inbound = json!({"direction": "inbound", "from_number": THEIRS, "to_number": OURS});
    assert_eq!(claims(&event("call_started", &call("call_1", "ongoing", &inbound))), [agent, OURS]);
    assert_eq!(claims(&lookup(&json!({}))), [agent, OURS]);
    assert_eq!(claims(&lookup(&json!({"agent_id": null}))), [OURS]);
    for nothing in ["", "[]", "{}", r#"{"call":7}"#] {
        assert!(claims(nothing).is_empty(), "{nothing}");
    }
    assert!(webhooks.names(&account()).is_empty(), "it stands in for whoever is not known");
}
