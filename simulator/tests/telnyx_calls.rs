//! Telnyx: calls, their commands and their events; managed accounts.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod harness;

use harness::{PHONE, Simulator};
use serde_json::{Value, json};

const ORG: &str = "47a530f8-4362-4526-829b-bcee17fd9f7a";
const KEY: &str = "KEY0123";
const NUMBER: &str = "+14155550170";

struct World {
    simulator: Simulator,
    connection: String,
}

impl World {
    async fn start() -> Self {
        let simulator = Simulator::start().await;
        let account = json!({"provider": "telnyx", "sid": ORG, "auth_token": KEY});
        simulator.control("POST", "/accounts", account).await;
        let url = simulator.hook("calls");
        let application = json!({
            "application_name": "test", "webhook_event_url": url, "webhook_api_version": "2",
            "first_command_timeout": true, "call_cost_in_webhooks": true,
        });
        let path = "/telnyx/v2/call_control_applications";
        let (status, application) = simulator.call(KEY, "POST", path, application).await;
        assert_eq!(status, 201);
        let connection = application["data"]["id"].as_str().unwrap().to_owned();
        let number = json!({"provider": "telnyx", "account": ORG, "phone_number": NUMBER,
            "connection_id": connection});
        simulator.control("POST", "/numbers", number).await;
        Self { simulator, connection }
    }

    async fn dial(&self, more: Value) -> String {
        let mut body = json!({"connection_id": self.connection, "to": PHONE, "from": NUMBER});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (status, call) = self.simulator.call(KEY, "POST", "/telnyx/v2/calls", body).await;
        assert_eq!(status, 200, "{call}");
        call["data"]["call_control_id"].as_str().unwrap().to_owned()
    }

    async fn command(&self, id: &str, name: &str, body: Value) -> (u16, Value) {
        let path = format!("/telnyx/v2/calls/{}/actions/{name}", id.replace(':', "%3A"));
        self.simulator.call(KEY, "POST", &path, body).await
    }

    async fn script(&self, call: Value) {
        self.simulator.control("POST", &format!("/phones/{PHONE}"), json!({ "call": call })).await;
    }

    /// The events that were posted, as `type` or `type:result`.
    async fn events(&self) -> Vec<String> {
        let events = self.simulator.hooked("calls").await;
        events
            .iter()
            .map(|event| {
                let payload = &event["data"]["payload"];
                let name = event["data"]["event_type"].as_str().unwrap();
                let more = ["result", "hangup_cause", "status", "digit"];
                let more = more.iter().find_map(|member| payload[member].as_str());
                more.map_or_else(|| name.to_owned(), |more| format!("{name}:{more}"))
            })
            .collect()
    }
}

#[tokio::test]
async fn a_message_after_the_beep() {
    let world = World::start().await;
    world.script(json!({"answer": "machine", "after_steps": 2})).await;
    let more = json!({"answering_machine_detection": "detect_beep", "client_state": "YQ==",
        "record": "record-from-answer", "record_format": "wav"});
    let id = world.dial(more).await;
    world.simulator.advance(1.2).await;
    let expect = [
        "call.initiated",
        "call.answered",
        "call.machine.detection.ended:machine",
        "call.machine.greeting.ended:beep_detected",
    ];
    assert_eq!(world.events().await, expect);
    let speak = json!({"payload": "hello", "voice": "female", "command_id": "1", "client_state": "Yg=="});
    assert_eq!(world.command(&id, "speak", speak.clone()).await.0, 200);
    assert_eq!(world.command(&id, "speak", speak).await.0, 200);
    world.simulator.advance(1.0).await;
    assert_eq!(world.command(&id, "hangup", json!({})).await.0, 200);
    world.simulator.advance(1.0).await;
    let expect = [
        "call.speak.started",
        "call.speak.ended:completed",
        "call.hangup:normal_clearing",
        "call.recording.saved",
        "call.cost:success",
    ];
    assert_eq!(world.events().await[4..], expect);
    let (status, answer) = world.command(&id, "speak", json!({"payload": "x", "voice": "female"})).await;
    assert_eq!((status, answer["errors"][0]["code"].as_str()), (422, Some("90018")));

    let calls = world.simulator.get("/calls").await;
    let call = &calls["calls"][0];
    assert_eq!((call["state"].as_str(), call["client_state"].as_str()), (Some("ended"), Some("Yg==")));
    let duplicates: Vec<&Value> =
        call["commands"].as_array().unwrap().iter().map(|command| &command["duplicate"]).collect();
    assert_eq!(duplicates, [false, true, false, false]);

    let leg = call["call_leg_id"].as_str().unwrap();
    let path = format!("/telnyx/v2/recordings?filter[call_leg_id]={leg}");
    let (_, recordings) = world.simulator.call(KEY, "GET", &path, Value::Null).await;
    let url = recordings["data"][0]["download_urls"]["wav"].as_str().unwrap().to_owned();
    let fetch = async || harness::send(http::Request::get(&url).body(String::new()).unwrap()).await.unwrap();
    let (status, _, bytes) = fetch().await;
    assert_eq!((status.as_u16(), &bytes[..4]), (200, &b"RIFF"[..]));
    world.simulator.advance(601.0).await;
    assert_eq!(fetch().await.0, 403);
}

