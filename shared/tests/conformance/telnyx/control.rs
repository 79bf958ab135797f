//! Steering calls that are under way.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use telephony::provider::calling::{CallCommand, CallControl, Command, Commanded};
use telephony::provider::error::{Effect, ErrorKind};
use telephony::provider::transport::TransportError;
use telephony::provider::{Environment, ProviderId, registry};
use telephony::providers::telnyx::voices::VOICES;
use telephony_testkit::facts::facts;
use telephony_testkit::replay::ReplayTransport;
use telephony_testkit::telnyx::{CONTROL_ID, account, client_state};

use super::openapi::Api;

const OK: &str = r#"{"data":{"result":"ok"}}"#;
/// The control id as one segment of a path.
const ENCODED: &str = "v3%3AMdI91X4lWFEs7IgbBEOT9M4AigoY08M0WWZFISt1Yw2axZ_IiE4pqg";

fn control(transport: &Arc<ReplayTransport>) -> Box<dyn CallControl> {
    registry::call_control(ProviderId::Telnyx).unwrap()(
        &account(),
        &Environment::default(),
        transport.clone(),
    )
    .unwrap()
}

fn command(act: CallCommand, state: Option<&str>) -> Command {
    Command { act, id: "step-1".to_owned(), state: state.map(str::to_owned) }
}

fn speak(language: &str) -> CallCommand {
    CallCommand::Speak { text: "Grüße".to_owned(), language: language.to_owned() }
}

/// Every command, with what is to be posted besides id and state.
fn commands() -> Vec<(CallCommand, &'static str, Value)> {
    use CallCommand as C;
    let record = |beep, dual, max_length: Option<u64>, silence: Option<u64>| C::RecordStart {
        beep,
        dual,
        max_length: max_length.map(Duration::from_secs),
        silence: silence.map(Duration::from_secs),
    };
    let transfer = |from: Option<&str>, ring: u64| C::Transfer {
        to: "+14155559999".to_owned(),
        from: from.map(str::to_owned),
        ring_timeout: Duration::from_secs(ring),
        time_limit: None,
        recorded: false,
        leg_state: None,
    };
    let whole = C::Transfer {
        to: "sip:desk@pbx.example.com".to_owned(),
        from: None,
        ring_timeout: Duration::from_secs(30),
        time_limit: Some(Duration::from_secs(20)),
        recorded: true,
        leg_state: Some("leg-b".to_owned()),
    };
    let gather = |max_digits| C::Gather {
        text: "Press".to_owned(),
        language: "en-US".to_owned(),
        max_digits,
        timeout: Duration::from_secs(5),
    };
    let gathered = |max: u32| {
        json!({
            "payload": "Press", "payload_type": "text", "voice": "AWS.Polly.Joanna", "language": "en-US",
            "minimum_digits": 1, "maximum_digits": max, "maximum_tries": 1, "timeout_millis": 5000,
        })
    };
    let said = |language: &str, voice: &str| json!({"payload": "Grüße", "payload_type": "text", "voice": voice, "language": language});
    let stream = |both_ways, told: &[(&str, &str)]| C::StreamStart {
        url: "wss://s.example/1".to_owned(),
        both_ways,
        parameters: told.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    };
    vec![
        (C::Answer, "answer", json!({})),
        (C::Reject { busy: true }, "reject", json!({"cause": "USER_BUSY"})),
        (C::Reject { busy: false }, "reject", json!({"cause": "CALL_REJECTED"})),
        (C::HangUp, "hangup", json!({})),
        (speak("de-DE"), "speak", said("de-DE", "AWS.Polly.Vicki")),
        (speak("tlh"), "speak", said("en-US", "AWS.Polly.Joanna")),
        (
            C::Play { url: "https://x.example/a.mp3".to_owned() },
            "playback_start",
            json!({"audio_url": "https://x.example/a.mp3"}),
        ),
        (C::StopPlaying, "playback_stop", json!({"stop": "all"})),
        (
            record(true, true, Some(60), Some(5)),
            "record_start",
            json!({"format": "mp3", "channels": "dual", "play_beep": true, "max_length": 60, "timeout_secs": 5}),
        ),
        (
            record(false, false, None, None),
            "record_start",
            json!({"format": "mp3", "channels": "single", "play_beep": false}),
        ),
        // None at all would be without end.
        (
            record(false, false, Some(0), Some(0)),
            "record_start",
            json!({"format": "mp3", "channels": "single", "play_beep": false, "max_length": 1, "timeout_secs": 1}),
        ),
        (C::RecordStop, "record_stop", json!({})),
        (
            transfer(Some("+14155550100"), 20),
            "transfer",
            json!({"to": "+14155559999", "from": "+14155550100", "timeout_secs": 20}),
        ),
        (transfer(None, 1), "transfer", json!({"to": "+14155559999", "timeout_secs": 5})),
        (
            whole,
            "transfer",
            json!({
                "to": "sip:desk@pbx.example.com", "timeout_secs": 30, "time_limit_secs": 30,
                "record": "record-from-answer", "record_channels": "dual", "record_format": "mp3",
                "target_leg_client_state": client_state("leg-b"),
            }),
        ),
        (C::Bridge { with: "v3:other".to_owned() }, "bridge", json!({"call_control_id": "v3:other"})),
        (gather(4), "gather_using_speak", gathered(4)),
        (gather(1000), "gather_using_speak", gathered(128)),
        (C::SendDigits { digits: "1w#".to_owned() }, "send_dtmf", json!({"digits": "1w#"})),
        (
            stream(true, &[("token", "t-1"), ("agentId", "agent 1")]),
            "streaming_start",
            json!({
                "stream_url": "wss://s.example/1", "stream_track": "inbound_track",
                "stream_bidirectional_mode": "rtp", "stream_bidirectional_codec": "PCMU",
                "custom_parameters": [
                    {"name": "agentId", "value": "agent 1"}, {"name": "token", "value": "t-1"},
                ],
            }),
        ),
        (
            stream(false, &[]),
            "streaming_start",
            json!({"stream_url": "wss://s.example/1", "stream_track": "both_tracks"}),
        ),
        (C::StreamStop, "streaming_stop", json!({})),
    ]
}

