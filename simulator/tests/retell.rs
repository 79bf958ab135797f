//! Retell: agents, numbers, calls and their webhooks.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod harness;

use harness::{PHONE, Simulator};
use serde_json::{Value, json};

const ACCOUNT: &str = "retell-workspace";
const KEY: &str = "key_0123";
const NUMBER: &str = "+14157774444";

struct World {
    simulator: Simulator,
    agent: String,
}

impl World {
    async fn start() -> Self {
        let simulator = Simulator::start().await;
        let account = json!({"provider": "retell", "sid": ACCOUNT, "auth_token": KEY,
            "signing_key": "key_badge", "webhook_url": simulator.hook("account")});
        simulator.control("POST", "/accounts", account).await;
        let new = json!({"response_engine": {"type": "retell-llm", "llm_id": "llm_1"}, "voice_id": "retell-Cimo",
            "agent_name": "Jarvis"});
        let (status, agent) = simulator.call(KEY, "POST", "/retell/create-agent", new).await;
        assert_eq!(status, 201);
        let agent = agent["agent_id"].as_str().unwrap().to_owned();
        let import = json!({"phone_number": NUMBER, "termination_uri": "x.pstn.twilio.com",
            "sip_trunk_auth_username": "user", "sip_trunk_auth_password": "secret",
            "outbound_agents": [{"agent_id": agent, "weight": 1}],
            "inbound_agents": [{"agent_id": agent, "weight": 1}]});
        let (status, number) = simulator.call(KEY, "POST", "/retell/import-phone-number", import).await;
        assert_eq!((status, number["phone_number_pretty"].as_str()), (201, Some("+1 (415) 777-4444")));
        assert!(!number.to_string().contains("secret"));
        Self { simulator, agent }
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.simulator.call(KEY, method, &format!("/retell{path}"), body).await
    }

    async fn create(&self, more: Value) -> (u16, Value) {
        let mut body = json!({"from_number": NUMBER, "to_number": PHONE});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.call("POST", "/v2/create-phone-call", body).await
    }

    async fn events(&self, hook: &str) -> Vec<String> {
        let events = self.simulator.hooked(hook).await;
        events.iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect()
    }

    async fn script(&self, call: Value) {
        self.simulator.control("POST", &format!("/phones/{PHONE}"), json!({ "call": call })).await;
    }
}

#[tokio::test]
async fn a_call_is_made_ends_and_is_analysed() {
    let world = World::start().await;
    world.script(json!({"speech": "I want a table", "hang_up_after_steps": 2})).await;
    let more = json!({"metadata": {"mine": "42"}, "retell_llm_dynamic_variables": {"name": "Jo"}});
    let (status, call) = world.create(more).await;
    assert_eq!((status, call["call_status"].as_str()), (201, Some("registered")));
    let (_, concurrency) = world.call("GET", "/get-concurrency", Value::Null).await;
    assert_eq!(concurrency["current_concurrency"], 1);
    world.simulator.advance(2.0).await;
    assert_eq!(world.events("account").await, ["call_started", "call_ended", "call_analyzed"]);
    let events = world.simulator.hooked("account").await;
    assert_eq!(events[1]["call"]["disconnection_reason"], "user_hangup");
    assert!(
        events[1]["call"].get("call_analysis").is_none() && events[2]["call"]["call_analysis"].is_object()
    );
    let id = call["call_id"].as_str().unwrap();
    let (_, call) = world.call("GET", &format!("/v2/get-call/{id}"), Value::Null).await;
    assert_eq!(call["transcript_object"][1]["content"], "I want a table");
    let url = call["recording_url"].as_str().unwrap();
    let (_, _, bytes) = harness::send(http::Request::get(url).body(String::new()).unwrap()).await.unwrap();
    assert_eq!(&bytes[..4], b"RIFF");

    let filter = json!({"filter_criteria": {"metadata":
        [{"key": "mine", "type": "string", "op": "eq", "value": "42"}]}});
    let (_, listed) = world.call("POST", "/v3/list-calls", filter).await;
    assert_eq!((listed["items"][0]["call_id"].as_str(), &listed["has_more"]), (Some(id), &json!(false)));
    assert!(listed["items"][0].get("transcript").is_none());

    // Signed with the key that has the badge.
    let callbacks = world.simulator.get("/callbacks?event=call_ended").await;
    let entry = &callbacks["callbacks"][0];
    let headers = entry["headers"].as_array().unwrap();
    let header = headers.iter().find(|pair| pair[0] == "x-retell-signature").unwrap()[1].as_str().unwrap();
    let millis: i64 = header[2..].split(',').next().unwrap().parse().unwrap();
    let sign = json!({"provider": "retell", "key": "key_badge", "url": entry["url"], "body": entry["body"],
        "timestamp": millis});
    let signed = world.simulator.control("POST", "/sign", sign).await;
    assert_eq!(signed["headers"]["x-retell-signature"], header);
}

