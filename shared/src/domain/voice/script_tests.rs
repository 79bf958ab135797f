use std::collections::BTreeMap;

use super::{GREETING, HOLD, Moment, NOT_ACCEPTING, Setting, THANKS, script};
use crate::domain::voice::plan::{Otherwise, Plan};
use crate::domain::voice::verb::Verb;

fn forward(otherwise: Otherwise) -> Plan {
    Plan::Forward { to: "+14155550199".into(), screened: false, agent: None, otherwise }
}

fn words(verbs: &[Verb]) -> Vec<String> {
    let word = |verb: &Verb| match verb {
        Verb::Say(speech) => format!("say {}", speech.as_str()),
        Verb::Play(url) => format!("play {url}"),
        Verb::Dial(dial) => format!("dial {} for {}", dial.to, dial.ring_for.as_secs()),
        Verb::Record(record) => format!("record {}", record.max_length.as_secs()),
        Verb::AskForKey(_) => "ask".to_owned(),
        Verb::Stream(stream) => format!("stream {} {:?}", stream.url, stream.parameters),
        Verb::HangUp => "hang up".to_owned(),
    };
    verbs.iter().map(word).collect()
}

fn play(plan: &Plan, moment: Moment) -> Vec<String> {
    words(&script(plan, moment, &Setting::default()))
}

const UNANSWERED: Moment = Moment::DialEnded { joined: false };

#[test]
fn a_forwarded_call_that_nobody_answers_falls_to_voicemail() {
    let plan = forward(Otherwise::Voicemail);
    assert_eq!(play(&plan, Moment::Begin), [format!("say {HOLD}"), "dial +14155550199 for 30".into()]);
    assert_eq!(play(&plan, Moment::DialEnded { joined: true }), ["hang up"]);
    let mailbox = [format!("say {GREETING}"), "record 120".into(), format!("say {THANKS}"), "hang up".into()];
    assert_eq!(play(&plan, UNANSWERED), mailbox);
    assert_eq!(play(&plan, Moment::Recorded), mailbox[2..]);
    assert_eq!(play(&Plan::Voicemail, Moment::Begin), mailbox);
}

#[test]
fn without_a_mailbox_the_caller_is_told_so() {
    let told = [format!("say {NOT_ACCEPTING}"), "hang up".into()];
    assert_eq!(play(&forward(Otherwise::Apology), UNANSWERED), told);
    assert_eq!(play(&Plan::NotAccepting, Moment::Begin), told);
    let gone = play(&Plan::AgentNotFound, Moment::Begin);
    assert!(gone[0].starts_with("say Agent not found"), "{gone:?}");
}

#[test]
fn an_agent_is_told_about_its_call_whatever_the_tenant_says() {
    let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let plan = Plan::Stream {
        agent: "sales".parse().unwrap(),
        url: "wss://voice.example.com/in".into(),
        parameters: map(&[("callId", "forged"), ("lang", "en")]),
        otherwise: Otherwise::Voicemail,
    };
    let setting = Setting { stream: map(&[("callId", "c1"), ("agentId", "sales")]), ..Setting::default() };
    let told = words(&script(&plan, Moment::Begin, &setting));
    let expected = map(&[("agentId", "sales"), ("callId", "c1"), ("lang", "en")]);
    assert_eq!(told, [format!("stream wss://voice.example.com/in {expected:?}")]);
    assert_eq!(play(&plan, Moment::StreamEnded { failed: false }), ["hang up"]);
    assert!(play(&plan, Moment::StreamEnded { failed: true })[0].contains("voicemail"));
}

#[test]
fn an_agent_elsewhere_that_cannot_be_reached_is_as_one_that_does_not_answer() {
    let plan = Plan::HandOver {
        agent: "r".parse().unwrap(),
        provider: crate::provider::ProviderId::Retell,
        otherwise: Otherwise::Voicemail,
    };
    assert_eq!(play(&plan, Moment::Begin), play(&Plan::Voicemail, Moment::Begin));
    let handed_to = Some("sip:c@sip.example.com".to_owned());
    let setting = Setting { handed_to, ..Setting::default() };
    assert_eq!(words(&script(&plan, Moment::Begin, &setting)), ["dial sip:c@sip.example.com for 30"]);
}

#[test]
fn whoever_answers_a_call_of_ours_is_joined_or_told() {
    let join = Plan::Join { to: "+14155550199".into(), from: "+12025550100".into(), recorded: true };
    let verbs = script(&join, Moment::Begin, &Setting::default());
    let [Verb::Dial(dial)] = verbs.as_slice() else { panic!("{verbs:?}") };
    assert_eq!((dial.from.as_deref(), dial.recorded), (Some("+12025550100"), true));
    assert_eq!(play(&join, UNANSWERED), ["hang up"]);
    assert_eq!(play(&Plan::Tell { text: "Hello".into() }, Moment::Begin), ["say Hello", "hang up"]);
}

#[test]
fn a_key_lets_a_screened_call_through() {
    let plan = forward(Otherwise::Voicemail);
    assert_eq!(play(&plan, Moment::Screening), ["ask", "hang up"]);
    assert!(play(&plan, Moment::ScreenPressed { taken: true }).is_empty());
    assert_eq!(play(&plan, Moment::ScreenPressed { taken: false }), ["hang up"]);
}