#[tokio::test]
async fn every_command_goes_to_its_leg_with_its_id_and_our_state() {
    let api = facts().map(|facts| Api::of(&facts));
    for (act, action, mut expected) in commands() {
        let transport = Arc::new(ReplayTransport::new().answer(200, OK));
        let done = control(&transport).command(CONTROL_ID, &command(act.clone(), Some("our-id"))).await;
        assert_eq!(done.unwrap(), Commanded::Accepted, "{action}");
        let request = &transport.requests()[0];
        let url = format!("https://api.telnyx.com/v2/calls/{ENCODED}/actions/{action}");
        assert_eq!((request.method().as_str(), request.uri().to_string()), ("POST", url));
        expected["command_id"] = json!("step-1");
        expected["client_state"] = json!(client_state("our-id"));
        assert_eq!(serde_json::from_slice::<Value>(request.body()).unwrap(), expected, "{action}");
        if let Some(api) = &api {
            api.check_request(request);
        }
    }
}

#[tokio::test]
async fn a_command_without_a_state_sends_none() {
    let transport = Arc::new(ReplayTransport::new().answer(200, OK));
    control(&transport).command(CONTROL_ID, &command(CallCommand::Answer, None)).await.unwrap();
    let body: Value = serde_json::from_slice(transport.requests()[0].body()).unwrap();
    assert_eq!(body, json!({"command_id": "step-1"}));
}

#[tokio::test]
async fn no_control_id_leaves_its_segment() {
    for (id, segment) in [
        ("v3:a/b", "v3%3Aa%2Fb"),
        ("../x", "..%2Fx"),
        ("..", "%2E%2E"),
        ("a?b#c d", "a%3Fb%23c%20d"),
        ("é\n", "%C3%A9%0A"),
    ] {
        let transport = Arc::new(ReplayTransport::new().answer(200, OK));
        control(&transport).command(id, &command(CallCommand::HangUp, None)).await.unwrap();
        let path = transport.requests()[0].uri().path().to_owned();
        assert_eq!(path, format!("/v2/calls/{segment}/actions/hangup"));
    }
}

#[tokio::test]
async fn people_hang_up_and_that_is_no_error() {
    let coded = |code: &str| json!({"errors": [{"code": code, "title": "x", "detail": "y"}]}).to_string();
    let transport = Arc::new(ReplayTransport::new().answer(422, coded("90018")));
    let done = control(&transport).command(CONTROL_ID, &command(speak("en-US"), None)).await;
    assert_eq!(done.unwrap(), Commanded::CallEnded);
    use {Effect as E, ErrorKind as K};
    for (status, body, kind, effect) in [
        (422, coded("90015"), K::NotFound, E::Refused),
        (422, coded("90034"), K::Conflict, E::Refused),
        (422, coded("90017"), K::InvalidRequest, E::Refused),
        (500, coded("90018"), K::Unavailable, E::Unknown),
        (401, coded("90018"), K::Authentication, E::NotSent),
        (429, coded("10011"), K::RateLimited, E::NotSent),
        (200, "<html>".to_owned(), K::UnexpectedResponse, E::Unknown),
        (200, "{}".to_owned(), K::UnexpectedResponse, E::Unknown),
    ] {
        let transport = Arc::new(ReplayTransport::new().answer(status, body.clone()));
        let error =
            control(&transport).command(CONTROL_ID, &command(CallCommand::Answer, None)).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (kind, effect), "{status} {body}");
    }
    let transport = Arc::new(ReplayTransport::new().lose(TransportError::Timeout));
    let error =
        control(&transport).command(CONTROL_ID, &command(CallCommand::Answer, None)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (K::Timeout, E::Unknown));
}

#[test]
fn every_documented_language_has_a_voice() {
    let Some(facts) = facts() else { return };
    let mut documented = Api::of(&facts).words("/components/schemas/SpeakRequest/properties/language/enum");
    let mut ours: Vec<String> = VOICES.iter().map(|(language, _)| (*language).to_owned()).collect();
    documented.sort();
    ours.sort();
    assert_eq!(ours, documented);
}