#[tokio::test]
async fn who_does_not_answer_is_not_connected() {
    let world = World::start().await;
    for (answer, reason) in [("busy", "dial_busy"), ("no_answer", "dial_no_answer")] {
        world.script(json!({"answer": answer})).await;
        world.create(json!({})).await;
        world.simulator.advance(40.0).await;
        let last = world.simulator.hooked("account").await.pop().unwrap();
        assert_eq!(last["call"]["disconnection_reason"], reason);
        assert_eq!(last["call"]["call_status"], "not_connected");
    }
    assert_eq!(world.events("account").await, ["call_ended", "call_ended"]);
    world.script(json!({})).await;
    let (_, call) = world.create(json!({})).await;
    world.simulator.advance(0.35).await;
    let path = format!("/v2/stop-call/{}", call["call_id"].as_str().unwrap());
    assert_eq!(world.call("POST", &path, Value::Null).await.0, 204);
    assert_eq!(world.call("POST", &path, Value::Null).await.0, 400);
}

#[tokio::test]
async fn refusals() {
    let world = World::start().await;
    let (status, answer) = world.simulator.call("no", "GET", "/retell/get-concurrency", Value::Null).await;
    assert_eq!((status, answer["message"].as_str()), (401, Some("API key is missing or invalid.")));
    for (more, expect) in [
        (json!({"from_number": "+14157770000"}), 422),
        (json!({"override_agent_id": "agent_none"}), 422),
        (json!({"to_number": "3105550180"}), 400),
        (json!({"retell_llm_dynamic_variables": {"n": 1}}), 400),
    ] {
        assert_eq!(world.create(more.clone()).await.0, expect, "{more}");
    }
    assert_eq!(world.call("GET", "/get-agent/agent_none", Value::Null).await.0, 422);
    let patch = json!({"inbound_agents": [{"agent_id": world.agent, "weight": 0.5}]});
    assert_eq!(world.call("PATCH", &format!("/update-phone-number/{NUMBER}"), patch).await.0, 400);
    world.simulator.fault("calls.create", "status_429", json!({"params": {"retry_after": 3}})).await;
    assert_eq!(world.create(json!({})).await.0, 429);
}

#[tokio::test]
async fn the_inbound_webhook_says_who_answers() {
    let world = World::start().await;
    let patch = json!({"inbound_webhook_url": world.simulator.hook("inbound")});
    world.call("PATCH", "/update-phone-number/%2B14157774444", patch).await;
    let place = async || {
        let placed = json!({"to": NUMBER, "provider": "retell"});
        world.simulator.control("POST", &format!("/phones/{PHONE}/call"), placed).await
    };
    let answer = |call: Value| json!({"body": json!({ "call_inbound": call }).to_string()});
    let more =
        json!({"override_agent_id": world.agent, "dynamic_variables": {"a": "b"}, "metadata": {"m": 1}});
    world.simulator.control("POST", "/hooks/inbound", answer(more)).await;
    let placed = place().await;
    assert_eq!(placed["outcome"], "answered");
    assert_eq!(world.simulator.hooked("inbound").await[0]["call_inbound"]["agent_id"], world.agent);
    let calls = world.simulator.get("/calls?provider=retell").await;
    assert_eq!(calls["calls"][0]["dynamic_variables"], json!({"a": "b"}));
    world.simulator.control("POST", "/hooks/inbound", answer(json!({"reject": true}))).await;
    assert_eq!(place().await["outcome"], "rejected");
    // Three tries, then the agent that is bound.
    world.simulator.control("POST", "/hooks/inbound", json!({"statuses": [500]})).await;
    let placed = place().await;
    assert_eq!(
        (placed["outcome"].as_str(), placed["callbacks"].as_array().unwrap().len()),
        (Some("answered"), 3)
    );
}

#[tokio::test]
async fn a_registered_call_is_dialled_by_sip() {
    let world = World::start().await;
    let simulator = &world.simulator;
    let account = json!({"provider": "telnyx", "sid": "org", "auth_token": "KEY1"});
    simulator.control("POST", "/accounts", account).await;
    let application = json!({"application_name": "x", "webhook_event_url": simulator.hook("telnyx"),
        "webhook_api_version": "2"});
    let path = "/telnyx/v2/call_control_applications";
    let (_, application) = simulator.call("KEY1", "POST", path, application).await;
    let register = json!({"agent_id": world.agent, "from_number": PHONE, "to_number": NUMBER});
    let (_, call) = world.call("POST", "/v2/register-phone-call", register.clone()).await;
    let to = format!("sip:{}@sip.retellai.com", call["call_id"].as_str().unwrap());
    let dial = json!({"connection_id": application["data"]["id"], "to": to, "from": "+14155550170"});
    assert_eq!(simulator.call("KEY1", "POST", "/telnyx/v2/calls", dial).await.0, 200);
    simulator.advance(3.0).await;
    assert_eq!(world.events("account").await, ["call_started", "call_ended", "call_analyzed"]);
    let leg = simulator.get("/calls?provider=telnyx").await["calls"][0].clone();
    assert_eq!(
        (leg["state"].as_str(), leg["hangup_cause"].as_str()),
        (Some("ended"), Some("normal_clearing"))
    );

    let (_, call) = world.call("POST", "/v2/register-phone-call", register).await;
    simulator.advance(301.0).await;
    let path = format!("/v2/get-call/{}", call["call_id"].as_str().unwrap());
    let (_, call) = world.call("GET", &path, Value::Null).await;
    assert_eq!(call["disconnection_reason"], "registered_call_timeout");
}