#[tokio::test]
async fn who_does_not_answer() {
    let world = World::start().await;
    for (answer, cause) in [("busy", "user_busy"), ("reject", "call_rejected"), ("no_answer", "timeout")] {
        world.script(json!({"answer": answer})).await;
        let id = world.dial(json!({"timeout_secs": 20})).await;
        world.simulator.advance(25.0).await;
        let events = world.events().await;
        assert!(events.iter().any(|event| *event == format!("call.hangup:{cause}")), "{events:?}");
        let path = format!("/telnyx/v2/calls/{}", id.replace(':', "%3A"));
        let (_, call) = world.simulator.call(KEY, "GET", &path, Value::Null).await;
        assert_eq!(call["data"]["is_alive"], false);
    }
    let body =
        json!({"connection_id": world.connection, "to": PHONE, "from": NUMBER, "client_state": "no base64!"});
    let (_, answer) = world.simulator.call(KEY, "POST", "/telnyx/v2/calls", body).await;
    assert_eq!(answer["errors"][0]["code"], "90017");
}

#[tokio::test]
async fn an_incoming_call_is_answered_asked_and_transferred() {
    let world = World::start().await;
    let path = format!("/phones/{PHONE}/call");
    let new = json!({"to": NUMBER, "attestation": "A", "call": {"digits": "12#"}});
    let placed = world.simulator.control("POST", &path, new).await;
    let id = placed["call_control_id"].as_str().unwrap();
    assert_eq!(placed["callbacks"][0]["event"], "call.initiated");
    let first = world.simulator.hooked("calls").await.remove(0);
    assert_eq!(first["data"]["payload"]["state"], "parked");
    assert_eq!(first["data"]["payload"]["shaken_stir_attestation"], "A");
    let ask = json!({"payload": "which?", "voice": "female", "maximum_digits": 4});
    let (_, answer) = world.command(id, "gather_using_speak", ask.clone()).await;
    assert_eq!(answer["errors"][0]["code"], "90034");
    assert_eq!(world.command(id, "answer", json!({})).await.0, 200);
    assert_eq!(world.command(id, "gather_using_speak", ask).await.0, 200);
    world.simulator.advance(1.0).await;
    let gathered = world.simulator.hooked("calls").await.pop().unwrap();
    assert_eq!(gathered["data"]["event_type"], "call.gather.ended");
    assert_eq!(gathered["data"]["payload"]["digits"], "12");
    assert_eq!(world.command(id, "transfer", json!({"to": "+12125550188"})).await.0, 200);
    world.simulator.advance(2.0).await;
    let events = world.events().await;
    assert_eq!(events.iter().filter(|event| *event == "call.bridged").count(), 2);
    let other = world.simulator.get("/calls?direction=outbound").await["calls"][0]["id"].clone();
    let path = format!("/calls/{}/hang_up", other.as_str().unwrap().replace(':', "%3A"));
    world.simulator.control("POST", &path, json!({})).await;
    world.simulator.advance(1.0).await;
    let calls = world.simulator.get("/calls?state=ended").await;
    assert_eq!(calls["calls"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn nobody_commands_it() {
    let world = World::start().await;
    world.simulator.control("POST", &format!("/phones/{PHONE}/call"), json!({"to": NUMBER})).await;
    world.simulator.advance(29.0).await;
    assert_eq!(world.events().await.len(), 1);
    world.simulator.advance(2.0).await;
    assert_eq!(world.events().await[1], "call.hangup:timeout");

    let path = format!("/telnyx/v2/call_control_applications/{}", world.connection);
    world.simulator.call(KEY, "PATCH", &path, json!({"webhook_api_version": "1"})).await;
    world.simulator.control("POST", &format!("/phones/{PHONE}/call"), json!({"to": NUMBER})).await;
    let violations = world.simulator.get("/violations").await;
    assert_eq!(violations["violations"][0]["kind"], "legacy_payload");
}

#[tokio::test]
async fn a_managed_account_has_a_key_of_its_own() {
    let world = World::start().await;
    let accounts = "/telnyx/v2/managed_accounts";
    let new = json!({"business_name": "Tenant", "email": "tenant@example.com"});
    let (_, child) = world.simulator.call(KEY, "POST", accounts, new).await;
    let (id, key) = (child["data"]["id"].as_str().unwrap(), child["data"]["api_key"].as_str().unwrap());
    let balance = "/telnyx/v2/balance";
    assert_eq!(world.simulator.call(key, "GET", balance, Value::Null).await.0, 200);
    let (_, numbers) = world.simulator.call(key, "GET", "/telnyx/v2/phone_numbers", Value::Null).await;
    assert_eq!(numbers["data"], json!([]));
    let disable = format!("{accounts}/{id}/actions/disable");
    assert_eq!(world.simulator.call(KEY, "POST", &disable, Value::Null).await.0, 200);
    assert_eq!(world.simulator.call(key, "GET", balance, Value::Null).await.0, 403);
    let enable = format!("{accounts}/{id}/actions/enable");
    world.simulator.call(KEY, "POST", &enable, Value::Null).await;
    assert_eq!(world.simulator.call(key, "GET", balance, Value::Null).await.0, 200);
    let (_, listed) = world.simulator.call(KEY, "GET", accounts, Value::Null).await;
    assert_eq!((listed["data"][0]["id"].as_str(), &listed["data"][0]["api_key"]), (Some(id), &Value::Null));
}
