//! Agents, and the account.

use std::sync::Arc;

use serde_json::{Value, json};
use telephony::provider::agents::HandedCall;
use telephony::provider::calling::RemoteAgent;
use telephony::provider::error::ErrorKind;
use telephony_testkit::replay::{ReplayTransport, response};
use telephony_testkit::retell::call;

use super::{API, agents, body, connection};

fn agent(n: usize) -> Value {
    json!({"agent_id": format!("agent_{n}"), "version": n, "agent_name": "A", "webhook_url": null})
}

#[tokio::test]
async fn agents_are_listed_to_the_last() {
    let full: Vec<Value> = (0..1000).map(agent).collect();
    let transport = Arc::new(ReplayTransport::new().answer(200, json!(full).to_string()).then(
        |request| {
            let query = "limit=1000&is_latest=true&pagination_key=agent_999&pagination_key_version=999";
            assert_eq!(request.uri().query(), Some(query));
        },
        Ok(response(200, &[], json!([agent(1000)]).to_string())),
    ));
    let all = agents(&transport).list().await.unwrap();
    assert_eq!(
        (all.len(), all[1000].id.as_str(), all[1000].version.as_deref()),
        (1001, "agent_1000", Some("1000"))
    );
    // A full page without the version of its last agent leads nowhere, and is not the last page.
    let mut cut = full.clone();
    cut[999] = json!({"agent_id": "agent_999"});
    for garbage in [json!(cut), json!({}), json!([{}]), json!(null)] {
        let transport = Arc::new(ReplayTransport::new().answer(200, garbage.to_string()));
        assert_eq!(agents(&transport).list().await.unwrap_err().kind(), ErrorKind::UnexpectedResponse);
    }
    let endless = json!(full).to_string();
    let transport = (0..20).fold(ReplayTransport::new(), |script, _| script.answer(200, endless.clone()));
    assert_eq!(agents(&Arc::new(transport)).list().await.unwrap_err().kind(), ErrorKind::UnexpectedResponse);
}

#[tokio::test]
async fn an_agents_events_are_pointed_at_us() {
    let answer = json!({"agent_id": "agent_1", "version": 0, "webhook_url": "https://x.example/r"});
    let transport = Arc::new(
        ReplayTransport::new()
            .answer(200, answer.to_string())
            .answer(200, answer.to_string())
            .answer(422, "{}"),
    );
    let got = agents(&transport).set_webhook("agent_1", "https://x.example/r").await.unwrap();
    assert_eq!(got.webhook_url.as_deref(), Some("https://x.example/r"));
    let request = &transport.requests()[0];
    assert_eq!((request.method().as_str(), request.uri().path()), ("PATCH", "/update-agent/agent_1"));
    assert_eq!(body(request), json!({"webhook_url": "https://x.example/r"}));
    assert_eq!(agents(&transport).get("agent_1").await.unwrap(), Some(got));
    assert_eq!(agents(&transport).get("agent_1").await.unwrap(), None);
}

#[tokio::test]
async fn a_call_is_registered_and_has_an_address() {
    let variables = [("customer_name".to_owned(), "Zoë".to_owned())].into();
    let agent = RemoteAgent { id: "agent_1".into(), version: Some("3".into()), variables };
    let handed = |agent: RemoteAgent| HandedCall {
        agent,
        from: "+14155552671".into(),
        to: "+14155550100".into(),
        state: "our-id".into(),
    };
    let answer = call("call_1", "registered", &json!({"start_timestamp": null}));
    let transport = Arc::new(ReplayTransport::new().answer(201, answer.to_string()));
    let to = agents(&transport).register(&handed(agent.clone())).await.unwrap();
    assert_eq!((to.sid.as_str(), to.address.as_str()), ("call_1", "sip:call_1@sip.retellai.com"));
    let request = &transport.requests()[0];
    let url = format!("{API}/v2/register-phone-call");
    assert_eq!((request.method().as_str(), request.uri().to_string()), ("POST", url));
    assert_eq!(
        body(request),
        json!({
            "agent_id": "agent_1",
            "agent_version": 3,
            "direction": "inbound",
            "from_number": "+14155552671",
            "to_number": "+14155550100",
            "metadata": {"tandem_ref": "our-id"},
            "retell_llm_dynamic_variables": {"customer_name": "Zoë"},
        })
    );
    // What becomes part of an address leads nowhere else.
    for (status, answer) in
        [(201, json!({})), (201, call("a@b", "registered", &json!({}))), (200, answer), (422, json!({}))]
    {
        let transport = Arc::new(ReplayTransport::new().answer(status, answer.to_string()));
        let published = RemoteAgent { version: None, ..agent.clone() };
        agents(&transport).register(&handed(published)).await.unwrap_err();
        assert_eq!(body(&transport.requests()[0]).get("agent_version"), None);
    }
}

#[tokio::test]
async fn the_account_tells_its_limit() {
    let answer = json!({"current_concurrency": 3, "concurrency_limit": 20, "base_concurrency": 20});
    let transport = Arc::new(ReplayTransport::new().answer(200, answer.to_string()).answer(200, "{}"));
    let state = connection(&transport).check().await.unwrap();
    assert_eq!((state.balance, state.active), (None, true));
    assert_eq!(state.note.as_deref(), Some("20 concurrent calls, 3 of them in use"));
    assert_eq!(transport.requests()[0].uri().to_string(), format!("{API}/get-concurrency"));
    assert_eq!(connection(&transport).check().await.unwrap_err().kind(), ErrorKind::UnexpectedResponse);
}
