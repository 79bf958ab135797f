use super::{Facts, Otherwise, Plan, decide};
use crate::domain::agent::{Agent, AgentLine, Character, Fallback, RemoteLine};
use crate::domain::ids::{AgentId, UserId};
use crate::domain::phone::E164;
use crate::domain::timestamp::Timestamp;
use crate::domain::voice::preferences::Preferences;
use crate::provider::ProviderId;

fn agent(line: Option<AgentLine>, fallback: Option<Fallback>) -> Agent {
    Agent {
        id: "sales".parse().unwrap(),
        tenant: "demo".parse().unwrap(),
        name: "Sales".into(),
        line,
        character: Character::default(),
        fallback,
        sms_url: None,
        secret: None,
        created_at: Timestamp::from_millis(0),
        updated_at: Timestamp::from_millis(0),
    }
}

fn preferences(forwarding: bool, voicemail: bool) -> Preferences {
    Preferences {
        call_forwarding: forwarding,
        forward_to: Some("+14155550199".parse().unwrap()),
        voicemail,
        ..Preferences::default()
    }
}

struct Case {
    open: bool,
    agent: Option<Option<Agent>>,
    preferences: Option<Preferences>,
    user: bool,
}

fn plan(case: &Case) -> Plan {
    let (id, user): (AgentId, UserId) = ("sales".parse().unwrap(), "u".parse().unwrap());
    let own: E164 = "+12025550100".parse().unwrap();
    decide(&Facts {
        open: case.open,
        agent: case.agent.as_ref().map(|agent| (&id, agent.as_ref())),
        user: case.user.then_some(&user),
        preferences: case.preferences.as_ref(),
        own: Some(&own),
    })
}

const NOTHING: Case = Case { open: true, agent: None, preferences: None, user: true };

#[test]
fn agent_then_forwarding_then_voicemail_then_nobody() {
    let both = || Some(preferences(true, true));
    let number = || Some(AgentLine::Number("+14155550177".parse().unwrap()));
    let forwarded = plan(&Case { agent: Some(Some(agent(number(), None))), preferences: both(), ..NOTHING });
    let Plan::Forward { to, agent: Some(_), otherwise: Otherwise::Voicemail, .. } = forwarded else {
        panic!("{forwarded:?}")
    };
    assert_eq!(to, "+14155550177");
    let forwarded = plan(&Case { preferences: both(), ..NOTHING });
    assert!(
        matches!(&forwarded, Plan::Forward { to, agent: None, .. } if to == "+14155550199"),
        "{forwarded:?}"
    );
    assert_eq!(plan(&Case { preferences: Some(preferences(false, true)), ..NOTHING }), Plan::Voicemail);
    assert_eq!(plan(&NOTHING), Plan::NotAccepting);
    assert_eq!(plan(&Case { open: false, preferences: both(), ..NOTHING }), Plan::NotAccepting);
    // A number without a user has nobody's wishes.
    assert_eq!(plan(&Case { user: false, preferences: both(), ..NOTHING }), Plan::NotAccepting);
}

#[test]
fn an_agent_that_is_gone_is_said_so_and_one_without_a_line_is_passed_over() {
    let gone = Case { agent: Some(None), preferences: Some(preferences(true, true)), ..NOTHING };
    assert_eq!(plan(&gone), Plan::AgentNotFound);
    let texts_only =
        Case { agent: Some(Some(agent(None, None))), preferences: Some(preferences(false, true)), ..NOTHING };
    assert_eq!(plan(&texts_only), Plan::Voicemail);
}

#[test]
fn nothing_rings_itself() {
    let own = || "+12025550100".parse::<E164>().unwrap();
    let line = Some(AgentLine::Number(own()));
    assert_eq!(plan(&Case { agent: Some(Some(agent(line, None))), ..NOTHING }), Plan::NotAccepting);
    let mut to_itself = preferences(true, true);
    to_itself.forward_to = Some(own());
    assert_eq!(plan(&Case { preferences: Some(to_itself), ..NOTHING }), Plan::Voicemail);
}

#[test]
fn the_agents_own_fallback_comes_first() {
    let remote =
        RemoteLine { provider: ProviderId::Retell, agent: "agent_1".into(), version: None, account: None };
    let handed = |fallback| {
        let known = agent(Some(AgentLine::Remote(remote.clone())), fallback);
        match plan(&Case { agent: Some(Some(known)), preferences: Some(preferences(false, true)), ..NOTHING })
        {
            Plan::HandOver { otherwise, .. } => otherwise,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(handed(None), Otherwise::Voicemail);
    assert_eq!(handed(Some(Fallback::Apology)), Otherwise::Apology);
}

#[test]
fn a_plan_and_a_line_read_back() {
    for line in [
        AgentLine::Number("+14155550177".parse().unwrap()),
        AgentLine::Sip("sip:a@b.example".into()),
        AgentLine::Stream { url: "wss://a.example".into(), parameters: [("a".into(), "b".into())].into() },
        AgentLine::Remote(RemoteLine {
            provider: ProviderId::Retell,
            agent: "x".into(),
            version: None,
            account: None,
        }),
    ] {
        let text = serde_json::to_string(&line).unwrap();
        assert_eq!(serde_json::from_str::<AgentLine>(&text).unwrap(), line, "{text}");
    }
    let plan = Plan::Join { to: "+14155550199".into(), from: "+12025550100".into(), recorded: false };
    assert_eq!(serde_json::from_str::<Plan>(&serde_json::to_string(&plan).unwrap()).unwrap(), plan);
}
